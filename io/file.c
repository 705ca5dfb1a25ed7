#include "file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../core/alloc.h"

/* ---- system calls, which tests can let fail ----------------------------------------------------------------- */

static atomic_size_t made; /* calls since lathe_file_fail_at */
static atomic_size_t fail_at; /* 0: never */
static atomic_bool fail_onwards;
static atomic_int fault_kind, fault_error;
static _Atomic(lathe_end_fn *) end_process;

size_t lathe_file_fail_at(size_t nth, const lathe_fault *fault)
{
    static const lathe_fault none;
    if (!fault) fault = &none;
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
    if (call) call();
}

/* True if this call is one that is to go wrong. */
static bool faulty(void)
{
    size_t number = atomic_fetch_add(&made, 1) + 1, target = atomic_load(&fail_at);
    return target && (number == target || (number > target && atomic_load(&fail_onwards)));
}

/* Before a call: true if it is to fail, with errno set. *after says that the process is to end once it is made. */
static bool fault_before(bool *after)
{
    *after = false;
    if (!faulty()) return false;
    switch ((lathe_fault_kind)atomic_load(&fault_kind)) {
    case LATHE_FAULT_ERROR: errno = atomic_load(&fault_error); return true;
    case LATHE_FAULT_END: end(); return false;
    case LATHE_FAULT_END_AFTER:
    case LATHE_FAULT_TORN: *after = true; return false;
    case LATHE_FAULT_SHORT: return false;
    }
    return false;
}

static int done(int result, bool after)
{
    if (after) end();
    return result;
}

static int call_open(const char *path, int flags)
{
    bool after;
    int handle;
    do handle = fault_before(&after) ? -1 : done(open(path, flags | O_CLOEXEC, 0666), after);
    while (handle < 0 && errno == EINTR);
    return handle;
}

static int call_close(int handle)
{
    bool after;
    bool failing = fault_before(&after);
    int error = errno;
    /* As on Linux the handle is gone even if close fails; an interrupted one has closed it. */
    int result = done(close(handle), after);
    if (failing) errno = error;
    return (failing || result) && errno != EINTR ? -1 : 0;
}

static int call_sync(int handle)
{
    bool after;
    int result;
    do result = fault_before(&after) ? -1 : done(fsync(handle), after);
    while (result && errno == EINTR);
    return result;
}

static int call_rename(const char *from, const char *to)
{
    bool after;
    return fault_before(&after) ? -1 : done(rename(from, to), after);
}

static int call_unlink(const char *path)
{
    bool after;
    return fault_before(&after) ? -1 : done(unlink(path), after);
}

static int call_mkdir(const char *path)
{
    bool after;
    return fault_before(&after) ? -1 : done(mkdir(path, 0777), after);
}

static int call_truncate(int handle, off_t size)
{
    bool after;
    return fault_before(&after) ? -1 : done(ftruncate(handle, size), after);
}

/* Before a read or write: false if it is to fail, with errno set. May make *size smaller; *after: the process ends once it is made. */
static bool transfer_allowed(size_t *size, bool *after)
{
    *after = false;
    if (!faulty()) return true;
    switch ((lathe_fault_kind)atomic_load(&fault_kind)) {
    case LATHE_FAULT_ERROR: errno = atomic_load(&fault_error); return false;
    case LATHE_FAULT_SHORT: *size = *size ? 1 : 0; return true;
    case LATHE_FAULT_END: end(); return true;
    case LATHE_FAULT_END_AFTER: *after = true; return true;
    case LATHE_FAULT_TORN: *after = true, *size /= 2; return true;
    }
    return true;
}

static ssize_t call_write(int handle, const void *data, size_t size)
{
    bool after;
    if (!transfer_allowed(&size, &after)) return -1;
    ssize_t written = write(handle, data, size);
    if (after) end();
    return written;
}

static ssize_t call_read(int handle, void *data, size_t size)
{
    bool after;
    if (!transfer_allowed(&size, &after)) return -1;
    ssize_t got = read(handle, data, size);
    if (after) end();
    return got;
}

/* ---- small things ------------------------------------------------------------------------------------------- */

static lathe_status fail(const char *path, const char *what)
{
    int error = errno;
    return lathe_fail(LATHE_EIO, "%s: cannot %s: %s", path, what, strerror(error));
}

static lathe_status write_all(int handle, const void *data, size_t size, const char *path)
{
    const char *bytes = data;
    for (size_t written = 0; written < size;) {
        ssize_t count = call_write(handle, bytes + written, size - written);
        if (count < 0 && errno == EINTR) continue;
        if (count == 0) errno = ENOSPC; /* a write that does nothing and says nothing */
        if (count <= 0) return fail(path, "write");
        written += (size_t)count;
    }
    return LATHE_OK;
}

bool lathe_file_exists(const char *path)
{
    struct stat info;
    return path && *path && lstat(path, &info) == 0;
}

lathe_status lathe_file_remove(const char *path)
{
    return call_unlink(path) && errno != ENOENT ? fail(path, "remove") : LATHE_OK;
}

lathe_status lathe_file_join(const char *folder, const char *name, char *path, size_t size)
{
    size_t length = strlen(folder);
    const char *slash = length && folder[length - 1] == '/' ? "" : "/";
    int needed = snprintf(path, size, "%s%s%s", folder, slash, name);
    if (needed < 0 || (size_t)needed >= size)
        return lathe_fail(LATHE_EARG, "%.200s...: the path is longer than %zu characters", folder, size - 1);
    return LATHE_OK;
}

lathe_status lathe_file_make_folder(const char *path)
{
    char *part = lathe_strdup(path);
    if (!part) return lathe_error();
    lathe_status status = LATHE_OK;
    for (char *end = part + (*part == '/'); !status; end++) {
        if (*end && *end != '/') continue;
        char kept = *end;
        *end = '\0';
        if (*part && call_mkdir(part) && errno != EEXIST) status = fail(part, "make the folder");
        *end = kept;
        if (!kept) break;
    }
    lathe_free(part);
    struct stat info;
    if (!status && (stat(path, &info) || !S_ISDIR(info.st_mode)))
        status = lathe_fail(LATHE_EIO, "%s: cannot make the folder: something else is there", path);
    return status;
}

/* ---- reading ------------------------------------------------------------------------------------------------ */

static void *read_open(int handle, const char *path, size_t limit, size_t *size)
{
    struct stat info;
    if (fstat(handle, &info)) return fail(path, "read"), NULL;
    if (!S_ISREG(info.st_mode)) return lathe_fail(LATHE_EIO, "%s: cannot read: not a regular file", path), NULL;
    if ((uint64_t)info.st_size > limit) {
        lathe_fail(LATHE_EFORMAT, "%s: has %lld bytes, more than the %zu allowed", path, (long long)info.st_size, limit);
        return NULL;
    }
    size_t length = (size_t)info.st_size, got = 0;
    char *bytes = lathe_alloc_raw(length + 1, 1);
    if (!bytes) return NULL;
    while (got < length) {
        ssize_t count = call_read(handle, bytes + got, length - got);
        if (count < 0 && errno == EINTR) continue;
        if (count < 0) fail(path, "read");
        if (count == 0) lathe_fail(LATHE_EIO, "%s: cannot read: it became shorter meanwhile", path);
        if (count <= 0) return lathe_free(bytes), NULL;
        got += (size_t)count;
    }
    bytes[length] = '\0';
    *size = length;
    return bytes;
}

void *lathe_file_read(const char *path, size_t limit, size_t *size)
{
    /* O_NONBLOCK: a pipe must be refused, not waited for. */
    int handle = call_open(path, O_RDONLY | O_NONBLOCK);
    if (handle < 0) return fail(path, "open"), NULL;
    void *bytes = read_open(handle, path, limit, size);
    close(handle);
    return bytes;
}

/* ---- writing whole files ------------------------------------------------------------------------------------ */

/* Make a path its folder: "a/b" becomes "a", "/b" becomes "/", "b" becomes ".". */
static void cut_to_folder(char *path)
{
    char *slash = strrchr(path, '/');
    if (slash) slash[slash == path] = '\0'; /* the root keeps its slash */
    else strcpy(path, ".");
}

/* So that a rename survives a loss of power: the folder's own entry goes to the disk. */
static lathe_status sync_folder(const char *folder)
{
    lathe_status status = LATHE_OK;
    int handle = call_open(folder, O_RDONLY | O_DIRECTORY);
    if (handle < 0) return fail(folder, "open");
    /* Some file systems have no fsync for folders and say EINVAL: there is nothing to wait for then. */
    if (call_sync(handle) && errno != EINVAL) status = fail(folder, "sync");
    close(handle);
    return status;
}

static lathe_status write_parts(int handle, const lathe_bytes *parts, int count, const char *path)
{
    lathe_status status = LATHE_OK;
    for (int i = 0; i < count && !status; i++) status = write_all(handle, parts[i].data, parts[i].size, path);
    if (!status && call_sync(handle)) status = fail(path, "sync");
    return status;
}

lathe_status lathe_file_write(const char *path, const lathe_bytes *parts, int count)
{
    size_t size = strlen(path) + 32;
    char *temporary = lathe_alloc(size, 1);
    if (!temporary) return lathe_error();
    snprintf(temporary, size, "%s.tmp.%ld", path, (long)getpid());
    lathe_status status = LATHE_OK;
    int handle = call_open(temporary, O_WRONLY | O_CREAT | O_TRUNC);
    if (handle < 0) status = fail(path, "create");
    else {
        status = write_parts(handle, parts, count, path);
        if (call_close(handle) && !status) status = fail(path, "close");
        if (!status && call_rename(temporary, path)) status = fail(path, "rename the finished file");
        if (status) unlink(temporary);
    }
    if (!status) {
        cut_to_folder(temporary);
        status = sync_folder(temporary);
    }
    lathe_free(temporary);
    return status;
}

lathe_status lathe_file_write_text(const char *path, const char *text)
{
    return lathe_file_write(path, &(lathe_bytes){ text, strlen(text) }, 1);
}

/* "anything.tmp.NUMBER" */
static bool is_stale(const char *name)
{
    const char *mark = strstr(name, ".tmp.");
    return mark && mark[5] && !mark[5 + strspn(mark + 5, "0123456789")];
}

lathe_status lathe_file_remove_stale(const char *folder)
{
    DIR *listing = opendir(folder);
    if (!listing) return fail(folder, "list");
    lathe_status status = LATHE_OK;
    for (struct dirent *entry; !status && (entry = readdir(listing));) {
        char path[4096];
        if (!is_stale(entry->d_name)) continue;
        status = lathe_file_join(folder, entry->d_name, path, sizeof path);
        if (!status) status = lathe_file_remove(path);
    }
    closedir(listing);
    return status;
}

/* ---- growing files ------------------------------------------------------------------------------------------ */

struct lathe_writer {
    int handle;
    char *path;
    uint64_t position; /* of the next byte, gathered ones included */
    size_t used;
    lathe_status status;
    char gathered[16384];
};

lathe_writer *lathe_writer_open(const char *path, uint64_t position)
{
    lathe_writer *writer = lathe_alloc(1, sizeof *writer);
    if (!writer) return NULL;
    *writer = (lathe_writer){ .handle = -1, .position = position, .path = lathe_strdup(path) };
    writer->handle = writer->path ? call_open(path, O_WRONLY | O_CREAT) : -1;
    struct stat info;
    lathe_status status = LATHE_OK;
    if (!writer->path) status = LATHE_ENOMEM;
    else if (writer->handle < 0 || fstat(writer->handle, &info)) status = fail(path, "open for writing");
    else if ((uint64_t)info.st_size < position)
        status = lathe_fail(LATHE_EIO, "%s: has %lld bytes, expected at least %llu", path, (long long)info.st_size,
            (unsigned long long)position);
    else if (S_ISREG(info.st_mode) && call_truncate(writer->handle, (off_t)position)) status = fail(path, "shorten");
    else if (position && lseek(writer->handle, (off_t)position, SEEK_SET) < 0) status = fail(path, "seek");
    if (!status) return writer;
    if (writer->handle >= 0) close(writer->handle);
    lathe_free(writer->path);
    lathe_free(writer);
    return NULL;
}

lathe_status lathe_writer_flush(lathe_writer *writer, bool sync)
{
    if (writer->status) return lathe_fail(writer->status, "%s: an earlier write has failed", writer->path);
    writer->status = write_all(writer->handle, writer->gathered, writer->used, writer->path);
    writer->used = 0;
    /* Devices such as /dev/full and pipes have nothing to sync. */
    if (!writer->status && sync && call_sync(writer->handle) && errno != EINVAL) writer->status = fail(writer->path, "sync");
    return writer->status;
}

lathe_status lathe_writer_add(lathe_writer *writer, const char *text)
{
    size_t length = strlen(text);
    if (writer->status || length > sizeof writer->gathered - writer->used) {
        lathe_status status = lathe_writer_flush(writer, false);
        if (status) return status;
    }
    writer->position += length;
    if (length > sizeof writer->gathered)
        return writer->status = write_all(writer->handle, text, length, writer->path);
    memcpy(writer->gathered + writer->used, text, length);
    writer->used += length;
    return LATHE_OK;
}

uint64_t lathe_writer_position(const lathe_writer *writer)
{
    return writer->position;
}

lathe_status lathe_writer_close(lathe_writer *writer)
{
    if (!writer) return LATHE_OK;
    lathe_status status = writer->status ? writer->status : lathe_writer_flush(writer, false);
    if (call_close(writer->handle) && !status) status = fail(writer->path, "close");
    lathe_free(writer->path);
    lathe_free(writer);
    return status;
}
