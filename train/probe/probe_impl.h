/* Private: what the probes share. */
#ifndef LATHE_TRAIN_PROBE_PROBE_IMPL_H
#define LATHE_TRAIN_PROBE_PROBE_IMPL_H

#include "probe.h"

/** The Euclidean norm of `count` numbers, and its square, summed in their order in double. */
double lathe_probe_norm(const lathe_real *numbers, size_t count);
double lathe_probe_square(const lathe_real *numbers, size_t count);

/**
 * A gradient outside of the step: of the loss of batches in LATHE_TRAIN, with its own tape. Between hold and
 * release the learner's weights may change.
 */
typedef struct lathe_probe_gradient {
    lathe_learner *learner;
    lathe_tape *tape;
    lathe_real *weights, *gradients, *buffers; /* as the step left them */
    unsigned char *flags;                      /* has_grad, stepped, mixed of each parameter */
} lathe_probe_gradient;

/** Make the room. Errors: LATHE_ENOMEM. Free it also after a failure. */
lathe_status lathe_probe_gradient_open(lathe_probe_gradient *g, lathe_learner *learner);
void lathe_probe_gradient_close(lathe_probe_gradient *g);

/** Keep weights, gradients and running statistics, and give them back to the bit. */
void lathe_probe_gradient_hold(lathe_probe_gradient *g);
void lathe_probe_gradient_release(lathe_probe_gradient *g);

/** Forget the gradients; then add `part` times the gradient of a batch's loss. Dropout is that of `seed`. */
void lathe_probe_gradient_zero(lathe_probe_gradient *g, uint64_t seed);
lathe_status lathe_probe_gradient_add(lathe_probe_gradient *g, const lathe_batch *batch, double part);

#endif
