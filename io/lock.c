/*
 * Locks by flock: the system releases them when a process ends, also when it is killed. The file is removed
 * while the lock is held. So a process that has locked a file must check that the path still names that file.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../core/alloc.h"
#include "calls_impl.h"
#include "file.h"

struct lathe_lock {
    int handle;
    char *path;
};

static bool still_there(int handle, const char *path)
{
    struct stat held, named;
    return !fstat(handle, &held) && !lstat(path, &named) && held.st_dev == named.st_dev &&
        held.st_ino == named.st_ino;
}

static void refuse(int handle, const char *path)
{
    int error = errno;
    char pid[24] = "";
    if (error != EWOULDBLOCK) {
        lathe_fail(LATHE_EIO, "%s: cannot lock: %s", path, strerror(error));
        return;
    }
    ssize_t got = pread(handle, pid, sizeof pid - 1, 0);
    pid[got > 0 ? strspn(pid, "0123456789") : 0] = '\0';
    lathe_fail(LATHE_ESTATE,
        "%s: in use by process %s, which trains here; wait for it, or choose another folder", path,
        *pid ? pid : "(unknown)");
}

/* A file with other names could be a user's own, put here as a hard link: it is not written. */
static bool is_own(int handle)
{
    struct stat held;
    return !fstat(handle, &held) && S_ISREG(held.st_mode) && held.st_nlink == 1;
}

/* The file, locked; -1 after a failure. Links are not followed. */
static int open_locked(const char *path)
{
    for (;;) {
        int handle = lathe_call_open(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK), result;
        if (handle < 0) {
            lathe_fail(LATHE_EIO, "%s: cannot create: %s", path,
                errno == ELOOP ? "a link is there" : strerror(errno));
            return -1;
        }
        do result = flock(handle, LOCK_EX | LOCK_NB);
        while (result && errno == EINTR);
        if (result) refuse(handle, path);
        else if (still_there(handle, path)) {
            if (is_own(handle)) return handle;
            lathe_fail(LATHE_EIO, "%s: cannot lock: a link or no regular file is there", path);
            result = -1;
        }
        close(handle);
        if (result) return -1;
    }
}

lathe_lock *lathe_lock_take(const char *path)
{
    if (!path) return lathe_fail_null("lathe_lock_take", "path"), NULL;
    char pid[24];
    lathe_lock *lock = lathe_alloc(1, sizeof *lock);
    char *copy = lock ? lathe_strdup(path) : NULL;
    int handle = copy ? open_locked(path) : -1;
    if (handle < 0) {
        lathe_free(copy);
        lathe_free(lock);
        return NULL;
    }
    *lock = (lathe_lock){ handle, copy };
    int length = snprintf(pid, sizeof pid, "%ld\n", (long)getpid());
    /* The number is for people; the lock holds without it, also on a full disk. */
    if (!lathe_call_truncate(handle, 0)) (void)!lathe_call_write(handle, pid, (size_t)length);
    return lock;
}

void lathe_lock_give(lathe_lock *lock)
{
    if (!lock) return;
    lathe_call_unlink(lock->path);
    lathe_call_close(lock->handle);
    lathe_free(lock->path);
    lathe_free(lock);
}
