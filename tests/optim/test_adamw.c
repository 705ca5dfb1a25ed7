#include "support/trajectory.h"

#include <math.h>

/*
 * Gradient 1 throughout: m / c1 = 1 and v / c2 = 1, so each step is lr * 1 / (1 + eps), after a decay of lr *
 * 0.5: with lr 0.25 and eps 1:  1 * 0.875 - 0.125 = 0.75,  0.75 * 0.875 - 0.125 = 0.53125.
 */
static void steps_by_hand(void **state)
{
    (void)state;
    lathe_params *params = params_of(1);
    lathe_optim *optim =
        lathe_optim_adamw(params, &(lathe_adamw_opts){ .lr = 0.25, .eps = 1, .weight_decay = 0.5 });
    params->data[0] = params->grad[0] = 1;
    static const double want[] = { 0.75, 0.53125 };
    for (int step = 0; step < 2; step++) {
        assert_int_equal(lathe_optim_step(optim), LATHE_OK);
        assert_close("p", params->data, &want[step], 1, 1e-6, 0);
    }
    lathe_optim_free(optim);
    params_free(params);
}

/* The decay is of the parameter alone: with gradient 0 nothing but it happens, and the averages stay 0. */
static void decay_is_decoupled(void **state)
{
    (void)state;
    lathe_params *params = params_of(1);
    lathe_optim *optim = lathe_optim_adamw(params, &(lathe_adamw_opts){ .lr = 0.5, .weight_decay = 0.5 });
    params->data[0] = 1;
    lathe_optim_step(optim);
    assert_true((double)params->data[0] == 0.75);
    assert_true(lathe_optim_slot(optim, 0)[0] == 0 && lathe_optim_slot(optim, 1)[0] == 0);
    lathe_optim_free(optim);
    params_free(params);
}

/*
 * A gradient of 1 throughout must give steps of exactly lr, however beta1 moves, for then m is the sum of its
 * weights. With PyTorch's 1 - beta1^t it does not: the second step below would be lr * (0.5 * 0.9 + 0.1) / (1
 * - 0.9^2) = 2.89 lr.
 */
static void bias_correction_is_exact_while_beta1_moves(void **state)
{
    (void)state;
    static const double beta1[] = { 0.5, 0.9, 0.85, 0.95, 0.8, 0.95, 0.5, 0.99 };
    lathe_params *params = params_of(1);
    lathe_optim *optim =
        lathe_optim_adamw(params, &(lathe_adamw_opts){ .lr = 0.125, .weight_decay = LATHE_ZERO });
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

/*
 * Where gradients have gone, the averages end at 0 and never are numbers too small to be normal, which
 * processors are slow at. 0.9^t passes the least normal float after 830 steps, double after 6,720; 0.001 * g
 * * g is too small for g = 1e-20 in a float.
 */
static void averages_are_never_too_small(void **state)
{
    (void)state;
    lathe_params *params = params_of(2);
    lathe_optim *optim = lathe_optim_adamw(params, &(lathe_adamw_opts){ .weight_decay = LATHE_ZERO });
    params->grad[0] = 1;
    params->grad[1] = (lathe_real)(sizeof(lathe_real) == 8 ? 1e-155 : 1e-20);
    for (int step = 0; step < 8000; step++) {
        lathe_optim_step(optim);
        for (int i = 0; i < 4; i++)
            assert_true(fpclassify(lathe_optim_slot(optim, i / 2)[i % 2]) != FP_SUBNORMAL);
        params->grad[0] = 0;
    }
    assert_true(lathe_optim_slot(optim, 0)[0] == 0 && lathe_optim_slot(optim, 0)[1] > 0);
    assert_true(params->data[1] < 0); /* so small a gradient still moves its parameter, by lr * g / eps */
    lathe_optim_free(optim);
    params_free(params);
}

static void pytorch_trajectories(void **state)
{
    (void)state;
    assert_trajectories_in_double(&lathe_adamw_optim, NULL, "defaults");
    assert_trajectories(&lathe_adamw_optim, &(lathe_adamw_opts){ .lr = 0.01 }, "plain");
    assert_trajectories(&lathe_adamw_optim, &(lathe_adamw_opts){ .lr = 0.01, .weight_decay = 0.1 }, "decay");
    assert_trajectories(&lathe_adamw_optim, &(lathe_adamw_opts){ .lr = 0.01, .amsgrad = true }, "amsgrad");
    assert_trajectories(&lathe_adamw_optim,
        &(lathe_adamw_opts){ .lr = 0.003, .betas = { 0.8, 0.99 }, .eps = 1e-3, .weight_decay = LATHE_ZERO },
        "betas");
}

static void refusals(void **state)
{
    (void)state;
    static const struct {
        lathe_adamw_opts opts;
        const char *message;
    } cases[] = {
        { { .lr = -1 }, "adamw: lr = -1 is not legal: >= 0" },
        { { .betas = { 1, 0.9 } }, "adamw: betas[0] = 1 is not legal: [0, 1)" },
        { { .betas = { 0.9, 1 } }, "adamw: betas[1] = 1 is not legal: [0, 1)" },
        { { .eps = -1e-8 }, "adamw: eps = -1e-08 is not legal: >= 0" },
        { { .weight_decay = -1 }, "adamw: weight_decay = -1 is not legal: >= 0" },
        { { .weight_decay = HUGE_VAL }, "adamw: weight_decay = inf" },
    };
    lathe_params *params = params_of(1);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_null(lathe_optim_adamw(params, &cases[i].opts));
        assert_failed(LATHE_EARG, cases[i].message);
    }
    params_free(params);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(steps_by_hand),
        cmocka_unit_test(decay_is_decoupled),
        cmocka_unit_test(bias_correction_is_exact_while_beta1_moves),
        cmocka_unit_test(averages_are_never_too_small),
        cmocka_unit_test(pytorch_trajectories),
        cmocka_unit_test(refusals),
    };
    return cmocka_run_group_tests(tests, NULL, count_trajectories);
}
