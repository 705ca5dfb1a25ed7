/* A folder with one folder for each class: your own pictures. */
#ifndef LATHE_DATA_FORMATS_FOLDER_H
#define LATHE_DATA_FORMATS_FOLDER_H

#include <stdbool.h>

#include "../dataset.h"
#include "../part.h"

#ifdef __cplusplus
extern "C" {
#endif

/** NULL or zeros: colour, 64x64; a damaged picture is an error; kept in memory if below 1 GiB. */
typedef struct lathe_folder_opts {
    int size;           /* side of the pictures, 1 ... 4096; 0: 64 */
    int channels;       /* 1 grey or 3 colour; 0: 3 */
    bool skip_bad;      /* leave out files that cannot be read, and list them in data->skipped */
    double held_out;    /* without train/ and val/: part of each class for testing; 0 means 0.2 */
    size_t cache_bytes; /* decode all pictures at once and keep them if they need at most this; 0: 1 GiB */
    size_t max_pixels;  /* as in lathe_files_opts */
    int background;     /* as in lathe_files_opts */
    double crop_ratio;  /* as in lathe_files_opts */
    lathe_filter interpolation;
    /** Of a table: the columns of labels, "species" or "species,colour"; NULL or "": all other columns. */
    const char *label_column;
    uint64_t seed; /* decides which pictures are held out */
} lathe_folder_opts;

/**
 * The pictures (JPEG, PNG, BMP, PNM) in the folders of `dir`. Each folder is a class, with all its
 * subfolders:
 *
 *     dir/ants/1.jpg          or  dir/train/ants/1.jpg     for LATHE_SPLIT_TRAIN
 *     dir/bees/some/2.png         dir/test/bees/2.png      for LATHE_SPLIT_TEST (val/ if there is no test/)
 *
 * The names of the second form may be train, training, val, valid, validation, dev, test, testing, in any
 * case. In the first form, and if train/ is alone, a part of each class is held out for LATHE_SPLIT_TEST.
 * Classes and files are in the order of their names' bytes. Each picture is scaled until its shorter side
 * fits, and the middle is cut out.
 *
 * A file is a picture if its name ends as a picture's name does. A file whose name has no known ending is a
 * picture if its first bytes are a picture's. Hidden names, symbolic links and files that are not regular are
 * skipped.
 * mean and std are measured from all pictures if there are at most 256, else from 256 of them.
 *
 * Memory   the pictures if they are kept, otherwise the files' names.
 * Errors   LATHE_EIO, LATHE_EFORMAT (no class folders, a class without pictures, two folders for one split,
 *          folders that may be splits or classes, in the second form a test class without training pictures,
 *          a damaged picture), LATHE_EARG, LATHE_ENOMEM: returns NULL. If the pictures are not kept, reading
 *          may fail later.
 * Same as  torchvision.datasets.ImageFolder with Resize and CenterCrop
 */
lathe_dataset *lathe_data_folder(const char *dir, lathe_split split, const lathe_folder_opts *opts);

#ifdef __cplusplus
}
#endif
#endif
