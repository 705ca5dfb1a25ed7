/*
 * Where PyTorch 1.13.1's CyclicLR goes wrong, and what a schedule should do besides: a test for each. What it
 * validates is in test_cyclic.c; momentum too (momentum_is_touched_when_asked).
 */
#include "support/schedule.h"

#include <math.h>
#include <string.h>

typedef lathe_cyclic_opts opts;

static const opts small = { .base_lr = 0.01, .max_lr = 0.1, .step_size_up = 4 };

static bool near(double a, double b) { return fabs(a - b) < 1e-15; }

/* A scheduler with its optimizer; its rates are compared with those that follow in a table. */
static void assert_rates(lathe_sched *sched, lathe_optim *optim, const double (*want)[2], size_t count)
{
    if (!sched) fail_msg("%s", lathe_error_message());
    for (size_t i = 0; i < count; i++) {
        if (!near(lathe_optim_lr(optim, 0), want[i][0]) || !near(lathe_optim_momentum(optim, 0), want[i][1]))
            fail_msg("batch %zu: lr %.17g momentum %.17g, expected %g %g", i, lathe_optim_lr(optim, 0),
                lathe_optim_momentum(optim, 0), want[i][0], want[i][1]);
        lathe_sched_step(sched);
    }
    lathe_sched_free(sched);
}

/* ---- what PyTorch does --------------------------------------------------------------------------------- */

/* 1. After another scheduler PyTorch's first batch has that one's initial rate, here fifty times base_lr. */
static void the_first_batch_after_another_scheduler_has_base_lr(void **state)
{
    (void)state;
    static const double want[][2] = { { 0.01, 0.9 }, { 0.0325, 0.875 }, { 0.055, 0.85 }, { 0.0775, 0.825 },
        { 0.1, 0.8 } };
    lathe_optim *optim = sgd_with(0.5, 0.9);
    lathe_sched *former = lathe_sched_cosine(optim, &(lathe_cosine_opts){ .t_max = 10 });
    lathe_sched_step(former);
    lathe_sched_free(former);
    assert_rates(lathe_sched_cyclic(optim, &small), optim, want, 5);
    sgd_free(optim);
}

/* 2. Resumed as its documentation says, PyTorch's first batch has base_lr and max_momentum: 0.01 and 0.9, not
 * 0.055 and 0.85. */
static void the_first_batch_after_resuming_is_right(void **state)
{
    (void)state;
    static const double want[][2] = { { 0.055, 0.85 }, { 0.0325, 0.875 }, { 0.01, 0.9 }, { 0.0325, 0.875 } };
    lathe_optim *optim = sgd_with(0.5, 0.9);
    lathe_sched *sched = lathe_sched_cyclic(optim, &small);
    lathe_sched_seek(sched, 6);
    assert_rates(sched, optim, want, 4);
    sgd_free(optim);
}

/* 3. Resumed with last_epoch= PyTorch is a step off, or takes the present momentum for the lower bound, for
 * ever. */
static void resuming_has_no_seam_anywhere(void **state)
{
    (void)state;
    const opts o = { .base_lr = 0.01, .max_lr = 0.1, .step_size_up = 4, .mode = LATHE_TRIANGULAR2 };
    for (uint64_t stop = 0; stop < 40; stop++) {
        lathe_optim *one = sgd_with(0.5, 0.9), *two = sgd_with(0.5, 0.9);
        lathe_sched *whole = lathe_sched_cyclic(one, &o);
        while (lathe_sched_steps(whole) < stop) lathe_sched_step(whole);
        lathe_sched *resumed = lathe_sched_cyclic(two, &o);
        lathe_sched_seek(resumed, lathe_sched_steps(whole));
        for (int i = 0; i < 20; i++) {
            assert_true(lathe_optim_lr(two, 0) == lathe_optim_lr(one, 0));
            assert_true(lathe_optim_momentum(two, 0) == lathe_optim_momentum(one, 0));
            lathe_sched_step(whole);
            lathe_sched_step(resumed);
        }
        lathe_sched_free(whole);
        lathe_sched_free(resumed);
        sgd_free(one);
        sgd_free(two);
    }
}

/* 4. An SGD that was made without momentum comes out with 0.9 to 0.8, and one with 0.95 loses it. */
static void momentum_does_not_appear_from_nowhere(void **state)
{
    (void)state;
    lathe_optim *none = sgd_with(0.5, 0), *some = sgd_with(0.5, 0.95);
    lathe_sched *first = lathe_sched_cyclic(none, &small), *second = lathe_sched_cyclic(some, &small);
    for (int i = 0; i < 20; i++) {
        double height = i % 8 <= 4 ? i % 8 / 4.0 : (8 - i % 8) / 4.0;
        assert_true(lathe_optim_momentum(none, 0) == 0);
        assert_true(near(lathe_optim_momentum(some, 0), 0.95 - 0.1 * height));
        lathe_sched_step(first);
        lathe_sched_step(second);
    }
    lathe_sched_free(first);
    lathe_sched_free(second);
    sgd_free(none);
    sgd_free(some);
}

/* Rates of options as they are, without an optimizer: PyTorch's own tests use momenta up to 5. */
static lathe_rates rates_of(opts o, uint64_t t)
{
    lathe_sched_base base = { .lr = 1, .momentum_kind = LATHE_MOMENTUM, .optimizer = "test" };
    return lathe_cyclic_sched.rates(&o, &base, t);
}

/* 5. In its cycle 1025 PyTorch's triangular2 raises an OverflowError: at step 2048 with one step up, at 20480
 * with ten. */
static void no_overflow_at_any_step(void **state)
{
    (void)state;
    opts o = { .base_lr = 0.1,
        .max_lr = 0.7,
        .step_size_up = 1,
        .mode = LATHE_TRIANGULAR2,
        .gamma = 1,
        .base_momentum = 0.8,
        .max_momentum = 0.9 };
    assert_true(rates_of(o, 2 * 1023 + 1).lr == 0.1); /* 2^-1023 of 0.6 is nothing beside 0.1 */
    assert_true(rates_of(o, 2 * 1025 + 1).lr == 0.1);
    assert_true(rates_of(o, ((uint64_t)1 << 40) + 1).lr == 0.1);
    assert_true(rates_of(o, UINT64_MAX).lr == 0.1);
    o.step_size_up = 10;
    assert_true(rates_of(o, 20480).lr == 0.1 && rates_of(o, 20490).lr == 0.1);
    o.step_size_up = 1;
    o.mode = LATHE_EXP_RANGE, o.gamma = 2;
    assert_true(isfinite(rates_of(o, 1025).lr) && isfinite(rates_of(o, ((uint64_t)1 << 40) + 1).lr));
    assert_true(rates_of(o, 2048).lr == 0.1);
    o.gamma = 0.5;
    assert_true(rates_of(o, 100001).lr == 0.1);
}

/* 6a. A group that is added to PyTorch's optimizer later keeps its rate for ever. Here it is refused, and
 * scheduled if it comes first. */
static void a_late_group_is_not_forgotten(void **state)
{
    (void)state;
    static const int two[] = { 2, 2 };
    lathe_params *params = params_new(two, 2);
    lathe_optim *optim = lathe_optim_sgd(params, &(lathe_sgd_opts){ .lr = 0.5 });
    lathe_sched *sched = lathe_sched_cyclic(optim, &small);
    assert_int_equal(lathe_optim_add_group(optim, params->tensor + 1, 1, NULL), -1);
    assert_failed(LATHE_ESTATE,
        "lathe_optim_add_group: a scheduler holds the optimizer; make groups before it");
    lathe_sched_free(sched);
    assert_int_equal(lathe_optim_add_group(optim, params->tensor + 1, 1, NULL), 1);
    sched = lathe_sched_cyclic(optim, &small);
    lathe_sched_seek(sched, 4);
    assert_true(lathe_optim_lr(optim, 0) == 0.1 && lathe_optim_lr(optim, 1) == 0.1);
    lathe_sched_free(sched);
    lathe_optim_free(optim);
    params_free(params);
}

/* 6b. PyTorch keeps a list that it was given: changing it later changes the schedule. */
static void options_are_copied(void **state)
{
    (void)state;
    lathe_optim *optim = sgd_with(0.5, 0);
    opts o = { .base_lr = 0.01, .max_lr = 0.1, .step_size_up = 4 };
    lathe_sched *sched = lathe_sched_cyclic(optim, &o);
    o.max_lr = 100;
    assert_true(lathe_sched_rates_at(sched, 0, 4).lr == 0.1);
    lathe_sched_free(sched);
    sgd_free(optim);
}

/* 7. In a SequentialLR, CyclicLR's constructor overwrites the momentum of a warm-up that is not its own. */
static void momentum_of_the_warmup_is_its_own(void **state)
{
    (void)state;
    static const double want[][2] = { { 0.005, 0.95 }, { 0.0075, 0.95 }, { 0.01, 0.9 }, { 0.0325, 0.875 } };
    const opts cycle = { .base_lr = 0.01, .max_lr = 0.1, .step_size_up = 4, .max_momentum = 0.9 };
    const lathe_segment segment[] = { { &lathe_warmup_sched, &(lathe_warmup_opts){ .start_factor = 0.5 }, 2 },
        { &lathe_cyclic_sched, &cycle, 0 } };
    lathe_optim *optim = sgd_with(0.5, 0.95);
    assert_rates(lathe_sched_sequence(optim, &(lathe_sequence_opts){ .segment = segment, .count = 2 }), optim,
        want, 4);
    sgd_free(optim);
}

/* ---- beyond it ----------------------------------------------------------------------------------------- */

/* What a run must save is one integer, and any step can be asked for at once, far away too. */
static void the_state_is_one_integer(void **state)
{
    (void)state;
    const uint64_t far = ((uint64_t)1 << 40) + 2;
    lathe_optim *optim = sgd_with(0.5, 0.9);
    lathe_sched *sched = lathe_sched_cyclic(optim, &small);
    for (int i = 0; i < LATHE_SCHED_STATE; i++) assert_true(lathe_sched_state(sched)[i] == 0);
    assert_true(near(lathe_sched_rates_at(sched, 0, far).lr, 0.055)); /* 2^40 is a multiple of 8 */
    assert_true(lathe_sched_steps(sched) == 0 && lathe_optim_lr(optim, 0) == 0.01);
    lathe_sched_seek(sched, far);
    assert_true(lathe_sched_steps(sched) == far && near(lathe_optim_lr(optim, 0), 0.055));
    lathe_sched_free(sched);
    sgd_free(optim);
}

/* caffe2 took "gamma = 1" for an integer and abs for that of integers, and made NaN of it (pytorch 26310). */
static void a_gamma_without_a_point_is_a_number(void **state)
{
    (void)state;
    static const char *const texts[] = { "1", "1.0", "1e0" };
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        opts o = small;
        o.mode = LATHE_EXP_RANGE;
        assert_int_equal(lathe_fields_set("cyclic", lathe_cyclic_sched.fields, &o, "gamma", texts[i], 0),
            LATHE_OK);
        assert_true(o.gamma == 1);
        lathe_optim *optim = sgd_with(0.5, 0);
        lathe_sched *sched = lathe_sched_cyclic(optim, &o);
        assert_true(
            lathe_sched_rates_at(sched, 0, 4).lr == 0.1 && lathe_sched_rates_at(sched, 0, 1004).lr == 0.1);
        lathe_sched_free(sched);
        sgd_free(optim);
    }
}

/* PyTorch takes a custom scale function out of the state it is given, so that loading it a second time raises
 * a KeyError. */
static void restoring_twice_is_restoring(void **state)
{
    (void)state;
    lathe_optim *optim = sgd_with(0.5, 0.9);
    lathe_sched *sched = lathe_sched_cyclic(optim, &small);
    for (int time = 0; time < 2; time++) {
        lathe_sched_seek(sched, 6);
        assert_true(near(lathe_optim_lr(optim, 0), 0.055) && near(lathe_optim_momentum(optim, 0), 0.85));
        lathe_sched_step(sched);
        assert_true(near(lathe_optim_lr(optim, 0), 0.0325));
    }
    lathe_sched_free(sched);
    sgd_free(optim);
}

/*
 * While beta1 moves, PyTorch corrects by 1 - beta1^t. Exact is one minus the product of all beta1 so far: a
 * gradient that is always 1 has the mean 1, so each step of Adam without decay has the length lr.
 */
static void bias_correction_is_exact_while_beta1_is_cycled(void **state)
{
    (void)state;
    lathe_params *params = params_of(1);
    lathe_optim *optim =
        lathe_optim_adamw(params, &(lathe_adamw_opts){ .lr = 0.01, .weight_decay = LATHE_ZERO });
    lathe_sched *sched = lathe_sched_cyclic(optim,
        &(opts){ .base_lr = 0.01,
            .max_lr = 0.1,
            .step_size_up = 4,
            .cycle_momentum = LATHE_MOMENTUM_ON,
            .base_momentum = 0.5,
            .max_momentum = 0.95 });
    double way = 0;
    for (int i = 0; i < 40; i++) {
        params->tensor[0]->grad[0] = 1;
        way -= lathe_optim_lr(optim, 0);
        assert_int_equal(lathe_optim_step(optim), LATHE_OK);
        double got = params->tensor[0]->data[0];
        assert_close_double("the way", &got, &way, 1, 3e-6, 0);
        lathe_sched_step(sched);
    }
    assert_true(lathe_optim_momentum(optim, 0) == 0.95);
    lathe_sched_free(sched);
    lathe_optim_free(optim);
    params_free(params);
}

/* torch_compat: momentum is cycled from 0.9 to 0.8 whatever the optimizer has, as in PyTorch. */
static void torch_compat_is_pytorch(void **state)
{
    (void)state;
    static const double want[][2] = { { 0.01, 0.9 }, { 0.0325, 0.875 }, { 0.055, 0.85 }, { 0.0775, 0.825 },
        { 0.1, 0.8 } };
    for (int with = 0; with < 2; with++) {
        opts o = small;
        lathe_optim *optim = sgd_with(0.5, with ? 0.95 : 0);
        o.torch_compat = true;
        assert_rates(lathe_sched_cyclic(optim, &o), optim, want, 5);
        sgd_free(optim);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_first_batch_after_another_scheduler_has_base_lr),
        cmocka_unit_test(the_first_batch_after_resuming_is_right),
        cmocka_unit_test(resuming_has_no_seam_anywhere),
        cmocka_unit_test(momentum_does_not_appear_from_nowhere),
        cmocka_unit_test(no_overflow_at_any_step),
        cmocka_unit_test(a_late_group_is_not_forgotten),
        cmocka_unit_test(options_are_copied),
        cmocka_unit_test(momentum_of_the_warmup_is_its_own),
        cmocka_unit_test(the_state_is_one_integer),
        cmocka_unit_test(a_gamma_without_a_point_is_a_number),
        cmocka_unit_test(restoring_twice_is_restoring),
        cmocka_unit_test(bias_correction_is_exact_while_beta1_is_cycled),
        cmocka_unit_test(torch_compat_is_pytorch),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
