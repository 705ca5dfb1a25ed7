/* Gradients beside the step, which leave no trace: see probe_impl.h. */
#include <math.h>
#include <string.h>

#include "../../core/alloc.h"
#include "../../core/ops/arithmetic.h"
#include "../../core/shard.h"
#include "../learner/learner_impl.h"
#include "probe_impl.h"

double lathe_probe_square(const lathe_real *numbers, size_t count)
{
    double sum = 0;
    for (size_t i = 0; i < count; i++) sum += (double)numbers[i] * (double)numbers[i];
    return sum;
}

double lathe_probe_norm(const lathe_real *numbers, size_t count)
{
    return sqrt(lathe_probe_square(numbers, count));
}

lathe_status lathe_probe_gradient_open(lathe_probe_gradient *g, lathe_learner *learner)
{
    const lathe_params *params = lathe_optim_params(learner->optim);
    g->learner = learner;
    g->tape = lathe_tape_new(lathe_optim_context(learner->optim));
    g->weights = g->tape ? lathe_alloc_raw(params->size, sizeof *g->weights) : NULL;
    g->gradients = g->weights ? lathe_alloc_raw(params->size, sizeof *g->gradients) : NULL;
    g->flags = g->gradients ? lathe_alloc((size_t)params->count, 1) : NULL;
    g->buffers = g->flags ?
        lathe_alloc_raw(lathe_learner_copy_buffers(learner, NULL, false) + 1, sizeof *g->buffers) :
        NULL;
    return g->buffers ? LATHE_OK : lathe_error();
}

void lathe_probe_gradient_close(lathe_probe_gradient *g)
{
    lathe_tape_free(g->tape);
    lathe_free(g->weights);
    lathe_free(g->gradients);
    lathe_free(g->flags);
    lathe_free(g->buffers);
}

void lathe_probe_gradient_hold(lathe_probe_gradient *g)
{
    const lathe_params *params = lathe_optim_params(g->learner->optim);
    memcpy(g->weights, params->data, params->size * sizeof *g->weights);
    memcpy(g->gradients, params->grad, params->size * sizeof *g->gradients);
    lathe_learner_copy_buffers(g->learner, g->buffers, false);
    for (int i = 0; i < params->count; i++) {
        const lathe_tensor *t = params->tensor[i];
        g->flags[i] = (unsigned char)(t->has_grad | t->stepped << 1 | t->mixed << 2);
    }
}

void lathe_probe_gradient_release(lathe_probe_gradient *g)
{
    const lathe_params *params = lathe_optim_params(g->learner->optim);
    memcpy(params->data, g->weights, params->size * sizeof *g->weights);
    memcpy(params->grad, g->gradients, params->size * sizeof *g->gradients);
    lathe_learner_copy_buffers(g->learner, g->buffers, true);
    for (int i = 0; i < params->count; i++) {
        lathe_tensor *t = params->tensor[i];
        t->has_grad = g->flags[i] & 1;
        t->stepped = g->flags[i] >> 1 & 1;
        t->mixed = g->flags[i] >> 2 & 1;
    }
}

void lathe_probe_gradient_zero(lathe_probe_gradient *g, uint64_t seed)
{
    const lathe_params *params = lathe_optim_params(g->learner->optim);
    for (int i = 0; i < params->count; i++) params->tensor[i]->has_grad = false;
    memset(params->grad, 0, params->size * sizeof *params->grad); /* also of what gets no gradient */
    lathe_tape_seed(g->tape, seed, 0);
}

lathe_status lathe_probe_gradient_add(lathe_probe_gradient *g, const lathe_batch *batch, double part)
{
    const lathe_learner *learner = g->learner;
    lathe_tape_begin(g->tape, LATHE_TRAIN);
    lathe_tensor *output = lathe_nn_forward(learner->net, lathe_input(g->tape, batch));
    lathe_tensor *loss = lathe_task_loss(learner->task, output, batch, learner->opts.loss);
    if (!loss) return lathe_error();
    const lathe_status status = lathe_backward(part != 1 ? lathe_scale(loss, part) : loss);
    return status ? status : lathe_context_reduce(lathe_optim_context(learner->optim));
}
