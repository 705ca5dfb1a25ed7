/* An optimizer's step on a run of `count` numbers. Pointers are aligned to a vector and do not overlap. */
#ifndef LATHE_CORE_KERNELS_ELEMENTWISE_UPDATE_H
#define LATHE_CORE_KERNELS_ELEMENTWISE_UPDATE_H

#include <stddef.h>

#include "../../real.h"

/** A step of SGD: d = g + decay p;  v' = momentum v + scale d;  p -= along_d d + along_v v' + along_old v. */
typedef struct lathe_momentum_rates {
    lathe_real decay, momentum, scale, along_d, along_v, along_old;
} lathe_momentum_rates;

/**
 * A step of Adam, see optim/adam.h and adamw.h. `l2` is weight decay in the gradient, `decay` is decoupled.
 */
typedef struct lathe_adam_rates {
    lathe_real l2, decay;
    lathe_real beta1, rest1, beta2, rest2; /* rest = 1 - beta */
    lathe_real step, root, eps;            /* lr / c1, 1 / sqrt(c2) */
} lathe_adam_rates;

/** A step of Lion, see optim/lion.h. rest = 1 - beta; `decay` is decoupled. */
typedef struct lathe_lion_rates {
    lathe_real step, decay, beta1, rest1, beta2, rest2;
} lathe_lion_rates;

/** A step of Rprop, see optim/rprop.h. */
typedef struct lathe_rprop_rates {
    lathe_real shorter, longer, least, most;
} lathe_rprop_rates;

typedef struct lathe_update_kernels {
    /** p -= lr (g + decay p) */
    void (*descend)(size_t count, lathe_real lr, lathe_real decay, lathe_real *p, const lathe_real *g);
    void (*momentum)(size_t count, const lathe_momentum_rates *rates, lathe_real *p, const lathe_real *g,
        lathe_real *v);
    /** `most`: the largest v so far, which replaces it; NULL: v itself */
    void (*adam)(size_t count, const lathe_adam_rates *rates, lathe_real *p, const lathe_real *g,
        lathe_real *m, lathe_real *v, lathe_real *most);
    void (*lion)(size_t count, const lathe_lion_rates *rates, lathe_real *p, const lathe_real *g,
        lathe_real *m);
    /** before: the gradient of the step before; size: the step's own size a parameter */
    void (*rprop)(size_t count, const lathe_rprop_rates *rates, lathe_real *p, const lathe_real *g,
        lathe_real *before, lathe_real *size);
} lathe_update_kernels;

#endif
