/* One class a picture. */
#include "support/task.h"

#include <math.h>
#include <string.h>

/* Largest scores: class 2, class 0 (the first of equals), class 1; labels 2, 1, 1. */
static const lathe_real scores[9] = { 0, 1, 2, 3, 3, 0, -1, 0, -2 };

static void by_hand(void **state)
{
    (void)state;
    lathe_dataset data = task_data("classify", 3);
    lathe_task *task = task_of(&data, "cross_entropy");
    const lathe_batch batch = task_batch(3, (int[]){ 2, 1, 1 });
    double values[2];
    task_metrics(task, scores, &batch, values);
    assert_true(values[0] == 2.0 / 3 && isnan(values[1]));
    double want = 0;
    for (int i = 0; i < 3; i++) {
        double sum = 0;
        for (int k = 0; k < 3; k++) sum += exp((double)scores[3 * i + k]);
        want += (log(sum) - (double)scores[3 * i + batch.labels[i]]) / 3;
    }
    assert_near(task_loss(task, scores, &batch), want, 1e-6);
    lathe_task_free(task);
}

/* A sample that is 0.75 of class 0 and 0.25 of class 2. */
static void mixed_labels_count_by_their_share(void **state)
{
    (void)state;
    lathe_dataset data = task_data("classify", 3);
    lathe_task *task = task_of(&data, "cross_entropy");
    lathe_batch batch = task_batch(1, (int[]){ 0 });
    batch.other_labels = (int[]){ 2 };
    batch.share = (lathe_real[]){ (lathe_real)0.75 };
    double sum = 1 + exp(1) + exp(2);
    assert_near(task_loss(task, scores, &batch), log(sum) - 0.25 * 2, 1e-6);
    lathe_task_free(task);
}

static void an_output_is_a_ranking(void **state)
{
    (void)state;
    lathe_dataset data = task_data("classify", 3);
    lathe_task *task = task_of(&data, NULL);
    double p[3] = { 0 };
    lathe_finding found[4];
    task->type->probabilities(task, (lathe_real[]){ 0, (lathe_real)log(2), 0 }, 1, p);
    assert_close_double("softmax", p, (double[]){ 0.25, 0.5, 0.25 }, 3, 0, 1e-7);
    assert_int_equal(task->type->decode(task, (double[]){ 0.25, 0.5, 0.25 }, 2, found, 4), 2);
    assert_true(found[0].index == 1 && found[0].probability == 0.5 && found[1].index == 0);
    assert_int_equal(task->type->decode(task, p, 9, found, 4), 3); /* no more than there are */
    assert_int_equal(task->type->decode(task, p, 9, found, 2), 2); /* no more than there is room */
    char line[64];
    task->type->describe(task, line, sizeof line);
    assert_string_equal(line, "one of 3 classes");
    assert_true(lathe_task_single_class(task));
    lathe_task_free(task);
}

static void mixed_labels_need_a_loss_that_takes_them(void **state)
{
    (void)state;
    lathe_dataset data = task_data("classify", 3);
    lathe_transforms *mixup = lathe_transforms_parse("mixup");
    lathe_task_opts opts = { .data = &data, .transforms = mixup, .loss = lathe_loss_find("focal") };
    assert_null(lathe_task_new(&opts));
    assert_failed(LATHE_EARG, "loss focal");
    opts.loss = lathe_loss_find("cross_entropy");
    lathe_task *task = lathe_task_new(&opts);
    assert_non_null(task);
    lathe_task_free(task);
    lathe_transforms_free(mixup);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(by_hand),
        cmocka_unit_test(mixed_labels_count_by_their_share),
        cmocka_unit_test(an_output_is_a_ranking),
        cmocka_unit_test(mixed_labels_need_a_loss_that_takes_them),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
