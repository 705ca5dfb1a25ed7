/* Parts of a data set: subsets, a validation set held out, folds. */
#ifndef LATHE_DATA_SPLIT_H
#define LATHE_DATA_SPLIT_H

#include <stdbool.h>

#include "dataset.h"

#ifdef __cplusplus
extern "C" {
#endif

/**
 * The samples data[indices[0]], data[indices[1]], ... as a data set. The indices are copied; `data` must
 * outlive the subset. mean, std and classes are those of `data`.
 * Errors   LATHE_EARG (no index, or an index beyond the end), LATHE_ENOMEM: returns NULL.
 * Same as  torch.utils.data.Subset
 */
lathe_dataset *lathe_data_subset(const lathe_dataset *data, const size_t *indices, size_t count);

/** NULL or zeros: a tenth of each class is held out. */
typedef struct lathe_split_opts {
    double fraction; /* of the samples to hold out, above 0, below 1; 0 means 0.1 */
    int folds;       /* at least 2: hold out one of this many folds of about equal size instead ... */
    int fold;        /* ... namely this fold, from 0 */
    /** Ignore classes. False: hold out the same part of each class, to less than one sample. */
    bool no_stratify;
    const int *groups; /* [count]: samples of one group (a patient, a film) stay together; not stratified */
    uint64_t seed;     /* decides which samples */
} lathe_split_opts;

/**
 * Split `data` into two subsets: *rest for training, *held_out for validation. Each sample is in exactly one
 * of them, in the order of `data`.
 *
 * With a fraction, held_out has round(fraction * count) samples. With groups it has the nearest number that
 * whole groups in random order can give. The folds of one seed are disjoint. `data` must outlive both
 * subsets.
 *
 * Errors   LATHE_EARG (a value out of range, a part that would be empty), LATHE_ENOMEM: *rest and *held_out
 *          are NULL.
 * Same as  sklearn.model_selection: train_test_split, KFold, StratifiedKFold, GroupKFold (other random
 *          numbers)
 */
lathe_status lathe_data_split(const lathe_dataset *data, const lathe_split_opts *opts, lathe_dataset **rest,
    lathe_dataset **held_out);

#ifdef __cplusplus
}
#endif
#endif
