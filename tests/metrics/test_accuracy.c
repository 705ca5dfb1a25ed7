/*
 * Accuracy. By hand, three samples of three classes:
 *
 *     scores          label   rank of the label's score
 *     0.1 0.7 0.2       1       0 (best)
 *     0.5 0.2 0.3       2       1
 *     0.4 0.4 0.2       1       1 (of equals the lower class ranks first)
 *
 *     top-1  1/3    top-2  3/3    macro over the classes that occur, 1 and 2: (1/2 + 0/1) / 2 = 1/4
 */
#include "support/metric_test.h"

#include <math.h>

static const lathe_real scores[9] = { (lathe_real)0.1, (lathe_real)0.7, (lathe_real)0.2, (lathe_real)0.5,
    (lathe_real)0.2, (lathe_real)0.3, (lathe_real)0.4, (lathe_real)0.4, (lathe_real)0.2 };
static const int labels[3] = { 1, 2, 1 };

static double accuracy_of(const lathe_accuracy_opts *opts)
{
    lathe_metric *metric = lathe_metric_accuracy(3, opts);
    assert_non_null(metric);
    assert_int_equal(lathe_metric_update(metric, scores, labels, 1), LATHE_OK);
    assert_int_equal(lathe_metric_update(metric, scores + 3, labels + 1, 2), LATHE_OK);
    double value = lathe_metric_compute(metric);
    lathe_metric_free(metric);
    return value;
}

static void by_hand(void **state)
{
    (void)state;
    assert_true(accuracy_of(NULL) == 1.0 / 3);
    assert_true(accuracy_of(&(lathe_accuracy_opts){ .k = 2 }) == 1);
    assert_true(accuracy_of(&(lathe_accuracy_opts){ .average = LATHE_ACCURACY_MACRO }) == 0.25);
}

static void each_class(void **state)
{
    (void)state;
    lathe_metric *metric = lathe_metric_accuracy(3, NULL);
    lathe_metric_update(metric, scores, labels, 3);
    double values[3];
    assert_int_equal(lathe_metric_per_class(metric, values, 3), LATHE_OK);
    assert_true(isnan(values[0]) && values[1] == 0.5 && values[2] == 0);
    lathe_metric_free(metric);
}

static void equals_sklearn(void **state)
{
    (void)state;
    static const char *const names[] = { "ordinary", "empty", "two" };
    for (int i = 0; i < 3; i++) {
        metric_data data = metric_data_open(names[i], false);
        assert_metric(&lathe_accuracy_metric, NULL, &data, names[i], "accuracy");
        assert_metric(&lathe_accuracy_metric, &(lathe_accuracy_opts){ .average = LATHE_ACCURACY_MACRO },
            &data, names[i], "balanced");
        metric_data_free(&data);
    }
    metric_data top = metric_data_open("top", false);
    for (int k = 1; k <= top.classes; k++) {
        char what[16];
        snprintf(what, sizeof what, "%d", k);
        assert_metric(&lathe_accuracy_metric, &(lathe_accuracy_opts){ .k = k }, &top, "top", what);
    }
    metric_data_free(&top);
}

static void mistakes_are_named(void **state)
{
    (void)state;
    assert_null(lathe_metric_accuracy(3, &(lathe_accuracy_opts){ .k = 4 }));
    assert_failed(LATHE_EARG, "accuracy: k = 4 is more than the 3 classes");
    assert_null(lathe_metric_accuracy(3, &(lathe_accuracy_opts){ .k = -1 }));
    assert_failed(LATHE_EARG, "accuracy: k = -1");
    lathe_metric *metric = lathe_metric_accuracy(3, NULL);
    assert_int_equal(lathe_metric_update_many(metric, scores, (int[]){ 0, 1, 0 }, 1), LATHE_EARG);
    assert_failed(LATHE_EARG, "accuracy takes one label a sample");
    lathe_metric_free(metric);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(by_hand),
        cmocka_unit_test(each_class),
        cmocka_unit_test(equals_sklearn),
        cmocka_unit_test(mistakes_are_named),
    };
    return cmocka_run_group_tests(tests, NULL, count_metrics);
}
