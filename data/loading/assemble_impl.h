/* Private: one batch, read, normalised and interleaved. */
#ifndef LATHE_DATA_LOADING_ASSEMBLE_IMPL_H
#define LATHE_DATA_LOADING_ASSEMBLE_IMPL_H

#include <stdbool.h>

#include "../../core/batch.h"
#include "../dataset.h"
#include "../transforms/transform.h"

/** What every batch of a loader has in common. */
typedef struct lathe_recipe {
    const lathe_dataset *data;
    const lathe_transforms *transforms; /* may be NULL */
    uint64_t seed;                      /* of their random numbers */
    bool still;                         /* none: lathe_transforms_still */
    int channels, height, width;        /* of what comes out */
    /** bytes of work space an image: what mixed pictures are made into, then that of each sample */
    size_t scratch;
    size_t sample_scratch;          /* of a sample, that of its mask included */
    size_t mask_scratch;            /* of that, for transforming a mask: at the end */
    int mixes;                      /* samples that one image may be made of */
    size_t answers;                 /* numbers of labels an image */
    lathe_real scale[4], offset[4]; /* number = pixel * scale + offset, for each channel */
} lathe_recipe;

/** A batch being made, and what it is made of. */
typedef struct lathe_slot {
    lathe_batch batch;
    lathe_real *images;
    int *labels;       /* recipe->answers for each image */
    int *other_labels; /* where labels are mixed, otherwise NULL: as in lathe_batch */
    lathe_real *share;
    size_t *indices;  /* [batch.size] samples of the data set */
    uint8_t *scratch; /* recipe->scratch for each image: what is read, what transforms make of it */
    bool *failed;     /* for each block of sixteen */
} lathe_slot;

/** Room for batches of `size`. Errors: LATHE_ENOMEM. */
lathe_status lathe_slot_init(lathe_slot *slot, const lathe_recipe *recipe, int size);

void lathe_slot_free(lathe_slot *slot);

/**
 * Make block `block` of the batch: the images 16*block and following, and their labels. Different blocks at
 * once are fine.
 * Errors   of the data set's read.
 */
lathe_status lathe_slot_fill(lathe_slot *slot, const lathe_recipe *recipe, int block);

#endif
