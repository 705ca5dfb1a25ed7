/* What all kinds of task share: names, columns, shapes. */
#include "support/task.h"

#include <math.h>
#include <string.h>

static void kinds_are_found_by_name_and_by_word(void **state)
{
    (void)state;
    static const char *const names[] = { "classify", "heads", "pixels", "tags" };
    static const char *const words[] = { "class", "heads", "pixels", "many" };
    for (int i = 0; i < 4; i++) {
        assert_string_equal(lathe_task_at(i)->name, names[i]);
        assert_ptr_equal(lathe_task_find(names[i]), lathe_task_at(i));
        assert_ptr_equal(lathe_task_find(words[i]), lathe_task_at(i));
    }
    assert_null(lathe_task_at(4));
    assert_null(lathe_task_find("clasify"));
    assert_failed(LATHE_ENAME, "did you mean classify");
    lathe_dataset data = task_data("unheard-of", 3);
    assert_null(lathe_task_new(&(lathe_task_opts){ .data = &data }));
    assert_failed(LATHE_ENAME, "unheard-of");
}

static void columns_are_named_after_the_metrics(void **state)
{
    (void)state;
    lathe_dataset data = task_data("pixels", 3);
    data.masks = true;
    lathe_task *task = task_of(&data, NULL);
    static const struct {
        const char *name;
        lathe_task_column column;
    } cases[] = {
        { "train_loss", { false, -1, true } },
        { "val_loss", { true, -1, true } },
        { "val_accuracy", { true, 0, false } },
        { "train_mean_iou", { false, 1, false } },
        { "val_mean_iou", { true, 1, false } },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        lathe_task_column column;
        assert_int_equal(lathe_task_column_find(task, cases[i].name, &column), LATHE_OK);
        assert_true(column.validation == cases[i].column.validation &&
            column.metric == cases[i].column.metric &&
            column.lower_is_better == cases[i].column.lower_is_better);
    }
    static const char *const wrong[] = { "mean_iou", "val_", "val_iou", "test_loss", "", "loss" };
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        lathe_task_column column;
        assert_int_equal(lathe_task_column_find(task, wrong[i], &column), LATHE_ENAME);
        assert_failed(LATHE_ENAME, "train_loss, val_loss, train_accuracy, val_accuracy, train_mean_iou");
    }
    lathe_task_free(task);
}

static void equals_rank_in_the_order_of_the_classes(void **state)
{
    (void)state;
    lathe_finding found[4];
    assert_int_equal(lathe_findings_rank((double[]){ 0.2, 0.4, 0.4, 0 }, 4, 4, found), 4);
    static const int order[] = { 1, 2, 0, 3 };
    for (int i = 0; i < 4; i++) assert_int_equal(found[i].index, order[i]);
    assert_int_equal(lathe_findings_rank((double[]){ NAN, NAN }, 2, 2, found), 2); /* whatever it is given */
    assert_int_equal(lathe_findings_rank(NULL, 2, 2, found), 0);
}

static void what_a_net_must_give_is_said(void **state)
{
    (void)state;
    lathe_dataset data = task_data("classify", 3);
    lathe_task *task = task_of(&data, "cross_entropy");
    lathe_tape *tape = lathe_tape_new(NULL);
    const lathe_batch batch = task_batch(2, (int[]){ 0, 1 });
    double sums[2] = { 0 };
    lathe_tape_begin(tape, LATHE_EVAL);
    lathe_tensor *masks = lathe_tape_leaf(tape, LATHE_BATCHED, (lathe_shape){ 4, { 2, 3, 2, 3 } }, NULL);
    assert_null(lathe_task_loss(task, masks, &batch, NULL));
    assert_failed(LATHE_ESHAPE, "the net gives [2, 3, 2, 3], expected [2, 3], a class for each picture");
    lathe_tensor *three = lathe_tape_leaf(tape, LATHE_BATCHED, (lathe_shape){ 2, { 3, 3 } }, NULL);
    assert_int_equal(lathe_task_count(task, three, &batch, sums), LATHE_ESHAPE);
    assert_failed(LATHE_ESHAPE, "output of 3 samples, batch of 2");
    assert_true(sums[1] == 0);
    lathe_task_free(task);

    task = task_of(&data, NULL);
    lathe_tensor *two = lathe_tape_leaf(tape, LATHE_BATCHED, (lathe_shape){ 2, { 2, 3 } }, NULL);
    assert_null(lathe_task_loss(task, two, &batch, NULL));
    assert_failed(LATHE_ESTATE, "without a loss");
    assert_int_equal(lathe_task_count(task, two, &batch, sums), LATHE_OK);
    assert_true(sums[0] == 1 && sums[1] == 2); /* zeros: class 0 */
    lathe_task_free(task);
    lathe_tape_free(tape);
}

static void a_size_is_that_after_the_transforms(void **state)
{
    (void)state;
    lathe_dataset data = task_data("pixels", 3);
    data.masks = true;
    lathe_transforms *crop = lathe_transforms_parse("center_crop:height=1:width=2");
    if (!crop) fail_msg("%s", lathe_error_message());
    lathe_task *task = lathe_task_new(&(lathe_task_opts){ .data = &data, .transforms = crop });
    assert_true(task->height == 1 && task->width == 2 && task->answers == 2);
    assert_true(lathe_shape_equal(&task->output, &(lathe_shape){ 4, { 0, 3, 1, 2 } }));
    lathe_task_free(task);
    lathe_transforms_free(crop);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(kinds_are_found_by_name_and_by_word),
        cmocka_unit_test(columns_are_named_after_the_metrics),
        cmocka_unit_test(equals_rank_in_the_order_of_the_classes),
        cmocka_unit_test(what_a_net_must_give_is_said),
        cmocka_unit_test(a_size_is_that_after_the_transforms),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
