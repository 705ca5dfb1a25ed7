/* The loader: makes batches of a data set, shuffled each epoch, normalised and laid out for training. */
#ifndef LATHE_DATA_LOADING_LOADER_H
#define LATHE_DATA_LOADING_LOADER_H

#include <stdbool.h>

#include "../../core/batch.h"
#include "../../core/context.h"
#include "../../core/layout.h"
#include "../dataset.h"
#include "../transforms/transform.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct lathe_loader lathe_loader;

/** NULL or zeros: batches of 64 in order, a smaller last batch, normalised by the data set's mean and std. */
typedef struct lathe_loader_opts {
    int batch_size; /* 0 means 64; of all processes together */
    bool shuffle;   /* another order each epoch, keyed by (seed, epoch) */
    /**
     * The number of processes that share each batch, such as lathe_dist_size(), and this one's number from 0.
     * The loader reads the pictures of process `rank` alone: see lathe_shard_of. 0: whole batches.
     */
    int ranks, rank;
    /** Draw each class equally often. An epoch has as many samples, some not at all, others several times. */
    bool balanced;
    /** [count], copied: draw each sample in proportion to its weight, with replacement. NULL: each once. */
    const double *weights;
    bool drop_last;           /* leave a smaller last batch out */
    bool no_normalize;        /* pixels / 255 instead of (pixel / 255 - mean) / std */
    const double *mean, *std; /* per channel, instead of the data set's; give both or neither */
    /** Applied to each picture, keyed by (seed, epoch, sample). Must outlive the loader. */
    const lathe_transforms *transforms;
    bool still; /* without randomness (lathe_transforms_still): for validation and tests */
    /**
     * Leave out an object if the transforms keep a smaller part of its box in the picture, above 0 to 1;
     * 0 means 0.1. A value of 1e-9 keeps every visible object.
     */
    double min_visible;
    uint64_t seed;
    /** Threads that make batches ahead of time. 0, or a build without threads: the caller's thread does. */
    int workers;
    /**
     * What the net's operations are to have abreast: LATHE_BATCHED or LATHE_CHANNELS. Zero means
     * lathe_layout_rule of batch_size and the images.
     */
    lathe_layout layout;
    lathe_context *context; /* whose threads make batches without workers; NULL: the default one */
} lathe_loader_opts;

/** Make a loader. `data` must outlive it. Errors: LATHE_EARG, LATHE_ESHAPE, LATHE_ENOMEM. */
lathe_loader *lathe_loader_new(const lathe_dataset *data, const lathe_loader_opts *opts);

/** Free the loader and its last batch. NULL is fine. */
void lathe_loader_free(lathe_loader *loader);

/**
 * Get the next batch. It is valid until the next call.
 * Returns false at the end of an epoch; the next call then begins the next epoch. Also returns false after a
 * failure, see lathe_loader_status; the loader then stays before the batch that failed.
 */
bool lathe_loader_next(lathe_loader *loader, lathe_batch *batch);

/** LATHE_OK unless the last lathe_loader_next failed. */
lathe_status lathe_loader_status(const lathe_loader *loader);

/** Batches in an epoch; with several processes, the batches that they share. */
uint64_t lathe_loader_batches(const lathe_loader *loader);

/** Go to batch `index` of epoch `epoch`, to resume: the next call gives it. Errors: LATHE_EARG. */
lathe_status lathe_loader_seek(lathe_loader *loader, uint64_t epoch, uint64_t index);

/**
 * The sample at `position` of epoch `epoch`, for any number of processes. Errors: LATHE_EARG: returns
 * (size_t)-1.
 */
size_t lathe_loader_order(lathe_loader *loader, uint64_t epoch, size_t position);

#ifdef __cplusplus
}
#endif
#endif
