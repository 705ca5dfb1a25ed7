/* Private: what the members of Adam's family share. */
#ifndef LATHE_OPTIM_ADAM_IMPL_H
#define LATHE_OPTIM_ADAM_IMPL_H

#include "../core/kernels/kernels.h"
#include "optim.h"

/**
 * value[k] = 1 - product of beta_k over all steps. This is the sum of the weights that the average gives to
 * the gradients so far, also when a schedule changes beta1. For a constant beta it is 1 - beta_k^t.
 * pytorch  value[k] = 1 - beta_k^t with the present betas, whatever they were before
 */
void lathe_adam_advance(const double betas[2], bool pytorch, lathe_optim_clock *clock);

/** The rates of one Adam step, without weight decay. Call lathe_adam_advance first. */
lathe_adam_rates lathe_adam_rates_of(double lr, const double betas[2], double eps,
    const lathe_optim_clock *clock);

#endif
