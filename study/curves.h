/* The learning curves of a comparison's runs, thinned, from their folders or from a table that was kept. */
#ifndef LATHE_STUDY_CURVES_H
#define LATHE_STUDY_CURVES_H

#include "compare.h"

#ifdef __cplusplus
extern "C" {
#endif

/** The most points of a curve. */
#define LATHE_CURVE_POINTS 240

/** What a run measured, and its learning rate. Both against epochs. */
typedef struct lathe_curve {
    int points, rates; /* 0: not known */
    double epoch[LATHE_CURVE_POINTS], value[LATHE_CURVE_POINTS];
    double rate_epoch[LATHE_CURVE_POINTS], rate[LATHE_CURVE_POINTS];
} lathe_curve;

/**
 * The curves of all runs, compare->runs of them.
 *
 * what     a column of epochs.csv, "val_accuracy", from evals.csv if the run has one; a column of probes.csv;
 *          or "loss": the mean loss of the steps between two points
 * path     a table of curves that were kept, for runs without a folder; may be NULL or not exist yet
 * Errors   LATHE_EIO, LATHE_EFORMAT, LATHE_ENAME, LATHE_ENOMEM: returns NULL. Free the array with lathe_free.
 */
lathe_curve *lathe_curves_of(const lathe_compare *compare, const char *what, const char *path);

/**
 * Write the table: for each run a row `variant,seed,curve,1,2,...` with `curve` "epoch", `what`, "rate_epoch"
 * and "rate". Rows of epochs and rates that equal those of the variant's first run are left out.
 * Errors   LATHE_EIO, LATHE_ENOMEM.
 */
lathe_status lathe_curves_write(const lathe_compare *compare, const lathe_curve *curve, const char *what,
    const char *path);

/**
 * Read the tables of run number `index` from its folder into an empty history. It stays empty if the run has
 * no folder, or has not ended and was killed while it wrote its tables.
 * Errors   those of lathe_history_read
 */
lathe_status lathe_curves_history(const lathe_compare *compare, size_t index, lathe_history *history);

#ifdef __cplusplus
}
#endif
#endif
