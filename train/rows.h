/*
 * Rows: what a training loop measures in a step and in an epoch. The learner fills them; the keeper writes
 * them.
 */
#ifndef LATHE_TRAIN_ROWS_H
#define LATHE_TRAIN_ROWS_H

#include "../task/task.h"

#ifdef __cplusplus
extern "C" {
#endif

/** One step, with its lr and momentum. */
typedef struct lathe_step_row {
    uint64_t step, epoch; /* both from 0 */
    double lr, momentum;  /* of the first parameter group */
    double loss;
    const double *group_rates; /* lr and momentum of each further parameter group; may be NULL */
} lathe_step_row;

/** One epoch, or a part of one. NaN: not measured. */
typedef struct lathe_epoch_row {
    uint64_t epoch;                   /* from 0 */
    uint64_t step;                    /* steps from the start of the run to the end of the epoch */
    double train_loss, val_loss;      /* train_loss: of the batches during training */
    double train[LATHE_TASK_METRICS]; /* the task's metrics in their order */
    double val[LATHE_TASK_METRICS];
    double seconds;           /* training and validation together */
    double images_per_second; /* training only */
} lathe_epoch_row;

/** A measurement of the validation set within an epoch, or at its end: see lathe_settings.eval_every. */
typedef struct lathe_eval_row {
    uint64_t step;                     /* steps from the start of the run */
    double loss;                       /* of the validation pictures, or of a sample of them */
    double metric[LATHE_TASK_METRICS]; /* the task's metrics in their order */
} lathe_eval_row;

#ifdef __cplusplus
}
#endif
#endif
