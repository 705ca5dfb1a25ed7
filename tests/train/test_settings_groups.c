/* Groups of parameters from the settings. */
#include "support/tiny.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "support/folder.h"
#include "support/pictures.h"

static int group_of(const lathe_run *run, const char *name)
{
    const lathe_params *params = lathe_optim_params(run->learner->optim);
    for (int i = 0; i < params->count; i++)
        if (!strcmp(params->tensor[i]->name, name)) return lathe_optim_group_of(run->learner->optim, i);
    fail_msg("no parameter %s", name);
    return -1;
}

static lathe_run *run_with(const tiny_pair *pairs)
{
    lathe_settings settings = tiny_settings(NULL, pairs);
    lathe_run *run = lathe_run_new(&settings, NULL);
    if (!run) fail_msg("%s", lathe_error_message());
    return run;
}

/* The first pattern that fits counts; what no pattern fits stays in group 0; other options are those given
 * outside. */
static void the_first_pattern_counts(void **state)
{
    (void)state;
    lathe_run *run = run_with((const tiny_pair[]){ { "weight_decay", "0.3" }, { "betas", "0.8,0.9" },
        { "groups", " *.bias weight_decay=0 ;6.* lr=0.5  betas=0.7,0.99" }, { NULL, NULL } });
    assert_int_equal(lathe_optim_groups(run->learner->optim), 3);
    static const struct {
        const char *name;
        int group;
        double lr, decay, beta1;
    } want[] = {
        { "0.weight", 0, 0.01, 0.3, 0.8 },
        { "1.weight", 0, 0.01, 0.3, 0.8 },
        { "0.bias", 1, 0.01, 0, 0.8 },
        { "6.bias", 1, 0.01, 0, 0.8 },
        { "6.weight", 2, 0.5, 0.3, 0.7 },
    };
    for (size_t i = 0; i < sizeof want / sizeof want[0]; i++) {
        assert_int_equal(group_of(run, want[i].name), want[i].group);
        const lathe_adamw_opts *opts = lathe_optim_opts(run->learner->optim, want[i].group);
        assert_true(
            opts->lr == want[i].lr && opts->weight_decay == want[i].decay && opts->betas[0] == want[i].beta1);
    }
    lathe_run_free(run);
}

/* A schedule starts from each group's own rate, or has options of its own there; also where biases have left
 * the group. */
static void schedules_know_groups(void **state)
{
    (void)state;
    lathe_run *run = run_with((const tiny_pair[]){ { "groups", "6.* lr=1" }, { "sched", "exponential" },
        { "sched.gamma", "0.5" }, { NULL, NULL } });
    assert_true(lathe_sched_rates_at(run->learner->sched, 0, 1).lr == 0.005 &&
        lathe_sched_rates_at(run->learner->sched, 1, 1).lr == 0.5);
    lathe_run_free(run);
    run = run_with((const tiny_pair[]){ { "groups", "6.* max-lr=2 base_lr=1; *.bias step_size_up=1ep" },
        { "sched", "cyclic" }, { "base_lr", "0" }, { "max_lr", "0.1" }, { "step_size_up", "5" },
        { "decay_weights_only", "on" }, { NULL, NULL } });
    assert_int_equal(lathe_optim_groups(run->learner->optim), 6); /* three, and what is of rank 1 in each */
    assert_true(lathe_sched_rates_at(run->learner->sched, group_of(run, "0.weight"), 5).lr == 0.1);
    assert_true(lathe_sched_rates_at(run->learner->sched, group_of(run, "1.weight"), 5).lr == 0.1);
    assert_true(lathe_sched_rates_at(run->learner->sched, group_of(run, "6.weight"), 5).lr == 2);
    assert_true(lathe_sched_rates_at(run->learner->sched, group_of(run, "6.bias"), 5).lr == 2);
    assert_true(lathe_sched_rates_at(run->learner->sched, group_of(run, "0.bias"), 5).lr == 0.05);
    assert_true(lathe_sched_rates_at(run->learner->sched, group_of(run, "0.bias"), 0).lr == 0);
    const lathe_adamw_opts *opts = lathe_optim_opts(run->learner->optim, group_of(run, "6.bias"));
    assert_true(opts->weight_decay == 0);
    assert_int_equal(lathe_run_train(run), LATHE_OK);
    lathe_run_free(run);
}

/* steps.csv has the rates of each group as the schedule gives them, and is read back. */
static void steps_have_the_rates_of_each_group(void **state)
{
    (void)state;
    lathe_settings settings = tiny_settings("columns",
        (const tiny_pair[]){ { "groups", "6.* max_lr=2 base_lr=1; *.bias lr=0.5" }, { "optim", "sgd" },
            { "momentum", "0.9" }, { "sched", "cyclic" }, { "base_lr", "0.01" }, { "max_lr", "0.1" },
            { "step_size_up", "5" }, { "epochs", "1" }, { NULL, NULL } });
    lathe_run *run = tiny_train(&settings);
    size_t size;
    char path[LATHE_SETTING_LONG + 16], *rest;
    snprintf(path, sizeof path, "%s/steps.csv", settings.out);
    char *text = test_bytes(path, &size), *line = strtok_r(text, "\n", &rest);
    assert_string_equal(line, "step,epoch,lr,momentum,loss,lr.1,momentum.1,lr.2,momentum.2");
    for (uint64_t t = 0; t < 10; t++) {
        double column[9];
        char *cell = line = strtok_r(NULL, "\n", &rest);
        for (int i = 0; i < 9; i++, cell++) column[i] = strtod(cell, &cell);
        for (int group = 0; group < 3; group++) {
            lathe_rates rates = lathe_sched_rates_at(run->learner->sched, group, t);
            assert_true(column[group ? 3 + 2 * group : 2] == rates.lr &&
                column[group ? 4 + 2 * group : 3] == rates.momentum);
        }
    }
    lathe_history back = { 0 };
    assert_int_equal(lathe_history_read(&back, settings.out), LATHE_OK);
    assert_int_equal(back.steps, 10);
    assert_true(back.step[7].loss == run->keeper->history.step[7].loss &&
        back.step[7].lr == run->keeper->history.step[7].lr);
    lathe_history_free(&back);
    lathe_run_free(run);
    free(text);
}

static void a_run_with_groups_goes_on(void **state)
{
    (void)state;
    const tiny_pair pairs[] = { { "groups", "*.bias lr=0.1; 6.* lr=0.001" }, { "sched", "cosine" },
        { "t_max", "60" }, { "epochs", "6" }, { NULL, NULL } };
    lathe_settings whole = tiny_settings("whole", pairs), parts = tiny_settings("parts", pairs);
    lathe_run_free(tiny_train(&whole));
    tiny_train_until(&parts, 33);
    tiny_set(&parts, "resume", parts.out);
    lathe_run_free(tiny_train(&parts));
    tiny_assert_same_runs("groups", "whole", "parts");
}

static char told[1024];

static void collect(void *context, const char *line)
{
    (void)context;
    strncat(strncat(told, line, 255), "\n", 2);
}

/* A group's rate that does not count, for the schedule has its own, is told; else steps.csv shows it. */
static void what_does_not_count_is_told(void **state)
{
    (void)state;
    static const char note[] = "group 6.*: lr = 0.5 does not count";
    test_put_text("rates.csv", "step,lr\n0,0.1\n5,0.01\n");
    static const struct {
        tiny_pair pairs[6];
        const char *told; /* NULL: the group's rate is not the others' */
    } cases[] = {
        { { { "sched", "one_cycle" }, { "max_lr", "0.1" }, { NULL, NULL } }, note },
        { { { "sched", "cyclic" }, { "base_lr", "0.1" }, { "max_lr", "0.2" }, { "step_size_up", "5" },
              { NULL, NULL } },
            note },
        { { { "sched", "constant" }, { "sched.lr", "0.1" }, { NULL, NULL } }, NULL },
        { { { "sched", "table" }, { "file", "rates.csv" }, { NULL, NULL } }, note },
        { { { "sched", "constant" }, { NULL, NULL } }, NULL },
        { { { "sched", "cosine" }, { NULL, NULL } }, NULL },
        { { { "sched", "warmup:2,plateau" }, { NULL, NULL } }, NULL },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        lathe_settings settings = tiny_settings(NULL, cases[i].pairs);
        if (!strcmp(settings.sched, "table")) tiny_set(&settings, "file", test_path("rates.csv"));
        tiny_set(&settings, "groups", "6.* lr=0.5");
        tiny_set(&settings, "no_warnings", "false");
        told[0] = '\0';
        lathe_run *run = lathe_run_new(&settings, &(lathe_run_hooks){ .on_message = collect });
        if (!run) fail_msg("%s", lathe_error_message());
        const lathe_sched *sched = run->learner->sched;
        const bool shown = lathe_sched_rates_at(sched, 0, 1).lr != lathe_sched_rates_at(sched, 1, 1).lr;
        assert_true(shown == !cases[i].told);
        if (!cases[i].told == !!strstr(told, note)) fail_msg("case %d: %s", (int)i, told);
        lathe_run_free(run);
    }
}

/* A setting that counts only beside another is told without that. */
static void what_counts_beside_another_is_told(void **state)
{
    (void)state;
    static const struct {
        tiny_pair pairs[4];
        const char *note; /* NULL: there is none */
    } cases[] = {
        { { { "sched", "plateau" }, { "patience", "3" }, { NULL, NULL } },
            "patience = 3 does not count: early_stop is not given; the schedule's is sched.patience\n" },
        { { { "sched", "plateau" }, { "sched.patience", "3" }, { NULL, NULL } }, NULL },
        { { { "early_stop", "val_loss" }, { "patience", "3" }, { "min_delta", "0.1" }, { NULL, NULL } },
            NULL },
        { { { "patience", "3" }, { NULL, NULL } }, "patience = 3 does not count: early_stop is not given\n" },
        { { { "min_delta", "0.1" }, { NULL, NULL } }, "min_delta = 0.1 does not count: early_stop is not" },
        { { { "min_delta_mode", "rel" }, { NULL, NULL } }, "min_delta_mode = rel does not count" },
        { { { "swa_every", "2ep" }, { NULL, NULL } }, "swa_every = 2ep does not count: swa_start is not" },
        { { { "ema_warmup", "true" }, { NULL, NULL } }, "ema_warmup = true does not count: ema is not" },
        { { { "eval_count", "5" }, { NULL, NULL } }, "eval_count = 5 does not count: eval_every is not" },
        { { { "keep", "5" }, { NULL, NULL } }, "keep = 5 does not count: save_every is not" },
        { { { "keep", "5" }, { "save_every", "7" }, { NULL, NULL } }, NULL },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        lathe_settings settings = tiny_settings(NULL, cases[i].pairs);
        tiny_set(&settings, "no_warnings", "false");
        told[0] = '\0';
        lathe_run *run = lathe_run_new(&settings, &(lathe_run_hooks){ .on_message = collect });
        if (!run) fail_msg("%s", lathe_error_message());
        if (cases[i].note ? !strstr(told, cases[i].note) : !!strstr(told, "does not count"))
            fail_msg("case %d: %s", (int)i, told);
        lathe_run_free(run);
    }
}

/* Groups of a cyclic schedule keep the ratio of their rates. */
static void groups_cycle_in_proportion(void **state)
{
    (void)state;
    lathe_settings settings = tiny_settings(NULL,
        (const tiny_pair[]){ { "lr", "0.1" }, { "groups", "6.* lr=1e-3 weight_decay=0; *.bias eps=1e-7" },
            { NULL, NULL } });
    assert_int_equal(lathe_settings_cycle_groups(&settings, 0.2, 0.8), LATHE_OK);
    assert_string_equal(settings.groups, "6.* base_lr=0.002 max_lr=0.008 weight_decay=0; *.bias eps=1e-7");
}

static void errors(void **state)
{
    (void)state;
    static const struct {
        const char *groups, *message;
    } cases[] = {
        { "*.bias", "'*.bias': expected a pattern of names and options" },
        { ";", "expected a pattern of names and options" },
        { "*.bias lr", "'lr' of *.bias: expected KEY=VALUE" },
        { "*.bias lr=", "'lr=' of *.bias: expected KEY=VALUE" },
        { "*.bias =3", "expected KEY=VALUE" },
        { "*.bias max_lr=3",
            "neither optimizer adamw nor scheduler constant has an option max_lr for a group" },
        { "*.bias loss.reduction=sum", "has an option loss.reduction for a group" },
        { "*.bias lr=-1", "lr = -1 is not legal" },
        { "*.bias lr=fast", "lr" },
        { "nothing* lr=1",
            "no parameter outside the groups before it has a name like 'nothing*'; names go from 0.weight to "
            "6.bias" },
        { "* lr=1; *.bias lr=2", "has a name like '*.bias'" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        lathe_settings settings =
            tiny_settings(NULL, (const tiny_pair[]){ { "groups", cases[i].groups }, { NULL, NULL } });
        assert_null(lathe_run_new(&settings, NULL));
        assert_failed(lathe_error(), cases[i].message);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_first_pattern_counts),
        cmocka_unit_test(schedules_know_groups),
        cmocka_unit_test(steps_have_the_rates_of_each_group),
        cmocka_unit_test(a_run_with_groups_goes_on),
        cmocka_unit_test(what_does_not_count_is_told),
        cmocka_unit_test(what_counts_beside_another_is_told),
        cmocka_unit_test(groups_cycle_in_proportion),
        cmocka_unit_test(errors),
    };
    return cmocka_run_group_tests_name("train.test_settings_groups", tests, NULL, NULL);
}
