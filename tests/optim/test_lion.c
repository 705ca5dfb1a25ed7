#include "support/trajectory.h"

/*
 * betas 0.5, 0.5: g = 1 makes m = 0.5; then g = -0.25 still goes on: 0.25 - 0.125 > 0, m = 0.125; then 0.0625
 * - 0.5 < 0 turns back. A gradient of 0 makes no step from m = 0, only the decay.
 */
static void steps_by_hand(void **state)
{
    (void)state;
    assert_steps(&lathe_lion_optim, &(lathe_lion_opts){ .lr = 0.25, .betas = { 0.5, 0.5 } },
        (double[]){ 1, -0.25, -1 }, (double[]){ 0.75, 0.5, 0.75 }, 3);
    assert_steps(&lathe_lion_optim, &(lathe_lion_opts){ .lr = 0.25, .weight_decay = 1 }, (double[]){ 0, 0 },
        (double[]){ 0.75, 0.5625 }, 2);
}

static void pytorch_trajectories(void **state)
{
    (void)state;
    assert_trajectories(&lathe_lion_optim, &(lathe_lion_opts){ .lr = 1. / 1024 }, "plain");
    assert_trajectories_in_double(&lathe_lion_optim,
        &(lathe_lion_opts){ .lr = 0.003, .betas = { 0.95, 0.98 }, .weight_decay = 0.1 }, "decay");
}

static void refusals(void **state)
{
    (void)state;
    assert_optim_refused(&lathe_lion_optim, &(lathe_lion_opts){ .lr = -1 },
        "lion: lr = -1 is not legal: >= 0");
    assert_optim_refused(&lathe_lion_optim, &(lathe_lion_opts){ .weight_decay = -1 },
        "lion: weight_decay = -1 is not legal: >= 0");
    assert_optim_refused(&lathe_lion_optim, &(lathe_lion_opts){ .betas = { 1, 0.9 } },
        "lion: betas[0] = 1 is not legal: [0, 1)");
    assert_optim_refused(&lathe_lion_optim, &(lathe_lion_opts){ .betas = { 0.9, 1 } },
        "lion: betas[1] = 1 is not legal: [0, 1)");
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
