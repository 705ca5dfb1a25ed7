/* Is a difference more than noise? The paired t test, for runs with the same seeds under two settings. */
#ifndef LATHE_METRICS_SIGNIFICANCE_H
#define LATHE_METRICS_SIGNIFICANCE_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Mean and standard deviation (divided by n - 1; NaN for fewer than two values). */
typedef struct lathe_spread {
    double mean, deviation, least, most;
    size_t count;
} lathe_spread;

/** Of `count` values; those that are not finite are left out. All NaN if none is left. */
lathe_spread lathe_spread_of(const double *values, size_t count);

/** What a paired t test says. */
typedef struct lathe_paired_t {
    double mean;  /* of a[i] - b[i] */
    double t, p;  /* two-sided; NaN: fewer than two pairs. p is 1 if all pairs are equal, 0 if all differ by
                     the same amount */
    size_t count; /* pairs of which both are finite */
} lathe_paired_t;

/**
 * Student's paired t test of a[i] against b[i], which belong together (the same seed, so the same first
 * weights and order of samples):
 *
 *     d[i] = a[i] - b[i],   t = mean(d) / (deviation(d) / sqrt(n)),   n - 1 degrees of freedom
 *
 * Source   "Student", The probable error of a mean, Biometrika 6, 1908.
 * Same as  scipy.stats.ttest_rel
 */
lathe_paired_t lathe_paired_t_test(const double *a, const double *b, size_t count);

/** The probability that Student's t with so many degrees of freedom is further from 0 than `t`. */
double lathe_student_p(double t, double freedom);

/**
 * Holm's correction for several tests at once: adjusted[i] is what p[i] counts for when all are looked at, so
 * that comparing it with a level leaves the chance of any false alarm at that level. The smallest of n is
 * multiplied by n, the next by n - 1, ...; none becomes less than a smaller one has become, nor more than 1.
 * NaN stays, and is no test.
 * Source   Holm, A simple sequentially rejective multiple test procedure, Scandinavian Journal of Statistics
 *          6, 1979.
 */
void lathe_holm(const double *p, size_t count, double *adjusted);

#ifdef __cplusplus
}
#endif
#endif
