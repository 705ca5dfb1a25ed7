/* Find the picture files in a folder. */
#ifndef LATHE_DATA_FORMATS_FIND_PICTURES_H
#define LATHE_DATA_FORMATS_FIND_PICTURES_H

#include <stddef.h>

#include "../../core/status.h"

#ifdef __cplusplus
extern "C" {
#endif

/** Paths of files, in order. Zeros are an empty list. */
typedef struct lathe_file_names {
    char **file; /* [count] */
    size_t count, room;
} lathe_file_names;

/**
 * Add `path` itself if it is a file. If it is a folder, add the pictures in it and in its subfolders, to a
 * depth of 16, sorted by the bytes of their names, as "path/below/name". lathe_data_folder says which files
 * are pictures.
 * Errors   LATHE_EIO (the path does not exist), LATHE_EFORMAT (a folder without pictures), LATHE_ENOMEM. The
 *          names added before stay.
 */
lathe_status lathe_data_find(const char *path, lathe_file_names *names);

/** Free the list; it is empty then. */
void lathe_file_names_free(lathe_file_names *names);

#ifdef __cplusplus
}
#endif
#endif
