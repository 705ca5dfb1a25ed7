/*
 * The learner of a training loop: a net, its optimizer, schedule and task, and ONE step of training. It does
 * not know where batches come from or where results go.
 *
 *     lathe_learner_step(learner, &batch, &row);
 *
 * or, for a step of several batches whose gradients are added (accumulation):
 *
 *     lathe_learner_begin(learner, samples);
 *     lathe_learner_add(learner, &batch);               for each batch
 *     lathe_learner_finish(learner, &row);
 */
#ifndef LATHE_TRAIN_LEARNER_LEARNER_H
#define LATHE_TRAIN_LEARNER_LEARNER_H

#include "../../io/state.h"
#include "../../metrics/average.h"
#include "../../optim/averaged.h"
#include "../../sched/sched.h"
#include "../../task/evaluate.h"
#include "../rows.h"

#ifdef __cplusplus
extern "C" {
#endif

/** What to do after a non-finite loss, gradient or weight. */
typedef enum lathe_on_nan { LATHE_NAN_STOP, LATHE_NAN_SKIP, LATHE_NAN_IGNORE } lathe_on_nan;

/**
 * Called in each step when the gradients are complete, of all processes that share the batch, before they are
 * clipped: `params` has them in one slab.
 *
 * *good is true if the loss and the checked gradients are finite. The function may set it to false; then no
 * weight changes.
 * Errors   a failure ends the step
 */
typedef lathe_status lathe_gradients_fn(void *context, const lathe_params *params, bool *good);

/** Functions that are called within a step that is looked at, see train/probe. A failure ends the step. */
typedef struct lathe_step_watch {
    void *context;
    /** after the forward of each batch, which is on the learner's tape */
    lathe_status (*on_forward)(void *context, const lathe_batch *batch);
    /** after its backward, which added `part` times the gradient of its loss */
    lathe_status (*on_backward)(void *context, const lathe_batch *batch, double part);
    /** when the gradients are complete, before they are clipped; `batch` is the last one */
    lathe_status (*on_gradients)(void *context, const lathe_batch *batch);
} lathe_step_watch;

/** Zeros: no clipping, no averages, stop at the first non-finite value. */
typedef struct lathe_learner_opts {
    /** options of the task's loss in training and in evaluation; NULL: defaults; must outlive the learner */
    const void *loss, *plain_loss;
    double clip_norm, clip_value; /* 0: no clipping */
    /** adaptive clipping: largest ratio of a unit's gradient to its weights; 0: no clipping */
    double clip_agc;
    double ema;         /* decay of an exponential average of the weights; 0: no average */
    bool ema_warmup;    /* a smaller decay at first */
    uint64_t swa_start; /* average the weights with equal weights from this step on ... */
    uint64_t swa_every; /* ... at this distance of steps; 0: no average */
    int on_nan;         /* a lathe_on_nan */
    uint64_t seed;      /* of dropout */
    void *gradients_context;
    lathe_gradients_fn *on_gradients; /* may be NULL */
    void *context;
    /** gets messages about non-finite values; may be NULL */
    void (*on_message)(void *context, const char *line);
    /**
     * A loader of the training data in order, for the running statistics of weights averaged by SWA. The
     * learner frees it. NULL: the statistics stay those of the weights.
     */
    lathe_loader *(*on_statistics)(void *context);
} lathe_learner_opts;

/** A learner. Its fields may be read directly. */
typedef struct lathe_learner {
    lathe_layer *net;
    lathe_optim *optim;
    lathe_sched *sched; /* NULL: constant rates */
    lathe_task *task;
    lathe_tape *tape; /* its own */
    lathe_learner_opts opts;
    uint64_t step;      /* steps so far */
    uint64_t batches;   /* batches in these steps */
    uint64_t images;    /* images trained on by this object */
    lathe_average loss; /* of the epoch so far */
    double *counted;    /* [task->numbers]: the metrics' sums of the epoch so far */
    bool stopped;       /* a value was non-finite, and on_nan is stop */
    /** The latest non-finite value: its step, its tensor and the operation that produced it; "": none yet. */
    char not_finite[768];
    const lathe_step_watch *watch; /* NULL: nobody looks at the steps */
    /**
     * Runs the net in training in place of lathe_nn_forward(net, lathe_input(tape, batch)), with the same
     * bits: for features that are known already. NULL: nothing does.
     */
    lathe_tensor *(*on_net)(void *context, lathe_tape *tape, const lathe_batch *batch);
    void *net_context;
    struct lathe_learning *own; /* private */
} lathe_learner;

/**
 * Make a learner of objects that must outlive it. `optim` must have the net's parameters, and `sched` must be
 * of `optim`.
 *
 * sched    NULL: constant rates
 * task     with a loss: lathe_task_new
 * Memory   a tape; with ema or SWA as many numbers as the parameters
 * Errors   LATHE_EARG, those of lathe_averaged_new, LATHE_ENOMEM: returns NULL
 */
lathe_learner *lathe_learner_new(lathe_layer *net, lathe_optim *optim, lathe_sched *sched, lathe_task *task,
    const lathe_learner_opts *opts);

/** Free the learner. NULL is fine. */
void lathe_learner_free(lathe_learner *learner);

/** Make a step of one batch and fill in its row. Errors: those of lathe_learner_finish. */
lathe_status lathe_learner_step(lathe_learner *learner, const lathe_batch *batch, lathe_step_row *row);

/** Begin a step whose batches have `samples` samples in total, above 0. Errors: LATHE_EARG, LATHE_ENOMEM. */
lathe_status lathe_learner_begin(lathe_learner *learner, double samples);

/**
 * Forward and backward of one batch. Its gradients are added to the step's, weighted by its part of the
 * samples, or of the sum of class weights. So the step equals that of one large batch. The batch must be
 * valid until the next call.
 * Errors   those of forward, backward and the loss
 */
lathe_status lathe_learner_add(lathe_learner *learner, const lathe_batch *batch);

/**
 * End a step: on_gradients, clipping, the optimizer's update, averages, the schedule. A step with a
 * non-finite value changes no weight and is not a failure: see opts.on_nan and `stopped`.
 * Errors   the first failure of an operation or of on_gradients
 */
lathe_status lathe_learner_finish(lathe_learner *learner, lathe_step_row *row);

/** Fill in train_loss and train of a row from the steps since the last call, and reset their sums. */
void lathe_learner_epoch(lathe_learner *learner, lathe_epoch_row *row);

/**
 * Evaluate over a loader, in LATHE_EVAL: the loss, the metrics, and `measure` (may be NULL). Errors: those of
 * lathe_evaluate.
 */
lathe_status lathe_learner_evaluate(lathe_learner *learner, lathe_loader *loader, lathe_measure *measure,
    lathe_score *score);

/**
 * Give the net the averaged weights and their running statistics, if there is an average.
 * lathe_learner_average_leave restores its own, also after a failure.
 * Errors   those of forward and of the loader of on_statistics
 */
lathe_status lathe_learner_average_enter(lathe_learner *learner);
void lathe_learner_average_leave(lathe_learner *learner);

/**
 * Compute the running statistics of the net's present weights anew: forward over the loader of on_statistics,
 * without randomness. Nothing happens without on_statistics, or in a net without running statistics.
 * Errors   those of forward and of that loader
 */
lathe_status lathe_learner_statistics(lathe_learner *learner);

/** Returns true if there is an average. */
bool lathe_learner_has_average(const lathe_learner *learner);

/** Returns true if all weights are finite. Otherwise they must not be saved, and the learner is `stopped`. */
bool lathe_learner_is_finite(lathe_learner *learner);

/** How the learner is saved and restored; valid as long as the learner. */
lathe_state lathe_learner_state(lathe_learner *learner);

#ifdef __cplusplus
}
#endif
#endif
