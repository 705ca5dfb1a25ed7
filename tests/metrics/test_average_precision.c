/*
 * Precision against recall. By hand, one class, scores .8 .4 .35 .1 of samples that are 1 0 1 0
 * (scikit-learn's own example):
 *
 *     threshold   .8    .4    .35   .1
 *     precision    1    1/2   2/3   1/2
 *     recall      1/2   1/2    1     1
 *
 *     average precision  1/2 * 1 + 1/2 * 2/3 = 5/6
 *     trapezoids         1/2 * 1 + 0 + 1/2 * (1/2 + 2/3) / 2 = 19/24
 */
#include "support/metric_test.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const lathe_real scores[4] = { (lathe_real)0.8, (lathe_real)0.4, (lathe_real)0.35, (lathe_real)0.1 };
static const int targets[4] = { 1, 0, 1, 0 };

static void by_hand(void **state)
{
    (void)state;
    static const double want[2] = { 5.0 / 6, 19.0 / 24 };
    const lathe_metric_type *const types[2] = { &lathe_average_precision_metric, &lathe_pr_auc_metric };
    for (int i = 0; i < 2; i++) {
        lathe_metric *metric = lathe_metric_new(types[i], 1, NULL);
        assert_int_equal(lathe_metric_update_many(metric, scores, targets, 4), LATHE_OK);
        double got = lathe_metric_compute(metric), each;
        assert_int_equal(lathe_metric_per_class(metric, &each, 1), LATHE_OK);
        assert_close_double(types[i]->name, &got, &want[i], 1, 1e-15, 0);
        assert_true(each == got);
        lathe_metric_free(metric);
    }
}

/* Two classes are ranked perfectly, the third does not occur: the mean is 1, over all classes it is less. */
static void absent_classes_have_no_part(void **state)
{
    (void)state;
    static const int labels[4] = { 0, 0, 1, 1 };
    const lathe_metric_type *const types[2] = { &lathe_average_precision_metric, &lathe_pr_auc_metric };
    static const double of_all[2] = { 2.0 / 3, 2.5 / 3 };
    lathe_real three[12] = { 0 };
    for (int i = 0; i < 4; i++) three[3 * i + labels[i]] = 1;
    for (int t = 0; t < 2; t++)
        for (int all = 0; all <= 1; all++) {
            lathe_metric *metric =
                lathe_metric_new(types[t], 3, &(lathe_average_precision_opts){ .all_classes = all != 0 });
            assert_int_equal(lathe_metric_update(metric, three, labels, 4), LATHE_OK);
            double got = lathe_metric_compute(metric), want = all ? of_all[t] : 1;
            assert_close_double(types[t]->name, &got, &want, 1, 1e-15, 0);
            lathe_metric_free(metric);
        }
}

static void check(const metric_data *data, const char *name, bool probabilities)
{
    static const char *const averages[] = { "macro", "micro", "weighted" };
    const lathe_metric_type *const types[2] = { &lathe_average_precision_metric, &lathe_pr_auc_metric };
    for (int t = 0; t < 2; t++) {
        lathe_average_precision_opts opts = { .probabilities = probabilities, .all_classes = true };
        char what[64];
        for (int a = 0; a < 3; a++) {
            opts.average = (lathe_classwise_average)a;
            snprintf(what, sizeof what, "%s.%s", types[t]->name, averages[a]);
            assert_metric(types[t], &opts, data, name, what);
        }
        snprintf(what, sizeof what, "%s.each", types[t]->name);
        assert_each_class(types[t], &opts, data, name, what);
    }
}

static void equals_sklearn(void **state)
{
    (void)state;
    static const char *const names[] = { "ordinary", "empty", "two", "many", "gaps", "nothing" };
    for (int i = 0; i < 6; i++) {
        char name[64];
        metric_data data = metric_data_open(names[i], i >= 3);
        check(&data, names[i], true);
        snprintf(name, sizeof name, "%s.softmax", names[i]);
        if (!data.many) check(&data, name, false);
        metric_data_free(&data);
    }
}

static void check_curve(const lathe_metric *metric, const char *name, int class_number)
{
    static const char *const parts[] = { "precision", "recall", "threshold" };
    lathe_pr_point points[128];
    size_t count, n;
    assert_int_equal(lathe_pr_curve(metric, class_number, points, 128, &count), LATHE_OK);
    for (int p = 0; p < 3; p++) {
        char full[64];
        double got[128];
        for (size_t i = 0; i < count; i++)
            got[i] = p == 0 ? points[i].precision : p == 1 ? points[i].recall : points[i].threshold;
        snprintf(full, sizeof full, "%s.curve%d.%s", name, class_number, parts[p]);
        golden_tried();
        double *want = golden("metrics.txt", full, &n);
        assert_int_equal(n, p < 2 ? count : count - 1); /* the last point has no threshold there */
        assert_close_double(full, got, want, n, 1e-12, 1e-12);
        golden_agreed();
        free(want);
    }
    assert_true(isinf(points[count - 1].threshold));
}

static void curves_equal_sklearn(void **state)
{
    (void)state;
    static const char *const names[] = { "ordinary", "empty", "gaps", "nothing" };
    for (int i = 0; i < 4; i++) {
        metric_data data = metric_data_open(names[i], i >= 2);
        lathe_metric *metric = metric_fed(&lathe_average_precision_metric,
            &(lathe_average_precision_opts){ .probabilities = true }, &data);
        for (int k = 0; k < data.classes; k++) check_curve(metric, names[i], k);
        lathe_metric_free(metric);
        metric_data_free(&data);
    }
}

static void too_little_room_is_told(void **state)
{
    (void)state;
    lathe_metric *metric = lathe_metric_average_precision(1, NULL);
    lathe_metric_update_many(metric, scores, targets, 4);
    lathe_pr_point points[6];
    memset(points, 0, sizeof points);
    size_t count = 0;
    assert_int_equal(lathe_pr_curve(metric, 0, points, 4, &count), LATHE_OK);
    assert_int_equal(count, 5);
    assert_true(points[4].precision == 0 && points[5].precision == 0);
    assert_int_equal(lathe_pr_curve(metric, -1, points, count, &count), LATHE_OK);
    assert_true(points[4].precision == 1 && points[4].recall == 0 && points[0].recall == 1 &&
        points[5].precision == 0);
    lathe_metric_free(metric);
}

/* After a reset the same object takes samples of the other kind; its room was made for the first. */
static void a_reset_allows_the_other_kind(void **state)
{
    (void)state;
    metric_data first = metric_data_open("ordinary", false), second = metric_data_open("many", true);
    lathe_metric *metric = metric_fed(&lathe_average_precision_metric, NULL, &first);
    assert_int_equal(first.classes, second.classes);
    lathe_metric_reset(metric);
    assert_int_equal(lathe_metric_update_many(metric, second.scores, second.labels, (size_t)second.samples),
        LATHE_OK);
    double got = lathe_metric_compute(metric), want = golden_number("many", "average_precision.macro");
    assert_close_double("after reset", &got, &want, 1, 1e-12, 0);
    lathe_metric_free(metric);
    metric_data_free(&first);
    metric_data_free(&second);
}

/* Whatever allocation fails: an error, no crash, and the samples of before are still there. */
static void memory_may_run_out(void **state)
{
    (void)state;
    lathe_metric *metric = lathe_metric_average_precision(1, NULL);
    for (size_t nth = 1; nth <= 2; nth++) {
        lathe_alloc_fail_at(nth, false);
        assert_int_equal(lathe_metric_update_many(metric, scores, targets, 4), LATHE_ENOMEM);
        lathe_alloc_fail_at(0, false);
        assert_int_equal(lathe_metric_samples(metric), 0);
    }
    assert_int_equal(lathe_metric_update_many(metric, scores, targets, 4), LATHE_OK);
    for (size_t nth = 1; nth <= 2; nth++) {
        lathe_alloc_fail_at(nth, false);
        assert_true(isnan(lathe_metric_compute(metric)));
        lathe_alloc_fail_at(0, false);
    }
    assert_true(lathe_metric_compute(metric) > 0.8);
    lathe_metric_free(metric);
    lathe_error_clear();
}

static void mistakes_are_named(void **state)
{
    (void)state;
    lathe_metric *metric = lathe_metric_pr_auc(2, NULL), *other = lathe_metric_accuracy(2, NULL);
    lathe_pr_point points[4];
    size_t count;
    assert_int_equal(lathe_pr_curve(metric, 0, points, 4, &count), LATHE_ESTATE);
    assert_failed(LATHE_ESTATE, "there are no samples yet");
    assert_int_equal(lathe_pr_curve(metric, 2, points, 4, &count), LATHE_EARG);
    assert_failed(LATHE_EARG, "lathe_pr_curve: class 2 of 2");
    assert_int_equal(lathe_pr_curve(other, 0, points, 4, &count), LATHE_EARG);
    assert_failed(LATHE_EARG, "the metric accuracy has no curve");
    lathe_metric_free(metric);
    lathe_metric_free(other);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(by_hand),
        cmocka_unit_test(absent_classes_have_no_part),
        cmocka_unit_test(equals_sklearn),
        cmocka_unit_test(curves_equal_sklearn),
        cmocka_unit_test(too_little_room_is_told),
        cmocka_unit_test(a_reset_allows_the_other_kind),
        cmocka_unit_test(memory_may_run_out),
        cmocka_unit_test(mistakes_are_named),
    };
    return cmocka_run_group_tests(tests, NULL, count_metrics);
}
