#include "support/folder.h"
#include "support/schedule.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static const lathe_sched_option range[] = { { "base_lr", "0.1" }, { "max-lr", "0.5" },
    { "step_size_up", "1ep" } };

static lathe_sched *make(lathe_optim *optim, const char *text, const lathe_sched_option *option, int options)
{
    return lathe_sched_from_text(optim, text,
        &(lathe_sched_text_opts){ .option = option,
            .options = options,
            .steps_per_epoch = 100,
            .run_steps = 400 });
}

static void one_name(void **state)
{
    (void)state;
    lathe_optim *optim = sgd_with(1, 0);
    lathe_sched *sched = make(optim, "cyclic", range, 3);
    assert_ptr_equal(lathe_sched_type_of(sched), &lathe_cyclic_sched);
    assert_true(lathe_sched_rates_at(sched, 0, 0).lr == 0.1 && lathe_sched_rates_at(sched, 0, 100).lr == 0.5);
    lathe_sched_free(sched);
    /* A schedule that must know its length gets the run's, one that has a default keeps it. */
    sched = make(optim, "cosine", NULL, 0);
    assert_true(
        fabs(lathe_sched_rates_at(sched, 0, 400).lr) < 1e-16 && lathe_sched_rates_at(sched, 0, 0).lr == 1);
    lathe_sched_free(sched);
    sched = make(optim, "linear", NULL, 0);
    assert_true(lathe_sched_rates_at(sched, 0, 5).lr == 1);
    lathe_sched_free(sched);
    sched = lathe_sched_from_text(optim, "constant", NULL);
    assert_true(lathe_optim_lr(optim, 0) == 1);
    lathe_sched_free(sched);
    sgd_free(optim);
}

static void a_sequence(void **state)
{
    (void)state;
    lathe_optim *optim = sgd_with(1, 0);
    const lathe_sched_option options[] = { range[0], range[1], range[2], { "warmup.start-factor", "0.5" },
        { "end_factor", "0" } };
    lathe_sched *sched = make(optim, "warmup:50it,cyclic:4ep,cooldown:1ep", options, 5);
    if (!sched) fail_msg("%s", lathe_error_message());
    assert_ptr_equal(lathe_sched_type_of(sched), &lathe_sequence_sched);
    static const struct {
        uint64_t t;
        double lr;
    } want[] = { { 0, 0.05 }, { 25, 0.075 }, { 50, 0.1 }, { 150, 0.5 }, { 250, 0.1 }, { 450, 0.1 },
        { 500, 0.05 }, { 550, 0 } };
    for (size_t i = 0; i < sizeof want / sizeof want[0]; i++)
        assert_true(fabs(lathe_sched_rates_at(sched, 0, want[i].t).lr - want[i].lr) < 1e-15);
    lathe_sched_free(sched);
    sched = make(optim, "warmup:10,constant", NULL, 0);
    assert_true(lathe_sched_rates_at(sched, 0, 10).lr == 1 && lathe_sched_rates_at(sched, 0, 0).lr == 0.01);
    lathe_sched_free(sched);
    sgd_free(optim);
}

/* A mode in the text goes before the option, and may stand before a length. */
static void modes_in_the_text(void **state)
{
    (void)state;
    const lathe_sched_option options[] = { range[0], range[1], range[2], { "mode", "exp_range" } };
    static const char *const texts[] = { "cyclic:triangular2", "cyclic:triangular2:8ep",
        "cyclic:triangular2:4ep,cyclic:triangular2", "cyclic" };
    static const double second[] = { 0.3, 0.3, 0.3, 0.5 };
    lathe_optim *optim = sgd_with(1, 0);
    for (int i = 0; i < 4; i++) {
        lathe_sched *sched = make(optim, texts[i], options, 4);
        if (!sched) fail_msg("%s", lathe_error_message());
        assert_true(lathe_sched_rates_at(sched, 0, 100).lr == 0.5 &&
            fabs(lathe_sched_rates_at(sched, 0, 300).lr - second[i]) < 1e-15);
        lathe_sched_free(sched);
    }
    assert_null(make(optim, "cyclic:zigzag", range, 3));
    assert_failed(LATHE_EARG, "cyclic: mode = 'zigzag' is not one of triangular | triangular2 | exp_range");
    lathe_sched *sched = make(optim, "onecycle", &(lathe_sched_option){ "one-cycle.max-lr", "0.5" }, 1);
    assert_ptr_equal(lathe_sched_type_of(sched), &lathe_one_cycle_sched);
    lathe_sched_free(sched);
    sgd_free(optim);
}

static void types_of_a_text(void **state)
{
    (void)state;
    const lathe_sched_type *type[LATHE_SCHED_SEGMENTS];
    int count;
    assert_int_equal(lathe_sched_text_types("warmup:5it,cyclic:exp_range:4ep,cooldown", type, &count),
        LATHE_OK);
    assert_int_equal(count, 3);
    assert_true(
        type[0] == &lathe_warmup_sched && type[1] == &lathe_cyclic_sched && type[2] == &lathe_cooldown_sched);
    assert_int_equal(lathe_sched_text_types("warmup:5it,cyclix", type, &count), LATHE_ENAME);
    assert_failed(LATHE_ENAME, "did you mean cyclic?");
    assert_int_equal(lathe_sched_text_types(NULL, type, &count), LATHE_EARG);
    assert_failed(LATHE_EARG, "text is NULL");
}

static void mistakes_are_named(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        lathe_sched_option option;
        lathe_status status;
        const char *message;
    } cases[] = {
        { "ciclic", { "gamma", "1" }, LATHE_ENAME, "unknown scheduler 'ciclic'; did you mean cyclic?" },
        { "", { "gamma", "1" }, LATHE_ENAME, "unknown scheduler ''" },
        { "constant,", { "lr", "1" }, LATHE_ENAME, "unknown scheduler ''" },
        { "constant:0,constant", { "lr", "1" }, LATHE_EARG, "constant: length = 0" },
        { "constant:x,constant", { "lr", "1" }, LATHE_EARG,
            "constant: length = 'x' is not a length such as 500, 500it or 2.5ep" },
        { "constant,constant", { "lr", "1" }, LATHE_EARG, "sequence: segment 0, constant, has no length" },
        { "constant", { "gama", "1" }, LATHE_ENAME, "sched: constant has no option 'gama'" },
        { "warmup:1,constant", { "cyclic.gamma", "1" }, LATHE_ENAME,
            "sched: warmup:1,constant has no option 'cyclic.gamma'" },
        { "constant", { "lr", "fast" }, LATHE_EARG, "constant: lr = 'fast' is not a number" },
        { "step", { "gamma", "0.5" }, LATHE_EARG, "step: step_size must be given" },
    };
    lathe_optim *optim = sgd_with(1, 0);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_null(make(optim, cases[i].text, &cases[i].option, 1));
        assert_failed(cases[i].status, cases[i].message);
    }
    char many[400] = "constant:1";
    while (strlen(many) + 11 < sizeof many) strcat(many, ",constant:1");
    assert_null(make(optim, many, NULL, 0));
    assert_failed(LATHE_EARG, "sched: more than 32 segments");
    memset(many, 'x', sizeof many - 1);
    assert_null(make(optim, many, NULL, 0));
    assert_failed(LATHE_EARG, "is not a schedule");
    assert_null(make(optim, NULL, NULL, 0));
    assert_failed(LATHE_EARG, "text is NULL");
    assert_null(lathe_sched_from_text(optim, "cosine", NULL));
    assert_failed(LATHE_EARG, "cosine: t_max must be given");
    sgd_free(optim);
}

/* Every schedule of 20 steps as the first and as the last segment, with its length and without, is the single
 * schedule of 20 steps. */
static void every_schedule_knows_its_segment(void **state)
{
    (void)state;
    const char *path = test_path("table.csv");
    static const char rows[] = "step,lr\n0,0.5\n9,0.25\n";
    test_write(path, rows, strlen(rows));
    const struct {
        const char *name, *length; /* of the option that is its length; NULL: it has none */
        lathe_sched_option option[3];
        int options;
    } schedules[] = {
        { "constant", NULL, { { "lr", "0.5" } }, 1 },
        { "cooldown", "total_iters", { { NULL, NULL } }, 0 },
        { "cosine", "t_max", { { NULL, NULL } }, 0 },
        { "cyclic", NULL, { { "base_lr", "0.1" }, { "max_lr", "1" }, { "step_size_up", "4" } }, 3 },
        { "exponential", NULL, { { "gamma", "0.9" } }, 1 },
        { "linear", "total_iters", { { NULL, NULL } }, 0 },
        { "multi_step", NULL, { { "milestones", "3,9" } }, 1 },
        { "one_cycle", "total_steps", { { "max_lr", "1" } }, 1 },
        { "polynomial", "total_iters", { { NULL, NULL } }, 0 },
        { "step", NULL, { { "step_size", "3" } }, 1 },
        { "table", NULL, { { "file", path } }, 1 },
        { "warm_restarts", NULL, { { "t_0", "6" } }, 1 },
        { "warmup", "total_iters", { { NULL, NULL } }, 0 },
        { "wsd", "total_steps", { { "warmup", "3" } }, 1 },
    };
    static const struct {
        const char *text;
        uint64_t start;
    } places[] = { { "%s:20,constant:5", 0 }, { "constant:7,%s:20", 7 }, { "constant:7,%s", 7 } };
    size_t known = 0;
    while (lathe_sched_at((int)known)) known++;
    assert_int_equal(sizeof schedules / sizeof schedules[0] + 2, known); /* and plateau, and sequence */
    lathe_optim *optim = sgd_with(1, 0.9);
    for (size_t i = 0; i < sizeof schedules / sizeof schedules[0]; i++) {
        lathe_sched_option own[4], single[4];
        int options = schedules[i].options;
        char names[4][64];
        for (int k = 0; k < options; k++) {
            snprintf(names[k], sizeof names[k], "%s.%s", schedules[i].name, schedules[i].option[k].key);
            own[k] = single[k] = (lathe_sched_option){ names[k], schedules[i].option[k].text };
        }
        if (schedules[i].length) single[options] = (lathe_sched_option){ schedules[i].length, "20" };
        for (size_t p = 0; p < sizeof places / sizeof places[0]; p++) {
            char text[64];
            double want[20];
            lathe_sched_text_opts opts = { single, options + (schedules[i].length != NULL), 0, 20 };
            lathe_sched *sched = lathe_sched_from_text(optim, schedules[i].name, &opts);
            if (!sched) fail_msg("%s: %s", schedules[i].name, lathe_error_message());
            for (uint64_t t = 0; t < 20; t++) want[t] = lathe_sched_rates_at(sched, 0, t).lr;
            lathe_sched_free(sched);
            snprintf(text, sizeof text, places[p].text, schedules[i].name);
            opts = (lathe_sched_text_opts){ own, options, 0, 27 };
            sched = lathe_sched_from_text(optim, text, &opts);
            if (!sched) fail_msg("%s: %s", text, lathe_error_message());
            for (uint64_t t = 0; t < 20; t++)
                if (lathe_sched_rates_at(sched, 0, places[p].start + t).lr != want[t])
                    fail_msg("%s: step %d: %.17g, alone %.17g", text, (int)t,
                        lathe_sched_rates_at(sched, 0, places[p].start + t).lr, want[t]);
            lathe_sched_free(sched);
        }
    }
    sgd_free(optim);
}

/* Exactly the schedules that say so have rates that the optimizer's rate does not move. */
static void a_schedule_says_if_it_sets_the_rate(void **state)
{
    (void)state;
    static const lathe_sched_option options[] = { { "cyclic.base_lr", "0.1" }, { "cyclic.max_lr", "0.5" },
        { "one_cycle.max_lr", "0.5" }, { "constant.lr", "0.5" } };
    static const struct {
        const char *text;
        int first, count; /* of the options */
    } cases[] = { { "cyclic", 0, 2 }, { "one_cycle", 2, 1 }, { "constant", 3, 1 }, { "constant", 3, 0 },
        { "cosine", 0, 0 }, { "warmup:5,cyclic:20,cooldown:5", 0, 2 }, { "warmup:5,cosine", 0, 0 },
        { "cyclic:20,cosine", 0, 2 }, { "wsd", 0, 0 }, { "plateau", 0, 0 } };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        bool moved = false, says = false;
        lathe_rates rates[2][30];
        for (int k = 0; k < 2; k++) {
            lathe_optim *optim = sgd_with(k + 1, 0);
            lathe_sched *sched = make(optim, cases[i].text, options + cases[i].first, cases[i].count);
            if (!sched) fail_msg("%s: %s", cases[i].text, lathe_error_message());
            for (uint64_t t = 0; t < 30; t++) rates[k][t] = lathe_sched_rates_at(sched, 0, t);
            says = lathe_sched_sets_rate(sched, 0);
            assert_false(lathe_sched_sets_rate(sched, 1));
            lathe_sched_free(sched);
            sgd_free(optim);
        }
        for (int t = 0; t < 30; t++) moved = moved || rates[0][t].lr != rates[1][t].lr;
        if (says == moved) fail_msg("%s: says %d, moves %d", cases[i].text, says, moved);
    }
    assert_false(lathe_sched_sets_rate(NULL, 0));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_name),
        cmocka_unit_test(a_sequence),
        cmocka_unit_test(modes_in_the_text),
        cmocka_unit_test(every_schedule_knows_its_segment),
        cmocka_unit_test(a_schedule_says_if_it_sets_the_rate),
        cmocka_unit_test(types_of_a_text),
        cmocka_unit_test(mistakes_are_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
