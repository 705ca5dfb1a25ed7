/*
 * Averages of the weights over the training steps. The weights circle around a minimum, and their average
 * lies nearer to it. It usually does better on unseen data: train the weights, evaluate and save the average.
 *
 *     lathe_averaged_opts opts = { .decay = 0.999 };
 *     lathe_averaged *average = lathe_averaged_new(lathe_nn_params(net), &opts);
 *     ... lathe_optim_step(optimizer); lathe_averaged_update(average); ...
 *     lathe_averaged_swap(average);        the net has the average now
 *     lathe_averaged_swap(average);        the net has its own weights again
 *
 * The running statistics of batch norms are not parameters. After lathe_averaged_swap they are still those of
 * the weights.
 * For an exponential average they serve as well. For equal weights, run the data forward once with
 * lathe_tape_statistics.
 */
#ifndef LATHE_OPTIM_AVERAGED_H
#define LATHE_OPTIM_AVERAGED_H

#include <stdint.h>

#include "../core/context.h"
#include "../core/params.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct lathe_averaged lathe_averaged;

/** NULL or zeros: equal weights (SWA). */
typedef struct lathe_averaged_opts {
    double decay; /* of an exponential average (EMA), in (0, 1); 0: every update counts the same (SWA) */
    /**
     * The decay at update n (from 0) is at most (1 + n) / (10 + n), so the first weights are soon forgotten.
     */
    bool warmup;
    lathe_context *context; /* whose threads do it; NULL: the default one. It must outlive the average */
} lathe_averaged_opts;

/**
 *     first update      a = w
 *     EMA               a = a + (1 - decay) * (w - a)
 *     SWA, update n     a = a + (w - a) / (n + 1),  n from 0
 *
 * Memory   as many numbers as the parameters' slab. `params` must outlive the average.
 * Errors   LATHE_EARG naming decay and its range, LATHE_ESTATE before lathe_nn_init, LATHE_ENOMEM: returns
 *          NULL.
 * Same as  torch.optim.swa_utils.AveragedModel (avg_fn: the mean, or PyTorch 2's get_ema_multi_avg_fn)
 * Source   SWA: Izmailov et al. 2018 (arXiv 1803.05407). EMA: Polyak, Juditsky 1992; the warm-up is
 *          TensorFlow's.
 */
lathe_averaged *lathe_averaged_new(const lathe_params *params, const lathe_averaged_opts *opts);

/** Free the average; the parameters stay as they are. NULL is fine. */
void lathe_averaged_free(lathe_averaged *averaged);

/**
 * Add the present weights; call it after lathe_optim_step. Errors: LATHE_EARG; LATHE_ESTATE while swapped.
 */
lathe_status lathe_averaged_update(lathe_averaged *averaged);

/** Exchange weights and average. Errors: LATHE_EARG; LATHE_ESTATE before the first update. */
lathe_status lathe_averaged_swap(lathe_averaged *averaged);

/** For a checkpoint: the average in the slab's order, and the number of updates so far. NULL for NULL. */
lathe_real *lathe_averaged_numbers(lathe_averaged *averaged);
uint64_t *lathe_averaged_updates(lathe_averaged *averaged);

#ifdef __cplusplus
}
#endif
#endif
