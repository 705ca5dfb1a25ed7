/* Which metrics fit a task, and the mistakes of highest confidence. */
#include "support/task.h"

#include <string.h>

static const lathe_head heads[] = { { "colour", 0, 2 }, { "shape", 2, 3 } };

/* Is there a metric of that name? */
static bool has(const lathe_measure *measure, const char *name)
{
    for (int i = 0; i < measure->metrics; i++)
        if (!strcmp(measure->name[i], name)) return true;
    return false;
}

static void metrics_fit_the_task(void **state)
{
    (void)state;
    static const struct {
        const char *task;
        bool confusion, accuracy, average_precision, head;
    } cases[] = { { "classify", true, true, true, false }, { "tags", false, false, true, false },
        { "heads", false, false, false, true }, { "pixels", true, true, false, false } };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        lathe_dataset data = task_data(cases[i].task, 5);
        data.masks = !strcmp(cases[i].task, "pixels");
        if (cases[i].head) data.heads = data.targets_each = 2, data.head = heads;
        lathe_task *task = task_of(&data, NULL);
        lathe_measure *measure = lathe_measure_new(task, NULL);
        if (!measure) fail_msg("%s", lathe_error_message());
        assert_int_equal(measure->confusion != NULL, cases[i].confusion);
        assert_int_equal(has(measure, "accuracy"), cases[i].accuracy);
        assert_int_equal(has(measure, "average_precision"), cases[i].average_precision);
        assert_int_equal(has(measure, "colour.accuracy") && has(measure, "shape.accuracy"), cases[i].head);
        if (cases[i].head) {
            assert_int_equal(lathe_metric_classes(measure->metric[0]), 2);
            assert_int_equal(lathe_metric_classes(measure->metric[measure->metrics - 1]), 3);
        }
        lathe_measure_free(measure);
        lathe_task_free(task);
    }
}

static void what_a_task_has_not_is_refused(void **state)
{
    (void)state;
    lathe_dataset data = task_data("tags", 3);
    lathe_task *task = task_of(&data, NULL);
    assert_null(lathe_measure_new(task, &(lathe_measure_opts){ .curve = true }));
    assert_failed(LATHE_EARG, "one class a picture");
    assert_null(lathe_measure_new(task, &(lathe_measure_opts){ .mistakes = 3 }));
    assert_failed(LATHE_EARG, "letters");
    assert_null(lathe_measure_new(task, &(lathe_measure_opts){ .metrics = "recall,no_metric" }));
    assert_failed(LATHE_ENAME, "no_metric");
    lathe_measure *measure = lathe_measure_new(task, &(lathe_measure_opts){ .metrics = "" });
    assert_int_equal(measure->metrics, 0);
    lathe_measure_free(measure);
    lathe_task_free(task);
}

/* The surest first, of equals the earlier; the unsure fall out. */
static void mistakes_are_kept_by_confidence(void **state)
{
    (void)state;
    lathe_dataset data = task_data("classify", 2);
    lathe_task *task = task_of(&data, NULL);
    lathe_measure *measure = lathe_measure_new(task, &(lathe_measure_opts){ .metrics = "", .mistakes = 3 });
    static const lathe_real scores[12] = { 1, 0, 3, 0, 0, 9, 2, 0, 3, 0, 1, 0 };
    const lathe_batch batch = task_batch(6, (int[]){ 1, 1, 1, 1, 1, 1 });
    const lathe_pass pass = { .batch = &batch, .scores = scores, .first = 10 };
    assert_int_equal(lathe_measure_update(measure, task, &pass), LATHE_OK);
    static const size_t want[] = { 11, 14, 13 };
    assert_int_equal(measure->mistakes, 3);
    for (int i = 0; i < 3; i++) assert_int_equal(measure->mistake[i].index, want[i]);
    lathe_measure_free(measure);
    lathe_task_free(task);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(metrics_fit_the_task),
        cmocka_unit_test(what_a_task_has_not_is_refused),
        cmocka_unit_test(mistakes_are_kept_by_confidence),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
