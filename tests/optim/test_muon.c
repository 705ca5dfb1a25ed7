#include "support/trajectory.h"

#include <math.h>

/* A matrix of one number, whose direction is its sign: |X| = 1 after the first division, then a + b + c =
 * 0.701, ... */
static double newton_schulz(int steps)
{
    double x = 1;
    for (int i = 0; i < steps; i++) x = 3.4445 * x - 4.7750 * x * x * x + 2.0315 * x * x * x * x * x;
    return x;
}

/* The first of two matrices is Muon's, the last is AdamW's: with gradient 1 its first step is its learning
 * rate. */
static void steps_by_hand(void **state)
{
    (void)state;
    for (int ns_steps = 1; ns_steps <= 6; ns_steps++) {
        lathe_params *params = params_new((int[]){ 1, 1 }, 2);
        for (int t = 0; t < 2; t++) {
            params->tensor[t]->shape = (lathe_shape){ 2, { 1, 1 } };
            params->tensor[t]->data[0] = 1;
            params->tensor[t]->grad[0] = t ? 1 : -3;
        }
        lathe_optim *optim = lathe_optim_muon(params,
            &(lathe_muon_opts){ .lr = 0.5,
                .ns_steps = ns_steps,
                .adamw_lr_ratio = 0.5,
                .weight_decay = 0.25 });
        assert_int_equal(lathe_optim_step(optim), LATHE_OK);
        double matrix = 0.875 + 0.5 * newton_schulz(ns_steps), last = 1 - 0.25 * 0.25 - 0.25;
        assert_close("matrix", params->tensor[0]->data, &matrix, 1, 1e-5, 0);
        assert_close("last", params->tensor[1]->data, &last, 1, 1e-6, 0);
        lathe_optim_free(optim);
        params_free(params);
    }
}

/* A step's singular values are near 1: those of X X', by its trace and its largest entries. */
static void steps_are_nearly_orthogonal(void **state)
{
    (void)state;
    enum { ROWS = 8, COLUMNS = 27 };
    lathe_params *params = params_new((int[]){ ROWS * COLUMNS, 4 }, 2);
    params->tensor[0]->shape = (lathe_shape){ 4, { ROWS, 3, 3, 3 } };
    params->tensor[1]->shape = (lathe_shape){ 2, { 2, 2 } };
    fill_normal(params->tensor[0]->grad, ROWS * COLUMNS, 5);
    lathe_optim *optim = lathe_optim_muon(params, &(lathe_muon_opts){ .lr = 1 });
    lathe_optim_step(optim);
    const lathe_real *x = params->tensor[0]->data;
    for (int i = 0; i < ROWS; i++)
        for (int j = 0; j < ROWS; j++) {
            double product = 0;
            for (int k = 0; k < COLUMNS; k++)
                product += (double)x[i * COLUMNS + k] * (double)x[j * COLUMNS + k];
            if (fabs(product - (i == j)) > (i == j ? 0.5 : 0.3))
                fail_msg("(X X')[%d, %d] = %g", i, j, product);
        }
    lathe_optim_free(optim);
    params_free(params);
}

static void pytorch_trajectories(void **state)
{
    (void)state;
    const lathe_muon_opts plain = { .lr = 0.0005 };
    assert_trajectories_in_double(&lathe_muon_optim, &plain, "plain");
    assert_trajectory(&lathe_muon_optim, &plain, "plain", "net");
    assert_trajectory(&lathe_muon_optim, &plain, "plain", "shapes");
    assert_trajectories_in_double(&lathe_muon_optim,
        &(lathe_muon_opts){ .lr = 0.001, .weight_decay = 0.1, .momentum = 0.9 }, "decay");
    assert_trajectories_in_double(&lathe_muon_optim,
        &(lathe_muon_opts){ .lr = 0.0005, .no_nesterov = true, .ns_steps = 3 }, "classic");
}

static void refusals(void **state)
{
    (void)state;
    static const struct {
        lathe_muon_opts opts;
        const char *message;
    } cases[] = {
        { { .lr = -1 }, "muon: lr = -1 is not legal: >= 0" },
        { { .momentum = 1 }, "muon: momentum = 1 is not legal: [0, 1)" },
        { { .weight_decay = -1 }, "muon: weight_decay = -1 is not legal: >= 0" },
        { { .ns_steps = 101 }, "muon: ns_steps = 101 is not legal: [1, 100]" },
        { { .eps = -1 }, "muon: eps = -1 is not legal: >= 0" },
        { { .adamw_lr_ratio = -1 }, "muon: adamw_lr_ratio = -1 is not legal: >= 0" },
        { { .adamw_betas = { 0.9, 1 } }, "muon: adamw_betas[1] = 1 is not legal: [0, 1)" },
        { { .adamw_eps = -1 }, "muon: adamw_eps = -1 is not legal: >= 0" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        assert_optim_refused(&lathe_muon_optim, &cases[i].opts, cases[i].message);
}

static void every_allocation_may_fail(void **state)
{
    (void)state;
    lathe_params *params = params_new((int[]){ 12, 4 }, 2);
    params->tensor[0]->shape = (lathe_shape){ 2, { 3, 4 } };
    params->tensor[1]->shape = (lathe_shape){ 2, { 2, 2 } };
    for (size_t nth = 1;; nth++) {
        lathe_alloc_fail_at(nth, false);
        lathe_optim *optim = lathe_optim_muon(params, NULL);
        lathe_alloc_fail_at(0, false);
        lathe_optim_free(optim);
        if (optim) break;
        assert_failed(LATHE_ENOMEM, "");
        assert_true(nth < 100);
    }
    params_free(params);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(steps_by_hand),
        cmocka_unit_test(steps_are_nearly_orthogonal),
        cmocka_unit_test(pytorch_trajectories),
        cmocka_unit_test(refusals),
        cmocka_unit_test(every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, count_trajectories);
}
