/* The rate falls by a factor when a metric stops improving. */
#ifndef LATHE_SCHED_PLATEAU_H
#define LATHE_SCHED_PLATEAU_H

#include "sched.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef enum lathe_plateau_mode { LATHE_PLATEAU_MIN, LATHE_PLATEAU_MAX } lathe_plateau_mode;
typedef enum lathe_threshold_mode { LATHE_THRESHOLD_REL, LATHE_THRESHOLD_ABS } lathe_threshold_mode;

typedef struct lathe_plateau_opts {
    lathe_plateau_mode mode; /* MIN: lower is better (a loss); MAX: higher is better (an accuracy) */
    double factor;           /* of a drop, below 1; 0 means 0.1 */
    /** The rate drops after more than this many epochs without improvement; 0 means 10, -1 is 0 (text: 0). */
    int patience;
    double threshold; /* an improvement must be larger than this; 0 means 1e-4, LATHE_ZERO is 0 */
    lathe_threshold_mode threshold_mode; /* relative to the best value so far, or absolute */
    int cooldown;                        /* epochs after a drop that do not count as bad */
    double min_lr;                       /* lowest learning rate */
    double eps;                          /* smaller drops are not made; 0 means 1e-8, LATHE_ZERO is 0 */
} lathe_plateau_opts;

/**
 * lr is multiplied by `factor` when lathe_sched_observe has brought no improvement for more than `patience`
 * epochs.
 *
 * The rate does not depend on the number of steps. NaN is never an improvement.
 * State: the best value so far, the number of bad epochs, the rest of the cool-down, and the number of drops.
 * Same as  torch.optim.lr_scheduler.ReduceLROnPlateau
 */
lathe_sched *lathe_sched_plateau(lathe_optim *optim, const lathe_plateau_opts *opts);

extern const lathe_sched_type lathe_plateau_sched;

#ifdef __cplusplus
}
#endif
#endif
