/* What came of each variant of a comparison, and whether it is more than noise. */
#ifndef LATHE_STUDY_VARIANTS_H
#define LATHE_STUDY_VARIANTS_H

#include "../metrics/significance.h"
#include "compare.h"

#ifdef __cplusplus
extern "C" {
#endif

/** A p of at most this is called more than noise. */
#define LATHE_VARIANT_LEVEL 0.05

/** A variant: the runs of a comparison that differ in the seed alone. */
typedef struct lathe_variant {
    const char *name, *differs; /* as in lathe_compare_run; they are the comparison's */
    lathe_spread accuracy, val_loss, train_loss, seconds; /* over its seeds; accuracy: of the test, 0 ... 1 */
    int runs, ended, diverged;
    bool baseline;          /* the others are held against it */
    lathe_paired_t against; /* test accuracy minus the baseline's, seed by seed */
    double p;               /* of that, with Holm's correction for all variants; NaN: not tested */
} lathe_variant;

/**
 * The variants of a comparison in their order, each held against the one named `baseline` (NULL: the first):
 * `*count` of them, to be given to lathe_free. They are read while the comparison is there. Errors: NULL:
 * LATHE_ENAME listing the variants, LATHE_ENOMEM, NULL given.
 */
lathe_variant *lathe_variants_of(const lathe_compare *compare, const char *baseline, int *count);

/**
 * The difference in plain words: "clearly better, p = 0.012", "clearly worse, p = 0.03", "difference within
 * seed noise, p = 0.4", "one seed: no telling from noise", "diverged", "not run yet", "what the others are
 * held against". Returns `text`. Errors: NULL given: NULL.
 */
const char *lathe_variant_words(const lathe_variant *variant, char text[96]);

#ifdef __cplusplus
}
#endif
#endif
