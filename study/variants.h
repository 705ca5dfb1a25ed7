/* The results of each variant of a comparison, and whether its difference is significant. */
#ifndef LATHE_STUDY_VARIANTS_H
#define LATHE_STUDY_VARIANTS_H

#include "../metrics/significance.h"
#include "compare.h"

#ifdef __cplusplus
extern "C" {
#endif

/** A difference with a p of at most this is significant. */
#define LATHE_VARIANT_LEVEL 0.05

/** A variant: the runs of a comparison that differ only in the seed. */
typedef struct lathe_variant {
    const char *name, *differs; /* as in lathe_compare_run; owned by the comparison */
    lathe_spread accuracy, val_loss, train_loss, seconds; /* over seeds; accuracy: test accuracy, in [0, 1] */
    int runs, ended, diverged, died; /* spreads and differences are over the runs that did not die */
    bool baseline;                   /* the other variants are compared with this one */
    lathe_paired_t against;          /* test accuracy minus the baseline's, for equal seeds */
    bool named; /* the comparison has hypotheses of its own: they are tested, not `against` */
    double p;   /* of `against`, with Holm's correction over all variants; NaN: not tested */
} lathe_variant;

/**
 * Returns true if run number `index` died: its loss became non-finite, or its test accuracy is below half of
 * the best of its variant.
 */
bool lathe_compare_run_died(const lathe_compare *compare, size_t index);

/**
 * The *count variants of a comparison in their order, each compared with the variant `baseline` (NULL: the
 * first). Free the array with lathe_free, before the comparison.
 * Errors   LATHE_ENAME listing the variants, LATHE_ENOMEM, LATHE_EARG: returns NULL.
 */
lathe_variant *lathe_variants_of(const lathe_compare *compare, const char *baseline, int *count);

/**
 * The difference as text: "clearly better, p = 0.012", "clearly worse, p = 0.03", "difference within seed
 * noise, p = 0.4", "one seed: noise unknown", "diverged", "not run yet", "the baseline".
 * "" if hypotheses were named (see lathe_hypothesis): they are tested instead. "1 of 3 died; " stands before
 * the others if runs died. Returns `text`, NULL for NULL.
 */
const char *lathe_variant_words(const lathe_variant *variant, char text[96]);

#ifdef __cplusplus
}
#endif
#endif
