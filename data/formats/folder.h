/* A folder of class folders: your own pictures. */
#ifndef LATHE_DATA_FORMATS_FOLDER_H
#define LATHE_DATA_FORMATS_FOLDER_H

#include <stdbool.h>

#include "../dataset.h"

#ifdef __cplusplus
extern "C" {
#endif

/** NULL or zeros: colour, 64x64, a damaged picture is an error, kept in memory if that takes less than 1 GiB.
 */
typedef struct lathe_folder_opts {
    int size;           /* side of the pictures, 1 ... 4096; 0: 64 */
    int channels;       /* 1 grey or 3 colour; 0: 3 */
    bool skip_bad;      /* leave out the files that cannot be read, and say which in data->skipped */
    double held_out;    /* without train/ and val/: the part of each class that is for testing; 0 means 0.2 */
    size_t cache_bytes; /* decode everything at once and keep it if it takes no more than this; 0: 1 GiB */
    uint64_t seed;      /* which pictures are held out */
} lathe_folder_opts;

/**
 * The pictures (JPEG, PNG, BMP, PNM) in the folders of `dir`, one folder a class, in any depth below it:
 *
 *     dir/ants/1.jpg          or  dir/train/ants/1.jpg     for LATHE_SPLIT_TRAIN
 *     dir/bees/some/2.png         dir/test/bees/2.png      for LATHE_SPLIT_TEST (or val/ where there is no
 *         test/)
 *
 * In the first form a part of each class is held out for LATHE_SPLIT_TEST. Classes and files are in the order
 * of their names' bytes. Each picture is scaled until its shorter side fits, and the middle is cut out. Taken
 * for pictures are the files whose name ends as a picture's does, and those without such an ending that begin
 * as one. Hidden names, symbolic links, and what is no regular file are passed over.
 * mean and std are measured: from all pictures up to 256, or from 256 of more.
 *
 * Memory   the pictures if they are kept, otherwise the files' names.
 * Errors   LATHE_EIO, LATHE_EFORMAT (no class folders, a class without pictures, in the second form a test
 *          class that is not trained, a damaged picture), LATHE_EARG, LATHE_ENOMEM: returns NULL. What is not
 *          kept may fail when it is read.
 * Same as  torchvision.datasets.ImageFolder with Resize and CenterCrop
 */
lathe_dataset *lathe_data_folder(const char *dir, lathe_split split, const lathe_folder_opts *opts);

#ifdef __cplusplus
}
#endif
#endif
