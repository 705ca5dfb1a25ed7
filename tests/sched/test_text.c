#include "support/schedule.h"

#include <math.h>
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_name),
        cmocka_unit_test(a_sequence),
        cmocka_unit_test(modes_in_the_text),
        cmocka_unit_test(types_of_a_text),
        cmocka_unit_test(mistakes_are_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
