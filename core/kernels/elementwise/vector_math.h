/*
 * exp, log(1 + x), tanh, the logistic and the normal distribution function, on parts. In the float build each
 * is a vector expression with an error of about two units in the last place (five for the normal
 * distribution's tail), right at the extremes, and NaN for NaN; in the double build libm's, one by one.
 *
 * exp: x = n ln 2 + r with whole n and |r| <= ln(2)/2 (Cody, Waite, "Software manual for the elementary
 * functions", 1980), then the Taylor series of exp(r) to r^7, whose remainder is below 0.1 ulp there.
 */
#ifndef LATHE_CORE_KERNELS_ELEMENTWISE_VECTOR_MATH_H
#define LATHE_CORE_KERNELS_ELEMENTWISE_VECTOR_MATH_H

#include <math.h>

#include "../lanes.h"

enum { REAL_IS_DOUBLE = sizeof(real) == sizeof(double) };

static inline part each_one(double (*function)(double), part x)
{
    for (int i = 0; i < PART; i++) x[i] = (real)function((double)x[i]);
    return x;
}

static inline part part_min(part a, part b) { return choose_part(b < a, b, a); }

static inline part part_max(part a, part b) { return choose_part(b > a, b, a); }

static inline part part_abs(part x) { return choose_part(x < 0, -x, x); }

/* 2^n for n from -126 to 127: n put into the bits of a float's exponent. */
static inline part power_of_two(part_mask n) { return (part)((n + 127) << 23); }

/* x = n ln 2 + r; returns r. Adding 1.5 * 2^23 rounds to a whole number and leaves it in the low bits. */
static inline part reduce_by_ln2(part x, part_mask *n)
{
    const real shift = (real)0x1.8p23;
    part shifted = x * (real)0x1.715476p+0 + shift;
    *n = (part_mask)shifted - 0x4B400000;
    part whole = shifted - shift;
    return x - whole * (real)0x1.62ep-1 -
        whole * (real)0x1.0bfbe8p-15; /* ln 2 in two parts: the first product is exact */
}

/* exp(r) - 1 for |r| <= 0.4 */
static inline part series_of_expm1(part r)
{
    part p = r * (real)(1.0 / 5040) + (real)(1.0 / 720);
    p = p * r + (real)(1.0 / 120);
    p = p * r + (real)(1.0 / 24);
    p = p * r + (real)(1.0 / 6);
    p = p * r + (real)0.5;
    return p * (r * r) + r;
}

/* exp(x + low), where low is small (|low| <= 0.05): what rounding took from x. Float only. */
static inline part exp_with_low(part x, part low)
{
    part_mask n;
    x = part_max(part_min(x, splat_part(89)), splat_part(-105)); /* infinity and 0 beyond */
    part p = series_of_expm1(reduce_by_ln2(x, &n) + low) + 1;
    return p * power_of_two(n >> 1) *
        power_of_two(n - (n >> 1)); /* in two steps, for results below the smallest normal */
}

static inline part part_exp(part x)
{
    return REAL_IS_DOUBLE ? each_one(exp, x) : exp_with_low(x, splat_part(0));
}

/** Natural logarithm, from libm in both builds: a softmax needs only one for all its classes. */
static inline part part_log(part x) { return each_one(log, x); }

/** exp(x) - 1 for x <= 0. */
static inline part part_expm1(part x)
{
    if (REAL_IS_DOUBLE) return each_one(expm1, x);
    part_mask n;
    part r = reduce_by_ln2(part_max(x, splat_part(-40)), &n);
    part two_n = power_of_two(n);
    return two_n * series_of_expm1(r) + (two_n - 1);
}

/** log(1 + x) for 0 <= x <= 1: 2 artanh(s) with s = x / (2 + x), by its Taylor series to s^15. */
static inline part part_log1p(part x)
{
    if (REAL_IS_DOUBLE) return each_one(log1p, x);
    part s = x / (x + 2), square = s * s, p = splat_part((real)(2.0 / 15));
    for (int i = 13; i > 0; i -= 2) p = p * square + (real)(2.0 / i);
    return p * s;
}

/** tanh x = -e / (e + 2) with e = exp(-2|x|) - 1 and the sign of x, so that nothing is lost near 0. */
static inline part part_tanh(part x)
{
    if (REAL_IS_DOUBLE) return each_one(tanh, x);
    part e = part_expm1(part_abs(x) * -2);
    part y = -e / (e + 2);
    return choose_part(x < 0, -y, choose_part(x == 0, x, y)); /* -0 stays -0 */
}

/** 1 / (1 + exp(-x)), by the exponential that cannot overflow. */
static inline part part_sigmoid(part x)
{
    part e = part_exp(-part_abs(x));
    return choose_part(x < 0, e, splat_part(1)) / (e + 1);
}

/** min(max(x + 3, 0), 6) / 6: straight lines in place of the logistic function. */
static inline part part_hardsigmoid(part x)
{
    return part_min(part_max(x + 3, splat_part(0)), splat_part(6)) * (real)(1.0 / 6);
}

static inline part part_relu6(part x) { return part_min(part_max(x, splat_part(0)), splat_part(6)); }

/**
 * gy times the slope of x * sigmoid(x), s (1 + x (1 - s)), and of x * hardsigmoid(x), which is x / 3 + 1 / 2
 * from -3 to 3 (also at -3, as in PyTorch). The last step is a choice, which the compiler cannot join with a
 * sum that follows: so the bits are those of a product that was stored.
 */
static inline part part_silu_gradient(part x, part gy)
{
    part s = part_sigmoid(x), g = gy * (s * (x * (1 - s) + 1));
    return choose_part(x == x, g, x);
}

static inline part part_hardswish_gradient(part x, part gy)
{
    part g = gy * (x * (real)(1.0 / 3) + (real)0.5);
    return choose_part(x < -3, splat_part(0), choose_part(x >= 3, gy, g));
}

/* x * x / 2 = square + rest, where square is exact: x's upper 12 bits squared. Float only. */
static inline part half_square(part x, part *rest)
{
    part upper = (part)((part_mask)x & ~(lane_int)0xFFF);
    *rest = (x - upper) * (x + upper) * (real)0.5;
    return upper * upper * (real)0.5;
}

/**
 * Phi(x) = (1 + erf(x / sqrt 2)) / 2, the standard normal distribution function, and *density = exp(-x^2/2) /
 * sqrt(2 pi).
 *
 * For a = |x|: Phi(-a) = exp(-a^2/2) * Q(a), where Q falls slowly and is t * P(t) with t = 1 / (1 + 0.24 a)
 * and a polynomial P of degree 9, fitted by vector_math_fit.py (relative error 4e-9 for a up to 15, beyond
 * which the result is 0).
 */
static inline part part_normal(part x, part *density)
{
    if (REAL_IS_DOUBLE) {
        *density = part_exp(x * x * (real)-0.5) * (real)0.3989422804014327;
        return each_one(erfc, x * (real)-0.7071067811865476) * (real)0.5;
    }
    static const real P[] = { (real)0.0957407773738, (real)0.0958812665919, (real)0.0887441226929,
        (real)0.0886095470202, (real)0.0258149389017, (real)0.145612390764, (real)-0.149046478732,
        (real)0.208899150502, (real)-0.126026277585, (real)0.0257705640203 };
    enum { DEGREE = sizeof P / sizeof P[0] - 1 };
    part a = part_min(part_abs(x), splat_part(15)), rest;
    part square = half_square(a, &rest);
    part e = exp_with_low(-square, -rest);
    part t = 1 / (a * (real)0.24 + 1), p = splat_part(P[DEGREE]);
    for (int i = DEGREE - 1; i >= 0; i--) p = p * t + P[i];
    part tail = e * (t * p);
    *density = e * (real)0.3989422804014327;
    return choose_part(x < 0, tail, choose_part(x == x, 1 - tail, x));
}

#endif
