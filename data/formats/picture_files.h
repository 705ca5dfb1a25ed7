/* A data set of picture files: any list of them. */
#ifndef LATHE_DATA_FORMATS_PICTURE_FILES_H
#define LATHE_DATA_FORMATS_PICTURE_FILES_H

#include <stdbool.h>

#include "../dataset.h"

#ifdef __cplusplus
extern "C" {
#endif

/** NULL or zeros: colour, 64x64, no labels, a damaged picture is an error, kept in memory if that takes less
 * than 1 GiB. */
typedef struct lathe_files_opts {
    const char *name;  /* NULL: "files" */
    int height, width; /* of the pictures, 1 ... 4096; both 0: 64 */
    int channels;      /* 1 grey or 3 colour; 0: 3 */
    bool skip_bad;     /* leave out the files that cannot be read, and say which in data->skipped */
    /** decode everything at once and keep it if it takes no more than this; 0: 1 GiB; 1: never */
    size_t cache_bytes;
    const int *labels;              /* [count], copied; NULL: all 0 */
    int classes;                    /* 0: the largest label + 1 */
    const char *const *class_names; /* [classes], copied; NULL: "0", "1", ... */
    const double *mean,
        *std; /* [channels]; both NULL: measured, from all pictures up to 256, or 256 of more */
} lathe_files_opts;

/**
 * The pictures (JPEG, PNG, BMP, PNM) in `count` files, in that order. Each is scaled until it covers height x
 * width, and the middle is cut out, as lathe_data_folder does.
 * Memory   the pictures if they are kept, otherwise the files' names.
 * Errors   LATHE_EIO, LATHE_EFORMAT (a damaged picture), LATHE_EARG, LATHE_ENOMEM: returns NULL. What is not
 *          kept may fail when it is read.
 */
lathe_dataset *lathe_data_files(const char *const *files, size_t count, const lathe_files_opts *opts);

#ifdef __cplusplus
}
#endif
#endif
