/*
 * Private: unpacked pictures kept in a file, so that the next run need not unpack them again. The folder is
 * $LATHE_CACHE ("off" or empty: no cache), else lathe in $XDG_CACHE_HOME, else ~/.cache/lathe. A cache that
 * cannot be read or written is never an error.
 *
 *     file  64 bytes that say of which source file it is (device, inode, length, times of its last
 *           changes) and how many bytes follow
 *
 * A file appears under its name whole or not at all: it is written under another, brought to the disk and
 * renamed. One whose source has changed since, or that is not as long as it says, is not used, and replaced.
 */
#ifndef LATHE_DATA_FORMATS_UNPACKED_CACHE_IMPL_H
#define LATHE_DATA_FORMATS_UNPACKED_CACHE_IMPL_H

#include "byte_file_impl.h"

/** Where the bytes begin in a cache file. */
#define LATHE_DATA_CACHE_BEGIN 64

/** A handle on the cache file of `source` with its `count` bytes; -1: there is none. The caller closes it. */
int lathe_data_cache_open(const lathe_data_file *source, size_t count);

/**
 * Unpack the rest of `source`, `count` bytes after `begin`, into a new cache file, a piece at a time. *handle
 * is on it as above; -1: it cannot be made, and `source` stands at `begin` again. Errors: those of
 * lathe_data_file_read and lathe_data_file_end.
 */
lathe_status lathe_data_cache_make(lathe_data_file *source, size_t begin, size_t count, int *handle);

#endif
