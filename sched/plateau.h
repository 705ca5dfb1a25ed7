/* Down by a factor when a metric has stopped improving. */
#ifndef LATHE_SCHED_PLATEAU_H
#define LATHE_SCHED_PLATEAU_H

#include "sched.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef enum lathe_plateau_mode { LATHE_PLATEAU_MIN, LATHE_PLATEAU_MAX } lathe_plateau_mode;
typedef enum lathe_threshold_mode { LATHE_THRESHOLD_REL, LATHE_THRESHOLD_ABS } lathe_threshold_mode;

typedef struct lathe_plateau_opts {
    lathe_plateau_mode mode; /* is less better (a loss) or more (an accuracy)? */
    double factor;           /* of a drop, below 1; 0 means 0.1 */
    /** so many epochs without improvement are borne, the next one is too many; 0 means 10, -1 none */
    int patience;
    double threshold; /* what counts as an improvement: more than this; 0 means 1e-4, LATHE_ZERO is 0 */
    lathe_threshold_mode threshold_mode; /* of the best so far, or absolute */
    int cooldown;                        /* epochs after a drop that do not count */
    double min_lr;                       /* lowest learning rate */
    double eps; /* a drop smaller than this is not made; 0 means 1e-8, LATHE_ZERO is 0 */
} lathe_plateau_opts;

/**
 * lr, times `factor` each time that lathe_sched_observe has not brought anything better for more than
 * `patience` epochs.
 *
 * The number of steps does not matter. State: the best so far, bad epochs, what is left of the cool-down, and
 * drops. NaN is never better.
 * Same as  torch.optim.lr_scheduler.ReduceLROnPlateau
 */
lathe_sched *lathe_sched_plateau(lathe_optim *optim, const lathe_plateau_opts *opts);

extern const lathe_sched_type lathe_plateau_type;

#ifdef __cplusplus
}
#endif
#endif
