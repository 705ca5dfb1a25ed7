/* Private: one batch: read, normalised and interleaved. */
#ifndef LATHE_DATA_LOADING_ASSEMBLE_IMPL_H
#define LATHE_DATA_LOADING_ASSEMBLE_IMPL_H

#include <stdbool.h>

#include "../../core/batch.h"
#include "../dataset.h"
#include "../transforms/transform.h"
#include "objects_impl.h"

/** What all batches of a loader share. */
typedef struct lathe_recipe {
    const lathe_dataset *data;
    const lathe_transforms *transforms; /* may be NULL */
    uint64_t seed;                      /* of the transforms */
    bool whole;                         /* the first transform is a crop of whole photographs */
    bool still;                         /* use lathe_transforms_still: no randomness */
    int channels, height, width;        /* of the result */
    bool plain;                         /* images are row-major: see lathe_batch */
    /** Bytes of work space an image: for the result of mixing, then for each sample that is mixed. */
    size_t scratch;
    size_t sample_scratch; /* for a sample with its masks */
    size_t read_scratch;   /* its beginning, for the sample as it is read */
    /**
     * The end of sample_scratch, for transforming one mask: the class mask last, the instance mask before.
     */
    size_t mask_scratch;
    double min_visible;             /* as in lathe_loader_opts */
    int mixes;                      /* the most samples in one image */
    size_t answers;                 /* numbers of labels an image */
    lathe_real scale[4], offset[4]; /* number = pixel * scale + offset, for each channel */
} lathe_recipe;

/** A batch under construction. */
typedef struct lathe_slot {
    lathe_batch batch;
    lathe_real *images;
    int *labels;       /* recipe->answers for each image */
    int *other_labels; /* where labels are mixed, otherwise NULL; see lathe_batch */
    lathe_real *share;
    lathe_object_room objects;
    size_t *indices;  /* [batch.size] samples of the data set */
    uint8_t *scratch; /* recipe->scratch bytes for each image */
    bool *failed;     /* for each block */
} lathe_slot;

/** Allocate a slot for batches of `size`. Errors: LATHE_ENOMEM. */
lathe_status lathe_slot_init(lathe_slot *slot, const lathe_recipe *recipe, int size);

void lathe_slot_free(lathe_slot *slot);

/** The blocks of the batch that lathe_slot_fill makes: of sixteen images, or of one if they are plain. */
int lathe_slot_blocks(const lathe_slot *slot, const lathe_recipe *recipe);

/**
 * Make block `block` of the batch, with its labels. Different blocks may be made at the same time.
 * Errors   of the data set's read.
 */
lathe_status lathe_slot_fill(lathe_slot *slot, const lathe_recipe *recipe, int block);

#endif
