#include "support/trajectory.h"

#include <math.h>

/*
 * rho 0.5, eps 1, g = 1: s = 0.5, d = 1 / sqrt(1.5), a = d^2 / 2 = 1/3; then s = 0.75, d = sqrt(4/3) /
 * sqrt(1.75).
 */
static void steps_by_hand(void **state)
{
    (void)state;
    assert_steps(&lathe_adadelta_optim, &(lathe_adadelta_opts){ .rho = 0.5, .eps = 1 }, (double[]){ 1, 1 },
        (double[]){ 1 - 1 / sqrt(1.5), 1 - 1 / sqrt(1.5) - sqrt(4. / 3 / 1.75) }, 2);
    assert_steps(&lathe_adadelta_optim,
        &(lathe_adadelta_opts){ .lr = 0.5, .rho = LATHE_ZERO, .eps = 1, .weight_decay = 1 }, (double[]){ 1 },
        (double[]){ 1 - 0.5 * 2 / sqrt(5) }, 1);
}

static void pytorch_trajectories(void **state)
{
    (void)state;
    assert_trajectories(&lathe_adadelta_optim, &(lathe_adadelta_opts){ .lr = 0.1 }, "plain");
    assert_trajectories(&lathe_adadelta_optim,
        &(lathe_adadelta_opts){ .lr = 0.1, .rho = 0.95, .weight_decay = 0.1 }, "decay");
    assert_trajectories_in_double(&lathe_adadelta_optim, &(lathe_adadelta_opts){ .lr = 0.01, .eps = 1e-3 },
        "eps");
}

static void refusals(void **state)
{
    (void)state;
    assert_optim_refused(&lathe_adadelta_optim, &(lathe_adadelta_opts){ .lr = -1 },
        "adadelta: lr = -1 is not legal: >= 0");
    assert_optim_refused(&lathe_adadelta_optim, &(lathe_adadelta_opts){ .weight_decay = -1 },
        "adadelta: weight_decay = -1 is not legal: >= 0");
    assert_optim_refused(&lathe_adadelta_optim, &(lathe_adadelta_opts){ .eps = -1e-8 },
        "adadelta: eps = -1e-08 is not legal: >= 0");
    assert_optim_refused(&lathe_adadelta_optim, &(lathe_adadelta_opts){ .rho = 2 },
        "adadelta: rho = 2 is not legal: [0, 1]");
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
