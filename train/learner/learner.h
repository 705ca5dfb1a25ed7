/*
 * The learner of a training loop: a net, its optimizer, schedule and task, and ONE step of training. It knows
 * neither where batches come from nor where results go.
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

/** What to do about a loss, a gradient or a weight that is not finite. */
typedef enum lathe_on_nan { LATHE_NAN_STOP, LATHE_NAN_SKIP, LATHE_NAN_IGNORE } lathe_on_nan;

/**
 * Called in each step when the gradients are complete, before they are clipped. Several machines add their
 * gradients here: `params` has them in one slab. *good says whether the loss and gradients of this machine
 * are finite, as far as they are looked at; the function may set it to false, and no weight changes then.
 * Errors   a failure ends the step.
 */
typedef lathe_status lathe_gradients_fn(void *context, const lathe_params *params, bool *good);

/** Zeros: no clipping, no averages, stop at the first non-finite value. */
typedef struct lathe_learner_opts {
    const void *loss, *plain_loss; /* options of the task's loss in training and in evaluation; NULL: its
                                      defaults; must outlive the learner */
    double clip_norm, clip_value;  /* 0: no clipping */
    /** adaptive clipping: largest ratio of a unit's gradient to its weights; 0: no clipping */
    double clip_agc;
    double ema;         /* decay of an exponential average of the weights; 0: none */
    bool ema_warmup;    /* with a smaller decay at first */
    uint64_t swa_start; /* average the weights, all alike, from this step on ... */
    uint64_t swa_every; /* ... after each so many steps; 0: never */
    int on_nan;         /* a lathe_on_nan */
    uint64_t seed;      /* of dropout */
    void *gradients_context;
    lathe_gradients_fn *on_gradients; /* NULL: nothing happens there */
    void *context;
    void (*on_message)(void *context, const char *line); /* told what is not finite, and where; may be NULL */
    /** A loader of the training data in order, for the running statistics that belong to weights averaged by
     * SWA. The learner frees it. NULL: they stay those of the weights. */
    lathe_loader *(*on_statistics)(void *context);
} lathe_learner_opts;

/** A learner. Read its fields as you like. */
typedef struct lathe_learner {
    lathe_layer *net;
    lathe_optim *optim;
    lathe_sched *sched; /* NULL: the rates stay */
    lathe_task *task;
    lathe_tape *tape; /* its own */
    lathe_learner_opts opts;
    uint64_t step;      /* steps so far */
    uint64_t batches;   /* batches that these steps took */
    uint64_t images;    /* trained on by this object */
    lathe_average loss; /* of the epoch so far */
    double *counted;    /* [task->numbers] of the epoch so far, for the metrics */
    bool stopped;       /* something was not finite, and on_nan says stop */
    char
        not_finite[768]; /* the latest non-finite value: its step, its tensor, and the operation that produced
                             it; "": there was none */
    struct lathe_learning *own; /* private */
} lathe_learner;

/**
 * A learner of things that must outlive it: `optim` must hold the net's parameters, `sched` be of `optim`.
 *
 * sched    NULL: the rates stay as they are
 * task     with a loss: lathe_task_new
 * Memory   a tape; with ema or SWA as many numbers as the parameters.
 * Errors   LATHE_EARG, those of lathe_averaged_new, LATHE_ENOMEM: NULL.
 */
lathe_learner *lathe_learner_new(lathe_layer *net, lathe_optim *optim, lathe_sched *sched, lathe_task *task,
    const lathe_learner_opts *opts);

/** Free it. NULL is fine. */
void lathe_learner_free(lathe_learner *learner);

/** A step of one batch; fills in its row. Errors: those of lathe_learner_finish. */
lathe_status lathe_learner_step(lathe_learner *learner, const lathe_batch *batch, lathe_step_row *row);

/** Begin a step whose batches have `samples` samples together, above 0. Errors: LATHE_EARG, LATHE_ENOMEM. */
lathe_status lathe_learner_begin(lathe_learner *learner, double samples);

/**
 * Forward and backward of one batch. Its gradients are added to the step's, by its part of the samples, so
 * that the step is that of one large batch. The batch must live until the next call.
 * Errors   those of forward, backward and the loss.
 */
lathe_status lathe_learner_add(lathe_learner *learner, const lathe_batch *batch);

/**
 * End a step: on_gradients, clipping, the optimizer's update, averages, the schedule. A step with a
 * non-finite value changes no weight and is no failure: see opts.on_nan and `stopped`.
 * Errors   the first failure of an operation or of on_gradients.
 */
lathe_status lathe_learner_finish(lathe_learner *learner, lathe_step_row *row);

/** Fill in train_loss and train of a row from the steps since the last call; they are zero then. */
void lathe_learner_epoch(lathe_learner *learner, lathe_epoch_row *row);

/** Loss and metrics over a loader, in LATHE_EVAL, and what `measure` (NULL: nothing) measures beside them.
 * Errors: those of lathe_evaluate. */
lathe_status lathe_learner_evaluate(lathe_learner *learner, lathe_loader *loader, lathe_measure *measure,
    lathe_score *score);

/**
 * Give the net the averaged weights, and the running statistics that belong to them; nothing without an
 * average. lathe_learner_average_leave gives it its own again, also after a failure.
 * Errors   those of forward and of the loader that on_statistics gives.
 */
lathe_status lathe_learner_average_enter(lathe_learner *learner);
void lathe_learner_average_leave(lathe_learner *learner);

/** Is there an average of weights already? */
bool lathe_learner_has_average(const lathe_learner *learner);

/** Are all weights finite? False: they are not worth saving, and the learner is `stopped`. */
bool lathe_learner_is_finite(lathe_learner *learner);

/** How the learner is saved and restored; valid as long as the learner. */
lathe_state lathe_learner_state(lathe_learner *learner);

#ifdef __cplusplus
}
#endif
#endif
