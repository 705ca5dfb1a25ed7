/* study/variants.c: what came of each variant, and its words. */
#include "support/support.h"

#include <math.h>
#include <string.h>

/* Runs of three variants with three seeds each, their test accuracies by hand. */
static void fill(lathe_compare *compare, lathe_compare_run run[9], const double accuracy[9])
{
    static const char *const names[] = { "constant", "cosine", "cyclic" };
    *compare = (lathe_compare){ .run = run, .runs = 9 };
    memset(run, 0, 9 * sizeof *run);
    for (size_t i = 0; i < 9; i++) {
        snprintf(run[i].group, sizeof run[i].group, "%s", names[i / 3]);
        snprintf(run[i].differs, sizeof run[i].differs, "sched = %s\n", names[i / 3]);
        run[i].settings.seed = 1 + i % 3;
        run[i].result = (lathe_compare_result){ .end = LATHE_RUN_COMPLETE,
            .test_accuracy = accuracy[i],
            .val_loss = 1,
            .train_loss = 1,
            .seconds = 1 };
    }
}

/*
 * cosine - constant: 0.2, 0.2, 0.2 and a hundredth more or less: t = 0.2 / (0.01 / sqrt 3) = 34.6, p =
 * 0.00083, times 2 for two comparisons. cyclic - constant: 0.1, -0.1, 0: t = 0, p = 1.
 */
static void differences_in_words(void **state)
{
    (void)state;
    static lathe_compare_run run[9];
    lathe_compare compare;
    char words[96];
    int count;
    fill(&compare, run, (const double[]){ 0.5, 0.6, 0.7, 0.7, 0.81, 0.89, 0.6, 0.5, 0.7 });
    lathe_variant *variant = lathe_variants_of(&compare, NULL, &count);
    assert_int_equal(count, 3);
    assert_string_equal(variant[1].name, "cosine");
    assert_string_equal(variant[1].differs, "sched = cosine\n");
    assert_true(variant[0].baseline && !variant[1].baseline && variant[2].runs == 3);
    assert_true(fabs(variant[1].against.mean - 0.2) < 1e-12);
    assert_true(fabs(variant[1].p - 2 * 0.000832) < 1e-5);
    assert_true(variant[2].p == 1);
    assert_string_equal(lathe_variant_words(&variant[0], words), "the baseline");
    assert_string_equal(lathe_variant_words(&variant[1], words), "clearly better, p = 0.0017");
    assert_string_equal(lathe_variant_words(&variant[2], words), "difference within seed noise, p = 1");
    lathe_free(variant);
    variant = lathe_variants_of(&compare, "cosine", &count);
    assert_string_equal(lathe_variant_words(&variant[0], words), "clearly worse, p = 0.0017");
    lathe_free(variant);
}

/* One of three is at 10 %: the mean and the test are of the other two, and the table says so. */
static void dead_runs_are_counted_apart(void **state)
{
    (void)state;
    static lathe_compare_run run[9];
    lathe_compare compare;
    char words[96];
    int count;
    fill(&compare, run, (const double[]){ 0.5, 0.5, 0.5, 0.7, 0.1, 0.7, 0.6, 0.5, 0.7 });
    lathe_variant *variant = lathe_variants_of(&compare, NULL, &count);
    assert_int_equal(variant[1].died, 1);
    assert_int_equal(variant[1].accuracy.count, 2);
    assert_true(fabs(variant[1].accuracy.mean - 0.7) < 1e-12 && variant[1].accuracy.deviation < 1e-12);
    assert_int_equal(variant[1].against.count, 2);
    lathe_variant_words(&variant[1], words);
    assert_non_null(strstr(words, "1 of 3 died; clearly better"));
    assert_int_equal(variant[0].died + variant[2].died, 0);
    assert_true(lathe_compare_run_died(&compare, 4) && !lathe_compare_run_died(&compare, 3));
    lathe_free(variant);
}

static void what_is_missing_is_said(void **state)
{
    (void)state;
    static lathe_compare_run run[9];
    lathe_compare compare;
    char words[96];
    int count;
    const double none = (double)NAN;
    fill(&compare, run, (const double[]){ 0.5, none, none, none, none, none, none, none, 0.5 });
    for (size_t i = 3; i < 6; i++) run[i].result.end = LATHE_RUN_OPEN;
    run[6].result.end = run[7].result.end = LATHE_RUN_NAN;
    lathe_variant *variant = lathe_variants_of(&compare, NULL, &count);
    assert_string_equal(lathe_variant_words(&variant[1], words), "not run yet");
    assert_string_equal(lathe_variant_words(&variant[2], words), "2 of 3 died; one seed: noise unknown");
    run[8].result.end = LATHE_RUN_COMPLETE;
    variant[2].diverged = variant[2].died = 0;
    assert_string_equal(lathe_variant_words(&variant[2], words), "one seed: noise unknown");
    variant[2].diverged = 3;
    assert_string_equal(lathe_variant_words(&variant[2], words), "diverged");
    lathe_free(variant);
}

static void unknown_baselines_are_refused(void **state)
{
    (void)state;
    static lathe_compare_run run[9];
    lathe_compare compare;
    int count;
    fill(&compare, run, (const double[9]){ 0 });
    assert_null(lathe_variants_of(&compare, "cylic", &count));
    assert_int_equal(lathe_error(), LATHE_ENAME);
    assert_non_null(strstr(lathe_error_message(), "did you mean cyclic"));
    assert_null(lathe_variants_of(NULL, NULL, &count));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(differences_in_words),
        cmocka_unit_test(dead_runs_are_counted_apart),
        cmocka_unit_test(what_is_missing_is_said),
        cmocka_unit_test(unknown_baselines_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
