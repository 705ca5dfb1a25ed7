/* Private: transforms that make one picture of several, and their labels or masks with them. */
#ifndef LATHE_DATA_TRANSFORMS_MIX_IMPL_H
#define LATHE_DATA_TRANSFORMS_MIX_IMPL_H

#include "transform_impl.h"

/** What is mixed into a picture. */
typedef struct lathe_mixing {
    const lathe_step *step; /* NULL: nothing */
    lathe_rng rng;
    size_t partner[LATHE_MIX_MOST - 1]; /* the other samples */
} lathe_mixing;

/** How many pictures at most the transforms make one of; 1: they do not mix. NULL is fine. */
int lathe_transforms_mix(const lathe_transforms *transforms);

/**
 * That data of this kind can be mixed so: with masks, all but mixup; without, those that give shares of two
 * labels, and only if there is one label a picture. Errors: LATHE_EARG.
 */
lathe_status lathe_transforms_mix_check(const lathe_transforms *transforms, bool masks, bool one_label);

/**
 * What is mixed into sample `index` of `count` in this epoch: of the transforms that mix, in their order, the
 * first that its p lets be done. Partners are any samples, that one included.
 */
lathe_mixing lathe_mixing_at(const lathe_transforms *transforms, uint64_t seed, uint64_t epoch, size_t index,
    size_t count);

#endif
