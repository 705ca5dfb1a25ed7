#include "support/trajectory.h"

/*
 * lr 0.25: the first step is 0.25, the second 0.25 * 2 (the sign kept), at most 0.5; then the sign changes:
 * no step and size 0.125, and, for g was set to 0, the next step has that size whatever its sign; then 0.25.
 * A gradient of 0 makes no step.
 */
static void steps_by_hand(void **state)
{
    (void)state;
    assert_steps(&lathe_rprop_optim,
        &(lathe_rprop_opts){ .lr = 0.25, .etas = { 0.25, 2 }, .step_sizes = { 0.01, 0.5 } },
        (double[]){ 3, 1, 7, -1, -5, -1, 0 }, (double[]){ 0.75, 0.25, -0.25, -0.25, -0.125, 0.125, 0.125 },
        7);
    assert_steps(&lathe_rprop_optim, &(lathe_rprop_opts){ .lr = 1, .step_sizes = { 0.75, 0.875 } },
        (double[]){ 1, -1, -1 }, (double[]){ 0.125, 0.125, 0.875 }, 3);
}

static void pytorch_trajectories(void **state)
{
    (void)state;
    assert_trajectories_in_double(&lathe_rprop_optim, &(lathe_rprop_opts){ .lr = 0.001 }, "plain");
    assert_trajectories_in_double(&lathe_rprop_optim,
        &(lathe_rprop_opts){ .lr = 0.01, .etas = { 0.4, 1.1 }, .step_sizes = { 1e-5, 0.1 } }, "etas");
    assert_trajectories(&lathe_rprop_optim, &(lathe_rprop_opts){ .step_sizes = { 1e-9, 50 } }, "fine");
}

static void refusals(void **state)
{
    (void)state;
    assert_optim_refused(&lathe_rprop_optim, &(lathe_rprop_opts){ .lr = -1 },
        "rprop: lr = -1 is not legal: >= 0");
    assert_optim_refused(&lathe_rprop_optim, &(lathe_rprop_opts){ .etas = { 1, 1.2 } },
        "rprop: etas = 1, 1.2 are not legal: 0 < etas[0] < 1 < etas[1]");
    assert_optim_refused(&lathe_rprop_optim, &(lathe_rprop_opts){ .etas = { 0.5, 1 } },
        "rprop: etas = 0.5, 1 are not legal");
    assert_optim_refused(&lathe_rprop_optim, &(lathe_rprop_opts){ .etas = { -0.5, 1.2 } },
        "rprop: etas[0] = -0.5 is not legal: > 0");
    assert_optim_refused(&lathe_rprop_optim, &(lathe_rprop_opts){ .step_sizes = { 2, 1 } },
        "rprop: step_sizes[0] = 2 is above step_sizes[1] = 1");
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
