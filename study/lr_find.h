/*
 * The learning-rate range test: the rate grows from step to step while loss and accuracy are watched, and two
 * numbers come out, the base_lr and max_lr of a cyclic schedule.
 *
 * Source   L. N. Smith, Cyclical Learning Rates for Training Neural Networks (arXiv 1506.01186), section 3.3;
 *          A Disciplined Approach to Neural Network Hyper-Parameters (arXiv 1803.09820). The debiased average
 *          is that of Adam (Kingma and Ba, arXiv 1412.6980).
 */
#ifndef LATHE_STUDY_LR_FIND_H
#define LATHE_STUDY_LR_FIND_H

#include "../train/run.h"

#ifdef __cplusplus
extern "C" {
#endif

/** How the rate grows: by the same factor each step, or by the same amount, as in Smith's paper. */
typedef enum lathe_lr_growth { LATHE_LR_LOG, LATHE_LR_LINEAR } lathe_lr_growth;

/** Where a number of the pair comes from. */
typedef enum lathe_lr_rule {
    LATHE_LR_NO_RULE,
    LATHE_LR_LOSS_FALLS, /* base_lr: here the loss has made the first tenth of its way down */
    /** base_lr: a quarter of max_lr, for the fall begins only behind it, or before the sweep */
    LATHE_LR_QUARTER,
    LATHE_LR_LOSS_RISES,     /* max_lr: half of where the loss has lost a tenth of its way down again */
    LATHE_LR_ACCURACY_FALLS, /* max_lr: half of where the accuracy has lost a tenth of what it had won */
    LATHE_LR_STOPS           /* max_lr: half of where the loss was no number any more */
} lathe_lr_rule;

/** The pair of a cyclic schedule. NaN: there is none. */
typedef struct lathe_lr_pair {
    double base_lr, max_lr;
    lathe_lr_rule base_rule, max_rule;
} lathe_lr_pair;

/** What is measured, by step: sweep after sweep, [sweeps][steps]. A sweep that ended early has NaN behind its
 * end. */
typedef struct lathe_lr_sweeps {
    const double *lr;              /* [steps], growing: the rate that step was made with */
    const double *loss, *accuracy; /* of the step's batch before the step; accuracy 0 ... 1 */
    size_t steps;
    int sweeps;
} lathe_lr_sweeps;

/** The answer. Free it with lathe_lr_found_free. */
typedef struct lathe_lr_found {
    lathe_lr_pair pair;                            /* of the median curve */
    lathe_lr_pair *each;                           /* [sweeps] of each sweep alone */
    double base_low, base_high, max_low, max_high; /* the least and greatest of those */
    /* The median curve; and, for those who know these marks, where loss is lowest and where it falls most
     * steeply by the logarithm of the rate. */
    size_t points;
    double *lr, *loss, *accuracy, *slope; /* slope: change of the loss a tenfold rate */
    double lowest_lr, steepest_lr;
    /* what was measured; the members of lathe_lr_sweeps */
    double *raw_lr, *raw_loss, *raw_accuracy;
    size_t steps;
    int sweeps;
} lathe_lr_found;

/**
 * Read base_lr and max_lr from curves.
 *
 * Each sweep is smoothed by a debiased exponential average:
 *
 *     s_t = sum over i <= t of b^(t-i) x_i / sum over i <= t of b^(t-i)
 *
 * The logarithm of the rate is averaged in the same way, so smoothing does not move the curve to the right.
 * The median curve is, at each step, the median of the sweeps. It ends where half of the sweeps have ended.
 * L0 is the level of its beginning, Lmin its lowest loss:
 *
 *     max_lr   half the rate where the curve gets worse for good: the first of two points.
 *              Loss: from here on it stays above Lmin by a tenth of L0 - Lmin or more.
 *              Accuracy: from here on it stays below its best by a tenth of what it had gained.
 *              A dip that recovers does not count as divergence. The half is Smith's rule of thumb: the best
 *              rate is within a factor of two of the largest one that works.
 *     base_lr  the rate at which the loss has made a tenth of its way from L0 to Lmin, at most max_lr / 4
 *
 * smoothing   b, in [0, 1); 0.9 is usual, about ten steps.
 * Errors      returns NULL. LATHE_EARG for fewer than 20 steps, or rates that do not grow. LATHE_ESTATE with
 *             a remedy if the loss never falls by more than its noise, or still falls at the end. LATHE_ENOMEM.
 */
lathe_lr_found *lathe_lr_read(const lathe_lr_sweeps *sweeps, double smoothing);

void lathe_lr_found_free(lathe_lr_found *found);

/** The rule in words, "a quarter of max_lr: ...". */
const char *lathe_lr_rule_text(lathe_lr_rule rule);

/**
 * Make the pair the settings' schedule: cyclic:triangular2 with base_lr and max_lr of three digits and whole
 * cycles that fit the run, as lathe_compare_new fits them. Momentum stays what it was in the test
 * (cycle_momentum = off): a rate's reach is about lr / (1 - momentum), so rates found with one momentum do
 * not fit another. Options of the schedule before go. Errors: LATHE_EARG for a pair without numbers; those of
 * lathe_run_length.
 */
lathe_status lathe_lr_apply(const lathe_lr_pair *pair, lathe_settings *settings);

/** Zeros are the defaults. */
typedef struct lathe_lr_find_opts {
    int growth;           /* a lathe_lr_growth */
    double from, to;      /* 0 means 1e-6 and 10; linear: to / 1000, and ten times the optimizer's own rate */
    uint64_t steps;       /* 0 means 100 for each tenfold; linear: 400. At least 20 */
    int sweeps;           /* how many, each with a seed of its own: the run's, the next one, ...; 0 means 3 */
    double smoothing;     /* 0 means 0.9 */
    bool present_weights; /* sweep from the weights that the net has, not from first weights of each seed */
    bool (*on_step)(void *context, int sweep, uint64_t step, double lr,
        double loss); /* after each; false: stop, LATHE_ESTATE. NULL: nothing */
    void *context;
} lathe_lr_find_opts;

/**
 * Sweep the learning rate of run->settings.optim over the run's net and read the pair. Each sweep has its
 * seed's first weights (or those of settings.init_weights), order of samples and dropout, and an optimizer of
 * its own; the rates of groups keep their ratio. A sweep ends early when its loss is no number, or the
 * smoothed loss above twice its beginning. The run, its optimizer and the net's weights and running
 * statistics are afterwards bit for bit what they were, also after a failure; gradients are gone.
 *
 * opts     NULL: all defaults.
 * Errors   NULL: those of lathe_lr_read and of a step; LATHE_EARG for options out of range.
 */
lathe_lr_found *lathe_lr_find(lathe_run *run, const lathe_lr_find_opts *opts);

#ifdef __cplusplus
}
#endif
#endif
