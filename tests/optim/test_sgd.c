#include "support/trajectory.h"

/* Steps of one parameter with gradient 1 from p = 1, by hand. */
static void steps_by_hand(void **state)
{
    (void)state;
    static const struct {
        lathe_sgd_opts opts;
        double want[3];
    } cases[] = {
        { { .lr = 0.5 }, { 0.5, 0, -0.5 } },
        { { .lr = 0.5, .weight_decay = 1 }, { 0, -0.5, -0.75 } },
        { { .lr = 0.5, .momentum = 0.5 }, { 0.5, -0.25, -1.125 } },
        /* v: 1 undampened, then 0.5 + 0.5, then 0.5 + 0.5 */
        { { .lr = 0.5, .momentum = 0.5, .dampening = 0.5 }, { 0.5, 0, -0.5 } },
        /* d = g + 0.5 v: 1.5, 1.75, 1.875 */
        { { .lr = 0.5, .momentum = 0.5, .nesterov = true }, { 0.25, -0.625, -1.5625 } },
        { { .lr = 0.5, .momentum = 0.5, .caffe_momentum = true }, { 0.5, -0.25, -1.125 } },
        /* v: 0.5, 0.75, 0.875; 1.5 v' - 0.5 v: 0.75, 0.875, 0.9375 */
        { { .lr = 0.5, .momentum = 0.5, .caffe_momentum = true, .nesterov = true },
            { 0.25, -0.625, -1.5625 } },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        lathe_params *params = params_of(1);
        lathe_optim *optim = lathe_optim_sgd(params, &cases[i].opts);
        params->data[0] = params->grad[0] = 1;
        for (int step = 0; step < 3; step++) {
            assert_int_equal(lathe_optim_step(optim), LATHE_OK);
            if ((double)params->data[0] != cases[i].want[step])
                fail_msg("case %zu, step %d: %g, expected %g", i, step, (double)params->data[0],
                    cases[i].want[step]);
        }
        lathe_optim_free(optim);
        params_free(params);
    }
}

/* When the rate drops from 1 to 0, PyTorch's form stops and Caffe's rolls on with what lr was. */
static void the_two_forms_differ_when_the_rate_changes(void **state)
{
    (void)state;
    for (int caffe = 0; caffe < 2; caffe++) {
        lathe_params *params = params_of(1);
        lathe_optim *optim =
            lathe_optim_sgd(params, &(lathe_sgd_opts){ .lr = 1, .momentum = 0.5, .caffe_momentum = caffe });
        params->grad[0] = 1;
        lathe_optim_step(optim);
        lathe_optim_set_lr(optim, 0, 0);
        lathe_optim_step(optim);
        assert_true((double)params->data[0] == (caffe ? -1.5 : -1));
        lathe_optim_free(optim);
        params_free(params);
    }
}

/* Momentum that a schedule switches on later begins as PyTorch's does: with the whole gradient of that step.
 */
static void momentum_may_begin_late(void **state)
{
    (void)state;
    lathe_params *params = params_of(1);
    lathe_optim *optim = lathe_optim_sgd(params, &(lathe_sgd_opts){ .lr = 1, .dampening = 0.75 });
    params->grad[0] = 1;
    lathe_optim_step(optim);
    lathe_optim_set_momentum(optim, 0, 0.5);
    lathe_optim_step(optim);
    assert_true((double)params->data[0] == -2);
    lathe_optim_step(optim); /* v = 0.5 * 1 + 0.25 */
    assert_true((double)params->data[0] == -2.75);
    lathe_optim_free(optim);
    params_free(params);
}

static void refusals(void **state)
{
    (void)state;
    static const struct {
        lathe_sgd_opts opts;
        const char *message;
    } cases[] = {
        { { .lr = -1 }, "sgd: lr = -1 is not legal: >= 0" },
        { { .momentum = 1 }, "sgd: momentum = 1 is not legal: [0, 1)" },
        { { .dampening = 2 }, "sgd: dampening = 2 is not legal: [0, 1]" },
        { { .weight_decay = -0.1 }, "sgd: weight_decay = -0.1 is not legal: >= 0" },
        { { .nesterov = true }, "sgd: nesterov needs momentum > 0, momentum = 0" },
        { { .nesterov = true, .momentum = 0.9, .dampening = 0.1 },
            "sgd: nesterov needs dampening 0, dampening = 0.1" },
        { { .caffe_momentum = true, .momentum = 0.9, .dampening = 0.1 },
            "sgd: caffe_momentum needs dampening 0, dampening = 0.1" },
    };
    lathe_params *params = params_of(1);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_null(lathe_optim_sgd(params, &cases[i].opts));
        assert_failed(LATHE_EARG, cases[i].message);
    }
    params_free(params);
}

static void pytorch_trajectories(void **state)
{
    (void)state;
    assert_trajectories(&lathe_sgd_optim, &(lathe_sgd_opts){ .lr = 0.001 }, "plain");
    assert_trajectories(&lathe_sgd_optim, &(lathe_sgd_opts){ .lr = 0.0005, .momentum = 0.9 }, "momentum");
    assert_trajectories(&lathe_sgd_optim,
        &(lathe_sgd_opts){ .lr = 0.0005, .momentum = 0.9, .nesterov = true }, "nesterov");
    assert_trajectories(&lathe_sgd_optim,
        &(lathe_sgd_opts){ .lr = 0.001, .momentum = 0.5, .dampening = 0.3, .weight_decay = 0.01 }, "decay");
    /* At a constant rate Caffe's form walks the same way. */
    assert_trajectories(&lathe_sgd_optim,
        &(lathe_sgd_opts){ .lr = 0.0005, .momentum = 0.9, .caffe_momentum = true }, "momentum");
    assert_trajectories(&lathe_sgd_optim,
        &(lathe_sgd_opts){ .lr = 0.0005, .momentum = 0.9, .caffe_momentum = true, .nesterov = true },
        "nesterov");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(steps_by_hand),
        cmocka_unit_test(the_two_forms_differ_when_the_rate_changes),
        cmocka_unit_test(momentum_may_begin_late),
        cmocka_unit_test(refusals),
        cmocka_unit_test(pytorch_trajectories),
    };
    return cmocka_run_group_tests(tests, NULL, count_trajectories);
}
