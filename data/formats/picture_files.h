/* A data set from a list of picture files. */
#ifndef LATHE_DATA_FORMATS_PICTURE_FILES_H
#define LATHE_DATA_FORMATS_PICTURE_FILES_H

#include <stdbool.h>

#include "../dataset.h"
#include "../part.h"

#ifdef __cplusplus
extern "C" {
#endif

/** NULL or zeros: colour, 64x64, no labels; a damaged picture is an error; kept in memory if below 1 GiB. */
typedef struct lathe_files_opts {
    const char *name;  /* NULL: "files" */
    int height, width; /* of the pictures, 1 ... 4096; both 0: 64 */
    int channels;      /* 1 grey or 3 colour; 0: 3 */
    bool skip_bad;     /* leave out files that cannot be read, and list them in data->skipped */
    /** Decode all pictures at once and keep them if they need at most this; 0: 1 GiB; 1: never. */
    size_t cache_bytes;
    /** Refuse larger files; 0: 32 * 2^20. At most 2^30. Above the default, sides may exceed 16384 too. */
    size_t max_pixels;
    /**
     * Prepare photographs as torchvision does: scale the shorter side to size / crop_ratio and cut out the
     * middle, above 0 to 1; 0: scale until they cover height x width.
     */
    double crop_ratio;
    lathe_filter interpolation; /* how they are scaled */
    bool full_size;             /* never decode a JPEG at 1/2, 1/4 or 1/8 of its size, for comparisons */
    int background;             /* behind transparent pixels, see lathe_colour_parse; 0: alpha is dropped */
    const int *labels;          /* [count], copied; NULL: all 0 */
    int classes;                /* 0: the largest label + 1 */
    const char *const *class_names; /* [classes], copied; NULL: "0", "1", ... */
    /** [channels]. Both NULL: measured from all pictures if there are at most 256, else from 256 of them. */
    const double *mean, *std;
} lathe_files_opts;

/**
 * The pictures (JPEG, PNG, BMP, PNM) in `count` files, in that order. Each is scaled, and the middle is cut
 * out, as crop_ratio says. A JPEG is decoded at 1/2, 1/4 or 1/8 of its size where that is large enough: at
 * least the sample's size, with crop_ratio at least twice that.
 * Memory   the pictures if they are kept, otherwise the files' names.
 * Errors   LATHE_EIO, LATHE_EFORMAT (a damaged picture), LATHE_EARG, LATHE_ENOMEM: returns NULL. If the
 *          pictures are not kept, reading may fail later.
 */
lathe_dataset *lathe_data_files(const char *const *files, size_t count, const lathe_files_opts *opts);

#ifdef __cplusplus
}
#endif
#endif
