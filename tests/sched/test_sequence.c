#include "support/schedule.h"

#include <math.h>

static bool near(double a, double b) { return fabs(a - b) <= 1e-15; }

static const lathe_cyclic_opts cycle = { .base_lr = 0.1,
    .max_lr = 0.5,
    .step_size_up = 2,
    .base_momentum = 0.8,
    .max_momentum = 0.9 };

/* Four steps up to base_lr, a cycle of four, three steps down from base_lr; momentum is cycled only where it
 * is the cycle's. */
static void warmup_cycle_and_cooldown(void **state)
{
    (void)state;
    static const double lr[] = { 0.05, 0.0625, 0.075, 0.0875, 0.1, 0.3, 0.5, 0.3, 0.1, 0.07, 0.04, 0.01,
        0.01 };
    static const double momentum[] = { 0.95, 0.95, 0.95, 0.95, 0.9, 0.85, 0.8, 0.85, 0.9, 0.9, 0.9, 0.9,
        0.9 };
    lathe_segment segments[] = {
        { &lathe_warmup_sched, &(lathe_warmup_opts){ .start_factor = 0.5 }, 4 },
        { &lathe_cyclic_sched, &cycle, 4 },
        { &lathe_cooldown_sched, &(lathe_cooldown_opts){ .end_factor = 0.1 }, 3 },
    };
    lathe_optim *optim = sgd_with(7, 0.95);
    lathe_sched *sched =
        lathe_sched_sequence(optim, &(lathe_sequence_opts){ .segment = segments, .count = 3 });
    if (!sched) fail_msg("%s", lathe_error_message());
    for (int i = 0; i < 3; i++) segments[i] = (lathe_segment){ 0 }; /* it has its own */
    for (size_t t = 0; t < sizeof lr / sizeof lr[0]; t++) {
        if (!near(lathe_optim_lr(optim, 0), lr[t]) || !near(lathe_optim_momentum(optim, 0), momentum[t]))
            fail_msg("step %zu: lr %.17g momentum %.17g", t, lathe_optim_lr(optim, 0),
                lathe_optim_momentum(optim, 0));
        lathe_sched_step(sched);
    }
    /* The step alone says where a run is: going back and forth gives the same. */
    lathe_sched_seek(sched, 9);
    lathe_sched_seek(sched, 2);
    assert_true(near(lathe_optim_lr(optim, 0), 0.075) && lathe_optim_momentum(optim, 0) == 0.95);
    lathe_sched_free(sched);
    sgd_free(optim);
}

/* A segment that needs a length, and was not given it, has its own. */
static void lengths_are_the_segments(void **state)
{
    (void)state;
    const lathe_segment segments[] = {
        { &lathe_constant_sched, NULL, 5 },
        { &lathe_cosine_sched, NULL, 10 },
        { &lathe_linear_sched, &(lathe_linear_opts){ .start_factor = 1, .end_factor = 0.5, .total_iters = 2 },
            10 },
        { &lathe_constant_sched, &(lathe_constant_opts){ .lr = 0.25 }, 0 },
    };
    lathe_optim *optim = sgd_with(1, 0);
    lathe_sched *sched =
        lathe_sched_sequence(optim, &(lathe_sequence_opts){ .segment = segments, .count = 4 });
    static const struct {
        uint64_t t;
        double lr;
    } want[] = { { 4, 1 }, { 5, 1 }, { 10, 0.5 }, { 15, 1 }, { 16, 0.75 }, { 17, 0.5 }, { 24, 0.5 },
        { 25, 0.25 }, { 1000000, 0.25 } };
    for (size_t i = 0; i < sizeof want / sizeof want[0]; i++)
        assert_true(near(lathe_sched_rates_at(sched, 0, want[i].t).lr, want[i].lr));
    assert_false(lathe_sched_rates_at(sched, 0, 0).sets_momentum);
    lathe_sched_free(sched);
    sgd_free(optim);
}

static void sequences_may_be_nested(void **state)
{
    (void)state;
    const lathe_segment inner[] = { { &lathe_warmup_sched, &(lathe_warmup_opts){ .start_factor = 0.5 }, 2 },
        { &lathe_constant_sched, NULL, 2 } };
    const lathe_sequence_opts inside = { .segment = inner, .count = 2 };
    const lathe_segment outer[] = { { &lathe_sequence_sched, &inside, 4 },
        { &lathe_cooldown_sched, NULL, 2 } };
    lathe_optim *optim = sgd_with(1, 0);
    lathe_sched *sched = lathe_sched_sequence(optim, &(lathe_sequence_opts){ .segment = outer, .count = 2 });
    static const double want[] = { 0.5, 0.75, 1, 1, 1, 0.505, 0.01 };
    for (uint64_t t = 0; t < 7; t++) assert_true(near(lathe_sched_rates_at(sched, 0, t).lr, want[t]));
    lathe_sched_free(sched);
    sgd_free(optim);
}

static void refusals(void **state)
{
    (void)state;
    static const lathe_cyclic_opts bad = { .base_lr = 2, .max_lr = 1 };
    static const struct {
        lathe_segment segment[2];
        int count;
        const char *message;
    } cases[] = {
        { { { &lathe_constant_sched, NULL, 1 } }, 0, "sequence: count = 0 segments, at least 1 is needed" },
        { { { NULL, NULL, 1 } }, 1, "sequence: segment 0 has no type" },
        { { { &lathe_constant_sched, NULL, 0 }, { &lathe_constant_sched, NULL, 0 } }, 2,
            "sequence: segment 0, constant, has no length" },
        { { { &lathe_plateau_sched, NULL, 1 }, { &lathe_constant_sched, NULL, 0 } }, 2,
            "sequence: segment 0, plateau, observes a metric, which only the last segment can" },
        { { { &lathe_constant_sched, NULL, UINT64_MAX }, { &lathe_constant_sched, NULL, UINT64_MAX } }, 2,
            "ends beyond step 2^53" },
        { { { &lathe_constant_sched, NULL, 1 }, { &lathe_cyclic_sched, &bad, 0 } }, 2,
            "cyclic: base_lr = 2 is above max_lr = 1" },
    };
    lathe_optim *optim = sgd_with(1, 0.5);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_null(lathe_sched_sequence(optim,
            &(lathe_sequence_opts){ .segment = cases[i].segment, .count = cases[i].count }));
        assert_failed(LATHE_EARG, cases[i].message);
        assert_true(lathe_optim_lr(optim, 0) == 1 && lathe_optim_momentum(optim, 0) == 0.5 &&
            !lathe_optim_hold(optim, 0));
    }
    assert_null(lathe_sched_sequence(optim, NULL));
    assert_failed(LATHE_EARG, "sequence: count = 0 segments");
    sgd_free(optim);
}

static void warnings(void **state)
{
    (void)state;
    const lathe_segment segments[] = { { &lathe_constant_sched, NULL, 10 },
        { &lathe_cyclic_sched, &cycle, 4 } };
    const lathe_sequence_opts o = { .segment = segments, .count = 2 };
    assert_warning(&lathe_sequence_sched, &o, 14, NULL);
    assert_warning(&lathe_sequence_sched, &o, 0, NULL);
    assert_warning(&lathe_sequence_sched, &o, 10,
        "the run of 10 steps ends before its last segment, cyclic, begins at 10");
    assert_warning(&lathe_sequence_sched, &o, 20,
        "the run of 20 steps continues after the end of the sequence at 14");
    const lathe_segment uneven[] = { { &lathe_cyclic_sched, &cycle, 6 }, { &lathe_constant_sched, NULL, 0 } };
    assert_warning(&lathe_sequence_sched, &(lathe_sequence_opts){ .segment = uneven, .count = 2 }, 20,
        "cyclic: the run of 6 steps ends 2 steps into a cycle of 4");
}

static void every_allocation_may_fail(void **state)
{
    (void)state;
    const lathe_segment segments[] = { { &lathe_warmup_sched, NULL, 4 }, { &lathe_cyclic_sched, &cycle, 4 } };
    lathe_optim *optim = sgd_with(1, 0);
    for (size_t nth = 1;; nth++) {
        lathe_alloc_fail_at(nth, false);
        lathe_sched *sched =
            lathe_sched_sequence(optim, &(lathe_sequence_opts){ .segment = segments, .count = 2 });
        lathe_alloc_fail_at(0, false);
        lathe_sched_free(sched);
        if (sched) break;
        assert_failed(LATHE_ENOMEM, "");
        assert_true(nth < 100);
    }
    sgd_free(optim);
}

static void pytorch_schedules(void **state)
{
    (void)state;
    const lathe_segment pytorch[] = {
        { &lathe_warmup_sched, &(lathe_warmup_opts){ .start_factor = 0.01 }, 200 },
        { &lathe_exponential_sched, &(lathe_exponential_opts){ .gamma = 0.997 }, 900 },
        { &lathe_step_sched, &(lathe_step_opts){ .step_size = 300, .gamma = 0.5 }, 0 },
    };
    const lathe_segment cycles[] = {
        { &lathe_warmup_sched, &(lathe_warmup_opts){ .start_factor = 0.1 }, 200 },
        { &lathe_cyclic_sched,
            &(lathe_cyclic_opts){ .base_lr = 0.002,
                .max_lr = 0.05,
                .step_size_up = 150,
                .step_size_down = 250,
                .mode = LATHE_TRIANGULAR2,
                .base_momentum = 0.85,
                .max_momentum = 0.95 },
            1200 },
        { &lathe_cooldown_sched, NULL, 400 },
    };
    assert_schedule(&lathe_sequence_sched, &(lathe_sequence_opts){ .segment = pytorch, .count = 3 },
        "pytorch", false);
    assert_schedule(&lathe_sequence_sched, &(lathe_sequence_opts){ .segment = cycles, .count = 3 }, "cycles",
        true);
}

/* Plateau after a warm-up observes from its own first step on, and drops from there. */
static void the_last_segment_may_observe(void **state)
{
    (void)state;
    static const lathe_plateau_opts plateau = { .factor = 0.5, .patience = -1, .mode = LATHE_PLATEAU_MAX };
    const lathe_segment segment[] = { { &lathe_warmup_sched, NULL, 4 },
        { &lathe_plateau_sched, &plateau, 0 } };
    static const double want[] = { 0.01, 0.2575, 0.505, 0.7525, 1, 1, 0.5, 0.25, 0.125 };
    lathe_optim *optim = sgd_with(1, 0.9);
    lathe_sched *sched =
        lathe_sched_sequence(optim, &(lathe_sequence_opts){ .segment = segment, .count = 2 });
    assert_true(lathe_sched_observes(sched) && lathe_sched_wants_more(sched));
    for (int t = 0; t < 9; t++) {
        if (fabs(lathe_optim_lr(optim, 0) - want[t]) > 1e-15)
            fail_msg("step %d: %.17g, expected %g", t, lathe_optim_lr(optim, 0), want[t]);
        lathe_sched_step(sched);
        lathe_sched_observe(sched, t < 5 ? t : 1); /* better until step 5 */
    }
    lathe_sched_free(sched);
    const lathe_segment plain[] = { { &lathe_constant_sched, NULL, 0 } };
    sched = lathe_sched_sequence(optim, &(lathe_sequence_opts){ .segment = plain, .count = 1 });
    assert_false(lathe_sched_observes(sched) || lathe_sched_wants_more(sched));
    lathe_sched_free(sched);
    sgd_free(optim);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pytorch_schedules),
        cmocka_unit_test(warmup_cycle_and_cooldown),
        cmocka_unit_test(lengths_are_the_segments),
        cmocka_unit_test(sequences_may_be_nested),
        cmocka_unit_test(the_last_segment_may_observe),
        cmocka_unit_test(refusals),
        cmocka_unit_test(warnings),
        cmocka_unit_test(every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, count_schedules);
}
