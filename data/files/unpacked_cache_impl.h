/*
 * Private: unpacked pictures in a file, so that the next run need not unpack them. The folder is $LATHE_CACHE
 * ("off" or empty: no cache), else lathe in $XDG_CACHE_HOME, else ~/.cache/lathe. A cache that cannot be read
 * or written is never an error.
 *
 *     file  72 bytes that identify the source file (device, inode, length, times of its last changes) and
 *           give the number and the checksum of the bytes that follow
 *
 * A file is written under another name, synced and renamed, so it is always complete. A file is replaced if
 * its source has changed, or if it has another length or checksum than it says. What killed processes left
 * is removed whenever a cache is opened.
 */
#ifndef LATHE_DATA_FILES_UNPACKED_CACHE_IMPL_H
#define LATHE_DATA_FILES_UNPACKED_CACHE_IMPL_H

#include "byte_file_impl.h"

/** The offset of the bytes in a cache file. */
#define LATHE_DATA_CACHE_BEGIN 72

/**
 * Open the cache file of `source` with its `count` bytes, which are written to `kept`, unless that is NULL.
 * Returns -1 without one. The caller closes it.
 */
int lathe_data_cache_open(const lathe_data_file *source, size_t count, uint8_t *kept);

/**
 * Unpack `count` bytes of `source` after byte `begin` into a new cache file, in pieces, and into `kept`,
 * unless that is NULL. *handle is an open handle on the file, or -1 if it cannot be made; then `source` is at
 * `begin` again.
 * Errors   those of lathe_data_file_read and lathe_data_file_end
 */
lathe_status lathe_data_cache_make(lathe_data_file *source, size_t begin, size_t count, uint8_t *kept,
    int *handle);

#endif
