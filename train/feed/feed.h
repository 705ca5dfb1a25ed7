/*
 * The feed of a training loop: a data set by name, its training, validation and test sets, and a loader of
 * the training set whose position can be saved and restored. The feed does not know the net or the run
 * folder.
 */
#ifndef LATHE_TRAIN_FEED_FEED_H
#define LATHE_TRAIN_FEED_FEED_H

#include "../../data/loading/loader.h"
#include "../../data/part.h"
#include "../../io/state.h"

#ifdef __cplusplus
extern "C" {
#endif

/** What to read and how. Zeros mean the defaults. The texts are copied. */
typedef struct lathe_feed_opts {
    const char *data;   /* as in lathe_data_open: "fashion-mnist", "folder:DIR", ...; never NULL */
    int size, channels; /* of the pictures, for sets that can have any; 0: the set's own */
    bool skip_bad;      /* leave out pictures that cannot be read, with a message */
    int cache_mib; /* keep decoded or unpacked pictures if they need at most this much memory; 0: never */
    int max_megapixels; /* refuse larger picture files; 0: 32 */
    double crop_ratio;  /* of picture files, see lathe_files_opts; 0: they cover the size */
    lathe_filter interpolation;
    const char *background;   /* behind transparent pixels, see lathe_colour_parse; NULL: none */
    const char *label_column; /* of a table, see lathe_folder_opts; NULL: all */
    /** Part of the training data for validation, [0, 1). A set with its own validation set is not split. */
    double val_split;
    int fold, folds; /* fold 1 ... folds is the validation set instead; 0: no folds */
    /**
     * Normalise by these instead of the set's own: mean and std of pixels scaled to [0, 1]. `normals` of each
     * are given: 1 for all channels alike, or one a channel; 0: the set's own.
     */
    double mean[4], std[4];
    int normals;
    int train_count; /* train on this many pictures, each class in proportion; 0: on all */
    /** Transforms of the training pictures, see data/transforms/transform.h; may be NULL. */
    const char *augment;
    int batch_size;      /* 0 means 64; of all processes together */
    int ranks, rank;     /* as in lathe_loader_opts: the processes that share each batch, and which it is */
    bool balanced;       /* draw each class equally often */
    bool drop_last;      /* leave a smaller last batch of an epoch out */
    int workers;         /* threads that make batches ahead of time */
    lathe_layout layout; /* as in lathe_loader_opts: 0 means lathe_layout_rule */
    uint64_t seed;       /* of the split, the order and the transforms */
    void *context;
    /** Gets messages about pictures that were left out or are in two sets. May be NULL. */
    void (*on_message)(void *context, const char *line);
} lathe_feed_opts;

/** A feed. Its fields may be read directly; all are valid until lathe_feed_free. */
typedef struct lathe_feed {
    lathe_dataset *data;  /* the whole training data, also the part that is not trained on */
    lathe_dataset *train; /* the training set: `data` or a part of it */
    lathe_dataset *val;   /* the validation set; may be NULL */
    lathe_dataset *test;
    lathe_dataset *rest;          /* with train_count, the set that `train` was chosen from; otherwise NULL */
    lathe_transforms *transforms; /* of the training pictures */
    lathe_loader *loader;         /* of `train`, shuffled */
    int batch_size, workers;
    int ranks, rank;     /* as in lathe_feed_opts */
    lathe_layout layout; /* as in lathe_feed_opts */
    uint64_t batches;    /* in an epoch */
    uint64_t taken;      /* batches so far: the position that is saved and restored */
} lathe_feed;

/**
 * Open the data and split it. The same options give the same sets and the same batches.
 * Errors   those of lathe_data_open, lathe_data_split and lathe_loader_new; LATHE_EARG: NULL.
 */
lathe_feed *lathe_feed_new(const lathe_feed_opts *opts);

/** Free the feed. NULL is fine. */
void lathe_feed_free(lathe_feed *feed);

/**
 * Get the next training batch. It is valid until the next call.
 * Returns false at the end of an epoch; the next call then begins the next epoch. Also returns false after a
 * failure, see lathe_feed_status.
 */
bool lathe_feed_next(lathe_feed *feed, lathe_batch *batch);

/** The failure of the last lathe_feed_next, or LATHE_OK. */
lathe_status lathe_feed_status(const lathe_feed *feed);

/** Go to the position after `taken` batches. Errors: those of lathe_loader_seek. */
lathe_status lathe_feed_seek(lathe_feed *feed, uint64_t taken);

/**
 * The number of batches in the next step, if a step has `most` batches and an epoch's last step the rest.
 * *samples becomes the number of their samples. Returns 0 for bad arguments.
 */
uint64_t lathe_feed_share(const lathe_feed *feed, uint64_t most, double *samples);

/**
 * A loader of another set for the same net: in order, normalised as the training pictures, transformed
 * without randomness. `data` must outlive it.
 *
 * shared   the feed's processes share each batch, as they share those of lathe_feed_next. Otherwise this
 *          process reads all pictures.
 * Errors   those of lathe_loader_new
 */
lathe_loader *lathe_feed_loader(const lathe_feed *feed, const lathe_dataset *data, bool shared);

/**
 * How the feed is saved and restored: its position, and the description of its data (pictures, normalisation,
 * classes). So a checkpoint of other data is refused, and a trained model can be used without its data. Valid
 * as long as the feed.
 */
lathe_state lathe_feed_state(lathe_feed *feed);

/**
 * Choose `count` samples of a data set, below their number: each class in proportion, the same ones for one
 * seed. `data` must outlive the result; free it with lathe_data_free.
 * Errors   LATHE_EARG, LATHE_ENOMEM: returns NULL
 */
lathe_dataset *lathe_feed_choose(const lathe_dataset *data, size_t count, uint64_t seed);

/** Batches in an epoch, without a loader or a test set. Errors: those of lathe_feed_new. */
lathe_status lathe_feed_length(const lathe_feed_opts *opts, uint64_t *batches);

/**
 * Weights with which all classes count the same: samples / (classes * samples of the class), 0 for a class
 * without samples.
 *
 * weights  [feed->data->classes]
 */
lathe_status lathe_feed_class_weights(const lathe_feed *feed, lathe_real *weights);

#ifdef __cplusplus
}
#endif
#endif
