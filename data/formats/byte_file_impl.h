/* Private: reading data files, plain or gzipped, with every length checked. Each failure names the file. */
#ifndef LATHE_DATA_FORMATS_BYTE_FILE_IMPL_H
#define LATHE_DATA_FORMATS_BYTE_FILE_IMPL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <zlib.h>

#include "../../core/status.h"

/** A file being read from its beginning to its end. */
typedef struct lathe_data_file {
    char *path;
    int handle;
    uint64_t length; /* bytes on disk */
    bool gzip;       /* told by the content, not by the name */
    bool finished;   /* the gzip stream has ended, its CRC and length were right */
    z_stream stream;
    uint8_t *buffer;   /* compressed bytes, or the beginning of a plain file */
    size_t used, held; /* the part of `buffer` not handed out yet */
} lathe_data_file;

/* A file not opened yet: `lathe_data_file file = LATHE_DATA_NO_FILE;` */
#define LATHE_DATA_NO_FILE \
    { \
        .handle = -1 \
    }

/**
 * Open a regular file. Directories, pipes and devices are refused without waiting for them.
 * Errors   LATHE_EIO, LATHE_EFORMAT (a cut gzip header), LATHE_ENOMEM. After a failure closing it is not
 *          needed and harmless.
 */
lathe_status lathe_data_file_open(lathe_data_file *file, const char *path);

/** The next `count` bytes, unpacked. Errors: LATHE_EIO, LATHE_EFORMAT (the file ends before, or the gzip data
 * is damaged). */
lathe_status lathe_data_file_read(lathe_data_file *file, void *bytes, size_t count);

/**
 * That the file holds `total` unpacked bytes, before anything of that size is allocated: a plain file's
 * length, a gzip file's trailer, and the most that so many compressed bytes can unpack to.
 * Errors   LATHE_EFORMAT; `reason` says where `total` comes from.
 */
lathe_status lathe_data_file_expect(lathe_data_file *file, uint64_t total, const char *reason);

/**
 * How many unpacked bytes the file should hold: its length, or what a gzip trailer says, if so many
 * compressed bytes can unpack to that. Only below 4 GiB for gzip. Errors: LATHE_EFORMAT.
 */
lathe_status lathe_data_file_size(lathe_data_file *file, uint64_t *size);

/** That nothing follows: for gzip, also that the CRC and the length are right. Errors: LATHE_EFORMAT,
 * LATHE_EIO. */
lathe_status lathe_data_file_end(lathe_data_file *file);

/** Back to the beginning, and over the first `skip` bytes, which are few. Errors: as lathe_data_file_read. */
lathe_status lathe_data_file_restart(lathe_data_file *file, size_t skip);

/** Close it. Harmless twice, and on LATHE_DATA_NO_FILE. */
void lathe_data_file_close(lathe_data_file *file);

/** The whole of a regular file as it is, up to `most` bytes, to be given to lathe_free. Errors: LATHE_EIO,
 * LATHE_EFORMAT, LATHE_ENOMEM. */
lathe_status lathe_data_file_load(const char *path, size_t most, uint8_t **bytes, size_t *size);

/** True if there is something at `path`. */
bool lathe_data_file_exists(const char *path);

/** "folder/name", to be given to lathe_free. Errors: LATHE_ENOMEM: NULL. */
char *lathe_data_path(const char *folder, const char *name);

/** A copy of `dir`, or where set `name` lies when no folder is given: in $LATHE_DATA, or where Debian puts
 * it. */
char *lathe_data_place(const char *dir, const char *name);

#endif
