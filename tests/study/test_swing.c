/* study/swing.c, through the result of a run: accuracy at minima of the rate and at its maxima. */
#include "support/tiny.h"

#include <math.h>
#include <string.h>

/* A run of 8 epochs under this schedule, with these validation accuracies at the ends of its epochs. */
static lathe_compare_result result_of(const char *out, const char *sched, const double accuracy[8])
{
    static const tiny_pair pairs[] = { { "epochs", "8" }, { "base_lr", "0.001" }, { "max_lr", "0.01" },
        { "step_size_up", "1ep" }, { "cycle_momentum", "off" }, { NULL, NULL } };
    lathe_settings settings = tiny_settings(out, pairs);
    const char *vary[] = { sched };
    lathe_compare *c = lathe_compare_new(&settings, &(lathe_compare_opts){ .vary = vary, .varies = 1 });
    if (!c || lathe_compare_open(c)) fail_msg("%s", lathe_error_message());
    lathe_run *run = lathe_compare_begin(c, 0, NULL);
    if (!run || lathe_run_train(run)) fail_msg("%s", lathe_error_message());
    assert_int_equal(run->keeper->history.epochs, 8);
    for (int i = 0; i < 8; i++) run->keeper->history.epoch[i].val[0] = accuracy[i];
    assert_int_equal(lathe_compare_end(c, 0, run), LATHE_OK);
    const lathe_compare_result result = c->run[0].result;
    lathe_run_free(run);
    lathe_compare_free(c);
    return result;
}

/*
 * Peaks at the ends of epochs 1, 3, 5, 7, valleys at 2, 4, 6, 8. Maxima between two minima: epochs 3, 5, 7
 * with 0.5, 0.6, 0.7; means of their minima: (0.6 + 0.7) / 2, (0.7 + 0.8) / 2, (0.8 + 0.9) / 2.
 */
static void peaks_and_valleys_by_hand(void **state)
{
    (void)state;
    static const double accuracy[8] = { 0.3, 0.6, 0.5, 0.7, 0.6, 0.8, 0.7, 0.9 };
    lathe_compare_result r = result_of("swing", "sched=cyclic:triangular,constant", accuracy);
    assert_true(fabs(r.maxima_accuracy - 0.6) < 1e-12);
    assert_true(fabs(r.minima_accuracy - 0.75) < 1e-12);
    assert_true(r.best_val_accuracy == 0.9);
}

/* A steady rise is no swing. */
static void a_trend_cancels(void **state)
{
    (void)state;
    static const double accuracy[8] = { 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8 };
    lathe_compare_result r = result_of("trend", "sched=cyclic:triangular,constant", accuracy);
    assert_true(fabs(r.maxima_accuracy - r.minima_accuracy) < 1e-12);
}

/* A constant rate has no peaks. */
static void without_cycles_it_is_not_known(void **state)
{
    (void)state;
    static const double accuracy[8] = { 0.1, 0.2, 0.3, 0.9, 0.5, 0.6, 0.7, 0.8 };
    lathe_compare_result r = result_of("flat", "sched=constant,cyclic:triangular", accuracy);
    assert_true(isnan(r.maxima_accuracy) && isnan(r.minima_accuracy) && r.best_val_accuracy == 0.9);
}

/* --eval-every 0.5ep: 8 measurements; the accuracies of evals.csv count, not those of the epochs. */
static void measurements_within_epochs_count(void **state)
{
    (void)state;
    static const tiny_pair pairs[] = { { "epochs", "4" }, { "base_lr", "0.001" }, { "max_lr", "0.01" },
        { "step_size_up", "0.5ep" }, { "cycle_momentum", "off" }, { "eval_every", "0.5ep" }, { NULL, NULL } };
    lathe_settings settings = tiny_settings("within", pairs);
    const char *vary[] = { "sched=cyclic:triangular,constant" };
    lathe_compare *c = lathe_compare_new(&settings, &(lathe_compare_opts){ .vary = vary, .varies = 1 });
    if (!c || lathe_compare_open(c)) fail_msg("%s", lathe_error_message());
    lathe_run *run = lathe_compare_begin(c, 0, NULL);
    if (!run || lathe_run_train(run)) fail_msg("%s", lathe_error_message());
    lathe_history *history = &run->keeper->history;
    assert_int_equal(history->evals, 8);
    for (int i = 0; i < 8; i++) history->eval[i].metric[0] = i % 2 ? 0.8 : 0.7; /* peaks come first */
    assert_int_equal(lathe_compare_end(c, 0, run), LATHE_OK);
    assert_true(fabs(c->run[0].result.maxima_accuracy - 0.7) < 1e-12);
    assert_true(fabs(c->run[0].result.minima_accuracy - 0.8) < 1e-12);
    assert_true(c->run[0].result.best_val_accuracy == 0.8);
    lathe_run_free(run);
    lathe_curve *curve = lathe_curves_of(c, "val_accuracy", NULL);
    assert_true(curve && curve[0].points == 8 && curve[0].epoch[0] == 0.5 && curve[0].epoch[7] == 4);
    assert_int_equal(curve[0].rates, 9); /* the corners of the triangles */
    for (int i = 0; i < 8; i++)
        assert_true(
            curve[0].rate_epoch[i] == 0.5 * i && fabs(curve[0].rate[i] - (i % 2 ? 0.01 : 0.001)) < 1e-9);
    lathe_free(curve);
    lathe_compare_free(c);
}

/* Three cycles, a probe at each peak (5) and valley (1); the mean of the last third is that of 5 and 1. */
static void probes_swing_too(void **state)
{
    (void)state;
    static const tiny_pair pairs[] = { { "epochs", "6" }, { "base_lr", "0.001" }, { "max_lr", "0.01" },
        { "step_size_up", "1ep" }, { "cycle_momentum", "off" }, { "probe", "weight_norm,grad_norm" },
        { "probe_every", "1ep" }, { NULL, NULL } };
    lathe_settings settings = tiny_settings("probed", pairs);
    const char *vary[] = { "sched=cyclic:triangular,constant" };
    lathe_compare *c = lathe_compare_new(&settings, &(lathe_compare_opts){ .vary = vary, .varies = 1 });
    if (!c || lathe_compare_open(c)) fail_msg("%s", lathe_error_message());
    lathe_run *run = lathe_compare_begin(c, 0, NULL);
    if (!run || lathe_run_train(run)) fail_msg("%s", lathe_error_message());
    lathe_probe_table *probe = &run->keeper->history.probe;
    assert_true(probe->rows == 6 && probe->columns == 2);
    for (size_t i = 0; i < 6; i++) probe->value[2 * i + 1] = i % 2 ? 1 : 5;
    assert_int_equal(lathe_compare_end(c, 0, run), LATHE_OK);
    const lathe_compare_result *r = &c->run[0].result;
    assert_true(r->grad_norm.minima == 1 && r->grad_norm.maxima == 5 && r->grad_norm.last == 3);
    assert_true(isnan(r->sharpness.last) && isnan(r->update_ratio.minima));
    lathe_run_free(run);
    lathe_curve *curve = lathe_curves_of(c, "grad_norm", NULL);
    assert_true(curve && curve[0].points == 6);
    lathe_free(curve);
    assert_int_equal(lathe_compare_write_rows(c, test_path("probed.csv")), LATHE_OK);
    size_t size;
    char *rows = lathe_file_read(test_path("probed.csv"), 1 << 16, &size);
    assert_non_null(strstr(rows, ",grad_norm,grad_norm_minima,grad_norm_maxima,seconds\n"));
    lathe_free(rows);
    lathe_compare_free(c);
}

static int remove_folder(void **state)
{
    (void)state;
    test_folder_remove();
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(peaks_and_valleys_by_hand),
        cmocka_unit_test(a_trend_cancels),
        cmocka_unit_test(without_cycles_it_is_not_known),
        cmocka_unit_test(measurements_within_epochs_count),
        cmocka_unit_test(probes_swing_too),
    };
    test_folder_in_memory();
    return cmocka_run_group_tests(tests, NULL, remove_folder);
}
