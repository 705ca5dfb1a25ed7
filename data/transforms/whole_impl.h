/* Private: a random crop that is taken from whole photographs, in place of the list's first transform. */
#ifndef LATHE_DATA_TRANSFORMS_WHOLE_IMPL_H
#define LATHE_DATA_TRANSFORMS_WHOLE_IMPL_H

#include "../dataset.h"
#include "transform_impl.h"

/** The crop of one sample. */
typedef struct lathe_whole_crop {
    const lathe_step *step;
    const lathe_dataset *data;
    uint64_t seed, epoch, index;
} lathe_whole_crop;

/** The part of its photograph that a sample of data->channels becomes; it refers to *crop. */
lathe_part lathe_whole_crop_part(const lathe_whole_crop *crop);

#endif
