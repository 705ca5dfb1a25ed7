/*
 * Private: unpacking gzip (RFC 1952). gzip_zlib.c does it; a build with gzip_none.c (LATHE_ZLIB=OFF) refuses.
 */
#ifndef LATHE_DATA_FILES_GZIP_IMPL_H
#define LATHE_DATA_FILES_GZIP_IMPL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../../core/status.h"

typedef struct lathe_gzip lathe_gzip;

/**
 * Begin a file; `path` is for messages and not copied. Errors: LATHE_ENOMEM; LATHE_ESTATE without zlib: NULL.
 */
lathe_gzip *lathe_gzip_new(const char *path);
void lathe_gzip_free(lathe_gzip *gzip);

/** Begin the same file again. Returns false if that fails. */
bool lathe_gzip_restart(lathe_gzip *gzip);

/**
 * Unpack some of the `*held` bytes of `from` into the `*room` bytes of `to`. *held and *room become what is
 * left of each. Returns LATHE_OK.
 * finished  set when the stream has ended and its CRC and length were right.
 * Errors    LATHE_EFORMAT, LATHE_ENOMEM.
 */
lathe_status lathe_gzip_unpack(lathe_gzip *gzip, const uint8_t *from, size_t *held, uint8_t *to, size_t *room,
    bool *finished);

/** How many bytes have been unpacked. */
uint64_t lathe_gzip_unpacked(const lathe_gzip *gzip);

#endif
