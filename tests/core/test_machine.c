#include "support/support.h"

#include <string.h>

static void the_version_has_three_numbers(void **state)
{
    (void)state;
    int major, minor, patch, end = 0;
    assert_int_equal(sscanf(lathe_version(), "%d.%d.%d%n", &major, &minor, &patch, &end), 3);
    assert_int_equal(end, strlen(lathe_version()));
}

static void the_instruction_set_is_a_known_one(void **state)
{
    (void)state;
    assert_true(
        !strcmp(lathe_isa(), "base") || !strcmp(lathe_isa(), "avx2") || !strcmp(lathe_isa(), "avx512"));
}

/* No figure can be asserted; but a chain that was optimised away would do a million rounds in no time. */
static void the_peak_is_a_possible_rate(void **state)
{
    (void)state;
    double rate = lathe_fma_peak_gflops();
    assert_true(rate > 0.01 && rate < 1000.0 * lathe_threads(NULL));
}

static void the_memory_has_a_possible_rate(void **state)
{
    (void)state;
    double rate = lathe_memory_gbs();
    assert_true(rate > 0.01 && rate < 10000);
    lathe_alloc_fail_at(1, false);
    assert_true(lathe_memory_gbs() == 0);
    lathe_alloc_fail_at(0, false);
    lathe_error_clear();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_version_has_three_numbers),
        cmocka_unit_test(the_instruction_set_is_a_known_one),
        cmocka_unit_test(the_peak_is_a_possible_rate),
        cmocka_unit_test(the_memory_has_a_possible_rate),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
