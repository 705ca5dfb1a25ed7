#include "support/schedule.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

typedef lathe_cyclic_opts opts;

/* Rates of options as they are, without an optimizer: PyTorch's own tests use momenta up to 5. */
static lathe_rates rates_of(opts o, uint64_t t)
{
    lathe_sched_base base = { .lr = 1, .momentum_kind = LATHE_MOMENTUM, .optimizer = "test" };
    return lathe_cyclic_sched.rates(&o, &base, t);
}

/* The cases of PyTorch's own test_cycle_lr_*: base 1, max 5, up 4, momentum 1 to 5. */
static void vectors_by_hand(void **state)
{
    (void)state;
    static const double triangular[] = { 1, 2, 3, 4, 5, 4, 3, 2, 1, 2, 3 };
    static const double triangular2[] = { 1, 2, 3, 4, 5, 4, 3, 2, 1, 1.5, 2, 2.5, 3, 2.5, 2, 1.5, 1, 1.25,
        1.5, 1.75, 2, 1.75 };
    static const double uneven[] = { 1, 3, 5, 13. / 3, 11. / 3, 3, 7. / 3, 5. / 3, 1, 2, 3, 8. / 3, 7. / 3, 2,
        5. / 3, 4. / 3, 1 };
    opts o = { .base_lr = 1,
        .max_lr = 5,
        .step_size_up = 4,
        .gamma = 1,
        .base_momentum = 1,
        .max_momentum = 5 };
    for (size_t i = 0; i < sizeof triangular / sizeof triangular[0]; i++) {
        assert_true(rates_of(o, i).lr == triangular[i]);
        assert_true(rates_of(o, i).momentum == 6 - triangular[i]);
    }
    o.mode = LATHE_TRIANGULAR2;
    for (size_t i = 0; i < sizeof triangular2 / sizeof triangular2[0]; i++) {
        assert_true(rates_of(o, i).lr == triangular2[i]);
        assert_true(rates_of(o, i).momentum == 6 - triangular2[i]);
    }
    o.step_size_up = 2, o.step_size_down = 6;
    for (size_t i = 0; i < sizeof uneven / sizeof uneven[0]; i++)
        assert_true(fabs(rates_of(o, i).lr - uneven[i]) < 1e-14);
    o.mode = LATHE_EXP_RANGE, o.gamma = 0.9, o.step_size_up = 4, o.step_size_down = 0;
    for (size_t i = 0; i < 11; i++) {
        double want = 1 + 4 * (triangular[i] - 1) / 4 * pow(0.9, (double)i);
        assert_true(fabs(rates_of(o, i).lr - want) < 1e-14);
    }
}

static void starts_at_base_and_peaks_at_max(void **state)
{
    (void)state;
    for (uint64_t up = 1; up <= 12; up++)
        for (uint64_t down = 1; down <= 12; down++) {
            opts o = { .base_lr = 0.1,
                .max_lr = 0.7,
                .step_size_up = up,
                .step_size_down = down,
                .gamma = 1,
                .base_momentum = 0.85,
                .max_momentum = 0.95 };
            for (uint64_t cycle = 0; cycle < 1100000000000; cycle = cycle * 17 + 1) {
                lathe_rates first = rates_of(o, cycle * (up + down)),
                            peak = rates_of(o, cycle * (up + down) + up);
                assert_true(first.lr == 0.1 && first.momentum == 0.95);
                assert_true(peak.lr == 0.7 && peak.momentum == 0.85);
            }
        }
}

static void construction_sets_batch_0(void **state)
{
    (void)state;
    lathe_optim *optim = sgd_with(0.5, 0.9);
    lathe_sched *sched =
        lathe_sched_cyclic(optim, &(opts){ .base_lr = 0.01, .max_lr = 0.1, .step_size_up = 4 });
    assert_true(lathe_optim_lr(optim, 0) == 0.01 && lathe_optim_momentum(optim, 0) == 0.9);
    for (int i = 0; i < 40; i++) {
        lathe_rates want = lathe_sched_rates_at(sched, 0, (uint64_t)i);
        assert_true(lathe_optim_lr(optim, 0) == want.lr && lathe_optim_momentum(optim, 0) == want.momentum);
        lathe_sched_step(sched);
    }
    lathe_sched_seek(sched, 4);
    assert_true(lathe_optim_lr(optim, 0) == 0.1 && lathe_optim_momentum(optim, 0) == 0.9 - 0.1);
    lathe_sched_free(sched);
    sgd_free(optim);
}

static double reciprocal(double x) { return 1 / x; }

static double slow_decay(double x) { return pow(5, -0.0001 * x); }

static double five(double x)
{
    (void)x;
    return 5;
}

static double two_above_900(double x) { return x > 900 ? 2 : 1; }

static const lathe_cyclic_scale reciprocal_scale = { "reciprocal", reciprocal },
                                slow_scale = { "slow", slow_decay };

static void refusals(void **state)
{
    (void)state;
    static const struct {
        opts o;
        const char *message;
    } cases[] = {
        { { .max_lr = 1 }, "cyclic: base_lr must be given" },
        { { .base_lr = 1 }, "cyclic: max_lr must be given" },
        { { .base_lr = 0.2, .max_lr = 0.1 }, "cyclic: base_lr = 0.2 is above max_lr = 0.1" },
        { { .base_lr = -1, .max_lr = 0.1 }, "cyclic: base_lr = -1 is not legal: >= 0" },
        { { .base_lr = 0.1, .max_lr = NAN }, "cyclic: max_lr = " },
        { { .base_lr = 0.1, .max_lr = 1, .step_size_up = UINT64_MAX }, "cyclic: step_size_up = " },
        { { .base_lr = 0.1, .max_lr = 1, .step_size_down = UINT64_MAX }, "cyclic: step_size_down = " },
        { { .base_lr = 0.1, .max_lr = 1, .mode = (lathe_cyclic_mode)3 },
            "cyclic: mode = 3 is not one of triangular | triangular2 | exp_range" },
        { { .base_lr = 0.1, .max_lr = 1, .gamma = -2 }, "cyclic: gamma = -2 is not legal: > 0" },
        { { .base_lr = 0.1, .max_lr = 1, .gamma = LATHE_ZERO }, "cyclic: gamma = 0 is not legal: > 0" },
        { { .base_lr = 0.1, .max_lr = 1, .scale_mode = (lathe_cyclic_scale_mode)2 },
            "scale_mode = 2 is not one of cycle | iterations" },
        { { .base_lr = 0.1, .max_lr = 1, .scale = &reciprocal_scale, .mode = (lathe_cyclic_mode)3 },
            "cyclic: mode = 3 is not one of" },
        { { .base_lr = 0.1,
              .max_lr = 1,
              .scale = &reciprocal_scale,
              .scale_mode = (lathe_cyclic_scale_mode)2 },
            "scale_mode = 2 is not one of" },
        { { .base_lr = 0.1, .max_lr = 1, .cycle_momentum = (lathe_cycle_momentum)7 },
            "cycle_momentum = 7 is not one of auto | on | off" },
        { { .base_lr = 0.1, .max_lr = 1, .base_momentum = 1.5 }, "cyclic: base_momentum = 1.5 is not legal" },
        { { .base_lr = 0.1, .max_lr = 1, .max_momentum = -0.5 },
            "cyclic: max_momentum = -0.5 is not legal: [0, 1)" },
        { { .base_lr = 0.1, .max_lr = 1, .base_momentum = 0.9, .max_momentum = 0.2 },
            "cyclic: base_momentum = 0.9 is above max_momentum = 0.2" },
    };
    lathe_optim *optim = sgd_with(0.5, 0.3);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_null(lathe_sched_cyclic(optim, &cases[i].o));
        assert_failed(LATHE_EARG, cases[i].message);
        assert_true(lathe_optim_lr(optim, 0) == 0.5 && lathe_optim_momentum(optim, 0) == 0.3); /* untouched */
    }
    assert_null(lathe_sched_cyclic(NULL, &(opts){ .base_lr = 0.1, .max_lr = 1 }));
    assert_failed(LATHE_EARG, "optim is NULL");
    sgd_free(optim);
}

static void pytorch_schedules(void **state)
{
    (void)state;
    const lathe_sched_type *type = &lathe_cyclic_sched;
    assert_schedule(type, &(opts){ .base_lr = 0.001, .max_lr = 0.006, .step_size_up = 100 }, "triangular",
        true);
    assert_schedule(type,
        &(opts){ .base_lr = 1e-4,
            .max_lr = 0.3,
            .step_size_up = 7,
            .step_size_down = 11,
            .base_momentum = 0.85,
            .max_momentum = 0.95 },
        "uneven", true);
    assert_schedule(type,
        &(opts){ .base_lr = 0.001,
            .max_lr = 0.006,
            .step_size_up = 40,
            .step_size_down = 60,
            .mode = LATHE_TRIANGULAR2 },
        "triangular2", true);
    assert_schedule(type,
        &(opts){ .base_lr = 0.001,
            .max_lr = 0.006,
            .step_size_up = 100,
            .mode = LATHE_EXP_RANGE,
            .gamma = 0.9994 },
        "exp_range", true);
    assert_schedule(type,
        &(opts){ .base_lr = 0.001, .max_lr = 0.006, .step_size_up = 50, .scale = &reciprocal_scale },
        "scale_cycle", true);
    assert_schedule(type,
        &(opts){ .base_lr = 0.001,
            .max_lr = 0.006,
            .step_size_up = 50,
            .scale = &slow_scale,
            .scale_mode = LATHE_SCALE_ITERATIONS },
        "scale_iterations", true);
}

/* A scale function that leaves [0, 1] is refused, also when it does so late; PyTorch goes to lr 0.46 with
 * max_lr 0.1. */
static void scale_functions_stay_in_range(void **state)
{
    (void)state;
    static const lathe_cyclic_scale large = { "five", five }, late = { "late", two_above_900 },
                                    nameless = { NULL, five };
    lathe_optim *optim = sgd_with(0.5, 0);
    opts o = { .base_lr = 0.01, .max_lr = 0.1, .scale = &large };
    assert_null(lathe_sched_cyclic(optim, &o));
    assert_failed(LATHE_EARG, "cyclic: scale function 'five' gives 5 for 1, which is not in [0, 1]");
    o.scale = &late;
    assert_null(lathe_sched_cyclic(optim, &o));
    assert_failed(LATHE_EARG, "cyclic: scale function 'late' gives 2 for 901, which is not in [0, 1]");
    o.scale = &nameless;
    assert_null(lathe_sched_cyclic(optim, &o));
    assert_failed(LATHE_EARG, "cyclic: scale must have a name and a function");
    assert_true(rates_of((opts){ .base_lr = 0.1, .max_lr = 1, .step_size_up = 1, .scale = &large }, 1).lr ==
        1); /* cut off */
    sgd_free(optim);
}

static lathe_rates first_rates(lathe_optim *optim, opts o, uint64_t t)
{
    lathe_sched *sched = lathe_sched_cyclic(optim, &o);
    if (!sched) fail_msg("%s", lathe_error_message());
    lathe_rates rates = lathe_sched_rates_at(sched, 0, t);
    lathe_sched_free(sched);
    return rates;
}

static bool near(double a, double b) { return fabs(a - b) < 1e-15; }

/* PyTorch: an SGD without momentum comes out with 0.9 to 0.8, one with 0.95 too, and Adam in 1.13 is an
 * error. */
static void momentum_is_touched_when_asked(void **state)
{
    (void)state;
    lathe_optim *none = sgd_with(0.5, 0), *some = sgd_with(0.5, 0.95);
    lathe_params *params = params_of(1);
    lathe_optim *adamw = lathe_optim_adamw(params, NULL);
    opts o = { .base_lr = 0.01, .max_lr = 0.1, .step_size_up = 4 };
    lathe_rates r;

    assert_false(first_rates(none, o, 0).sets_momentum);
    assert_false(first_rates(adamw, o, 0).sets_momentum);
    r = first_rates(some, o, 0);
    assert_true(r.sets_momentum && r.momentum == 0.95);
    assert_true(near(first_rates(some, o, 4).momentum, 0.85));

    o.cycle_momentum = LATHE_MOMENTUM_OFF;
    assert_false(first_rates(some, o, 0).sets_momentum);
    o.cycle_momentum = LATHE_MOMENTUM_ON;
    assert_true(first_rates(none, o, 0).momentum == 0.9 && near(first_rates(none, o, 4).momentum, 0.8));
    assert_true(first_rates(adamw, o, 0).momentum == 0.9 && near(first_rates(adamw, o, 4).momentum, 0.8));

    o.cycle_momentum = LATHE_MOMENTUM_AUTO;
    o.base_momentum = 0.7; /* given, so asked for */
    assert_true(first_rates(adamw, o, 4).sets_momentum && first_rates(adamw, o, 4).momentum == 0.7);
    o.base_momentum = LATHE_ZERO;
    o.max_momentum = 0.6;
    assert_true(first_rates(none, o, 4).momentum == 0 && first_rates(none, o, 0).momentum == 0.6);

    o.base_momentum = o.max_momentum = 0;
    o.torch_compat = true;
    assert_true(first_rates(none, o, 0).momentum == 0.9 && first_rates(none, o, 4).momentum == 0.8);
    assert_true(first_rates(some, o, 0).momentum == 0.9 && first_rates(some, o, 4).momentum == 0.8);
    lathe_optim_free(adamw);
    params_free(params);
    sgd_free(none);
    sgd_free(some);
}

static void update_nothing(const lathe_update *update) { (void)update; }

static void momentum_that_is_not_there_is_an_error(void **state)
{
    (void)state;
    typedef struct plain_opts {
        double lr;
    } plain_opts;
    static const lathe_field fields[] = {
        { .name = "lr", .offset = offsetof(plain_opts, lr), .preset = { 1 }, .max = HUGE_VAL },
        { .name = NULL }
    };
    static const lathe_optim_type plain = { .name = "plain",
        .opts_size = sizeof(plain_opts),
        .fields = fields,
        .update = update_nothing };
    lathe_params *params = params_of(1);
    lathe_optim *optim = lathe_optim_new(&plain, params, NULL);
    opts o = { .base_lr = 0.01, .max_lr = 0.1 };
    assert_false(first_rates(optim, o, 0).sets_momentum);
    lathe_optim_set_lr(optim, 0, 1);
    o.cycle_momentum = LATHE_MOMENTUM_ON;
    assert_null(lathe_sched_cyclic(optim, &o));
    assert_failed(LATHE_EARG,
        "cyclic: momentum should be cycled, but plain has neither momentum nor betas; set cycle_momentum "
        "off");
    assert_true(lathe_optim_lr(optim, 0) == 1);
    lathe_optim_free(optim);
    params_free(params);
}

static void groups_have_their_own_range(void **state)
{
    (void)state;
    static const int two[] = { 2, 2 };
    lathe_params *params = params_new(two, 2);
    lathe_optim *optim = lathe_optim_sgd(params, &(lathe_sgd_opts){ .lr = 0.5, .momentum = 0.9 });
    lathe_optim_add_group(optim, params->tensor + 1, 1, &(lathe_sgd_opts){ .lr = 0.5, .momentum = 0.5 });
    lathe_sched *sched =
        lathe_sched_cyclic(optim, &(opts){ .base_lr = 0.01, .max_lr = 0.1, .step_size_up = 4 });
    assert_true(lathe_optim_lr(optim, 1) == 0.01 && lathe_optim_momentum(optim, 1) == 0.5);
    lathe_sched_step(sched);
    assert_int_equal(lathe_sched_set_group(sched, 1,
                         &(opts){ .base_lr = 0.001, .max_lr = 0.01, .step_size_up = 4 }),
        LATHE_OK);
    while (lathe_sched_steps(sched) < 4) lathe_sched_step(sched);
    assert_true(lathe_optim_lr(optim, 0) == 0.1 && lathe_optim_lr(optim, 1) == 0.01);
    assert_true(near(lathe_optim_momentum(optim, 0), 0.8) && near(lathe_optim_momentum(optim, 1), 0.4));
    assert_int_equal(lathe_sched_set_group(sched, 1, &(opts){ .base_lr = 1, .max_lr = 0.5 }), LATHE_EARG);
    assert_failed(LATHE_EARG, "cyclic: base_lr = 1 is above max_lr = 0.5");
    assert_true(lathe_optim_lr(optim, 1) == 0.01 && lathe_sched_rates_at(sched, 1, 0).lr == 0.001);
    lathe_sched_free(sched);
    lathe_optim_free(optim);
    params_free(params);
}

static void a_warning_of_several_groups_is_said_once(void **state)
{
    (void)state;
    char text[256];
    lathe_params *params = params_new((const int[]){ 2, 2 }, 2);
    lathe_optim *optim = lathe_optim_sgd(params, &(lathe_sgd_opts){ .lr = 0.5 });
    lathe_optim_add_group(optim, params->tensor + 1, 1, &(lathe_sgd_opts){ .lr = 0.5 });
    opts o = { .base_lr = 0.01, .max_lr = 0.1, .step_size_up = 4 };
    lathe_sched *sched = lathe_sched_cyclic(optim, &o);
    o.max_lr = 0.2;
    assert_int_equal(lathe_sched_set_group(sched, 1, &o), LATHE_OK);
    assert_true(lathe_sched_warning(sched, 12, 0, text) && strstr(text, "a cycle of 8"));
    assert_false(lathe_sched_warning(sched, 12, 1, text));
    o.step_size_up = 5;
    assert_int_equal(lathe_sched_set_group(sched, 1, &o), LATHE_OK);
    assert_true(lathe_sched_warning(sched, 12, 1, text) && strstr(text, "a cycle of 10"));
    assert_false(lathe_sched_warning(sched, 12, 2, text));
    lathe_sched_free(sched);
    lathe_optim_free(optim);
    params_free(params);
}

static void assert_warnings(opts o, uint64_t steps, const char *const *want)
{
    char text[256];
    lathe_optim *optim = sgd_with(0.5, 0);
    lathe_sched *sched = lathe_sched_cyclic(optim, &o);
    assert_non_null(sched);
    int n = 0;
    for (; lathe_sched_warning(sched, steps, n, text); n++)
        if (!want[n] || !strstr(text, want[n]))
            fail_msg("warning %d: '%s', expected '%s'", n, text, want[n] ? want[n] : "none");
    if (want[n]) fail_msg("no warning '%s'", want[n]);
    lathe_sched_free(sched);
    sgd_free(optim);
}

static void warnings(void **state)
{
    (void)state;
    static const char *const none[] = { NULL };
    opts o = { .base_lr = 0.01, .max_lr = 0.1, .step_size_up = 10 };
    assert_warnings(o, 0, none);
    assert_warnings(o, 20, none);
    assert_warnings(o, 60, none);
    assert_warnings(o, 61, none); /* the last batch is at base_lr itself */
    assert_warnings(o, 70,
        (const char *const[]){ "the run of 70 steps ends 10 steps into a cycle of 20", NULL });
    assert_warnings(o, 15,
        (const char *const[]){ "the run of 15 steps is shorter than a cycle of 20", NULL });
    assert_warnings(o, 10,
        (const char *const[]){ "shorter than a cycle of 20 and does not reach max_lr", NULL });
    o.gamma = 0.9;
    assert_warnings(o, 0, (const char *const[]){ "gamma = 0.9 is not used", NULL });
    o.mode = LATHE_EXP_RANGE;
    assert_warnings(o, 0, none);
    o.gamma = 0.5; /* the wiki's example: after 10 batches a thousandth of the amplitude is left */
    assert_warnings(o, 0,
        (const char *const[]){ "gamma = 0.5 leaves 9.5e-07 of max_lr - base_lr after one cycle of 20 steps",
            NULL });
    o.gamma = 2;
    o.base_lr = 0.1;
    o.scale_mode = LATHE_SCALE_ITERATIONS;
    assert_warnings(o, 70,
        (const char *const[]){ "base_lr = max_lr = 0.1", "gamma = 2 is above 1", "scale_mode is not used",
            "ends 10 steps", NULL });
}

/* Every option can be set from text, as on the command line, and a run's length in epochs is known. */
static void from_text(void **state)
{
    (void)state;
    static const char *const given[][2] = { { "base-lr", "1e-4" }, { "max-lr", "3e-3" },
        { "step-size-up", "2.5ep" }, { "step-size-down", "1000" }, { "mode", "exp_range" },
        { "gamma", "0.9999" }, { "scale-mode", "iterations" }, { "cycle-momentum", "on" },
        { "base-momentum", "0" }, { "max-momentum", "0.95" }, { "torch-compat", "true" } };
    opts o = { 0 };
    for (size_t i = 0; i < sizeof given / sizeof given[0]; i++)
        assert_int_equal(lathe_fields_set("cyclic", lathe_cyclic_sched.fields, &o, given[i][0], given[i][1],
                             844),
            LATHE_OK);
    assert_true(
        o.step_size_up == 2110 && o.step_size_down == 1000 && o.mode == LATHE_EXP_RANGE && o.gamma == 0.9999);
    lathe_optim *optim = sgd_with(0.5, 0);
    assert_true(first_rates(optim, o, 0).lr == 1e-4 && first_rates(optim, o, 0).momentum == 0.95);
    sgd_free(optim);
}

/* What no options struct can hold, but a command line can. PyTorch takes -5 for both ways, and 2.5, with
 * which no step hits max_lr. */
static void bad_lengths_are_refused(void **state)
{
    (void)state;
    static const char *const texts[] = { "0", "-5", "2.5", "1e300", "ten", "", "2.5epochs", "nan" };
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        opts o = { 0 };
        assert_int_equal(lathe_fields_set("cyclic", lathe_cyclic_sched.fields, &o, "step_size_up", texts[i],
                             100),
            LATHE_EARG);
        assert_failed(LATHE_EARG, "cyclic: step_size_up = ");
    }
}

static void its_cycles_are_told(void **state)
{
    (void)state;
    static const struct {
        uint64_t steps;
        double steps_per_epoch;
        const char *text;
    } cases[] = {
        { 0, 0, "cyclic: 1 cycle = 20 steps" },
        { 250, 0, "cyclic: 1 cycle = 20 steps; this run has 12.5" },
        { 250, 5, "cyclic: 1 cycle = 20 steps = 4 epochs; this run has 12.5" },
    };
    lathe_optim *optim = sgd_with(0.5, 0);
    lathe_sched *sched =
        lathe_sched_cyclic(optim, &(opts){ .base_lr = 0.01, .max_lr = 0.1, .step_size_up = 10 });
    char text[256];
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_true(lathe_sched_describe(sched, cases[i].steps, cases[i].steps_per_epoch, text));
        assert_string_equal(text, cases[i].text);
    }
    assert_int_equal(lathe_sched_by_epoch(sched, 100), LATHE_OK);
    assert_true(lathe_sched_describe(sched, 4000, 100, text));
    assert_string_equal(text, "cyclic: 1 cycle = 20 epochs; this run has 2");
    lathe_sched_free(sched);
    sgd_free(optim);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(vectors_by_hand),
        cmocka_unit_test(starts_at_base_and_peaks_at_max),
        cmocka_unit_test(construction_sets_batch_0),
        cmocka_unit_test(refusals),
        cmocka_unit_test(pytorch_schedules),
        cmocka_unit_test(scale_functions_stay_in_range),
        cmocka_unit_test(momentum_is_touched_when_asked),
        cmocka_unit_test(momentum_that_is_not_there_is_an_error),
        cmocka_unit_test(groups_have_their_own_range),
        cmocka_unit_test(a_warning_of_several_groups_is_said_once),
        cmocka_unit_test(warnings),
        cmocka_unit_test(from_text),
        cmocka_unit_test(bad_lengths_are_refused),
        cmocka_unit_test(its_cycles_are_told),
    };
    return cmocka_run_group_tests(tests, NULL, count_schedules);
}
