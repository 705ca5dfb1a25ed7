#include "support/support.h"

#include <math.h>

/* Known answers of Philox4x32-10 from the Random123 distribution (kat_vectors). */
static void philox_gives_the_known_answers(void **state)
{
    (void)state;
    static const struct {
        uint32_t counter[4], key[2], output[4];
    } known[] = {
        { { 0, 0, 0, 0 }, { 0, 0 }, { 0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8 } },
        { { 0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff }, { 0xffffffff, 0xffffffff },
            { 0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd } },
        { { 0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344 }, { 0xa4093822, 0x299f31d0 },
            { 0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1 } },
    };
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        uint32_t output[4];
        lathe_philox(known[i].counter, known[i].key, output);
        assert_memory_equal(output, known[i].output, sizeof output);
    }
}

static void the_key_decides_and_nothing_else(void **state)
{
    (void)state;
    lathe_rng a = lathe_rng_at(1, 2, 3), b = lathe_rng_at(1, 2, 3), c = lathe_rng_at(1, 2, 4);
    int equal = 0;
    for (int i = 0; i < 1000; i++) {
        uint32_t x = lathe_rng_u32(&a);
        assert_int_equal(x, lathe_rng_u32(&b));
        equal += x == lathe_rng_u32(&c);
    }
    assert_true(equal < 3);
}

static void moments_are_right(void **state)
{
    (void)state;
    enum { N = 200000 };
    lathe_rng rng = lathe_rng_at(7, 0, 0);
    double sum = 0, squares = 0, uniform = 0;
    for (int i = 0; i < N; i++) {
        double z = lathe_rng_normal(&rng), u = lathe_rng_uniform(&rng);
        assert_true(u >= 0 && u < 1 && isfinite(z));
        sum += z, squares += z * z, uniform += u;
    }
    assert_true(fabs(sum / N) < 0.01);
    assert_true(fabs(squares / N - 1) < 0.02);
    assert_true(fabs(uniform / N - 0.5) < 0.005);
}

static void bounded_numbers_are_fair(void **state)
{
    (void)state;
    int count[6] = { 0 };
    lathe_rng rng = lathe_rng_at(9, 9, 9);
    for (int i = 0; i < 60000; i++) count[lathe_rng_below(&rng, 6)]++;
    for (int i = 0; i < 6; i++) assert_in_range(count[i], 9600, 10400);
    int low = 0; /* below 3 * 2^62 a remainder alone would have every second number in the lowest third */
    for (int i = 0; i < 6000; i++) low += lathe_rng_below(&rng, (uint64_t)3 << 62) < (uint64_t)1 << 62;
    assert_in_range(low, 1800, 2200);
    assert_int_equal(lathe_rng_below(&rng, 0), 0);
    assert_int_equal(lathe_rng_below(&rng, 1), 0);
}

static void a_shuffle_is_a_permutation(void **state)
{
    (void)state;
    size_t numbers[100], moved = 0;
    bool seen[100] = { false };
    for (size_t i = 0; i < 100; i++) numbers[i] = i;
    lathe_rng rng = lathe_rng_at(3, lathe_rng_stream("shuffle"), 0);
    lathe_rng_shuffle(&rng, numbers, 100);
    for (size_t i = 0; i < 100; i++) {
        assert_false(seen[numbers[i]]);
        seen[numbers[i]] = true;
        moved += numbers[i] != i;
    }
    assert_true(moved > 90);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(philox_gives_the_known_answers),
        cmocka_unit_test(the_key_decides_and_nothing_else),
        cmocka_unit_test(moments_are_right),
        cmocka_unit_test(bounded_numbers_are_fair),
        cmocka_unit_test(a_shuffle_is_a_permutation),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
