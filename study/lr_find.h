/*
 * The learning-rate range test: the rate grows from step to step, loss and accuracy are recorded, and base_lr
 * and max_lr of a cyclic schedule follow from them.
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

/** How the rate grows at each step: by the same factor, or by the same amount as in Smith's paper. */
typedef enum lathe_lr_growth { LATHE_LR_LOG, LATHE_LR_LINEAR } lathe_lr_growth;

/** The rule that gave base_lr or max_lr. */
typedef enum lathe_lr_rule {
    LATHE_LR_NO_RULE,
    LATHE_LR_LOSS_FALLS, /* base_lr: the loss has made the first tenth of its way down */
    /** base_lr: a quarter of max_lr, because the fall begins above it, or before the sweep. */
    LATHE_LR_QUARTER,
    LATHE_LR_LOSS_RISES,     /* max_lr: half the rate where the loss has lost a tenth of its way down */
    LATHE_LR_ACCURACY_FALLS, /* max_lr: half the rate where the accuracy has lost a tenth of its gain */
    LATHE_LR_STOPS           /* max_lr: half the rate where the loss became non-finite */
} lathe_lr_rule;

/** The two rates of a cyclic schedule. NaN: not found. */
typedef struct lathe_lr_pair {
    double base_lr, max_lr;
    lathe_lr_rule base_rule, max_rule;
} lathe_lr_pair;

/** The measurements, [sweeps][steps]. A sweep that ended early has NaN after its end. */
typedef struct lathe_lr_sweeps {
    const double *lr;              /* [steps], growing: the rate of each step */
    const double *loss, *accuracy; /* of the step's batch before the step; accuracy in [0, 1] */
    size_t steps;
    int sweeps;
} lathe_lr_sweeps;

/** The result, for lathe_lr_found_free. */
typedef struct lathe_lr_found {
    lathe_lr_pair pair;                            /* of the median curve */
    lathe_lr_pair *each;                           /* [sweeps]: of each sweep alone */
    double base_low, base_high, max_low, max_high; /* the smallest and largest of each */
    /*
     * The median curve, the rate of the lowest loss, and the rate of the steepest fall of the loss against
     * the logarithm of the rate.
     */
    size_t points;
    double *lr, *loss, *accuracy, *slope; /* slope: change of the loss when the rate grows tenfold */
    double lowest_lr, steepest_lr;
    /* The measurements, as in lathe_lr_sweeps. */
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
 *             a remedy if the loss never falls beyond its noise, or still falls at the end. LATHE_ENOMEM.
 */
lathe_lr_found *lathe_lr_read(const lathe_lr_sweeps *sweeps, double smoothing);

void lathe_lr_found_free(lathe_lr_found *found);

/** The rule as text: "a quarter of max_lr: ...". */
const char *lathe_lr_rule_text(lathe_lr_rule rule);

/**
 * Set the schedule of the settings to cyclic:triangular2 with this base_lr and max_lr, in three digits, and
 * with whole cycles that fit the run, as lathe_compare_new does. Options of the former schedule are removed.
 *
 * The momentum stays as in the test (cycle_momentum = off). The effect of a rate is about lr / (1 -
 * momentum), so rates found with one momentum do not fit another.
 * Errors   LATHE_EARG for a pair with NaN; those of lathe_run_length
 */
lathe_status lathe_lr_apply(const lathe_lr_pair *pair, lathe_settings *settings);

/** Zeros are the defaults. */
typedef struct lathe_lr_find_opts {
    int growth;           /* a lathe_lr_growth */
    double from, to;      /* 0 means 1e-6 and 10; linear: to / 1000, and ten times the optimizer's own rate */
    uint64_t steps;       /* at least 20; 0 means 100 for each factor of ten; linear: 400 */
    int sweeps;           /* their number, with the run's seed, the next seed, ...; 0 means 3 */
    double smoothing;     /* 0 means 0.9 */
    bool present_weights; /* start from the net's present weights, not from each seed's first weights */
    /**
     * Spread the sweeps over processes (core/shard.h), whose contexts have no exchange then. All call
     * lathe_lr_find with the same settings and get the same result. NULL: this process makes all sweeps.
     */
    const lathe_exchange *exchange;
    /** Called after each step of this process. Returns false to stop with LATHE_ESTATE. May be NULL. */
    bool (*on_step)(void *context, int sweep, uint64_t step, double lr, double loss);
    void *context;
} lathe_lr_find_opts;

/**
 * Sweep the learning rate of run->settings.optim over the run's net, and read base_lr and max_lr.
 *
 * Each sweep has its seed's first weights (or those of settings.init_weights), order of samples and dropout,
 * and its own optimizer. The rates of groups keep their ratio. A sweep ends early if its loss is non-finite,
 * or its smoothed loss is more than twice its first level. Afterwards the run, its optimizer, and the net's
 * weights and running statistics are unchanged to the bit, also after a failure. Gradients are cleared.
 *
 * opts     NULL: all defaults.
 * Errors   those of lathe_lr_read and of a step; LATHE_EARG for options out of range: returns NULL.
 */
lathe_lr_found *lathe_lr_find(lathe_run *run, const lathe_lr_find_opts *opts);

#ifdef __cplusplus
}
#endif
#endif
