/* Is a difference more than noise? The paired t test, for two settings with runs of the same seeds. */
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

/** The spread of `count` values without the non-finite ones. All NaN if no value is finite. */
lathe_spread lathe_spread_of(const double *values, size_t count);

/** The result of a paired t test. */
typedef struct lathe_paired_t {
    double mean; /* of a[i] - b[i] */
    /** Ends of the 95 % interval of the mean: mean -+ t(0.05, n - 1) deviation / sqrt(n). NaN as `p`. */
    double low, high;
    /** Two-sided; NaN for fewer than two pairs. 1 if all differences are 0, 0 if all are another number. */
    double t, p;
    size_t count; /* pairs with two finite values */
} lathe_paired_t;

/**
 * Student's paired t test of a[i] against b[i]. The two have the same seed, so the same first weights and the
 * same order of samples.
 *
 *     d[i] = a[i] - b[i],   t = mean(d) / (deviation(d) / sqrt(n)),   n - 1 degrees of freedom
 *
 * Source   "Student", The probable error of a mean, Biometrika 6, 1908.
 * Same as  scipy.stats.ttest_rel
 */
lathe_paired_t lathe_paired_t_test(const double *a, const double *b, size_t count);

/** The probability that |Student's t| with `freedom` degrees of freedom is larger than |t|. */
double lathe_student_p(double t, double freedom);

/**
 * The t > 0 that |Student's t| with `freedom` degrees of freedom exceeds with probability p, in (0, 1): the
 * inverse of lathe_student_p. NaN for other numbers.
 * Same as  scipy.stats.t.isf(p / 2, freedom)
 */
double lathe_student_t(double p, double freedom);

/**
 * Holm's correction for several tests at once. adjusted[i] can be compared with a level: the probability of
 * any false alarm among all tests is then at most that level.
 *
 * The smallest of n p-values is multiplied by n, the next by n - 1, and so on. An adjusted value is never
 * below the adjusted value of a smaller p, and never above 1. NaN stays NaN and does not count as a test.
 * Source   Holm, A simple sequentially rejective multiple test procedure, Scandinavian Journal of Statistics
 *          6, 1979.
 */
void lathe_holm(const double *p, size_t count, double *adjusted);

#ifdef __cplusplus
}
#endif
#endif
