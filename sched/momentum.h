/* Whether a schedule moves the momentum opposite to the learning rate. */
#ifndef LATHE_SCHED_MOMENTUM_H
#define LATHE_SCHED_MOMENTUM_H

#include "sched.h"

/**
 * AUTO   yes if base_momentum or max_momentum is given, or the optimizer has a "momentum" that is not 0.
 *        Unlike in PyTorch, beta1 does not count.
 * ON     yes: "momentum", or beta1 for optimizers with betas.
 * OFF    no: the momentum does not change.
 */
typedef enum lathe_cycle_momentum {
    LATHE_MOMENTUM_AUTO,
    LATHE_MOMENTUM_ON,
    LATHE_MOMENTUM_OFF
} lathe_cycle_momentum;

#endif
