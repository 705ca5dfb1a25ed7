/* The norm of the gradient, before clipping, and the norm of the weights, after the step. */
#include <math.h>

#include "probe_impl.h"

static lathe_status measure_gradient(lathe_probe *probe, const lathe_batch *batch)
{
    const lathe_params *params = lathe_optim_params(probe->learner->optim);
    double sum = 0;
    (void)batch;
    for (int i = 0; i < params->count; i++) {
        const lathe_tensor *tensor = params->tensor[i];
        if (tensor->needs_grad && tensor->has_grad) sum += lathe_probe_square(tensor->grad, tensor->stored);
    }
    probe->value[0] = sqrt(sum);
    return LATHE_OK;
}

static lathe_status measure_weights(lathe_probe *probe)
{
    const lathe_params *params = lathe_optim_params(probe->learner->optim);
    probe->value[0] = lathe_probe_norm(params->data, params->size);
    return LATHE_OK;
}

const lathe_probe_type lathe_grad_norm_probe = {
    .name = "grad_norm",
    .summary = "l2 norm of the gradient of all parameters, before clipping",
    .gradients = measure_gradient,
};

const lathe_probe_type lathe_weight_norm_probe = {
    .name = "weight_norm",
    .summary = "l2 norm of all parameters, after the step",
    .finish = measure_weights,
};
