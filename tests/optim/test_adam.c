#include "support/trajectory.h"

/*
 * Gradient 1: m / c1 = v / c2 = 1, each step is 0.25 / (1 + 1). With decay 1 the first gradient is 1 + 1 = 2:
 * 0.25 * 2 / (2 + 1). amsgrad divides by what v was at most; here v / c2 falls, v itself grows: no
 * difference.
 */
static void steps_by_hand(void **state)
{
    (void)state;
    assert_steps(&lathe_adam_optim, &(lathe_adam_opts){ .lr = 0.25, .eps = 1 }, (double[]){ 1, 1, 1 },
        (double[]){ 0.875, 0.75, 0.625 }, 3);
    assert_steps(&lathe_adam_optim, &(lathe_adam_opts){ .lr = 0.25, .eps = 1, .weight_decay = 1 },
        (double[]){ 1 }, (double[]){ 1 - 0.5 / 3 }, 1);
    assert_steps(&lathe_adam_optim, &(lathe_adam_opts){ .lr = 0.25, .eps = 1, .amsgrad = true },
        (double[]){ 1, 1 }, (double[]){ 0.875, 0.75 }, 2);
}

/*
 * With gradient 1 throughout, m / c1 is 1 however beta1 moves; PyTorch's 1 - beta1^t gives 2.89 in the second
 * step.
 */
static void bias_correction_is_exact_while_beta1_moves(void **state)
{
    (void)state;
    static const double beta1[] = { 0.5, 0.9, 0.85, 0.95, 0.8, 0.95, 0.5, 0.99 };
    lathe_params *params = params_of(1);
    lathe_optim *optim = lathe_optim_adam(params, &(lathe_adam_opts){ .lr = 0.125 });
    params->grad[0] = 1;
    for (int step = 0; step < 8; step++) {
        lathe_optim_set_momentum(optim, 0, beta1[step]);
        lathe_optim_step(optim);
        double want = -0.125 * (step + 1);
        assert_close("p", params->data, &want, 1, 1e-6, 0);
    }
    lathe_optim_free(optim);
    params_free(params);
}

static void pytorch_trajectories(void **state)
{
    (void)state;
    assert_trajectories_in_double(&lathe_adam_optim, NULL, "defaults");
    assert_trajectories(&lathe_adam_optim, &(lathe_adam_opts){ .lr = 0.01 }, "plain");
    assert_trajectories(&lathe_adam_optim, &(lathe_adam_opts){ .lr = 0.02, .weight_decay = 0.1, .eps = 1e-2 },
        "decay");
    assert_trajectories(&lathe_adam_optim, &(lathe_adam_opts){ .lr = 0.01, .amsgrad = true }, "amsgrad");
    assert_trajectories(&lathe_adam_optim,
        &(lathe_adam_opts){ .lr = 0.003, .betas = { 0.8, 0.99 }, .eps = 1e-3 }, "betas");
}

static void refusals(void **state)
{
    (void)state;
    assert_optim_refused(&lathe_adam_optim, &(lathe_adam_opts){ .lr = -1 },
        "adam: lr = -1 is not legal: >= 0");
    assert_optim_refused(&lathe_adam_optim, &(lathe_adam_opts){ .weight_decay = -1 },
        "adam: weight_decay = -1 is not legal: >= 0");
    assert_optim_refused(&lathe_adam_optim, &(lathe_adam_opts){ .eps = -1e-8 },
        "adam: eps = -1e-08 is not legal: >= 0");
    assert_optim_refused(&lathe_adam_optim, &(lathe_adam_opts){ .betas = { 1, 0.9 } },
        "adam: betas[0] = 1 is not legal: [0, 1)");
    assert_optim_refused(&lathe_adam_optim, &(lathe_adam_opts){ .betas = { 0.9, 1 } },
        "adam: betas[1] = 1 is not legal: [0, 1)");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(steps_by_hand),
        cmocka_unit_test(bias_correction_is_exact_while_beta1_moves),
        cmocka_unit_test(pytorch_trajectories),
        cmocka_unit_test(refusals),
    };
    return cmocka_run_group_tests(tests, NULL, count_trajectories);
}
