#include "support/metric_test.h"

#include <stdlib.h>

static const lathe_real scores[15] = { 1, 0, 0, 0, 1, 0, 0, 1, 1, 0, 0, 3, 2, 2, 1 };

/* Predictions 0 1 1 2 0 (the first of equals) for labels 0 1 2 2 1. */
static void by_hand(void **state)
{
    (void)state;
    lathe_confusion *confusion = lathe_confusion_new(3);
    assert_int_equal(lathe_confusion_update(confusion, scores, (int[]){ 0, 1, 2 }, 3), LATHE_OK);
    assert_int_equal(lathe_confusion_update(confusion, scores + 9, (int[]){ 2, 1 }, 2), LATHE_OK);
    static const uint64_t want[9] = { 1, 0, 0, 1, 1, 0, 0, 1, 1 };
    assert_memory_equal(lathe_confusion_counts(confusion), want, sizeof want);
    lathe_class_counts one = lathe_confusion_class(confusion, 1);
    assert_true(one.true_positive == 1 && one.false_positive == 1 && one.false_negative == 1 &&
        one.true_negative == 2);
    lathe_class_counts none = lathe_confusion_class(confusion, 3);
    assert_true(none.true_positive == 0 && none.true_negative == 0);
    lathe_confusion_reset(confusion);
    for (int i = 0; i < 9; i++) assert_true(lathe_confusion_counts(confusion)[i] == 0);
    lathe_confusion_free(confusion);
    lathe_confusion_free(NULL);
}

static void equals_sklearn(void **state)
{
    (void)state;
    static const char *const names[] = { "ordinary", "empty", "two" };
    for (int i = 0; i < 3; i++) {
        metric_data data = metric_data_open(names[i], false);
        lathe_confusion *confusion = lathe_confusion_new(data.classes);
        assert_int_equal(lathe_confusion_update(confusion, data.scores, data.labels, (size_t)data.samples),
            LATHE_OK);
        char name[64];
        size_t n;
        snprintf(name, sizeof name, "%s.confusion", names[i]);
        golden_tried();
        double *want = golden("metrics.txt", name, &n);
        assert_int_equal(n, data.classes * data.classes);
        for (size_t k = 0; k < n; k++) assert_true((double)lathe_confusion_counts(confusion)[k] == want[k]);
        golden_agreed();
        free(want);
        lathe_confusion_free(confusion);
        metric_data_free(&data);
    }
}

/* 0 for 1 twice, 1 for 2 three times, 2 for 0 twice, 2 for 1 once. */
static void mistakes_by_frequency(void **state)
{
    (void)state;
    static const int pairs[][3] = { { 0, 1, 2 }, { 1, 2, 3 }, { 2, 0, 2 }, { 2, 1, 1 }, { 0, 0, 9 } };
    lathe_confusion *confusion = lathe_confusion_new(3);
    for (int i = 0; i < 5; i++)
        for (int n = 0; n < pairs[i][2]; n++) {
            lathe_real row[3] = { 0 };
            row[pairs[i][1]] = 1;
            lathe_confusion_update(confusion, row, &pairs[i][0], 1);
        }
    static const int order[] = { 1, 0, 2, 3 };
    for (int room = 0; room <= 6; room++) {
        lathe_confused found[7];
        found[room] = (lathe_confused){ -1, -1, 77 };
        int count = lathe_confusion_mistakes(confusion, found, room);
        assert_int_equal(count, room < 4 ? room : 4);
        for (int i = 0; i < count; i++) {
            assert_int_equal(found[i].label, pairs[order[i]][0]);
            assert_int_equal(found[i].predicted, pairs[order[i]][1]);
            assert_int_equal(found[i].count, pairs[order[i]][2]);
        }
        assert_int_equal(found[room].count, 77); /* nothing is written beyond */
    }
    lathe_confusion_free(confusion);
}

static void mistakes_are_named(void **state)
{
    (void)state;
    assert_null(lathe_confusion_new(1));
    assert_failed(LATHE_EARG, "lathe_confusion_new: 1 classes");
    lathe_confusion *confusion = lathe_confusion_new(3);
    assert_int_equal(lathe_confusion_update(confusion, scores, (int[]){ 0, 3 }, 2), LATHE_EARG);
    assert_failed(LATHE_EARG, "lathe_confusion_update: sample 1 has the label 3, legal are 0 to 2");
    for (int i = 0; i < 9; i++) assert_true(lathe_confusion_counts(confusion)[i] == 0);
    lathe_confusion_free(confusion);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(by_hand),
        cmocka_unit_test(equals_sklearn),
        cmocka_unit_test(mistakes_by_frequency),
        cmocka_unit_test(mistakes_are_named),
    };
    return cmocka_run_group_tests(tests, NULL, count_metrics);
}
