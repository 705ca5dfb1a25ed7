#include "support/params.h"

#include <math.h>
#include <string.h>

static const int sizes[] = { 3, 5000, 17, 70000 };
enum { TENSORS = sizeof sizes / sizeof sizes[0] };

/* Gradients 3 and 4 in two tensors: norm 5; to 1 each is divided by 5. What is frozen or without gradient
 * does not count. */
static void norm_by_hand(void **state)
{
    (void)state;
    static const int ones[] = { 1, 1, 1, 1 };
    lathe_params *params = params_new(ones, 4);
    lathe_optim *optim = lathe_optim_sgd(params, NULL);
    static const lathe_real g[] = { 3, 4, 100, 100 };
    for (int i = 0; i < 4; i++) params->tensor[i]->grad[0] = g[i];
    params->tensor[2]->needs_grad = false;
    params->tensor[3]->has_grad = false;
    assert_true(lathe_optim_clip_norm(optim, HUGE_VAL) == 5);
    assert_true(lathe_optim_clip_norm(optim, 5.1) == 5);
    for (int i = 0; i < 4; i++)
        assert_true(params->tensor[i]->grad[0] == g[i]); /* below the limit nothing changes */
    assert_true(lathe_optim_clip_norm(optim, 1) == 5);
    static const double want[] = { 0.6, 0.8, 100, 100 };
    for (int i = 0; i < 4; i++) assert_close("g", params->tensor[i]->grad, &want[i], 1, 3e-7, 0);
    lathe_optim_free(optim);
    params_free(params);
}

static void fill(lathe_params *params)
{
    for (int i = 0; i < TENSORS; i++) fill_normal(params->tensor[i]->grad, (size_t)sizes[i], (uint64_t)i);
}

static void norm_of_many_numbers(void **state)
{
    (void)state;
    lathe_params *params = params_new(sizes, TENSORS);
    lathe_optim *optim = lathe_optim_sgd(params, NULL);
    double first = 0;
    for (int threads = 1; threads <= 4; threads++) {
        lathe_threads_set(NULL, threads);
        fill(params);
        double sum = 0;
        for (size_t i = 0; i < params->size; i++) sum += (double)params->grad[i] * (double)params->grad[i];
        double norm = lathe_optim_clip_norm(optim, 0.5);
        assert_true(fabs(norm / sqrt(sum) - 1) < 1e-13);
        if (threads == 1) first = norm;
        assert_true(norm == first);
        assert_true(fabs(lathe_optim_clip_norm(optim, HUGE_VAL) / 0.5 - 1) < 1e-5);
    }
    lathe_threads_set(NULL, 0);
    lathe_optim_free(optim);
    params_free(params);
}

static void values_are_cut(void **state)
{
    (void)state;
    lathe_params *params = params_new(sizes, TENSORS);
    lathe_optim *optim = lathe_optim_sgd(params, NULL);
    fill(params);
    lathe_real *before = lathe_alloc(params->size, sizeof *before);
    memcpy(before, params->grad, params->size * sizeof *before);
    assert_int_equal(lathe_optim_clip_value(optim, 0.5), LATHE_OK);
    int cut = 0;
    for (size_t i = 0; i < params->size; i++) {
        double g = (double)before[i];
        assert_true((double)params->grad[i] == (g > 0.5 ? 0.5 : g < -0.5 ? -0.5 : g));
        cut += fabs(g) > 0.5;
    }
    assert_true(cut > 1000);
    params->tensor[0]->grad[0] = (lathe_real)NAN;
    lathe_optim_clip_value(optim, 0.5);
    assert_true(isnan(params->tensor[0]->grad[0]));
    lathe_free(before);
    lathe_optim_free(optim);
    params_free(params);
}

static void what_is_not_finite_is_named(void **state)
{
    (void)state;
    lathe_params *params = params_new(sizes, TENSORS);
    lathe_optim *optim = lathe_optim_sgd(params, NULL);
    fill(params);
    params->tensor[2]->name = "3.weight";
    params->tensor[2]->grad[16] = (lathe_real)HUGE_VAL;
    lathe_real before = params->tensor[0]->grad[0];
    assert_true(isinf(lathe_optim_clip_norm(optim, 1)));
    assert_failed(LATHE_ESTATE, "lathe_optim_clip_norm: the norm of the gradients is inf, first in 3.weight");
    params->tensor[0]->grad[1] = (lathe_real)NAN;
    assert_true(isnan(lathe_optim_clip_norm(optim, 1)));
    assert_failed(LATHE_ESTATE, "nan, first in a parameter without a name");
    assert_true(params->tensor[0]->grad[0] == before);
    lathe_optim_free(optim);
    params_free(params);
}

static void refusals(void **state)
{
    (void)state;
    lathe_params *params = params_of(1);
    lathe_optim *optim = lathe_optim_sgd(params, NULL);
    assert_true(isnan(lathe_optim_clip_norm(optim, 0)));
    assert_failed(LATHE_EARG, "lathe_optim_clip_norm: max_norm = 0 is not legal: > 0");
    assert_true(isnan(lathe_optim_clip_norm(optim, NAN)));
    assert_failed(LATHE_EARG, "is not legal: > 0");
    assert_int_equal(lathe_optim_clip_value(optim, -1), LATHE_EARG);
    assert_failed(LATHE_EARG, "lathe_optim_clip_value: clip_value = -1 is not legal: > 0");
    assert_true(isnan(lathe_optim_clip_norm(NULL, 1)));
    assert_failed(LATHE_EARG, "optim is NULL");
    assert_int_equal(lathe_optim_clip_value(NULL, 1), LATHE_EARG);
    assert_failed(LATHE_EARG, "optim is NULL");
    lathe_optim_free(optim);
    params_free(params);
}

/*
 * Units of a matrix of 2 x 2: weights (3, 4), gradient (0, 10): limit 0.1 * 5, so 0.05 of it is left; weights
 * 0 count as 1e-3. A bias is one unit. The last matrix and what follows it stay.
 */
static void adaptive_by_hand(void **state)
{
    (void)state;
    static const int few[] = { 4, 2, 4, 1 };
    static const lathe_real w[] = { 3, 4, 0, 0, 0, 2, 1, 1, 1, 1, 1 },
                            g[] = { 0, 10, 3e-4, 4e-4, 0.3, 0.4, 9, 9, 9, 9, 9 };
    static const double want[] = { 0, 0.5, 0.6e-4, 0.8e-4, 0.12, 0.16, 9, 9, 9, 9, 9 };
    lathe_params *params = params_new(few, 4);
    params->tensor[0]->shape = params->tensor[2]->shape = (lathe_shape){ 2, { 2, 2 } };
    lathe_optim *optim = lathe_optim_sgd(params, NULL);
    for (int i = 0, n = 0; i < 4; i++)
        for (int j = 0; j < few[i]; j++, n++)
            params->tensor[i]->data[j] = w[n], params->tensor[i]->grad[j] = g[n];
    assert_int_equal(lathe_optim_clip_adaptive(optim, 0.1), LATHE_OK);
    for (int i = 0, n = 0; i < 4; n += few[i++])
        assert_close("g", params->tensor[i]->grad, want + n, (size_t)few[i], 1e-6, 0);
    params->tensor[0]->grad[1] = (lathe_real)NAN;
    assert_int_equal(lathe_optim_clip_adaptive(optim, 0.1), LATHE_OK);
    assert_true(isnan(params->tensor[0]->grad[1]));
    assert_failed(lathe_optim_clip_adaptive(optim, 0), "ratio = 0 is not legal: > 0");
    assert_failed(lathe_optim_clip_adaptive(NULL, 1), "optim is NULL");
    lathe_optim_free(optim);
    params_free(params);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(norm_by_hand),
        cmocka_unit_test(norm_of_many_numbers),
        cmocka_unit_test(values_are_cut),
        cmocka_unit_test(what_is_not_finite_is_named),
        cmocka_unit_test(refusals),
        cmocka_unit_test(adaptive_by_hand),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
