/*
 * Hamming. By hand, three samples of three classes, predictions the scores above 0:
 *
 *     targets   predicted   both  either  differing
 *      1 1 0      1 0 1       1      3        2
 *      0 0 0      0 0 0       0      0        0      (score 1)
 *      0 1 0      0 1 0       1      1        0
 *
 *     score (1/3 + 1 + 1) / 3 = 7/9      distance 2/9
 */
#include "support/metric_test.h"

static const lathe_real scores[9] = { 1, -1, 1, -1, -1, 0, -1, 2, -1 };
static const int targets[9] = { 1, 1, 0, 0, 0, 0, 0, 1, 0 };

static double value_of(const lathe_metric_type *type)
{
    lathe_metric *metric = lathe_metric_new(type, 3, NULL);
    assert_int_equal(lathe_metric_update_many(metric, scores, targets, 3), LATHE_OK);
    double value = lathe_metric_compute(metric);
    lathe_metric_free(metric);
    return value;
}

static void by_hand(void **state)
{
    (void)state;
    double got[2] = { value_of(&lathe_hamming_score_metric), value_of(&lathe_hamming_distance_metric) },
           want[2] = { 7.0 / 9, 2.0 / 9 };
    assert_close_double("hamming", got, want, 2, 1e-15, 0);
}

static void equals_sklearn(void **state)
{
    (void)state;
    static const char *const names[] = { "many", "gaps", "nothing", "ordinary", "empty", "two" };
    lathe_hamming_opts opts = { .threshold = 0.25 };
    for (int i = 0; i < 6; i++) {
        metric_data data = metric_data_open(names[i], i < 3);
        assert_metric(&lathe_hamming_distance_metric, &opts, &data, names[i], "hamming");
        assert_metric(&lathe_hamming_score_metric, &opts, &data, names[i],
            data.many ? "hamming_score" : "accuracy");
        metric_data_free(&data);
    }
}

static void has_no_values_of_single_classes(void **state)
{
    (void)state;
    lathe_metric *metric = lathe_metric_hamming_score(3, NULL);
    double values[3];
    assert_int_equal(lathe_metric_per_class(metric, values, 3), LATHE_EARG);
    assert_failed(LATHE_EARG, "hamming_score has no values of single classes");
    lathe_metric_free(metric);
    metric = lathe_metric_hamming_distance(3, NULL);
    assert_true(lathe_metric_type_of(metric)->lower_is_better);
    lathe_metric_free(metric);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(by_hand),
        cmocka_unit_test(equals_sklearn),
        cmocka_unit_test(has_no_values_of_single_classes),
    };
    return cmocka_run_group_tests(tests, NULL, count_metrics);
}
