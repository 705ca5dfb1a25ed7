/*
 * Precision, recall, F-score, IoU. By hand, labels 0 0 1 1 1 2 predicted as 0 1 1 1 2 2:
 *
 *     class   TP  FP  FN   precision  recall  F1    IoU
 *       0      1   0   1      1        1/2    2/3   1/2
 *       1      2   1   1     2/3       2/3    2/3   1/2
 *       2      1   1   0     1/2        1     2/3   1/2
 */
#include "support/metric_test.h"

static const lathe_metric_type *const types[] = { &lathe_precision_metric, &lathe_recall_metric,
    &lathe_fbeta_metric, &lathe_iou_metric };

static void by_hand(void **state)
{
    (void)state;
    static const int labels[6] = { 0, 0, 1, 1, 1, 2 }, predicted[6] = { 0, 1, 1, 1, 2, 2 };
    static const double want[4][3] = { { 1, 2.0 / 3, 0.5 }, { 0.5, 2.0 / 3, 1 },
        { 2.0 / 3, 2.0 / 3, 2.0 / 3 }, { 0.5, 0.5, 0.5 } };
    lathe_real scores[18] = { 0 };
    for (int i = 0; i < 6; i++) scores[3 * i + predicted[i]] = 1;
    for (int t = 0; t < 4; t++) {
        lathe_metric *metric = lathe_metric_new(types[t], 3, NULL);
        assert_int_equal(lathe_metric_update(metric, scores, labels, 6), LATHE_OK);
        double values[3], mean = (want[t][0] + want[t][1] + want[t][2]) / 3,
                          got = lathe_metric_compute(metric);
        assert_int_equal(lathe_metric_per_class(metric, values, 3), LATHE_OK);
        assert_close_double(types[t]->name, values, want[t], 3, 1e-15, 0);
        assert_close_double(types[t]->name, &got, &mean, 1, 1e-15, 0);
        lathe_metric_free(metric);
    }
}

/* All answers are right, and the fourth class does not occur: each mean is 1, and 3/4 over all classes. */
static void absent_classes_have_no_part(void **state)
{
    (void)state;
    static const int labels[6] = { 0, 0, 1, 1, 1, 2 };
    lathe_real scores[24] = { 0 };
    for (int i = 0; i < 6; i++) scores[4 * i + labels[i]] = 1;
    for (int t = 0; t < 4; t++)
        for (int all = 0; all <= 1; all++) {
            lathe_metric *metric =
                lathe_metric_new(types[t], 4, &(lathe_classwise_opts){ .all_classes = all != 0 });
            assert_int_equal(lathe_metric_update(metric, scores, labels, 6), LATHE_OK);
            double got = lathe_metric_compute(metric), want = all ? 0.75 : 1;
            assert_close_double(types[t]->name, &got, &want, 1, 1e-15, 0);
            lathe_metric_free(metric);
        }
    scores[23] = 2; /* the class is predicted now, and counts with 0 */
    lathe_metric *metric = lathe_metric_precision(4, NULL);
    assert_int_equal(lathe_metric_update(metric, scores, labels, 6), LATHE_OK);
    double got = lathe_metric_compute(metric), want = 0.5;
    assert_close_double("predicted", &got, &want, 1, 1e-15, 0);
    lathe_metric_free(metric);
}

/* Every metric, average and value of 0/0 on one data set. */
static int check_all(const metric_data *data)
{
    static const struct {
        const char *name;
        const lathe_metric_type *type;
        double beta;
    } metrics[] = { { "precision", &lathe_precision_metric, 0 }, { "recall", &lathe_recall_metric, 0 },
        { "f1", &lathe_fbeta_metric, 0 }, { "f2", &lathe_fbeta_metric, 2 },
        { "f0.5", &lathe_fbeta_metric, 0.5 }, { "iou", &lathe_iou_metric, 0 } };
    static const char *const averages[] = { "macro", "micro", "weighted" };
    int cases = 0;
    for (int m = 0; m < 6; m++)
        for (int zero = 0; zero <= 1; zero++) {
            lathe_classwise_opts opts = { .beta = metrics[m].beta,
                .zero_division = zero,
                .threshold = 0.25,
                .all_classes = true };
            char what[64];
            for (int a = 0; a < 3; a++, cases++) {
                opts.average = (lathe_classwise_average)a;
                snprintf(what, sizeof what, "%s.%s.%d", metrics[m].name, averages[a], zero);
                assert_metric(metrics[m].type, &opts, data, data->name, what);
            }
            snprintf(what, sizeof what, "%s.each.%d", metrics[m].name, zero);
            assert_each_class(metrics[m].type, &opts, data, data->name, what);
            cases++;
        }
    return cases;
}

static void equals_sklearn(void **state)
{
    (void)state;
    static const char *const names[] = { "ordinary", "empty", "two", "many", "gaps", "nothing" };
    int cases = 0;
    for (int i = 0; i < 6; i++) {
        metric_data data = metric_data_open(names[i], i >= 3);
        cases += check_all(&data);
        metric_data_free(&data);
    }
    assert_int_equal(cases, 6 * 6 * 2 * 4);
}

static void mistakes_are_named(void **state)
{
    (void)state;
    assert_null(lathe_metric_fbeta(3, &(lathe_classwise_opts){ .beta = -1 }));
    assert_failed(LATHE_EARG, "fbeta: beta = -1");
    assert_null(lathe_metric_precision(3, &(lathe_classwise_opts){ .zero_division = 2 }));
    assert_failed(LATHE_EARG, "precision: zero_division = 2");
    assert_null(lathe_metric_recall(0, NULL));
    assert_failed(LATHE_EARG, "recall needs at least 1 classes, not 0");
    assert_null(lathe_fields_find(lathe_iou_metric.fields, "beta"));
    assert_non_null(lathe_fields_find(lathe_fbeta_metric.fields, "beta"));
    lathe_metric *metric = lathe_metric_iou(2, NULL);
    lathe_real scores[4] = { 0, 1, 1, 0 };
    assert_int_equal(lathe_metric_update_many(metric, scores, (int[]){ 0, 1, 2, 1 }, 2), LATHE_EARG);
    assert_failed(LATHE_EARG, "sample 1 has the target 2, legal are 0 to 1");
    assert_int_equal(lathe_metric_update(metric, scores, (int[]){ 1 }, 1), LATHE_OK);
    assert_int_equal(lathe_metric_update_many(metric, scores, (int[]){ 1, 1 }, 1), LATHE_ESTATE);
    assert_failed(LATHE_ESTATE, "iou has samples with labels already, and these come with targets");
    lathe_metric_free(metric);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(by_hand),
        cmocka_unit_test(absent_classes_have_no_part),
        cmocka_unit_test(equals_sklearn),
        cmocka_unit_test(mistakes_are_named),
    };
    return cmocka_run_group_tests(tests, NULL, count_metrics);
}
