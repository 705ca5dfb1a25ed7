/* Private: what the files of the learner share. */
#ifndef LATHE_TRAIN_LEARNER_LEARNER_IMPL_H
#define LATHE_TRAIN_LEARNER_LEARNER_IMPL_H

#include "learner.h"

/** The private part of a keeper. */
typedef struct lathe_learning {
    /* of the step that has begun */
    lathe_step_row row;
    double samples;           /* of the step */
    double seen, weight;      /* samples of its batches so far; the sum of the weights of their losses */
    lathe_average loss;       /* of its batches, for the epoch's loss */
    double *counted;          /* [task->numbers] of its batches */
    uint64_t taken;           /* its batches so far */
    bool good;                /* no non-finite value so far */
    const lathe_batch *batch; /* the latest batch */
    double *group_rates;      /* lr and momentum for each group but the first; NULL with one group */
    /* averages */
    lathe_averaged *averaged; /* averaged weights; NULL without averaging */
    bool has_average;         /* the net has the average at the moment */
    /** the running statistics of the weights, while the net has those of the average */
    lathe_real *own_buffers;
    lathe_real *buffers;                /* the running statistics before a step that may be skipped */
    char prefix[LATHE_OPTIM_SLOTS][64]; /* "optimizer.SLOT." in a checkpoint */
} lathe_learning;

/**
 * Copy the net's buffers (running statistics) to `kept`, or back. NULL: only count them. Returns their
 * number.
 */
size_t lathe_learner_copy_buffers(const lathe_learner *learner, lathe_real *kept, bool back);

/** Forward of a batch in LATHE_TRAIN. Returns the loss, NULL after a failure. `output`: the net's output. */
lathe_tensor *lathe_learner_forward(lathe_learner *learner, const lathe_batch *batch, lathe_tensor **output);

/** After the optimizer's step: add the weights to their average, if it is time. */
lathe_status lathe_learner_average(lathe_learner *learner);

/** Before a step that may be skipped: copy what forward changes. Errors: LATHE_ENOMEM. */
lathe_status lathe_guard_begin(lathe_learner *learner);

/**
 * After forward, after backward: returns true if the loss or a gradient is non-finite and the step must not
 * be made; the caller has got a message. Without `all`, gradients of weights are checked only if steps may be
 * skipped.
 */
bool lathe_guard_loss(lathe_learner *learner, double loss);
bool lathe_guard_gradients(lathe_learner *learner, const lathe_batch *batch, bool all);

#endif
