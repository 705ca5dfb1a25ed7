#include "support/params.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

typedef lathe_cyclic_opts opts;

/* Rates of options as they are, without an optimizer: PyTorch's own tests use momenta up to 5. */
static lathe_rates rates_of(opts o, uint64_t t)
{
    lathe_sched_base base = { .lr = 1, .momentum_kind = LATHE_MOMENTUM, .optimizer = "test" };
    return lathe_cyclic_type.rates(&o, &base, t);
}

typedef struct fixture {
    lathe_params *params;
    lathe_optim *optim;
} fixture;

static fixture with_sgd(double lr, double momentum)
{
    fixture f = { .params = params_of(3) };
    f.optim = lathe_optim_sgd(f.params, &(lathe_sgd_opts){ .lr = lr, .momentum = momentum });
    assert_non_null(f.optim);
    return f;
}

static void fixture_free(fixture f)
{
    lathe_optim_free(f.optim);
    params_free(f.params);
}

/* FEATURES of PyTorch's test_cycle_lr_*: base 1, max 5, up 4, momentum 1 to 5. */
static void vectors_by_hand(void **state)
{
    (void)state;
    static const double triangular[] = { 1, 2, 3, 4, 5, 4, 3, 2, 1, 2, 3 };
    static const double triangular2[] = { 1, 2, 3, 4, 5, 4, 3, 2, 1, 1.5, 2, 2.5, 3, 2.5, 2, 1.5, 1, 1.25, 1.5, 1.75, 2, 1.75 };
    static const double uneven[] = { 1, 3, 5, 13. / 3, 11. / 3, 3, 7. / 3, 5. / 3, 1, 2, 3, 8. / 3, 7. / 3, 2, 5. / 3, 4. / 3, 1 };
    opts o = { .base_lr = 1, .max_lr = 5, .step_size_up = 4, .gamma = 1, .base_momentum = 1, .max_momentum = 5 };
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
    for (size_t i = 0; i < sizeof uneven / sizeof uneven[0]; i++) assert_true(fabs(rates_of(o, i).lr - uneven[i]) < 1e-14);
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
            opts o = { .base_lr = 0.1, .max_lr = 0.7, .step_size_up = up, .step_size_down = down, .gamma = 1,
                .base_momentum = 0.85, .max_momentum = 0.95 };
            for (uint64_t cycle = 0; cycle < 1100000000000; cycle = cycle * 17 + 1) {
                lathe_rates first = rates_of(o, cycle * (up + down)), peak = rates_of(o, cycle * (up + down) + up);
                assert_true(first.lr == 0.1 && first.momentum == 0.95);
                assert_true(peak.lr == 0.7 && peak.momentum == 0.85);
            }
        }
}

static void no_overflow(void **state)
{
    (void)state;
    opts o = { .base_lr = 0.1, .max_lr = 0.7, .step_size_up = 1, .mode = LATHE_TRIANGULAR2, .gamma = 1, .base_momentum = 0.8,
        .max_momentum = 0.9 };
    assert_true(rates_of(o, 2 * 1023 + 1).lr == 0.1); /* 2^-1023 of 0.6 is nothing beside 0.1 */
    assert_true(rates_of(o, 2 * 1025 + 1).lr == 0.1);
    assert_true(rates_of(o, ((uint64_t)1 << 40) + 1).lr == 0.1);
    assert_true(rates_of(o, UINT64_MAX).lr == 0.1);
    o.mode = LATHE_EXP_RANGE, o.gamma = 2;
    assert_true(isfinite(rates_of(o, 1025).lr) && isfinite(rates_of(o, ((uint64_t)1 << 40) + 1).lr));
    assert_true(rates_of(o, 2048).lr == 0.1);
    o.gamma = 0.5;
    assert_true(rates_of(o, 100001).lr == 0.1);
}

static void construction_sets_batch_0(void **state)
{
    (void)state;
    fixture f = with_sgd(0.5, 0.9);
    lathe_sched *sched = lathe_sched_cyclic(f.optim, &(opts){ .base_lr = 0.01, .max_lr = 0.1, .step_size_up = 4 });
    assert_true(lathe_optim_lr(f.optim, 0) == 0.01 && lathe_optim_momentum(f.optim, 0) == 0.9);
    for (int i = 0; i < 40; i++) {
        lathe_rates want = lathe_sched_rates_at(sched, 0, (uint64_t)i);
        assert_true(lathe_optim_lr(f.optim, 0) == want.lr && lathe_optim_momentum(f.optim, 0) == want.momentum);
        lathe_sched_step(sched);
    }
    lathe_sched_seek(sched, 4);
    assert_true(lathe_optim_lr(f.optim, 0) == 0.1 && lathe_optim_momentum(f.optim, 0) == 0.9 - 0.1);
    lathe_sched_free(sched);
    fixture_free(f);
}

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
        { { .base_lr = 0.1, .max_lr = 1, .mode = (lathe_cyclic_mode)3 }, "cyclic: mode = 3 is none of triangular | triangular2 | exp_range" },
        { { .base_lr = 0.1, .max_lr = 1, .gamma = -2 }, "cyclic: gamma = -2 is not legal: > 0" },
        { { .base_lr = 0.1, .max_lr = 1, .gamma = LATHE_ZERO }, "cyclic: gamma = 0 is not legal: > 0" },
        { { .base_lr = 0.1, .max_lr = 1, .scale_mode = (lathe_cyclic_scale_mode)2 }, "scale_mode = 2 is none of cycle | iterations" },
        { { .base_lr = 0.1, .max_lr = 1, .cycle_momentum = (lathe_cyclic_momentum)7 }, "cycle_momentum = 7 is none of auto | on | off" },
        { { .base_lr = 0.1, .max_lr = 1, .base_momentum = 1.5 }, "cyclic: base_momentum = 1.5 is not legal" },
        { { .base_lr = 0.1, .max_lr = 1, .max_momentum = -0.5 }, "cyclic: max_momentum = -0.5 is not legal: [0, 1)" },
        { { .base_lr = 0.1, .max_lr = 1, .base_momentum = 0.9, .max_momentum = 0.2 },
            "cyclic: base_momentum = 0.9 is above max_momentum = 0.2" },
    };
    fixture f = with_sgd(0.5, 0.3);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_null(lathe_sched_cyclic(f.optim, &cases[i].o));
        assert_failed(LATHE_EARG, cases[i].message);
        assert_true(lathe_optim_lr(f.optim, 0) == 0.5 && lathe_optim_momentum(f.optim, 0) == 0.3); /* untouched */
    }
    assert_null(lathe_sched_cyclic(NULL, &(opts){ .base_lr = 0.1, .max_lr = 1 }));
    assert_failed(LATHE_EARG, "optim is NULL");
    fixture_free(f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(vectors_by_hand),
        cmocka_unit_test(starts_at_base_and_peaks_at_max),
        cmocka_unit_test(no_overflow),
        cmocka_unit_test(construction_sets_batch_0),
        cmocka_unit_test(refusals),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
