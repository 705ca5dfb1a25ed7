#include "support/params.h"

#include <math.h>

static const int sizes[] = { 3, 70000, 17 };
enum { TENSORS = 3 };

/* Weights 1, 2, 4: the mean 7/3; with decay 0.5 1, 1.5, 2.75; with the warm-up decays 0.1 (first copied),
 * 2/11, 3/12. */
static void by_hand(void **state)
{
    (void)state;
    static const double weights[] = { 1, 2, 4 };
    static const struct {
        lathe_averaged_opts opts;
        double want;
    } cases[] = {
        { { 0 }, 7.0 / 3 },
        { { .decay = 0.5 }, 2.75 },
        { { .decay = 0.999, .warmup = true }, 0.25 * (1 + 9.0 / 11) + 0.75 * 4 },
    };
    for (int c = 0; c < 3; c++) {
        lathe_params *params = params_of(1);
        lathe_averaged *averaged = lathe_averaged_new(params, &cases[c].opts);
        for (int i = 0; i < 3; i++) {
            params->data[0] = (lathe_real)weights[i];
            assert_int_equal(lathe_averaged_update(averaged), LATHE_OK);
        }
        assert_int_equal(*lathe_averaged_updates(averaged), 3);
        assert_true(params->data[0] == 4);
        assert_int_equal(lathe_averaged_swap(averaged), LATHE_OK);
        assert_close("average", params->data, &cases[c].want, 1, 3e-7, 0);
        assert_failed(lathe_averaged_update(averaged),
            "lathe_averaged_update: the parameters hold the average");
        assert_int_equal(lathe_averaged_swap(averaged), LATHE_OK);
        assert_true(params->data[0] == 4);
        lathe_averaged_free(averaged);
        params_free(params);
    }
}

/* Large tensors, for any number of threads the same bits, and those of a twin in double to rounding. */
static void the_same_for_any_threads(void **state)
{
    (void)state;
    lathe_params *params = params_new(sizes, TENSORS);
    lathe_real *first = lathe_alloc(params->size, sizeof *first);
    double *twin = lathe_alloc(params->size, sizeof *twin);
    for (int threads = 1; threads <= 4; threads++) {
        lathe_threads_set(NULL, threads);
        lathe_averaged *averaged = lathe_averaged_new(params, &(lathe_averaged_opts){ .decay = 0.8 });
        for (uint64_t n = 0; n < 20; n++) {
            fill_normal(params->data, params->size, n);
            lathe_averaged_update(averaged);
            for (size_t i = 0; i < params->size && threads == 1; i++)
                twin[i] = n ? 0.8 * twin[i] + 0.2 * (double)params->data[i] : (double)params->data[i];
        }
        const lathe_real *numbers = lathe_averaged_numbers(averaged);
        for (size_t i = 0; i < params->size; i++) {
            if (threads == 1) first[i] = numbers[i];
            assert_true(numbers[i] == first[i]);
        }
        assert_close("twin", numbers, twin, params->size, 1e-5, 1e-6);
        lathe_averaged_free(averaged);
    }
    lathe_threads_set(NULL, 0);
    lathe_free(first);
    lathe_free(twin);
    params_free(params);
}

static void errors(void **state)
{
    (void)state;
    lathe_params *params = params_of(1);
    static const double illegal[] = { -0.1, 1, 1.5, (double)NAN, HUGE_VAL };
    for (size_t i = 0; i < sizeof illegal / sizeof illegal[0]; i++) {
        assert_null(lathe_averaged_new(params, &(lathe_averaged_opts){ .decay = illegal[i] }));
        assert_failed(lathe_error(), "is not legal: in [0, 1)");
    }
    assert_null(lathe_averaged_new(NULL, NULL));
    assert_failed(lathe_error(), "params is NULL");
    lathe_averaged *averaged = lathe_averaged_new(params, NULL);
    assert_failed(lathe_averaged_swap(averaged), "no average before the first update");
    assert_failed(lathe_averaged_update(NULL), "averaged is NULL");
    assert_failed(lathe_averaged_swap(NULL), "averaged is NULL");
    assert_null(lathe_averaged_numbers(NULL));
    lathe_averaged_free(averaged);
    lathe_averaged_free(NULL);
    params_free(params);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(by_hand),
        cmocka_unit_test(the_same_for_any_threads),
        cmocka_unit_test(errors),
    };
    return cmocka_run_group_tests_name("optim.test_averaged", tests, NULL, NULL);
}
