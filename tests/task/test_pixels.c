/* A class for each pixel. */
#include "support/task.h"

#include <math.h>
#include <string.h>

static lathe_dataset masks(void)
{
    lathe_dataset data = task_data("pixels", 3);
    data.masks = true;
    return data;
}

/*
 * Pictures of 2 x 3 with scores of 3 classes, of which class 2 never occurs and is never predicted:
 *
 *     predicted  0 0 1     true  0 1 1     class 0: 2 of the 3 pixels that are 0 or predicted 0
 *                1 1 0           1 1 0     class 1: 3 of 4
 */
static const lathe_real scores[18] = { 1, 1, 0, 0, 0, 1, 0, 1, 2, 2, 2, 0, -1, -1, -1, -1, -1, 0 };
static const int mask[6] = { 0, 1, 1, 1, 1, 0 };

static void by_hand(void **state)
{
    (void)state;
    lathe_dataset data = masks();
    lathe_task *task = task_of(&data, "cross_entropy");
    const lathe_batch batch = task_batch(1, mask);
    double values[2], want = 0;
    task_metrics(task, scores, &batch, values);
    assert_true(values[0] == 5.0 / 6);
    assert_near(values[1], (2.0 / 3 + 3.0 / 4) / 2, 1e-15);
    for (int p = 0; p < 6; p++) {
        double sum = 0;
        for (int k = 0; k < 3; k++) sum += exp((double)scores[6 * k + p]);
        want += (log(sum) - (double)scores[6 * mask[p] + p]) / 6;
    }
    assert_near(task_loss(task, scores, &batch), want, 1e-6);
    assert_string_equal(task->type->metrics[1].name, "mean_iou");
    lathe_task_free(task);
}

static void before_the_first_batch_nothing_is_known(void **state)
{
    (void)state;
    lathe_dataset data = masks();
    lathe_task *task = task_of(&data, NULL);
    double sums[64] = { 0 }, values[LATHE_TASK_METRICS];
    lathe_task_compute(task, sums, values);
    for (int i = 0; i < LATHE_TASK_METRICS; i++) assert_true(isnan(values[i]));
    lathe_task_free(task);
}

static void an_output_is_a_mask(void **state)
{
    (void)state;
    lathe_dataset data = masks();
    lathe_task *task = task_of(&data, NULL);
    uint8_t made[6];
    double p[3] = { 0 };
    lathe_finding found[3];
    task->type->mask(task, scores, made);
    assert_memory_equal(made, ((uint8_t[]){ 0, 0, 1, 1, 1, 0 }), 6);
    task->type->probabilities(task, scores, 1, p);
    assert_close_double("parts", p, (double[]){ 0.5, 0.5, 0 }, 3, 0, 1e-12);
    assert_int_equal(task->type->decode(task, (double[]){ 0.25, 0.75, 0 }, 1, found, 3), 2);
    assert_true(found[0].index == 1 && found[1].index == 0);
    char line[64];
    task->type->describe(task, line, sizeof line);
    assert_string_equal(line, "one of 3 classes for each of 2 x 3 pixels");
    lathe_task_free(task);
}

static void each_pixel_is_a_sample_of_the_view(void **state)
{
    (void)state;
    lathe_dataset data = masks();
    lathe_task *task = task_of(&data, NULL);
    const lathe_batch batch = task_batch(1, mask);
    double values[2];
    lathe_task_view view;
    task_metrics(task, scores, &batch, values); /* makes room */
    assert_true(task->type->view(task, 0, scores, &batch, &view));
    assert_true(view.count == 6 && view.classes == 3 && view.labels == mask && !view.many);
    for (int p = 0; p < 6; p++)
        for (int k = 0; k < 3; k++) assert_true(view.scores[3 * p + k] == scores[6 * k + p]);
    assert_false(lathe_task_single_class(task));
    lathe_task_free(task);
}

static void what_does_not_fit_is_refused(void **state)
{
    (void)state;
    lathe_dataset data = masks();
    assert_null(lathe_task_new(&(lathe_task_opts){ .data = &data, .class_weights = "balanced" }));
    assert_failed(LATHE_EARG, "each pixel");
    data.masks = false;
    assert_null(lathe_task_new(&(lathe_task_opts){ .data = &data }));
    assert_failed(LATHE_EARG, "letters has no masks");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(by_hand),
        cmocka_unit_test(before_the_first_batch_nothing_is_known),
        cmocka_unit_test(an_output_is_a_mask),
        cmocka_unit_test(each_pixel_is_a_sample_of_the_view),
        cmocka_unit_test(what_does_not_fit_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
