/* Any number of classes a picture. */
#include "support/task.h"

#include <math.h>

static void by_hand(void **state)
{
    (void)state;
    lathe_dataset data = task_data("tags", 3);
    lathe_task *task = task_of(&data, "binary_cross_entropy");
    static const lathe_real scores[6] = { 1, -1, 0, 2, 3, -4 }; /* yes no no, yes yes no */
    const lathe_batch batch = task_batch(2, (int[]){ 1, 0, 1, 0, 1, 0 });
    double values[2], want = 0;
    task_metrics(task, scores, &batch, values);
    assert_true(values[0] == 4.0 / 6 && isnan(values[1]));
    for (int i = 0; i < 6; i++) {
        double p = 1 / (1 + exp(-(double)scores[i]));
        want -= log(batch.labels[i] ? p : 1 - p) / 6;
    }
    assert_near(task_loss(task, scores, &batch), want, 1e-6);
    lathe_task_free(task);
}

static void an_output_is_the_tags_that_are_likely(void **state)
{
    (void)state;
    lathe_dataset data = task_data("tags", 3);
    lathe_task *task = task_of(&data, NULL);
    double p[3] = { 0 };
    lathe_finding found[3];
    task->type->probabilities(task, (lathe_real[]){ 0, (lathe_real)log(3), (lathe_real)-log(3) }, 1, p);
    assert_close_double("sigmoid", p, (double[]){ 0.5, 0.75, 0.25 }, 3, 0, 1e-7);
    assert_int_equal(task->type->decode(task, (double[]){ 0.9, 0.2, 0.6 }, 1, found, 3), 2);
    assert_true(found[0].index == 0 && found[1].index == 2);
    assert_int_equal(task->type->decode(task, (double[]){ 0.1, 0.2, 0 }, 1, found, 3), 1);
    assert_int_equal(found[0].index, 1);
    assert_int_equal(task->type->decode(task, (double[]){ 0.9, 0.9, 0.9 }, 1, found, 2), 2);
    assert_false(lathe_task_single_class(task));
    lathe_task_free(task);
}

static void what_does_not_fit_is_refused(void **state)
{
    (void)state;
    lathe_dataset data = task_data("tags", 3);
    lathe_task_opts opts = { .data = &data, .loss = lathe_loss_find("cross_entropy") };
    assert_null(lathe_task_new(&opts));
    assert_failed(LATHE_EARG, "binary_cross_entropy is for that");
    opts.loss = lathe_loss_find("binary_cross_entropy");
    opts.class_weights = "balanced";
    assert_null(lathe_task_new(&opts));
    assert_failed(LATHE_EARG, "class_weights");
    opts.class_weights = "1,2,3";
    lathe_task *task = lathe_task_new(&opts);
    assert_non_null(task);
    lathe_task_free(task);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(by_hand),
        cmocka_unit_test(an_output_is_the_tags_that_are_likely),
        cmocka_unit_test(what_does_not_fit_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
