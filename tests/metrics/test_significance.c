#include "support/support.h"

#include <math.h>

/* t distribution with 1 degree of freedom is Cauchy's: P(|T| > 1) = 1/2. With 2: P(|T| > t) = 1 - t / sqrt(2
 * + t^2). */
static void student_by_hand(void **state)
{
    (void)state;
    assert_true(fabs(lathe_student_p(1, 1) - 0.5) < 1e-14);
    for (double t = 0.25; t < 50; t *= 2) {
        double expected = 1 - t / sqrt(2 + t * t);
        assert_true(fabs(lathe_student_p(t, 2) - expected) < 1e-13);
        assert_true(lathe_student_p(-t, 2) == lathe_student_p(t, 2));
    }
    /* Tables: 2.776 at 4 degrees and 1.984 at 100 leave 5 %. */
    assert_true(fabs(lathe_student_p(2.776445105, 4) - 0.05) < 1e-9);
    assert_true(fabs(lathe_student_p(1.983971519, 100) - 0.05) < 1e-9);
    assert_true(lathe_student_p(0, 7) == 1);
    assert_true(isnan(lathe_student_p(1, 0)));
}

/* Tables of the t distribution; with 1 degree t = tan(pi (1 - p) / 2), with 2 t = (1 - p) sqrt(2 / (p (2 -
 * p))). */
static void quantiles_of_the_tables(void **state)
{
    (void)state;
    static const struct {
        double p, freedom, t;
    } table[] = { { 0.05, 1, 12.7062047 }, { 0.05, 2, 4.3026527 }, { 0.05, 4, 2.7764451 },
        { 0.05, 9, 2.2621572 }, { 0.05, 100, 1.9839715 }, { 0.01, 9, 3.2498355 }, { 0.5, 2, 0.8164966 } };
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++)
        assert_true(fabs(lathe_student_t(table[i].p, table[i].freedom) - table[i].t) < 1e-6);
    for (double p = 0.001; p < 1; p *= 1.7) {
        assert_true(fabs(lathe_student_t(p, 2) / ((1 - p) * sqrt(2 / (p * (2 - p)))) - 1) < 1e-12);
        assert_true(fabs(lathe_student_p(lathe_student_t(p, 7.5), 7.5) - p) < 1e-12);
    }
    assert_true(
        isnan(lathe_student_t(0, 3)) && isnan(lathe_student_t(1, 3)) && isnan(lathe_student_t(0.1, 0)));
}

/* d = 1, 2, 3: mean 2, deviation 1, t = 2 sqrt(3), p with 2 degrees = 1 - t / sqrt(2 + t^2). */
static void pairs_by_hand(void **state)
{
    (void)state;
    const double a[] = { 2, 5, 4, NAN }, b[] = { 1, 3, 1, 7 };
    lathe_paired_t test = lathe_paired_t_test(a, b, 4);
    assert_int_equal(test.count, 3);
    assert_true(test.mean == 2);
    assert_true(fabs(test.t - 2 * sqrt(3)) < 1e-14);
    assert_true(fabs(test.p - (1 - test.t / sqrt(2 + test.t * test.t))) < 1e-13);
    assert_true(fabs(test.low - (2 - 4.302652730 / sqrt(3))) < 1e-8);
    assert_true(fabs(test.high - (2 + 4.302652730 / sqrt(3))) < 1e-8);
}

static void pairs_without_spread(void **state)
{
    (void)state;
    const double a[] = { 2, 3 }, b[] = { 1, 2 };
    assert_true(lathe_paired_t_test(a, b, 2).p == 0);
    assert_true(lathe_paired_t_test(a, a, 2).p == 1);
    assert_true(isnan(lathe_paired_t_test(a, b, 1).p));
    assert_true(lathe_paired_t_test(a, b, 1).mean == 1);
    assert_true(isnan(lathe_paired_t_test(a, b, 0).mean));
}

static void spread_by_hand(void **state)
{
    (void)state;
    const double values[] = { 4, NAN, 2, 6 };
    lathe_spread s = lathe_spread_of(values, 4);
    assert_true(s.mean == 4 && s.deviation == 2 && s.least == 2 && s.most == 6 && s.count == 3);
    assert_true(isnan(lathe_spread_of(values, 1).deviation));
    assert_true(isnan(lathe_spread_of(values + 1, 1).mean));
}

/* 3 * 0.01, 2 * 0.02, 1 * 0.06; then 3 * 0.01, 2 * 0.03, and 0.04 is not below its neighbour; ties count
 * alike; 2 * 0.7 is above 1. */
static void holm_by_hand(void **state)
{
    (void)state;
    static const double cases[][2][4] = { { { 0.06, 0.01, NAN, 0.02 }, { 0.06, 0.03, NAN, 0.04 } },
        { { 0.03, 0.01, 0.04, NAN }, { 0.06, 0.03, 0.06, NAN } },
        { { 0.7, 0.8, 0.02, 0.02 }, { 1, 1, 0.08, 0.08 } } };
    for (size_t c = 0; c < sizeof cases / sizeof cases[0]; c++) {
        double adjusted[4];
        lathe_holm(cases[c][0], 4, adjusted);
        for (int i = 0; i < 4; i++)
            assert_true(
                isnan(cases[c][1][i]) ? isnan(adjusted[i]) : fabs(adjusted[i] - cases[c][1][i]) < 1e-15);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(student_by_hand),
        cmocka_unit_test(quantiles_of_the_tables),
        cmocka_unit_test(pairs_by_hand),
        cmocka_unit_test(pairs_without_spread),
        cmocka_unit_test(spread_by_hand),
        cmocka_unit_test(holm_by_hand),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
