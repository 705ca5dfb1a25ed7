/* Plain loops, which the compiler makes vectors of. */
#include "update.h"

#include <float.h>

#include "../lanes.h"

static inline real square_root(real x)
{
    return sizeof(real) == sizeof(double) ? (real)__builtin_sqrt((double)x) : (real)__builtin_sqrtf((float)x);
}

/* x, or 0 where it is too small for a normal number: arithmetic on what is left of a gradient that has gone
 * takes a hundred times as long. */
static inline real normal(real x)
{
    const double least = sizeof(real) == sizeof(double) ? DBL_MIN : (double)FLT_MIN;
    real size =
        sizeof(real) == sizeof(double) ? (real)__builtin_fabs((double)x) : (real)__builtin_fabsf((float)x);
    return size < (real)least ? 0 : x;
}

/* d, or 0 below `least`, where its square is too small for a normal number. */
static inline real square_counts(real d, real least) { return d < least && d > -least ? 0 : d; }

static void descend(size_t count, real lr, real decay, real *restrict p, const real *restrict g)
{
    for (size_t i = 0; i < count; i++) p[i] -= lr * (g[i] + decay * p[i]);
}

static void momentum(size_t count, const lathe_momentum_rates *rates, real *restrict p,
    const real *restrict g, real *restrict v)
{
    const lathe_momentum_rates r = *rates;
    for (size_t i = 0; i < count; i++) {
        real d = g[i] + r.decay * p[i], old = v[i], velocity = r.momentum * old + r.scale * d;
        v[i] = velocity;
        p[i] -= r.along_d * d + r.along_v * velocity + r.along_old * old;
    }
}

/* The least d whose rest * d * d is a normal number. */
static real least_counted(real rest)
{
    real least = sizeof(real) == sizeof(double) ? (real)DBL_MIN : (real)FLT_MIN;
    return rest > 0 ? square_root(least) / square_root(rest < 1 ? rest : 1) : 0;
}

static void adam_plain(size_t count, const lathe_adam_rates *rates, real *restrict p, const real *restrict g,
    real *restrict m, real *restrict v)
{
    const lathe_adam_rates r = *rates;
    const real least = least_counted(r.rest2);
    for (size_t i = 0; i < count; i++) {
        real d = normal(g[i] + r.l2 * p[i]), counted = square_counts(d, least);
        real mean = normal(r.beta1 * m[i] + r.rest1 * d),
             square = normal(r.beta2 * v[i] + r.rest2 * counted * counted);
        m[i] = mean;
        v[i] = square;
        p[i] -= r.decay * p[i] + r.step * mean / (square_root(square) * r.root + r.eps);
    }
}

static void adam_most(size_t count, const lathe_adam_rates *rates, real *restrict p, const real *restrict g,
    real *restrict m, real *restrict v, real *restrict most)
{
    const lathe_adam_rates r = *rates;
    const real least = least_counted(r.rest2);
    for (size_t i = 0; i < count; i++) {
        real d = normal(g[i] + r.l2 * p[i]), counted = square_counts(d, least);
        real mean = normal(r.beta1 * m[i] + r.rest1 * d),
             square = normal(r.beta2 * v[i] + r.rest2 * counted * counted);
        m[i] = mean;
        v[i] = square;
        most[i] = most[i] > square ? most[i] : square;
        p[i] -= r.decay * p[i] + r.step * mean / (square_root(most[i]) * r.root + r.eps);
    }
}

static void adam(size_t count, const lathe_adam_rates *rates, real *p, const real *g, real *m, real *v,
    real *most)
{
    if (most) adam_most(count, rates, p, g, m, v, most);
    else adam_plain(count, rates, p, g, m, v);
}

/* `step` with the sign of x; 0 and NaN stay what they are. */
static inline real signed_as(real step, real x) { return x > 0 ? step : x < 0 ? -step : x; }

static void lion(size_t count, const lathe_lion_rates *rates, real *restrict p, const real *restrict g,
    real *restrict m)
{
    const lathe_lion_rates r = *rates;
    for (size_t i = 0; i < count; i++) {
        real d = normal(g[i]), old = m[i];
        p[i] -= r.decay * p[i] + signed_as(r.step, r.beta1 * old + r.rest1 * d);
        m[i] = normal(r.beta2 * old + r.rest2 * d);
    }
}

static void rprop(size_t count, const lathe_rprop_rates *rates, real *restrict p, const real *restrict g,
    real *restrict before, real *restrict size)
{
    const lathe_rprop_rates r = *rates;
    for (size_t i = 0; i < count; i++) {
        real same = g[i] * before[i], d = same < 0 ? 0 : g[i];
        real step = size[i] * (same > 0 ? r.longer : same < 0 ? r.shorter : 1);
        step = step < r.least ? r.least : step > r.most ? r.most : step;
        size[i] = step;
        p[i] -= signed_as(step, d);
        before[i] = d;
    }
}

extern const lathe_update_kernels KERNEL(lathe_update_kernels);
const lathe_update_kernels KERNEL(lathe_update_kernels) = {
    .descend = descend,
    .momentum = momentum,
    .adam = adam,
    .lion = lion,
    .rprop = rprop,
};
