/* The same picture twice: on both sides of a split it makes a test easier than the world is. */
#ifndef LATHE_DATA_LOADING_DUPLICATES_H
#define LATHE_DATA_LOADING_DUPLICATES_H

#include "../dataset.h"

#ifdef __cplusplus
extern "C" {
#endif

/** A picture of one data set that is in another too. */
typedef struct lathe_duplicate {
    size_t a, b; /* samples of the two sets */
} lathe_duplicate;

/**
 * The samples of `b` whose content is that of a sample of `a`, each with the first such. The content is the
 * bytes of their files, where all samples of both have one, otherwise their pixels; compared by 128 bits of
 * hash. On all threads.
 *
 * pairs    the first `most` of them, in b's order; may be NULL if most is 0
 * count    how many there are
 * Errors   LATHE_EARG, LATHE_ENOMEM. A file that cannot be read is like no other.
 */
lathe_status lathe_data_duplicates(const lathe_dataset *a, const lathe_dataset *b, lathe_duplicate *pairs,
    size_t most, size_t *count);

#ifdef __cplusplus
}
#endif
#endif
