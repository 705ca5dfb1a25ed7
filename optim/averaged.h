/*
 * Averages of the weights along the way. They lie where single weights circle around, and mostly do better on
 * data that was not seen: train with the weights, evaluate and save the average.
 *
 *     lathe_averaged_opts opts = { .decay = 0.999 };
 *     lathe_averaged *average = lathe_averaged_new(lathe_nn_params(net), &opts);
 *     ... lathe_optim_step(optimizer); lathe_averaged_update(average); ...
 *     lathe_averaged_swap(average);        the net has the average now
 *     lathe_averaged_swap(average);        the net has its own weights again
 *
 * Running statistics of batch norms are no parameters: after lathe_averaged_swap they are still those of the
 * weights, which for an exponential average is as good; for equal weights do forward over the data with
 * lathe_tape_statistics.
 */
#ifndef LATHE_OPTIM_AVERAGED_H
#define LATHE_OPTIM_AVERAGED_H

#include <stdint.h>

#include "../core/params.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct lathe_averaged lathe_averaged;

/** NULL or zeros: equal weights (SWA). */
typedef struct lathe_averaged_opts {
    double decay; /* of an exponential average (EMA), in (0, 1); 0: every update counts the same (SWA) */
    bool warmup;  /* a decay of at most (1 + n) / (10 + n) at update n from 0, so that the first weights are
                     soon forgotten */
} lathe_averaged_opts;

/**
 *     first update      a = w
 *     EMA               a = a + (1 - decay) * (w - a)
 *     SWA, update n     a = a + (w - a) / (n + 1),  n from 0
 *
 * Memory   as many numbers as the parameters' slab; `params` must outlive the average.
 * Errors   NULL: LATHE_EARG naming decay and its range, LATHE_ESTATE before lathe_nn_init, LATHE_ENOMEM.
 * Same as  torch.optim.swa_utils.AveragedModel (avg_fn: the mean, or PyTorch 2's get_ema_multi_avg_fn)
 * Source   SWA: Izmailov et al. 2018 (arXiv 1803.05407). EMA: Polyak, Juditsky 1992; the warm-up is
 *          TensorFlow's.
 */
lathe_averaged *lathe_averaged_new(const lathe_params *params, const lathe_averaged_opts *opts);

/** Free it; the parameters stay as they are. NULL is fine. */
void lathe_averaged_free(lathe_averaged *averaged);

/** Take the weights as they are in: after lathe_optim_step. Errors: LATHE_EARG; LATHE_ESTATE while the net
 * has the average. */
lathe_status lathe_averaged_update(lathe_averaged *averaged);

/** Exchange weights and average. Errors: LATHE_EARG; LATHE_ESTATE before the first update. */
lathe_status lathe_averaged_swap(lathe_averaged *averaged);

/** For a checkpoint: the average in the slab's order, and how many updates it has seen. NULL for NULL. */
lathe_real *lathe_averaged_numbers(lathe_averaged *averaged);
uint64_t *lathe_averaged_updates(lathe_averaged *averaged);

#ifdef __cplusplus
}
#endif
#endif
