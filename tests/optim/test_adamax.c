#include "support/trajectory.h"

/*
 * g = 1, then 0, beta1 = beta2 = 0.5, eps 1: m / c1 = 1, then 0.25 / 0.75; u = 2, then max(1, 0 + 1) = 1.
 */
static void steps_by_hand(void **state)
{
    (void)state;
    assert_steps(&lathe_adamax_optim, &(lathe_adamax_opts){ .lr = 0.5, .betas = { 0.5, 0.5 }, .eps = 1 },
        (double[]){ 1, 0 }, (double[]){ 0.75, 0.75 - 0.5 / 3 }, 2);
    assert_steps(&lathe_adamax_optim,
        &(lathe_adamax_opts){ .lr = 0.5, .betas = { 0.5, 0.5 }, .eps = 1, .weight_decay = 2 },
        (double[]){ 1 }, (double[]){ 1 - 0.5 * 3 / 4 }, 1);
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
    lathe_optim *optim = lathe_optim_adamax(params, &(lathe_adamax_opts){ .lr = 0.125 });
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
    assert_trajectories_in_double(&lathe_adamax_optim, NULL, "defaults");
    assert_trajectories(&lathe_adamax_optim, &(lathe_adamax_opts){ .lr = 0.02 }, "plain");
    assert_trajectories(&lathe_adamax_optim,
        &(lathe_adamax_opts){ .lr = 0.02, .weight_decay = 0.1, .eps = 1e-2 }, "decay");
    assert_trajectories_in_double(&lathe_adamax_optim,
        &(lathe_adamax_opts){ .betas = { 0.8, 0.99 }, .eps = 1e-2 }, "betas");
}

static void refusals(void **state)
{
    (void)state;
    assert_optim_refused(&lathe_adamax_optim, &(lathe_adamax_opts){ .lr = -1 },
        "adamax: lr = -1 is not legal: >= 0");
    assert_optim_refused(&lathe_adamax_optim, &(lathe_adamax_opts){ .weight_decay = -1 },
        "adamax: weight_decay = -1 is not legal: >= 0");
    assert_optim_refused(&lathe_adamax_optim, &(lathe_adamax_opts){ .eps = -1e-8 },
        "adamax: eps = -1e-08 is not legal: >= 0");
    assert_optim_refused(&lathe_adamax_optim, &(lathe_adamax_opts){ .betas = { 1, 0.9 } },
        "adamax: betas[0] = 1 is not legal: [0, 1)");
    assert_optim_refused(&lathe_adamax_optim, &(lathe_adamax_opts){ .betas = { 0.9, 1 } },
        "adamax: betas[1] = 1 is not legal: [0, 1)");
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
