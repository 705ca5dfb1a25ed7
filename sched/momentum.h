/* Whether a schedule moves momentum against the learning rate. */
#ifndef LATHE_SCHED_MOMENTUM_H
#define LATHE_SCHED_MOMENTUM_H

#include "sched.h"

/**
 * AUTO: if base_momentum or max_momentum is given, or the optimizer has a "momentum" that is not 0. (Not for
 * beta1 unasked, unlike PyTorch.) ON: "momentum", or beta1 for optimizers with betas. OFF: momentum is left
 * alone.
 */
typedef enum lathe_cycle_momentum {
    LATHE_MOMENTUM_AUTO,
    LATHE_MOMENTUM_ON,
    LATHE_MOMENTUM_OFF
} lathe_cycle_momentum;

#endif
