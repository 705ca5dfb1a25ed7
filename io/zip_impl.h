/*
 * Private: the files in a zip archive that are stored without compression, as PyTorch stores them.
 *
 * Source: PKWARE, APPNOTE.TXT 6.3.9, sections 4.3 and 4.5.3 (sizes of 64 bits).
 */
#ifndef LATHE_IO_ZIP_IMPL_H
#define LATHE_IO_ZIP_IMPL_H

#include "../core/arena.h"
#include "../core/status.h"

/** A file in the archive. */
typedef struct lathe_zip_entry {
    const char *name; /* in the arena */
    const unsigned char *data;
    size_t size;
} lathe_zip_entry;

/**
 * List the files of the archive in `bytes` [size]. *entry [*count] lives in the arena. Checksums are checked.
 * path     the name of the archive in messages
 * Errors   LATHE_EFORMAT: no archive, damaged, or a compressed or encrypted file; LATHE_ENOMEM
 */
lathe_status lathe_zip_list(const unsigned char *bytes, size_t size, const char *path, lathe_arena *arena,
    lathe_zip_entry **entry, size_t *count);

#endif
