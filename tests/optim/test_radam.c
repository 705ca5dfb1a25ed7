#include "support/trajectory.h"

/*
 * The first five steps are SGD's with m / c1 = 1. beta2 = 0.5 never divides: N = 3. Decoupled, with gradient
 * 0, only the decay happens.
 */
static void steps_by_hand(void **state)
{
    (void)state;
    assert_steps(&lathe_radam_optim, &(lathe_radam_opts){ .lr = 0.25 }, (double[]){ 1, 1, 1, 1, 1 },
        (double[]){ 0.75, 0.5, 0.25, 0, -0.25 }, 5);
    assert_steps(&lathe_radam_optim, &(lathe_radam_opts){ .lr = 0.25, .betas = { 0.9, 0.5 } },
        (double[]){ 2, 2, 2, 2, 2, 2 }, (double[]){ 0.5, 0, -0.5, -1, -1.5, -2 }, 6);
    assert_steps(&lathe_radam_optim,
        &(lathe_radam_opts){ .lr = 0.5, .weight_decay = 0.5, .decoupled_weight_decay = true },
        (double[]){ 0, 0 }, (double[]){ 0.75, 0.5625 }, 2);
}

/*
 * With gradient 1 throughout, m / c1 is 1 however beta1 moves; PyTorch's 1 - beta1^t gives 2.89 in the second
 * step.
 */
static void bias_correction_is_exact_while_beta1_moves(void **state)
{
    (void)state;
    static const double beta1[] = { 0.5, 0.9, 0.85, 0.95, 0.8 };
    lathe_params *params = params_of(1);
    lathe_optim *optim = lathe_optim_radam(params, &(lathe_radam_opts){ .lr = 0.125 });
    params->grad[0] = 1;
    for (int step = 0; step < 5; step++) {
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
    assert_trajectories(&lathe_radam_optim, &(lathe_radam_opts){ .lr = 0.02, .eps = 1e-2 }, "plain");
    assert_trajectories(&lathe_radam_optim,
        &(lathe_radam_opts){ .lr = 0.02, .eps = 1e-2, .weight_decay = 0.1 }, "decay");
    assert_trajectories(&lathe_radam_optim,
        &(lathe_radam_opts){ .lr = 0.01, .betas = { 0.8, 0.95 }, .eps = 0.1 }, "betas");
    assert_trajectories(&lathe_radam_optim,
        &(lathe_radam_opts){ .lr = 0.02, .eps = 1e-2, .weight_decay = 0.1, .decoupled_weight_decay = true },
        "decoupled");
}

static void refusals(void **state)
{
    (void)state;
    assert_optim_refused(&lathe_radam_optim, &(lathe_radam_opts){ .lr = -1 },
        "radam: lr = -1 is not legal: >= 0");
    assert_optim_refused(&lathe_radam_optim, &(lathe_radam_opts){ .weight_decay = -1 },
        "radam: weight_decay = -1 is not legal: >= 0");
    assert_optim_refused(&lathe_radam_optim, &(lathe_radam_opts){ .eps = -1e-8 },
        "radam: eps = -1e-08 is not legal: >= 0");
    assert_optim_refused(&lathe_radam_optim, &(lathe_radam_opts){ .betas = { 1, 0.9 } },
        "radam: betas[0] = 1 is not legal: [0, 1)");
    assert_optim_refused(&lathe_radam_optim, &(lathe_radam_opts){ .betas = { 0.9, 1 } },
        "radam: betas[1] = 1 is not legal: [0, 1)");
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
