/* The picture files that lie in a folder. */
#ifndef LATHE_DATA_FORMATS_FIND_PICTURES_H
#define LATHE_DATA_FORMATS_FIND_PICTURES_H

#include <stddef.h>

#include "../../core/status.h"

#ifdef __cplusplus
extern "C" {
#endif

/** Paths of files, in order. Zeros are none. */
typedef struct lathe_file_names {
    char **file; /* [count] */
    size_t count, room;
} lathe_file_names;

/**
 * Add `path` itself if it is no folder, else the pictures in it and in the folders below, to a depth of 16,
 * sorted by the bytes of their names, as "path/below/name". What counts as a picture, and what is passed
 * over, is as for lathe_data_folder.
 * Errors   LATHE_EIO (nothing there), LATHE_EFORMAT (a folder without pictures), LATHE_ENOMEM. What was added
 *          before stays.
 */
lathe_status lathe_data_find(const char *path, lathe_file_names *names);

/** Give them back; they are zeros then. */
void lathe_file_names_free(lathe_file_names *names);

#ifdef __cplusplus
}
#endif
#endif
