/*
 * Training beside a run: steps on the run's net and data that leave the run as it was. The learning-rate
 * range test is made of them.
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
 * Begin anew: an optimizer, an order of samples and a tape with that seed. The net gets the weights that it
 * had at lathe_beside_new if `present`, otherwise the seed's first weights. Errors   those of the optimizer,
 * the loader and lathe_nn_init.
 */
lathe_status lathe_beside_restart(lathe_beside *beside, uint64_t seed, bool present);

/**
 * One step at learning rate `lr`; the rates of parameter groups keep their ratio to the first group's.
 * *loss and *accuracy (0 ... 1) are those of the step's batch before the step. A non-finite loss is no error.
 * Errors   those of the loader and of an operation.
 */
lathe_status lathe_beside_step(lathe_beside *beside, double lr, double *loss, double *accuracy);

/** End: the net's weights and running statistics are bit for bit what they were at lathe_beside_new; its
 * gradients are not. NULL is fine. */
void lathe_beside_free(lathe_beside *beside);

#ifdef __cplusplus
}
#endif
#endif
