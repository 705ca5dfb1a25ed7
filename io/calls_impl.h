/*
 * Private: the system calls that change files. Tests can make each of them fail (lathe_file_fail_at). They
 * return what the system's calls return, with errno set. open and fsync are repeated after an interruption.
 */
#ifndef LATHE_IO_CALLS_IMPL_H
#define LATHE_IO_CALLS_IMPL_H

#include <sys/types.h>

/**
 * Open a file. The handle is closed in programs that this one starts; new files get the umask's permissions.
 */
int lathe_call_open(const char *path, int flags);

/** Close a handle. It is closed for any result; an interruption is not a failure. */
int lathe_call_close(int handle);

int lathe_call_sync(int handle);
int lathe_call_rename(const char *from, const char *to);
int lathe_call_unlink(const char *path);
int lathe_call_mkdir(const char *path);
int lathe_call_truncate(int handle, off_t size);
ssize_t lathe_call_write(int handle, const void *data, size_t size);
ssize_t lathe_call_read(int handle, void *data, size_t size);

#endif
