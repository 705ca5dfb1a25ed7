#include "significance.h"

#include <math.h>

#include "../core/status.h"

lathe_spread lathe_spread_of(const double *values, size_t count)
{
    lathe_spread s = { (double)NAN, (double)NAN, (double)NAN, (double)NAN, 0 };
    double sum = 0, squares = 0;
    if (!values) return lathe_fail_null("lathe_spread_of", "values"), s;
    for (size_t i = 0; i < count; i++) {
        if (!isfinite(values[i])) continue;
        sum += values[i];
        s.least = s.count ? fmin(s.least, values[i]) : values[i];
        s.most = s.count ? fmax(s.most, values[i]) : values[i];
        s.count++;
    }
    if (!s.count) return s;
    s.mean = sum / (double)s.count;
    for (size_t i = 0; i < count; i++)
        if (isfinite(values[i])) squares += (values[i] - s.mean) * (values[i] - s.mean);
    if (s.count > 1) s.deviation = sqrt(squares / (double)(s.count - 1));
    return s;
}

/* The continued fraction of the incomplete beta function, by Lentz's method (DLMF 8.17.22). */
static double beta_fraction(double a, double b, double x)
{
    const double tiny = 1e-300;
    double c = 1, d = 1 - (a + b) * x / (a + 1);
    d = 1 / (fabs(d) < tiny ? tiny : d);
    double value = d;
    for (int m = 1; m <= 300; m++) {
        double even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m));
        double odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1));
        for (int half = 0; half < 2; half++) {
            double term = half ? odd : even;
            d = 1 + term * d;
            c = 1 + term / c;
            d = 1 / (fabs(d) < tiny ? tiny : d);
            if (fabs(c) < tiny) c = tiny;
            value *= c * d;
        }
        if (fabs(c * d - 1) < 1e-15) break;
    }
    return value;
}

/* The regularised incomplete beta function I_x(a, b). */
static double beta_part(double a, double b, double x)
{
    if (x <= 0) return 0;
    if (x >= 1) return 1;
    double front = exp(lgamma(a + b) - lgamma(a) - lgamma(b) + a * log(x) + b * log1p(-x));
    if (x < (a + 1) / (a + b + 2)) return front * beta_fraction(a, b, x) / a;
    return 1 - front * beta_fraction(b, a, 1 - x) / b;
}

double lathe_student_p(double t, double freedom)
{
    if (!(freedom > 0) || isnan(t)) return (double)NAN;
    if (isinf(t)) return 0;
    return beta_part(freedom / 2, 0.5, freedom / (freedom + t * t));
}

/* By bisection, after the upper end has been doubled until it is large enough. */
double lathe_student_t(double p, double freedom)
{
    if (!(p > 0 && p < 1) || !(freedom > 0)) return (double)NAN;
    double low = 0, high = 1;
    while (lathe_student_p(high, freedom) > p) low = high, high *= 2;
    for (int i = 0; i < 100 && high - low > 1e-14 * high; i++) {
        const double middle = (low + high) / 2;
        if (lathe_student_p(middle, freedom) > p) low = middle;
        else high = middle;
    }
    return (low + high) / 2;
}

lathe_paired_t lathe_paired_t_test(const double *a, const double *b, size_t count)
{
    const double none = (double)NAN;
    lathe_paired_t test = { .mean = none, .low = none, .high = none, .t = none, .p = none };
    double sum = 0, squares = 0;
    if (!a || !b) return lathe_fail_null("lathe_paired_t_test", a ? "b" : "a"), test;
    for (size_t i = 0; i < count; i++)
        if (isfinite(a[i]) && isfinite(b[i])) sum += a[i] - b[i], test.count++;
    if (!test.count) return test;
    double n = (double)test.count;
    test.mean = sum / n;
    if (test.count < 2) return test;
    for (size_t i = 0; i < count; i++)
        if (isfinite(a[i]) && isfinite(b[i]))
            squares += (a[i] - b[i] - test.mean) * (a[i] - b[i] - test.mean);
    double error = sqrt(squares / (n - 1) / n);
    test.t = test.mean == 0 ? 0 : test.mean / error;
    test.p = lathe_student_p(test.t, n - 1);
    const double half = lathe_student_t(0.05, n - 1) * error;
    test.low = test.mean - half;
    test.high = test.mean + half;
    return test;
}

/* The factor of p[j]: the number of p-values that are not smaller. */
static double factor_of(const double *p, size_t count, size_t j)
{
    double factor = 0;
    for (size_t k = 0; k < count; k++) factor += p[k] >= p[j];
    return factor;
}

void lathe_holm(const double *p, size_t count, double *adjusted)
{
    if (!p || !adjusted) {
        lathe_fail_null("lathe_holm", p ? "adjusted" : "p");
        return;
    }
    for (size_t i = 0; i < count; i++) {
        adjusted[i] = p[i];
        for (size_t j = 0; j < count; j++)
            if (p[j] <= p[i]) adjusted[i] = fmax(adjusted[i], fmin(1, factor_of(p, count, j) * p[j]));
    }
}
