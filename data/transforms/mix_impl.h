/* Private: transforms that make one picture, with its labels or mask, from several. */
#ifndef LATHE_DATA_TRANSFORMS_MIX_IMPL_H
#define LATHE_DATA_TRANSFORMS_MIX_IMPL_H

#include "transform_impl.h"

/** What is mixed into one picture. */
typedef struct lathe_mixing {
    const lathe_step *step; /* NULL: nothing */
    lathe_rng rng;
    size_t partner[LATHE_MIX_MOST - 1]; /* the other samples */
} lathe_mixing;

/** The largest number of pictures in one result; 1: no transform mixes. NULL is fine. */
int lathe_transforms_mix(const lathe_transforms *transforms);

/**
 * Check that the mixing transforms suit the data. With masks, mixup does not. Without masks, only transforms
 * that give shares of two labels do, and only if a picture has one label. Mosaic needs masks or objects.
 * Errors   LATHE_EARG
 */
lathe_status lathe_transforms_mix_check(const lathe_transforms *transforms, bool masks, bool one_label,
    bool objects);

/**
 * What is mixed into sample `index` of `count` in this epoch. The mixing transforms are tried in their order,
 * each with its probability p; the first hit is used. Partners are any samples, also sample `index`.
 */
lathe_mixing lathe_mixing_at(const lathe_transforms *transforms, uint64_t seed, uint64_t epoch, size_t index,
    size_t count);

#endif
