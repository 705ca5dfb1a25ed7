/* The loader: a data set in batches, shuffled anew each epoch, normalised and laid out for training. */
#ifndef LATHE_DATA_LOADING_LOADER_H
#define LATHE_DATA_LOADING_LOADER_H

#include <stdbool.h>

#include "../../core/batch.h"
#include "../dataset.h"
#include "../transforms/transform.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct lathe_loader lathe_loader;

/** NULL or zeros: batches of 64 in order, the last one smaller, normalised by the data set's mean and std. */
typedef struct lathe_loader_opts {
    int batch_size; /* 0 means 64 */
    bool shuffle;   /* another order each epoch, keyed by (seed, epoch) */
    /** draw each class equally often: as many samples an epoch, some of them never, others several times */
    bool balanced;
    const double *weights; /* [count], copied: draw each sample as often as its weight says, with replacement;
                              NULL: every one once */
    bool drop_last;        /* leave a smaller last batch out */
    bool no_normalize;     /* pixels / 255 as they are, not (pixel / 255 - mean) / std */
    const double *mean, *std; /* per channel, instead of the data set's; both or neither */
    const lathe_transforms
        *transforms; /* done to each picture, keyed by (seed, epoch, sample); must outlive the loader */
    bool still;      /* with nothing left to chance: lathe_transforms_still, for validation and tests */
    uint64_t seed;
    int workers; /* threads that assemble batches ahead of time; 0, or a build without threads: the caller
                    does */
} lathe_loader_opts;

/** A loader. It reads `data`, which must outlive it. Errors: LATHE_EARG, LATHE_ESHAPE, LATHE_ENOMEM. */
lathe_loader *lathe_loader_new(const lathe_dataset *data, const lathe_loader_opts *opts);

/** Free it; the batch it gave out last is gone. NULL is fine. */
void lathe_loader_free(lathe_loader *loader);

/**
 * The next batch. False at the end of an epoch, and the call after that begins the next one; false also on a
 * failure, which lathe_loader_status tells apart: the loader then stays before the batch that failed. The
 * batch lives until the next call.
 */
bool lathe_loader_next(lathe_loader *loader, lathe_batch *batch);

/** LATHE_OK unless the last lathe_loader_next failed. */
lathe_status lathe_loader_status(const lathe_loader *loader);

/** Batches in an epoch. */
uint64_t lathe_loader_batches(const lathe_loader *loader);

/** Go to batch `index` of epoch `epoch`: the next call gives it. For resuming. Errors: LATHE_EARG. */
lathe_status lathe_loader_seek(lathe_loader *loader, uint64_t epoch, uint64_t index);

/** Where sample number `position` of epoch `epoch` comes from in the data set. Errors: LATHE_EARG: returns
 * (size_t)-1. */
size_t lathe_loader_order(lathe_loader *loader, uint64_t epoch, size_t position);

#ifdef __cplusplus
}
#endif
#endif
