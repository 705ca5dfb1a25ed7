/*
 * Calibration error. By hand, four samples of two classes, two bins, probabilities given:
 *
 *     largest probability  .75  .75  .5 (class 0, the first of equals)  1      right  yes  no  yes  yes
 *
 *     bin (0, .5]: one sample, right 1, confidence .5: gap 1/2
 *     bin (.5, 1]: three samples, right 2/3, confidence 5/6: gap 1/6
 *     ECE = 1/4 * 1/2 + 3/4 * 1/6 = 1/4      MCE = 1/2
 */
#include "support/metric_test.h"

#include <math.h>

static const lathe_real scores[8] = { (lathe_real)0.75, (lathe_real)0.25, (lathe_real)0.25, (lathe_real)0.75,
    (lathe_real)0.5, (lathe_real)0.5, 0, 1 };
static const int labels[4] = { 0, 0, 0, 1 };

static void by_hand(void **state)
{
    (void)state;
    for (int norm = LATHE_CALIBRATION_MEAN; norm <= LATHE_CALIBRATION_MAX; norm++) {
        lathe_metric *metric = lathe_metric_calibration_error(2,
            &(lathe_calibration_opts){ .bins = 2,
                .probabilities = true,
                .norm = (lathe_calibration_norm)norm });
        assert_int_equal(lathe_metric_update(metric, scores, labels, 4), LATHE_OK);
        double got = lathe_metric_compute(metric), want = norm == LATHE_CALIBRATION_MEAN ? 0.25 : 0.5;
        assert_close_double("calibration", &got, &want, 1, 1e-15, 0);
        lathe_calibration_bin bins[2];
        assert_int_equal(lathe_calibration_bins(metric, bins, 2), LATHE_OK);
        double flat[6] = { bins[0].samples, bins[0].confidence, bins[0].accuracy, bins[1].samples,
            bins[1].confidence, bins[1].accuracy };
        double expected[6] = { 1, 0.5, 1, 3, 5.0 / 6, 2.0 / 3 };
        assert_close_double("bins", flat, expected, 6, 1e-15, 0);
        lathe_metric_free(metric);
    }
}

static void equals_the_paper(void **state)
{
    (void)state;
    static const char *const names[] = { "ordinary", "empty", "two" };
    static const int bins[] = { 1, 10, 15 };
    for (int i = 0; i < 3; i++) {
        metric_data data = metric_data_open(names[i], false);
        for (int b = 0; b < 3; b++) {
            char what[32];
            lathe_calibration_opts opts = { .bins = bins[b] == 15 ? 0 : bins[b] };
            snprintf(what, sizeof what, "ece.%d", bins[b]);
            assert_metric(&lathe_calibration_error_metric, &opts, &data, names[i], what);
            opts.norm = LATHE_CALIBRATION_MAX;
            snprintf(what, sizeof what, "mce.%d", bins[b]);
            assert_metric(&lathe_calibration_error_metric, &opts, &data, names[i], what);
        }
        metric_data_free(&data);
    }
}

static void mistakes_are_named(void **state)
{
    (void)state;
    assert_null(lathe_metric_calibration_error(2, &(lathe_calibration_opts){ .bins = -3 }));
    assert_failed(LATHE_EARG, "calibration_error: bins = -3");
    lathe_metric *metric = lathe_metric_calibration_error(2, NULL), *other = lathe_metric_accuracy(2, NULL);
    lathe_calibration_bin bins[15];
    assert_int_equal(lathe_calibration_bins(metric, bins, 14), LATHE_EARG);
    assert_failed(LATHE_EARG, "room for 14 bins, there are 15");
    assert_int_equal(lathe_calibration_bins(metric, bins, 15), LATHE_OK);
    assert_true(bins[3].samples == 0 && isnan(bins[3].confidence) && isnan(bins[3].accuracy));
    assert_int_equal(lathe_calibration_bins(other, bins, 15), LATHE_EARG);
    assert_failed(LATHE_EARG, "the metric is not a calibration_error");
    lathe_metric_free(metric);
    lathe_metric_free(other);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(by_hand),
        cmocka_unit_test(equals_the_paper),
        cmocka_unit_test(mistakes_are_named),
    };
    return cmocka_run_group_tests(tests, NULL, count_metrics);
}
