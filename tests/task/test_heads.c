/* A class of each of several kinds. */
#include "support/task.h"

#include <math.h>

static const lathe_head heads[] = { { "colour", 0, 2 }, { "shape", 2, 3 } };

static lathe_dataset two_heads(void)
{
    lathe_dataset data = task_data("heads", 5);
    data.heads = data.targets_each = 2;
    data.head = heads;
    return data;
}

/* colour 1 and shape 0; colour 0 and shape 2. */
static const lathe_real scores[10] = { 0, 1, 5, 4, 3, 2, 0, 1, 1, 6 };

static double cross_entropy(const lathe_real *x, int classes, int label)
{
    double sum = 0;
    for (int k = 0; k < classes; k++) sum += exp((double)x[k]);
    return log(sum) - (double)x[label];
}

static void by_hand(void **state)
{
    (void)state;
    lathe_dataset data = two_heads();
    lathe_task *task = task_of(&data, "cross_entropy");
    const lathe_batch batch = task_batch(2, (int[]){ 1, 0, 1, 2 });
    double values[2], want = 0;
    task_metrics(task, scores, &batch, values);
    assert_true(values[0] == 0.75 && isnan(values[1]));
    for (int i = 0; i < 2; i++)
        want += (cross_entropy(scores + 5 * i, 2, batch.labels[2 * i]) +
                    cross_entropy(scores + 5 * i + 2, 3, batch.labels[2 * i + 1])) /
            2;
    assert_near(task_loss(task, scores, &batch), want, 1e-6);
    lathe_task_free(task);
}

static void each_head_is_a_view(void **state)
{
    (void)state;
    lathe_dataset data = two_heads();
    lathe_task *task = task_of(&data, NULL);
    const lathe_batch batch = task_batch(2, (int[]){ 1, 0, 1, 2 });
    double values[2];
    lathe_task_view view;
    task_metrics(task, scores, &batch, values); /* makes room */
    assert_true(task->type->view(task, 1, scores, &batch, &view));
    assert_string_equal(view.name, "shape");
    assert_true(view.classes == 3 && view.first == 2 && view.count == 2 && !view.many);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(view.labels[i], batch.labels[2 * i + 1]);
        for (int k = 0; k < 3; k++) assert_true(view.scores[3 * i + k] == scores[5 * i + 2 + k]);
    }
    assert_false(task->type->view(task, 2, scores, &batch, &view));
    assert_false(lathe_task_single_class(task));
    lathe_task_free(task);
}

static void an_output_is_a_class_of_each(void **state)
{
    (void)state;
    lathe_dataset data = two_heads();
    lathe_task *task = task_of(&data, NULL);
    double p[5] = { 0 };
    lathe_finding found[2];
    for (int i = 0; i < 2; i++) task->type->probabilities(task, scores, 0.5, p);
    assert_near(p[0] + p[1], 1, 1e-12);
    assert_near(p[2] + p[3] + p[4], 1, 1e-12);
    assert_int_equal(task->type->decode(task, p, 1, found, 2), 2);
    assert_true(found[0].index == 1 && found[1].index == 2 && found[1].probability == p[2]);
    assert_int_equal(task->type->decode(task, p, 1, found, 1), 1);
    char line[128];
    task->type->describe(task, line, sizeof line);
    assert_string_equal(line, "a class of each of colour (2), shape (3)");
    lathe_task_free(task);
}

static void what_does_not_fit_is_refused(void **state)
{
    (void)state;
    lathe_dataset data = two_heads();
    assert_null(lathe_task_new(&(lathe_task_opts){ .data = &data, .class_weights = "1,2,3,4,5" }));
    assert_failed(LATHE_EARG, "several heads");
    data.heads = 0;
    assert_null(lathe_task_new(&(lathe_task_opts){ .data = &data }));
    assert_failed(LATHE_EARG, "letters has no heads");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(by_hand),
        cmocka_unit_test(each_head_is_a_view),
        cmocka_unit_test(an_output_is_a_class_of_each),
        cmocka_unit_test(what_does_not_fit_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
