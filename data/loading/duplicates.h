/* Duplicates: a picture on both sides of a split makes the test too easy. */
#ifndef LATHE_DATA_LOADING_DUPLICATES_H
#define LATHE_DATA_LOADING_DUPLICATES_H

#include "../dataset.h"

#ifdef __cplusplus
extern "C" {
#endif

/** A picture that is in both data sets. */
typedef struct lathe_duplicate {
    size_t a, b; /* samples of the two sets */
} lathe_duplicate;

/**
 * Find the samples of `b` whose content equals that of a sample of `a`, each with the first such sample of
 * `a`.
 *
 * Content is the bytes of the files if all samples of both sets have files, else the pixels. It is compared
 * by a hash of 128 bits, on all threads.
 *
 * pairs    the first `most` pairs, in b's order; may be NULL if most is 0
 * count    the number of all pairs
 * Errors   LATHE_EARG, LATHE_ENOMEM. A file that cannot be read equals no other file.
 */
lathe_status lathe_data_duplicates(const lathe_dataset *a, const lathe_dataset *b, lathe_duplicate *pairs,
    size_t most, size_t *count);

#ifdef __cplusplus
}
#endif
#endif
