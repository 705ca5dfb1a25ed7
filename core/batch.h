/* A batch: what a loader hands to a training step. */
#ifndef LATHE_CORE_BATCH_H
#define LATHE_CORE_BATCH_H

#include <stddef.h>
#include <stdint.h>

#include "real.h"

/** Some images with their labels. It lives with its loader, until the next lathe_loader_next. */
typedef struct lathe_batch {
    int size; /* images, B */
    int channels, height, width;
    const lathe_real *images; /* [B, C, H, W] as LATHE_BATCHED stores it; tail lanes 0 */
    /** [B, answers]: a class from 0, or for each class 0 or 1, a class of each head, of each pixel */
    const int *labels;
    size_t answers; /* of each image: 1 where there is one class; 0 is the same */
    /** [B], where pictures are mixed (mixup, cutmix), otherwise NULL: the label of what was mixed in ... */
    const int *other_labels;
    const lathe_real *share; /* [B]: ... and the part, 0 ... 1, of the label that is labels' */
    uint64_t epoch, index;   /* which batch of which epoch this is, both from 0 */
} lathe_batch;

#endif
