/*
 * The feed of a training loop: a data set by name, its training, validation and test sets, and a loader of
 * the training set whose place can be saved and restored. It knows neither the net nor the run folder.
 */
#ifndef LATHE_TRAIN_FEED_FEED_H
#define LATHE_TRAIN_FEED_FEED_H

#include "../../data/loading/loader.h"

#ifdef __cplusplus
extern "C" {
#endif

/** What to read and how. Zeros mean the defaults. The texts are copied. */
typedef struct lathe_feed_opts {
    const char *data;   /* as lathe_data_open takes it: "fashion-mnist", "folder:DIR", ...; never NULL */
    int size, channels; /* of the pictures, for sets that can have any; 0: the set's own */
    bool skip_bad;      /* leave out pictures that cannot be read, with a message */
    int cache_mib;      /* keep decoded picture files if they take no more memory than this; 0: never */
    double val_split;   /* part of the training data to validate with, [0, 1); 0: none. A set that has a
                            validation part of its own is not split */
    int fold, folds;    /* fold 1 ... folds is the validation set instead; 0: no folds */
    int train_count;    /* train on so many pictures, each class in proportion; 0: all */
    const char
        *augment;   /* transforms of the training pictures, see data/transforms/transform.h; NULL: none */
    int batch_size; /* 0 means 64 */
    bool balanced;  /* draw each class equally often */
    bool drop_last; /* leave a smaller last batch of an epoch out */
    int workers;    /* threads that assemble batches ahead of time */
    uint64_t seed;  /* of the split, the order and the transforms */
    void *context;
    /** Told pictures that were left out, and pictures that are in two sets. NULL: nobody. */
    void (*on_message)(void *context, const char *line);
} lathe_feed_opts;

/** A feed. Read its fields as you like; all live until lathe_feed_free. */
typedef struct lathe_feed {
    lathe_dataset *data;  /* the training data as a whole, with what is not trained on */
    lathe_dataset *train; /* what is trained on: `data` itself or a part of it */
    lathe_dataset *val;   /* NULL: there is no validation set */
    lathe_dataset *test;
    lathe_dataset *rest;          /* what `train` was chosen from, where train_count chose; otherwise NULL */
    lathe_transforms *transforms; /* of the training pictures */
    lathe_loader *loader;         /* of `train`, shuffled */
    int batch_size, workers;
    uint64_t batches; /* in an epoch */
    uint64_t taken;   /* batches given out since the beginning: the place that is saved and restored */
} lathe_feed;

/**
 * Open the data and split it. The same options give the same sets and the same batches.
 * Errors   those of lathe_data_open, lathe_data_split and lathe_loader_new; LATHE_EARG: NULL.
 */
lathe_feed *lathe_feed_new(const lathe_feed_opts *opts);

/** Give everything back. NULL is fine. */
void lathe_feed_free(lathe_feed *feed);

/**
 * The next training batch; it lives until the next call. Returns false at the end of an epoch; the call after
 * that begins the next epoch. Returns false also after a failure: see lathe_feed_status.
 */
bool lathe_feed_next(lathe_feed *feed, lathe_batch *batch);

/** The failure of the last lathe_feed_next, or LATHE_OK. */
lathe_status lathe_feed_status(const lathe_feed *feed);

/** Go to the place where `taken` batches have been given out. Errors: those of lathe_loader_seek. */
lathe_status lathe_feed_seek(lathe_feed *feed, uint64_t taken);

/**
 * How many batches the next step takes if a step takes `most` of them and an epoch's last step those that are
 * left; *samples: the samples in them. Returns 0 for bad arguments.
 */
uint64_t lathe_feed_share(const lathe_feed *feed, uint64_t most, double *samples);

/**
 * A loader of another set for the same net: in order, normalised as the training pictures, transformed with
 * nothing left to chance. `data` must outlive it. Errors: those of lathe_loader_new.
 */
lathe_loader *lathe_feed_loader(const lathe_feed *feed, const lathe_dataset *data);

/** Batches in an epoch, without a loader or a test set. Errors: those of lathe_feed_new. */
lathe_status lathe_feed_length(const lathe_feed_opts *opts, uint64_t *batches);

/**
 * A weight of each class such that all classes weigh the same: samples / (classes * samples of the class), 0
 * for a class that does not occur.
 *
 * weights  [feed->data->classes]
 */
lathe_status lathe_feed_class_weights(const lathe_feed *feed, lathe_real *weights);

#ifdef __cplusplus
}
#endif
#endif
