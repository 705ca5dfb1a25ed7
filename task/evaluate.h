/*
 * Evaluation: runs a net over a loader's batches, for validation, tests, `lathe eval`, pages and predictions.
 */
#ifndef LATHE_TASK_EVALUATE_H
#define LATHE_TASK_EVALUATE_H

#include "../core/tape.h"
#include "../data/loading/loader.h"
#include "../nn/plan.h"
#include "measure.h"
#include "task.h"

#ifdef __cplusplus
extern "C" {
#endif

/** A batch after its forward. */
typedef struct lathe_pass {
    const lathe_batch *batch;
    lathe_tensor *output;     /* on the tape, until the next batch */
    const lathe_real *scores; /* the output, row-major, in the task's work space */
    size_t first;             /* index of its first sample in the loader's order, of all processes */
    bool mirrored;            /* the pictures were mirrored */
} lathe_pass;

/** Called for each batch; a failure ends the loop. */
typedef lathe_status lathe_pass_fn(void *context, lathe_task *task, const lathe_pass *pass);

/**
 * Run a net's plan over one epoch of the loader, in LATHE_EVAL, and call `told` for each batch. With hflip
 * each batch runs a second time, mirrored left to right. Of a batch that processes share, each process has
 * its own pictures; it must not count them if batch->silent is true.
 * Errors   those of forward and of the loader; LATHE_ESHAPE if the output has another shape than the task
 *          needs; the first failure of `told`
 */
lathe_status lathe_infer(lathe_task *task, lathe_plan *plan, lathe_tape *tape, lathe_loader *loader,
    bool hflip, lathe_pass_fn *told, void *context);

/** How well a net does on a data set. */
typedef struct lathe_score {
    size_t count;                      /* samples; 0: not measured */
    double loss;                       /* mean over the samples; NaN without a loss */
    double metric[LATHE_TASK_METRICS]; /* the task's metrics in their order; NaN after the last */
} lathe_score;

/** A score that was not measured: count 0, and NaN. */
lathe_score lathe_score_none(void);

/** NULL or zeros: the loss with its default options, and only the task's own metrics. */
typedef struct lathe_evaluate_opts {
    const void *loss;       /* options of the loss; NULL: its defaults */
    lathe_measure *measure; /* updated in the same pass; may be NULL */
} lathe_evaluate_opts;

/**
 * Loss and metrics over one epoch of the loader. If processes share the batches (lathe_loader_opts.ranks),
 * the result is that of all pictures, the same in each process. opts->measure needs whole batches.
 * Errors   those of lathe_infer, the loss and the metrics; LATHE_EARG for a measure of shared batches
 */
lathe_status lathe_evaluate(lathe_task *task, lathe_layer *net, lathe_tape *tape, lathe_loader *loader,
    const lathe_evaluate_opts *opts, lathe_score *score);

#ifdef __cplusplus
}
#endif
#endif
