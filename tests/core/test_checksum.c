#include "support/support.h"

static void sums_of_the_check_text(void **state)
{
    (void)state;
    assert_int_equal(lathe_crc32(0, "123456789", 9), 0xcbf43926u);
    assert_int_equal(lathe_crc32c("123456789", 9), 0xe3069283u);
    assert_int_equal(lathe_crc32(0, "", 0), 0);
    assert_int_equal(lathe_crc32c("", 0), 0);
}

static void a_sum_goes_on_where_another_ended(void **state)
{
    (void)state;
    unsigned char bytes[1000];
    lathe_rng rng = lathe_rng_at(1, 0, 0);
    for (size_t i = 0; i < sizeof bytes; i++) bytes[i] = (unsigned char)lathe_rng_u32(&rng);
    uint32_t whole = lathe_crc32(0, bytes, sizeof bytes);
    for (size_t cut = 0; cut <= sizeof bytes; cut += 37)
        assert_int_equal(lathe_crc32(lathe_crc32(0, bytes, cut), bytes + cut, sizeof bytes - cut), whole);
}

static void refuses_null(void **state)
{
    (void)state;
    assert_int_equal(lathe_crc32(7, NULL, 1), 0);
    assert_failed(LATHE_EARG, "lathe_crc32: bytes is NULL");
    assert_int_equal(lathe_crc32c(NULL, 1), 0);
    assert_failed(LATHE_EARG, "lathe_crc32c: bytes is NULL");
    assert_int_equal(lathe_crc32(7, NULL, 0), 7);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(sums_of_the_check_text),
        cmocka_unit_test(a_sum_goes_on_where_another_ended), cmocka_unit_test(refuses_null) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
