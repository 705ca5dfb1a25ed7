/* The cycles of a rate in a history, and what was measured at their extremes. */
#ifndef LATHE_TRAIN_KEEPER_CYCLES_H
#define LATHE_TRAIN_KEEPER_CYCLES_H

#include "history.h"

#ifdef __cplusplus
extern "C" {
#endif

/** A maximum of the rate, and the minimum at the end of its cycle. Steps count from 0. */
typedef struct lathe_cycle {
    uint64_t max_step, min_step;
    double max_lr, min_lr;
    double at_max, at_min; /* the measurement nearest to each; NaN: none is near */
    double before;         /* at the minimum before the maximum; NaN in the first cycle */
} lathe_cycle;

/**
 * The cycles of a history's rate in their order. A cycle ends where the rate turns from falling to rising.
 * The last one counts if it has come down by half.
 *
 * column   of probes.csv, from 0; -1: the first metric of evals.csv, or of epochs.csv without evals.csv
 * A measurement is near an extreme if its distance is at most 15 % of the way from the minimum before to the
 * next one. The three measurements of a cycle are three different ones.
 * Memory   *count cycles, to be freed with lathe_free.
 * Errors   LATHE_EARG for a column that does not exist; LATHE_ENOMEM: returns NULL.
 */
lathe_cycle *lathe_history_cycles(const lathe_history *history, int column, size_t *count);

/** Steps of the first epoch; if it is not whole yet, the steps so far, at least 1. */
double lathe_history_steps_per_epoch(const lathe_history *history);

#ifdef __cplusplus
}
#endif
#endif
