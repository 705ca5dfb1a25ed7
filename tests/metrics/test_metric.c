/* What is the same for all metrics: feeding, resetting, mistakes, names. */
#include "support/support.h"

#include <math.h>
#include <string.h>

static const lathe_real scores[6] = { 1, 0, 0, 1, 3, 2 };

static void feed_compute_reset(void **state)
{
    (void)state;
    lathe_metric *metric = lathe_metric_new(lathe_metric_find("accuracy"), 2, NULL);
    assert_non_null(metric);
    assert_true(isnan(lathe_metric_compute(metric)));
    assert_int_equal(lathe_metric_update(metric, scores, (int[]){ 0, 0 }, 2), LATHE_OK);
    assert_true(lathe_metric_compute(metric) == 0.5);
    assert_int_equal(lathe_metric_update(metric, scores + 4, (int[]){ 0 }, 1), LATHE_OK);
    assert_true(lathe_metric_compute(metric) == 2.0 / 3);
    assert_int_equal(lathe_metric_update(metric, NULL, NULL, 0), LATHE_OK);
    assert_int_equal(lathe_metric_samples(metric), 3);
    lathe_metric_reset(metric);
    assert_int_equal(lathe_metric_samples(metric), 0);
    assert_true(isnan(lathe_metric_compute(metric)));
    double values[2] = { 1, 1 };
    assert_int_equal(lathe_metric_per_class(metric, values, 2), LATHE_OK);
    assert_true(isnan(values[0]) && isnan(values[1]));
    lathe_metric_update(metric, scores + 2, (int[]){ 1 }, 1);
    assert_true(lathe_metric_compute(metric) == 1);
    lathe_metric_free(metric);
    lathe_metric_free(NULL);
}

static void mistakes_are_named_and_leave_it_as_it_was(void **state)
{
    (void)state;
    lathe_metric *metric = lathe_metric_new(&lathe_accuracy_metric, 2, NULL);
    assert_int_equal(lathe_metric_update(metric, scores, (int[]){ 0, 2 }, 2), LATHE_EARG);
    assert_failed(LATHE_EARG, "sample 1 has the label 2, legal are 0 to 1");
    assert_int_equal(lathe_metric_update(metric, scores, (int[]){ -1 }, 1), LATHE_EARG);
    assert_failed(LATHE_EARG, "sample 0 has the label -1");
    lathe_real bad[4] = { 0, 1, 1, (lathe_real)NAN };
    assert_int_equal(lathe_metric_update(metric, bad, (int[]){ 1, 1 }, 2), LATHE_EARG);
    assert_failed(LATHE_EARG, "sample 1 has the score ");
    assert_int_equal(lathe_metric_update(metric, NULL, (int[]){ 1 }, 1), LATHE_EARG);
    assert_failed(LATHE_EARG, "scores is NULL");
    assert_int_equal(lathe_metric_update(metric, scores, NULL, 1), LATHE_EARG);
    assert_failed(LATHE_EARG, "labels is NULL");
    assert_int_equal(lathe_metric_samples(metric), 0);
    double values[3];
    assert_int_equal(lathe_metric_per_class(metric, values, 3), LATHE_EARG);
    assert_failed(LATHE_EARG, "3 values given for 2 classes");
    assert_null(lathe_metric_new(&lathe_accuracy_metric, 1, NULL));
    assert_failed(LATHE_EARG, "accuracy needs at least 2 classes, not 1");
    lathe_metric_free(metric);
}

static void names_are_found(void **state)
{
    (void)state;
    for (int i = 0; lathe_metric_at(i); i++) {
        const lathe_metric_type *type = lathe_metric_at(i);
        assert_true(lathe_metric_find(type->name) == type);
        assert_true(type->summary && strlen(type->summary) > 0);
        assert_true(!type->update == type->keeps_samples);
    }
    assert_null(lathe_metric_find("acuracy"));
    assert_failed(LATHE_ENAME, "accuracy");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(feed_compute_reset),
        cmocka_unit_test(mistakes_are_named_and_leave_it_as_it_was),
        cmocka_unit_test(names_are_found),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
