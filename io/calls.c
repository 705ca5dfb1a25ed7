#include "calls_impl.h"

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "file.h"

static atomic_size_t made;    /* calls since lathe_file_fail_at */
static atomic_size_t fail_at; /* 0: never */
static atomic_bool fail_onwards;
static atomic_int fault_kind, fault_error;
static _Atomic(lathe_end_fn *) end_process;

/* ---- what a power cut would destroy -------------------------------------------------------------------- */

/*
 * With LATHE_FAULT_DROP only: what was changed and not yet synced. At the end of the process files lose what
 * was written since their last sync, and renames are undone. For one thread, and for paths of tests.
 */
enum { PENDING = 16, PATH = 1024 };

typedef struct pending {
    char path[PATH];   /* of the file, or what was renamed to; "": free */
    char former[PATH]; /* what a rename replaced, kept under this name; "": nothing was there */
    bool is_rename;
    int handle; /* of a file that is open; -1 after its close */
    off_t synced;
} pending;

static pending unsynced[PENDING];

static bool dropping(void) { return atomic_load(&fail_at) && atomic_load(&fault_kind) == LATHE_FAULT_DROP; }

static pending *new_pending(const char *path)
{
    for (int i = 0; i < PENDING; i++) {
        if (*unsynced[i].path) continue;
        unsynced[i] = (pending){ .handle = -1 };
        snprintf(unsynced[i].path, PATH, "%s", path);
        return &unsynced[i];
    }
    return NULL;
}

static void note_open(const char *path, int handle, int flags)
{
    struct stat info;
    if (!dropping() || handle < 0 || !(flags & O_WRONLY) || fstat(handle, &info)) return;
    pending *p = new_pending(path);
    if (p) p->handle = handle, p->synced = info.st_size;
}

/* A synced file keeps its bytes; a synced folder keeps its renames. */
static void note_sync(int handle)
{
    struct stat info;
    if (!dropping() || fstat(handle, &info)) return;
    for (int i = 0; i < PENDING; i++) {
        pending *p = &unsynced[i];
        if (*p->path && !p->is_rename && p->handle == handle) p->synced = info.st_size;
        if (!*p->path || !p->is_rename || !S_ISDIR(info.st_mode)) continue;
        if (*p->former) unlink(p->former);
        p->path[0] = '\0';
    }
}

/* Destroy what was written and not synced. */
static void note_close(int handle)
{
    struct stat info;
    for (int i = 0; dropping() && i < PENDING; i++) {
        pending *p = &unsynced[i];
        if (!*p->path || p->is_rename || p->handle != handle) continue;
        p->handle = -1;
        if (!stat(p->path, &info) && info.st_size == p->synced) p->path[0] = '\0';
    }
}

static void note_rename(const char *from, const char *to)
{
    if (!dropping()) return;
    for (int i = 0; i < PENDING; i++)
        if (!strcmp(unsynced[i].path, from)) snprintf(unsynced[i].path, PATH, "%s", to);
    pending *p = new_pending(to);
    if (!p) return;
    p->is_rename = true;
    snprintf(p->former, PATH, "%.1000s.tmp.0", to);
    if (link(to, p->former)) p->former[0] = '\0';
}

static void lose_unsynced(void)
{
    for (int i = 0; i < PENDING; i++) {
        pending *p = &unsynced[i];
        struct stat info;
        if (*p->path && !p->is_rename && !stat(p->path, &info) && info.st_size > p->synced &&
            truncate(p->path, p->synced))
            continue;
    }
    for (int i = PENDING; i-- > 0;) {
        pending *p = &unsynced[i];
        if (*p->path && p->is_rename && (*p->former ? rename(p->former, p->path) : unlink(p->path))) continue;
    }
}

/* ---- faults -------------------------------------------------------------------------------------------- */

size_t lathe_file_fail_at(size_t nth, const lathe_fault *fault)
{
    static const lathe_fault none;
    if (!fault) fault = &none;
    memset(unsynced, 0, sizeof unsynced);
    atomic_store(&fault_kind, (int)fault->kind);
    atomic_store(&fault_error, fault->error);
    atomic_store(&end_process, fault->end);
    atomic_store(&fail_onwards, fault->persistent);
    atomic_store(&fail_at, nth);
    return atomic_exchange(&made, 0);
}

static void end(void)
{
    lathe_end_fn *call = atomic_load(&end_process);
    if (dropping()) lose_unsynced();
    if (call) call();
}

/* Returns true if this call is to fail. */
static bool faulty(void)
{
    size_t number = atomic_fetch_add(&made, 1) + 1, target = atomic_load(&fail_at);
    return target && (number == target || (number > target && atomic_load(&fail_onwards)));
}

/* Before a call. Returns true if it is to fail, with errno set. *after: the process ends after the call. */
static bool fault_before(bool *after)
{
    *after = false;
    if (!faulty()) return false;
    switch ((lathe_fault_kind)atomic_load(&fault_kind)) {
    case LATHE_FAULT_ERROR: errno = atomic_load(&fault_error); return true;
    case LATHE_FAULT_DROP:
    case LATHE_FAULT_END: end(); return false;
    case LATHE_FAULT_END_AFTER:
    case LATHE_FAULT_TORN: *after = true; return false;
    case LATHE_FAULT_SHORT: return false;
    }
    return false;
}

/*
 * Before a read or write. Returns false if it is to fail, with errno set. May make *size smaller. *after: the
 * process is to end after the call.
 */
static bool transfer_allowed(size_t *size, bool *after)
{
    *after = false;
    if (!faulty()) return true;
    switch ((lathe_fault_kind)atomic_load(&fault_kind)) {
    case LATHE_FAULT_ERROR: errno = atomic_load(&fault_error); return false;
    case LATHE_FAULT_SHORT: *size = *size ? 1 : 0; return true;
    case LATHE_FAULT_DROP:
    case LATHE_FAULT_END: end(); return true;
    case LATHE_FAULT_END_AFTER: *after = true; return true;
    case LATHE_FAULT_TORN: *after = true, *size /= 2; return true;
    }
    return true;
}

static int done(int result, bool after)
{
    if (after) end();
    return result;
}

/* ---- the calls ----------------------------------------------------------------------------------------- */

int lathe_call_open(const char *path, int flags)
{
    bool after;
    int handle;
    do {
        handle = fault_before(&after) ? -1 : open(path, flags | O_CLOEXEC, 0666);
        note_open(path, handle, flags);
        done(handle, after);
    } while (handle < 0 && errno == EINTR);
    return handle;
}

int lathe_call_close(int handle)
{
    bool after;
    bool failing = fault_before(&after);
    int error = errno;
    note_close(handle);
    /* As on Linux, the handle is closed even if close fails or is interrupted. */
    int result = done(close(handle), after);
    if (failing) errno = error;
    return (failing || result) && errno != EINTR ? -1 : 0;
}

int lathe_call_sync(int handle)
{
    bool after;
    int result;
    do {
        result = fault_before(&after) ? -1 : fsync(handle);
        if (!result) note_sync(handle);
        done(result, after);
    } while (result && errno == EINTR);
    return result;
}

int lathe_call_rename(const char *from, const char *to)
{
    bool after;
    if (fault_before(&after)) return -1;
    note_rename(from, to);
    return done(rename(from, to), after);
}

int lathe_call_unlink(const char *path)
{
    bool after;
    return fault_before(&after) ? -1 : done(unlink(path), after);
}

int lathe_call_mkdir(const char *path)
{
    bool after;
    return fault_before(&after) ? -1 : done(mkdir(path, 0777), after);
}

int lathe_call_truncate(int handle, off_t size)
{
    bool after;
    return fault_before(&after) ? -1 : done(ftruncate(handle, size), after);
}

ssize_t lathe_call_write(int handle, const void *data, size_t size)
{
    bool after;
    if (!transfer_allowed(&size, &after)) return -1;
    ssize_t written = write(handle, data, size);
    if (after) end();
    return written;
}

ssize_t lathe_call_read(int handle, void *data, size_t size)
{
    bool after;
    if (!transfer_allowed(&size, &after)) return -1;
    ssize_t got = read(handle, data, size);
    if (after) end();
    return got;
}
