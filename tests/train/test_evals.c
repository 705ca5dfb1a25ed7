/* Measurements within an epoch: which steps, which numbers, and that they change no bit of the training. */
#include "support/tiny.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* 10 steps an epoch, 10 pictures for validation. */
static const tiny_pair often[] = { { "eval_every", "0.3ep" }, { "epochs", "4" }, { NULL, NULL } };

static lathe_settings resumed(const lathe_settings *settings)
{
    lathe_settings on = *settings;
    snprintf(on.resume, sizeof on.resume, "%s", settings->out);
    return on;
}

/* ---- which steps, which numbers ------------------------------------------------------------------------ */

static void assert_steps(const char *distance, const char *epochs, const char *expected)
{
    lathe_settings settings = tiny_settings(NULL, NULL);
    char steps[256] = "";
    tiny_set(&settings, "eval_every", distance);
    tiny_set(&settings, "epochs", epochs);
    lathe_run *run = tiny_train(&settings);
    for (size_t i = 0; i < run->keeper->history.evals; i++) {
        const size_t used = strlen(steps);
        snprintf(steps + used, sizeof steps - used, "%s%d", i ? "," : "",
            (int)run->keeper->history.eval[i].step);
    }
    assert_string_equal(steps, expected);
    lathe_run_free(run);
}

static void steps_are_rounded_and_epochs_end_with_one(void **state)
{
    (void)state;
    assert_steps("0.3ep", "2", "3,6,9,10,12,15,18,20"); /* not 3, 6, 9, 10, 13, ...: fractions are kept */
    assert_steps("0.25ep", "1", "3,5,8,10");
    assert_steps("4it", "2", "4,8,10,12,16,20");
    assert_steps("1ep", "2", "10,20");
    assert_steps("3ep", "2", "10,20");
    assert_steps("0.01ep", "0.5", "1,2,3,4,5"); /* at most one a step */
    assert_steps("4", "0.7", "4");              /* the end of the run is not that of an epoch */
    assert_steps("off", "1", "");
    assert_steps("0", "1", "");
}

static void the_row_of_an_epoch_is_that_of_epochs_csv(void **state)
{
    (void)state;
    static const char *const averages[] = { "0", "0.9" };
    for (size_t k = 0; k < 2; k++) {
        lathe_settings settings = tiny_settings(NULL, often);
        tiny_set(&settings, "ema", averages[k]); /* the averaged weights are measured, as in an epoch */
        lathe_run *run = tiny_train(&settings);
        const lathe_history *history = &run->keeper->history;
        size_t found = 0;
        for (size_t i = 0; i < history->evals; i++)
            for (size_t e = 0; e < history->epochs; e++) {
                if (history->eval[i].step != history->epoch[e].step) continue;
                assert_true(history->eval[i].loss == history->epoch[e].val_loss);
                assert_memory_equal(history->eval[i].metric, history->epoch[e].val,
                    sizeof history->eval[i].metric);
                found++;
            }
        assert_int_equal(found, 4);
        lathe_run_free(run);
    }
}

/* The net of step 13, evaluated by hand, gives the row of step 13. */
static void a_row_within_an_epoch_is_the_evaluation_of_its_weights(void **state)
{
    (void)state;
    lathe_score score;
    lathe_settings settings = tiny_settings(NULL,
        (const tiny_pair[]){ { "eval_every", "13" }, { "max_steps", "13" }, { NULL, NULL } });
    lathe_run *run = tiny_train(&settings);
    const lathe_history *history = &run->keeper->history;
    assert_int_equal(history->evals, 2); /* step 10 ends an epoch */
    assert_int_equal(lathe_run_evaluate(run, run->feed->val, NULL, &score), LATHE_OK);
    assert_int_equal(score.count, 10);
    assert_int_equal(history->eval[1].step, 13);
    assert_true(history->eval[1].loss == score.loss && history->eval[1].metric[0] == score.metric[0]);
    lathe_run_free(run);
}

static void fewer_pictures_are_always_the_same(void **state)
{
    (void)state;
    lathe_settings settings = tiny_settings(NULL, often);
    tiny_set(&settings, "eval_count", "5");
    tiny_set(&settings, "eval_every", "1");
    tiny_set(&settings, "lr", "1e-30"); /* weights stay, and only the statistics of batch norm move */
    lathe_run *run = tiny_train(&settings);
    const lathe_history *history = &run->keeper->history;
    assert_int_equal(history->evals, 40);
    double worst = 0;
    for (size_t i = 30; i < 40; i++)
        worst = fmax(worst, fabs(history->eval[i].loss - history->eval[39].loss) / history->eval[39].loss);
    assert_true(worst < 0.05); /* among other pictures the loss differs by far more */
    assert_true(history->eval[39].loss != history->epoch[3].val_loss);
    for (size_t i = 0; i < 40; i++) {
        const double right = history->eval[i].metric[0] * 5; /* of five */
        assert_true(fabs(right - floor(right + 0.5)) < 1e-9);
    }
    lathe_run_free(run);
    tiny_set(&settings, "eval_count", "10"); /* all there are */
    run = tiny_train(&settings);
    assert_true(run->keeper->history.eval[39].loss == run->keeper->history.epoch[3].val_loss);
    lathe_run_free(run);
}

/* ---- the same bits ------------------------------------------------------------------------------------- */

static void training_is_the_same_with_and_without(void **state)
{
    (void)state;
    static const tiny_pair kinds[][4] = { { { NULL, NULL } }, { { "ema", "0.9" }, { NULL, NULL } },
        { { "swa_start", "1ep" }, { "swa_every", "3" }, { NULL, NULL } },
        { { "workers", "2" }, { "accumulate", "2" }, { "on_nan", "skip" }, { NULL, NULL } } };
    static const char *const files[] = { "steps.csv", "epochs.csv", "last.safetensors", "best.safetensors" };
    for (size_t k = 0; k < sizeof kinds / sizeof kinds[0]; k++) {
        lathe_settings without = tiny_settings("without", kinds[k]), with = tiny_settings("with", kinds[k]);
        tiny_set(&with, "eval_every", "0.1ep");
        tiny_set(&with, "eval_count", k % 2 ? "7" : "0");
        lathe_run_free(tiny_train(&without));
        lathe_run_free(tiny_train(&with));
        for (size_t i = 0; i < sizeof files / sizeof files[0]; i++)
            tiny_assert_same(kinds[k][0].key ? kinds[k][0].key : "plain", "without", "with", files[i]);
        assert_true(lathe_file_exists(test_path("with/evals.csv")));
        assert_false(lathe_file_exists(test_path("without/evals.csv")));
    }
}

static void append(const char *name, const char *text)
{
    FILE *file = fopen(test_path(name), "ab");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    fclose(file);
}

static void a_resumed_run_has_the_same_rows(void **state)
{
    (void)state;
    static const tiny_pair kinds[][7] = { { { "eval_every", "0.3ep" }, { NULL, NULL } },
        { { "eval_every", "3" }, { "ema", "0.9" }, { "eval_count", "5" }, { "save_every", "2" },
            { NULL, NULL } },
        { { "eval_every", "0.15ep" }, { "best", "eval" }, { "early_stop", "val_loss" }, { "patience", "9" },
            { "lr", "0.05" }, { NULL, NULL } } };
    static const char *const tails[] = { "", "41,1.5,0.2\n", "40,1.", "99999999999999999999,1,1\n", "x" };
    for (size_t k = 0; k < sizeof kinds / sizeof kinds[0]; k++) {
        lathe_settings whole = tiny_settings("whole", kinds[k]);
        tiny_set(&whole, "epochs", "4");
        lathe_run *run = tiny_train(&whole);
        const uint64_t steps = run->learner->step;
        lathe_run_free(run);
        for (uint64_t stop = 1; stop < steps; stop += tiny_long() ? 1 : 7) {
            lathe_settings parts = tiny_settings("parts", kinds[k]);
            tiny_set(&parts, "epochs", "4");
            tiny_train_until(&parts, stop);
            append("parts/evals.csv", tails[stop / 7 % 5]); /* written after the checkpoint, then killed */
            parts = resumed(&parts);
            lathe_run_free(tiny_train(&parts));
            tiny_assert_same_runs(kinds[k][0].text, "whole", "parts");
            tiny_assert_same(kinds[k][0].text, "whole", "parts", "evals.csv");
        }
    }
}

/* A run that ended within an epoch, and is made longer. */
static void a_longer_run_has_the_same_rows(void **state)
{
    (void)state;
    lathe_settings whole = tiny_settings("whole", often), part = tiny_settings("part", often);
    lathe_run_free(tiny_train(&whole));
    static const char *const lengths[] = { "13", "15", "20", "1" };
    for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
        tiny_set(&part, "max_steps", lengths[i]);
        part.resume[0] = '\0';
        lathe_run_free(tiny_train(&part));
        lathe_settings longer = resumed(&part);
        lathe_run_free(tiny_train(&longer)); /* nothing is left to do */
        tiny_set(&longer, "max_steps", "0");
        lathe_run_free(tiny_train(&longer));
        tiny_assert_same(lengths[i], "whole", "part", "steps.csv");
        tiny_assert_same(lengths[i], "whole", "part", "epochs.csv");
        tiny_assert_same(lengths[i], "whole", "part", "evals.csv");
    }
}

static void tables_come_and_go(void **state)
{
    (void)state;
    lathe_settings settings = tiny_settings("late", (const tiny_pair[]){ { "epochs", "2" }, { NULL, NULL } });
    tiny_train_until(&settings, 12);
    assert_false(lathe_file_exists(test_path("late/evals.csv")));
    lathe_settings on = resumed(&settings); /* it may be asked for later ... */
    tiny_set(&on, "eval_every", "4");
    lathe_run *run = tiny_train(&on);
    assert_int_equal(run->keeper->history.evals, 2); /* 16 and 20 */
    lathe_run_free(run);
    lathe_history back = { 0 };
    assert_int_equal(lathe_history_read(&back, test_path("late")), LATHE_OK);
    assert_int_equal(back.evals, 2);
    assert_int_equal(back.eval[0].step, 16);
    assert_true(back.eval[1].loss == back.epoch[1].val_loss);
    lathe_history_free(&back);
    lathe_run_free(tiny_train(&settings)); /* ... and another run in the folder has none of it */
    assert_false(lathe_file_exists(test_path("late/evals.csv")));
}

static void a_broken_table_is_named(void **state)
{
    (void)state;
    lathe_settings settings = tiny_settings("broken", often);
    lathe_run_free(tiny_train(&settings));
    lathe_history back = { 0 };
    append("broken/evals.csv", "x\n");
    assert_int_equal(lathe_history_read(&back, test_path("broken")), LATHE_EFORMAT);
    assert_non_null(strstr(lathe_error_message(), "evals.csv:18: not a row of step,val_loss,val_accuracy"));
    lathe_history_free(&back);
}

/* ---- the best weights ---------------------------------------------------------------------------------- */

static void the_best_row_decides(void **state)
{
    (void)state;
    lathe_settings settings = tiny_settings("best",
        (const tiny_pair[]){ { "eval_every", "1" }, { "epochs", "4" }, { "best", "eval" },
            { "early_stop", "val_loss" }, { "patience", "1000" }, { "lr", "0.1" }, { NULL, NULL } });
    lathe_run *run = tiny_train(&settings);
    const lathe_history *history = &run->keeper->history;
    size_t best = 0;
    for (size_t i = 1; i < history->evals; i++)
        if (history->eval[i].loss < history->eval[best].loss) best = i;
    assert_int_equal(run->keeper->best_step, history->eval[best].step);
    assert_int_not_equal(history->eval[best].step % 10, 0); /* otherwise an epoch's row would do */
    assert_true(run->keeper->best == history->eval[best].loss);
    const lathe_epoch_row *row = lathe_run_tested_epoch(run);
    assert_true(row && row->val_loss == run->keeper->best && row->step == run->keeper->best_step);
    assert_true(isnan(row->train_loss));
    lathe_score score;
    assert_int_equal(lathe_run_load(run, test_path("best/best.safetensors")), LATHE_OK);
    assert_int_equal(lathe_run_evaluate(run, run->feed->val, NULL, &score), LATHE_OK);
    assert_true(score.loss == run->keeper->best);
    lathe_run_free(run);
}

static void early_stopping_counts_rows(void **state)
{
    (void)state;
    lathe_settings settings = tiny_settings("early",
        (const tiny_pair[]){ { "eval_every", "3" }, { "best", "eval" }, { "early_stop", "val_loss" },
            { "patience", "2" }, { "min_delta", "100" }, { NULL, NULL } });
    lathe_run *run = tiny_train(&settings);
    assert_int_equal(run->end, LATHE_RUN_EARLY_STOP);
    assert_int_equal(run->learner->step, 9); /* 3 is the first, then 6 and 9 */
    lathe_run_free(run);
    settings = resumed(&settings);
    run = tiny_train(&settings); /* it stays stopped */
    assert_int_equal(run->end, LATHE_RUN_EARLY_STOP);
    assert_int_equal(run->learner->step, 9);
    lathe_run_free(run);
}

/* ---- settings ------------------------------------------------------------------------------------------ */

typedef struct told {
    char line[512];
} told;

static void keep_line(void *context, const char *line)
{
    told *t = context;
    if (strstr(line, "eval_every")) snprintf(t->line, sizeof t->line, "%s", line);
}

static void without_a_validation_set_nothing_is_measured(void **state)
{
    (void)state;
    told t = { "" };
    lathe_settings settings = tiny_settings(NULL, often);
    tiny_set(&settings, "val_split", "0");
    lathe_run *run = lathe_run_new(&settings, &(lathe_run_hooks){ .context = &t, .on_message = keep_line });
    assert_non_null(run);
    assert_string_equal(t.line, "eval_every = 0.3ep: there is no validation set, so nothing is measured");
    assert_int_equal(lathe_run_train(run), LATHE_OK);
    assert_int_equal(run->keeper->history.evals, 0);
    lathe_run_free(run);
    tiny_set(&settings, "best", "eval");
    assert_null(lathe_run_new(&settings, NULL));
    assert_non_null(strstr(lathe_error_message(), "best = eval needs a validation set"));
}

static void senseless_settings_are_refused(void **state)
{
    (void)state;
    static const struct {
        tiny_pair pairs[4];
        const char *message;
    } cases[] = {
        { { { "eval_every", "often" } }, "eval_every = 'often' is not a length such as 500, 500it or 2.5ep" },
        { { { "eval_every", "-1" } }, "eval_every = '-1' is not a length" },
        { { { "best", "eval" } }, "best = eval, but nothing is measured within an epoch: give eval_every" },
        { { { "best", "eval" }, { "eval_every", "5" }, { "early_stop", "train_loss" } },
            "early_stop = train_loss is no column of evals.csv" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        lathe_settings settings = tiny_settings(NULL, cases[i].pairs);
        assert_null(lathe_run_new(&settings, NULL));
        if (!strstr(lathe_error_message(), cases[i].message)) fail_msg("%s", lathe_error_message());
    }
}

static int clean(void **state)
{
    (void)state;
    test_folder_remove();
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(steps_are_rounded_and_epochs_end_with_one),
        cmocka_unit_test(the_row_of_an_epoch_is_that_of_epochs_csv),
        cmocka_unit_test(a_row_within_an_epoch_is_the_evaluation_of_its_weights),
        cmocka_unit_test(fewer_pictures_are_always_the_same),
        cmocka_unit_test(training_is_the_same_with_and_without),
        cmocka_unit_test(a_resumed_run_has_the_same_rows),
        cmocka_unit_test(a_longer_run_has_the_same_rows),
        cmocka_unit_test(tables_come_and_go),
        cmocka_unit_test(a_broken_table_is_named),
        cmocka_unit_test(the_best_row_decides),
        cmocka_unit_test(early_stopping_counts_rows),
        cmocka_unit_test(without_a_validation_set_nothing_is_measured),
        cmocka_unit_test(senseless_settings_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, clean);
}
