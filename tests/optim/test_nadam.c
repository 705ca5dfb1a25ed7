#include "support/trajectory.h"

/*
 * beta1 = 0.5 and momentum_decay 0: mu = 0.25 throughout. g = 1: m = 0.5, v / c2 = 1, P = 1/4, then 1/16.
 * With eps 1 the first step is lr * (0.75 / 0.75 + 0.25 / (15/16) * 0.5) / 2 = lr * 17/30. Decoupled, with
 * gradient 0, only the decay happens.
 */
static void steps_by_hand(void **state)
{
    (void)state;
    assert_steps(&lathe_nadam_optim,
        &(lathe_nadam_opts){ .lr = 0.5, .betas = { 0.5, 0.9 }, .eps = 1, .momentum_decay = LATHE_ZERO },
        (double[]){ 1 }, (double[]){ 1 - 0.5 * 17 / 30 }, 1);
    assert_steps(&lathe_nadam_optim,
        &(lathe_nadam_opts){ .lr = 0.5, .weight_decay = 0.5, .decoupled_weight_decay = true },
        (double[]){ 0, 0 }, (double[]){ 0.75, 0.5625 }, 2);
}

static void pytorch_trajectories(void **state)
{
    (void)state;
    assert_trajectories(&lathe_nadam_optim, &(lathe_nadam_opts){ .lr = 0.01, .eps = 1e-2 }, "plain");
    assert_trajectories(&lathe_nadam_optim,
        &(lathe_nadam_opts){ .lr = 0.01, .eps = 1e-2, .weight_decay = 0.1 }, "decay");
    assert_trajectories_in_double(&lathe_nadam_optim,
        &(lathe_nadam_opts){ .betas = { 0.8, 0.99 }, .momentum_decay = 0.01, .eps = 1e-2 }, "betas");
    assert_trajectories(&lathe_nadam_optim,
        &(lathe_nadam_opts){ .lr = 0.01, .eps = 1e-2, .weight_decay = 0.1, .decoupled_weight_decay = true },
        "decoupled");
}

static void refusals(void **state)
{
    (void)state;
    assert_optim_refused(&lathe_nadam_optim, &(lathe_nadam_opts){ .lr = -1 },
        "nadam: lr = -1 is not legal: >= 0");
    assert_optim_refused(&lathe_nadam_optim, &(lathe_nadam_opts){ .weight_decay = -1 },
        "nadam: weight_decay = -1 is not legal: >= 0");
    assert_optim_refused(&lathe_nadam_optim, &(lathe_nadam_opts){ .eps = -1e-8 },
        "nadam: eps = -1e-08 is not legal: >= 0");
    assert_optim_refused(&lathe_nadam_optim, &(lathe_nadam_opts){ .momentum_decay = -1 },
        "nadam: momentum_decay = -1 is not legal: >= 0");
    assert_optim_refused(&lathe_nadam_optim, &(lathe_nadam_opts){ .betas = { 1, 0.9 } },
        "nadam: betas[0] = 1 is not legal: [0, 1)");
    assert_optim_refused(&lathe_nadam_optim, &(lathe_nadam_opts){ .betas = { 0.9, 1 } },
        "nadam: betas[1] = 1 is not legal: [0, 1)");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(steps_by_hand),
        cmocka_unit_test(pytorch_trajectories),
        cmocka_unit_test(refusals),
    };
    return cmocka_run_group_tests(tests, NULL, count_trajectories);
}
