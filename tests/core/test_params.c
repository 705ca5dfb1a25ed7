#include "support/params.h"

/* Numbers change places, gaps included, and come back; gradients stay. */
static void swapping_twice_changes_nothing(void **state)
{
    (void)state;
    lathe_params *params = params_new((int[]){ 3, 20 }, 2);
    lathe_real other[48];
    fill_normal(params->data, params->size, 1);
    fill_normal(other, 48, 2);
    lathe_real first = params->data[40], second = other[40];
    assert_int_equal(params->size, 48);
    lathe_params_swap(params, other);
    assert_true(params->data[40] == second && other[40] == first && params->grad[40] == 0);
    lathe_params_swap(params, other);
    assert_true(params->data[40] == first && other[40] == second);
    lathe_params_swap(params, NULL);
    lathe_params_swap(NULL, other);
    assert_true(params->data[40] == first && other[40] == second);
    params_free(params);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(swapping_twice_changes_nothing) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
