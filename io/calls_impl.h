/*
 * Private: the system calls that change files, each of which tests can let fail (lathe_file_fail_at). They
 * return what the system's own do, with errno set; open and fsync go on after an interruption.
 */
#ifndef LATHE_IO_CALLS_IMPL_H
#define LATHE_IO_CALLS_IMPL_H

#include <sys/types.h>

/** A handle, closed in programs that this one starts; new files may be read and written by all whom the umask
 * lets. */
int lathe_call_open(const char *path, int flags);

/** The handle is gone, whatever it returns; an interruption is no failure. */
int lathe_call_close(int handle);

int lathe_call_sync(int handle);
int lathe_call_rename(const char *from, const char *to);
int lathe_call_unlink(const char *path);
int lathe_call_mkdir(const char *path);
int lathe_call_truncate(int handle, off_t size);
ssize_t lathe_call_write(int handle, const void *data, size_t size);
ssize_t lathe_call_read(int handle, void *data, size_t size);

#endif
