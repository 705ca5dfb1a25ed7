/* study/hypothesis.c: comparisons named beforehand, tested together. */
#include "support/support.h"

#include <math.h>
#include <string.h>

/* Three variants with three seeds each. `number` is the test accuracy; other measures are made from it. */
static void fill(lathe_compare *compare, lathe_compare_run run[9], char **tests, const double number[9])
{
    static const char *const names[] = { "steps, 2 epochs", "one cycle", "by epoch" };
    *compare = (lathe_compare){ .run = run, .runs = 9, .test = tests };
    while (tests[compare->tests]) compare->tests++;
    memset(run, 0, 9 * sizeof *run);
    for (size_t i = 0; i < 9; i++) {
        snprintf(run[i].group, sizeof run[i].group, "%s", names[i / 3]);
        run[i].settings.seed = 1 + i % 3;
        run[i].result = (lathe_compare_result){ .end = LATHE_RUN_COMPLETE,
            .test_accuracy = number[i],
            .train_loss = 1 - number[i],
            .minima_accuracy = number[i],
            .maxima_accuracy = 0.5 };
    }
}

static const double numbers[9] = { 0.5, 0.6, 0.7, 0.7, 0.81, 0.89, 0.501, 0.599, 0.701 };

static void assert_near(double is, double expected, double margin)
{
    if (!(fabs(is - expected) <= margin)) fail_msg("%.9g, expected %.9g", is, expected);
}

/*
 * one cycle - steps: 0.2, 0.21, 0.19, so t = 0.2 / (0.01 / sqrt 3) = 34.64 and p = 0.000832 (with 2 degrees p
 * = 1 - t / sqrt(2 + t^2)); the interval is 0.2 -+ 4.302653 * 0.01 / sqrt 3. by epoch - steps: 0.001, -0.001,
 * 0.001, so t = 0.5 and p = 0.6667; the interval is 0.000333 -+ 0.002868. minima - 0.5 of one cycle: 0.2,
 * 0.31, 0.39, so t = 5.4470 and p = 0.03209. Holm: 4 and 3 times 0.000832 (equal p: both 4), 2 and 1.
 */
static void four_named_tests_by_hand(void **state)
{
    (void)state;
    static lathe_compare_run run[9];
    char *tests[] = { "one cycle > steps, 2 epochs", "one cycle > steps, 2 epochs by train_loss",
        "by epoch = steps, 2 epochs within 0.4", "one cycle > 0 by swing", NULL };
    lathe_compare compare;
    char words[128];
    int count;
    fill(&compare, run, tests, numbers);
    lathe_hypothesis *h = lathe_hypotheses_of(&compare, &count);
    if (!h) fail_msg("%s", lathe_error_message());
    assert_int_equal(count, 4);
    const double p = 1 - 34.64101615 / sqrt(2 + 34.64101615 * 34.64101615);
    assert_string_equal(h[0].variant, "one cycle");
    assert_string_equal(h[0].measure, "test_accuracy");
    assert_near(h[0].test.mean, 0.2, 1e-12);
    assert_near(h[0].test.low, 0.2 - 4.302652730 * 0.01 / sqrt(3), 1e-9);
    assert_near(h[0].p, 4 * p, 1e-9);
    assert_near(h[1].test.mean, -0.2, 1e-12);
    assert_near(h[1].p, 4 * p, 1e-9);
    assert_near(h[2].test.mean, 0.001 / 3, 1e-12);
    assert_near(h[2].p, 2.0 / 3, 1e-9);
    assert_near(h[2].margin, 0.004, 1e-15);
    assert_near(h[3].test.t, 5.447048, 1e-5);
    assert_near(h[3].p, 2 * 0.032089, 1e-5);
    assert_null(h[3].other);
    assert_string_equal(lathe_hypothesis_words(&h[0], words), "higher, as expected, p = 0.0033");
    assert_string_equal(lathe_hypothesis_words(&h[1], words), "lower, against the expectation, p = 0.0033");
    assert_string_equal(lathe_hypothesis_words(&h[2], words),
        "no difference larger than 0.4 points, p = 0.67");
    assert_string_equal(lathe_hypothesis_words(&h[3], words), "undecided, p = 0.064");
    h[2].margin = 0.003; /* the interval ends at 0.0032 */
    assert_string_equal(lathe_hypothesis_words(&h[2], words), "undecided, p = 0.67");
    h[0].margin = 0.3;
    assert_string_equal(lathe_hypothesis_words(&h[0], words),
        "higher, as expected, p = 0.0033; by less than 30 points");
    lathe_free(h);
}

static void what_is_missing_is_said(void **state)
{
    (void)state;
    static lathe_compare_run run[9];
    char *tests[] = { "one cycle > steps, 2 epochs", "by epoch < steps, 2 epochs", NULL };
    lathe_compare compare;
    char words[128];
    int count;
    fill(&compare, run, tests, numbers);
    for (size_t i = 4; i < 9; i++) run[i].result.end = LATHE_RUN_OPEN;
    lathe_hypothesis *h = lathe_hypotheses_of(&compare, &count);
    assert_string_equal(lathe_hypothesis_words(&h[0], words), "one seed: noise unknown");
    assert_string_equal(lathe_hypothesis_words(&h[1], words), "not run yet");
    assert_true(isnan(h[0].p) && isnan(h[1].p));
    lathe_free(h);
    fill(&compare, run, tests, numbers);
    run[4].result.test_accuracy = 0.1; /* it died, so its pair does not count */
    h = lathe_hypotheses_of(&compare, &count);
    assert_int_equal(h[0].test.count, 2);
    lathe_free(h);
    compare.tests = 0;
    h = lathe_hypotheses_of(&compare, &count);
    assert_true(h && count == 0);
    lathe_free(h);
}

/* With hypotheses the variants are not tested against the baseline as well. */
static void one_family_of_tests(void **state)
{
    (void)state;
    static lathe_compare_run run[9];
    char *tests[] = { "one cycle > steps, 2 epochs", NULL };
    lathe_compare compare;
    char words[96];
    int count;
    fill(&compare, run, tests, numbers);
    lathe_variant *variant = lathe_variants_of(&compare, NULL, &count);
    assert_true(isnan(variant[1].p));
    assert_string_equal(lathe_variant_words(&variant[1], words), "");
    lathe_free(variant);
}

static void mistakes_are_named(void **state)
{
    (void)state;
    static lathe_compare_run run[9];
    static const struct {
        char *text;
        const char *message;
    } bad[] = {
        { "one cycle", "expected 'A > B'" },
        { "one cicle > by epoch", "did you mean one cycle" },
        { "one cycle > steps", "unknown variant 'steps'" },
        { "one cycle > by epoch by accuracy", "unknown measure 'accuracy'" },
        { "one cycle = by epoch", "within MARGIN" },
        { "one cycle = by epoch within x", "a number above 0" },
        { "one cycle = by epoch within -1", "a number above 0" },
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        char *tests[] = { bad[i].text, NULL };
        lathe_compare compare;
        int count;
        fill(&compare, run, tests, numbers);
        assert_null(lathe_hypotheses_of(&compare, &count));
        if (!strstr(lathe_error_message(), bad[i].message))
            fail_msg("%s: %s", bad[i].text, lathe_error_message());
        lathe_error_clear();
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(four_named_tests_by_hand),
        cmocka_unit_test(what_is_missing_is_said),
        cmocka_unit_test(one_family_of_tests),
        cmocka_unit_test(mistakes_are_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
