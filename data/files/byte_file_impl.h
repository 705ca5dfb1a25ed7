/* Private: reading data files, plain or gzipped, with every length checked. Each failure names the file. */
#ifndef LATHE_DATA_FILES_BYTE_FILE_IMPL_H
#define LATHE_DATA_FILES_BYTE_FILE_IMPL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "gzip_impl.h"

/** A file that is read once from its beginning to its end. */
typedef struct lathe_data_file {
    char *path;
    int handle;
    uint64_t length;   /* bytes on disk */
    lathe_gzip *gzip;  /* NULL: the content is not gzip */
    bool finished;     /* the gzip stream has ended; its CRC and length were right */
    uint8_t *buffer;   /* compressed bytes, or the beginning of a plain file */
    size_t used, held; /* the bytes of `buffer` not returned yet */
} lathe_data_file;

/* A file not opened yet: `lathe_data_file file = LATHE_DATA_NO_FILE;` */
#define LATHE_DATA_NO_FILE \
    { \
        .handle = -1 \
    }

/**
 * Open a regular file. Directories, pipes and devices are refused without waiting.
 * Errors   LATHE_EIO, LATHE_EFORMAT (an incomplete gzip header), LATHE_ENOMEM. After a failure, closing is
 *          allowed but not needed.
 */
lathe_status lathe_data_file_open(lathe_data_file *file, const char *path);

/** Read the next `count` bytes, unpacked. Errors: LATHE_EIO, LATHE_EFORMAT (the file ends, or is damaged). */
lathe_status lathe_data_file_read(lathe_data_file *file, void *bytes, size_t count);

/**
 * Check that the file can hold `total` unpacked bytes, before anything of that size is allocated. It uses a
 * plain file's length, or a gzip file's trailer and the largest possible ratio of compression.
 * reason   says in messages where `total` comes from
 * Errors   LATHE_EFORMAT
 */
lathe_status lathe_data_file_expect(lathe_data_file *file, uint64_t total, const char *reason);

/**
 * The number of unpacked bytes: the file's length, or the number in a gzip trailer if that is possible. For
 * gzip only below 4 GiB.
 * Errors   LATHE_EFORMAT
 */
lathe_status lathe_data_file_size(lathe_data_file *file, uint64_t *size);

/**
 * Check that no bytes follow and, for gzip, that CRC and length are right. Errors: LATHE_EFORMAT, LATHE_EIO.
 */
lathe_status lathe_data_file_end(lathe_data_file *file);

/** Go back to the beginning and skip `skip` bytes, a small number. Errors: as lathe_data_file_read. */
lathe_status lathe_data_file_restart(lathe_data_file *file, size_t skip);

/** Close the file. A second call, or one on LATHE_DATA_NO_FILE, does nothing. */
void lathe_data_file_close(lathe_data_file *file);

/**
 * Read the whole of a regular file of at most `most` bytes. Free *bytes with lathe_free.
 * Errors   LATHE_EIO, LATHE_EFORMAT, LATHE_ENOMEM
 */
lathe_status lathe_data_file_load(const char *path, size_t most, uint8_t **bytes, size_t *size);

/** Returns true if something exists at `path`. */
bool lathe_data_file_exists(const char *path);

/** "folder/name", for lathe_free. Errors: LATHE_ENOMEM: returns NULL. */
char *lathe_data_path(const char *folder, const char *name);

/** A copy of `dir`; for NULL the default folder of set `name`: in $LATHE_DATA, or where Debian puts it. */
char *lathe_data_place(const char *dir, const char *name);

#endif
