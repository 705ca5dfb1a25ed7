/* report/page_data.c: the measurements within an epoch, as the page gets them. */
#include <math.h>
#include <string.h>

#include "../../report/page_impl.h"
#include "support/support.h"

static char *data_of(const lathe_history *history)
{
    lathe_text text = { 0 };
    lathe_page_run run = { .history = history, .steps_per_epoch = 10, .folder = "" };
    lathe_page_group group = { .name = "a", .differs = "" };
    lathe_page_data(&text,
        &(lathe_page){ .title = "a", .kind = "run", .run = &run, .runs = 1, .group = &group, .groups = 1 });
    char *taken = lathe_text_take(&text);
    assert_non_null(taken);
    return taken;
}

static void rows_within_an_epoch_have_their_columns(void **state)
{
    (void)state;
    static const lathe_task_metric metrics[] = { { "accuracy", "accuracy", false, true }, { .name = NULL } };
    lathe_history history = { 0 };
    lathe_history_set_metrics(&history, metrics);
    char *without = data_of(&history);
    assert_null(strstr(without, "\"eval\""));
    lathe_free(without);
    const lathe_eval_row rows[] = { { 3, 1.5, { 0.25 } }, { 6, (double)NAN, { 0.75 } } };
    for (size_t i = 0; i < 2; i++) assert_int_equal(lathe_history_add_eval(&history, &rows[i]), LATHE_OK);
    char *with = data_of(&history);
    assert_non_null(
        strstr(with, "\"eval\":{\"step\":[3,6],\"val_loss\":[1.5,null],\"val_accuracy\":[0.25,0.75]}"));
    lathe_free(with);
    lathe_history_free(&history);
}

static void probes_have_their_columns(void **state)
{
    (void)state;
    lathe_history history = { 0 };
    const double rows[][2] = { { 1.5, 0.25 }, { (double)NAN, 2 } };
    assert_int_equal(lathe_history_set_probes(&history, "step,grad_norm,update_ratio.0"), LATHE_OK);
    char *without = data_of(&history);
    assert_null(strstr(without, "\"probe\""));
    lathe_free(without);
    for (uint64_t i = 0; i < 2; i++)
        assert_int_equal(lathe_history_add_probe(&history, 4 * (i + 1), rows[i]), LATHE_OK);
    char *with = data_of(&history);
    assert_non_null(
        strstr(with, "\"probe\":{\"step\":[4,8],\"grad_norm\":[1.5,null],\"update_ratio.0\":[0.25,2]}"));
    lathe_free(with);
    lathe_history_free(&history);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(rows_within_an_epoch_have_their_columns),
        cmocka_unit_test(probes_have_their_columns) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
