/*
 * Training beside a run: steps on the run's net and data that do not change the run. The learning-rate range
 * test uses them.
 */
#ifndef LATHE_TRAIN_BESIDE_H
#define LATHE_TRAIN_BESIDE_H

#include "run.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct lathe_beside lathe_beside;

/**
 * Train beside `run`, which must outlive the result. The net keeps its weights until lathe_beside_restart.
 * Errors   NULL: LATHE_ENOMEM.
 */
lathe_beside *lathe_beside_new(lathe_run *run);

/**
 * Start again with an optimizer, an order of samples and a tape for this seed. The net gets the weights of
 * lathe_beside_new if `present`, otherwise the seed's first weights.
 * Errors   those of the optimizer, the loader and lathe_nn_init
 */
lathe_status lathe_beside_restart(lathe_beside *beside, uint64_t seed, bool present);

/**
 * Do one step at learning rate `lr`. The rates of parameter groups keep their ratio to the first group's.
 * *loss and *accuracy (in [0, 1]) are those of the step's batch before the step. A non-finite loss is not an
 * error.
 * Errors   those of the loader and of an operation
 */
lathe_status lathe_beside_step(lathe_beside *beside, double lr, double *loss, double *accuracy);

/**
 * End: the net's weights and statistics are those of lathe_beside_new, to the bit; gradients are not. NULL is
 * fine.
 */
void lathe_beside_free(lathe_beside *beside);

#ifdef __cplusplus
}
#endif
#endif
