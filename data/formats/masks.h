/* Pictures and their masks: a class for each pixel. */
#ifndef LATHE_DATA_FORMATS_MASKS_H
#define LATHE_DATA_FORMATS_MASKS_H

#include "folder.h"

#ifdef __cplusplus
extern "C" {
#endif

/**
 * The pictures of one folder, and masks from another folder. A mask has its picture's name up to the last
 * point:
 *
 *     dir/images/7.png, dir/masks/7.png     or  dir/train/images/7.png, ...   for LATHE_SPLIT_TRAIN
 *                                               dir/test/images/8.png, ...    for LATHE_SPLIT_TEST
 *                                               dir/val/images/8.png, ...     ... if there is no test/
 *
 * images/ may also be called image/, and masks/ mask/, labels/ or label/. In the first form a part is held
 * out for LATHE_SPLIT_TEST.
 *
 * A mask is a grey picture of its picture's size in a lossless format (PNG, BMP, PGM). Each grey level is a
 * class. Levels 0, 1, ... are classes 0, 1, ... Other levels, such as 0 and 255, are numbered from the
 * lowest. The levels are those of all masks of the training set, at most 64. Class names are the lines of
 * dir/classes.txt if it exists, else "level 0", "level 255", ...
 * Pictures and masks are scaled and cut alike, masks by the nearest pixel. The task is "pixels".
 * Size, channels, damaged pictures and memory are as in lathe_data_folder.
 * Errors   LATHE_EIO, LATHE_EARG, LATHE_ENOMEM; LATHE_EFORMAT (no such folders, a picture without mask, a
 *          mask without picture, of another size, in colour or with too many levels, a wrong number of
 *          names): returns
 *          NULL.
 */
lathe_dataset *lathe_data_masks(const char *dir, lathe_split split, const lathe_folder_opts *opts);

#ifdef __cplusplus
}
#endif
#endif
