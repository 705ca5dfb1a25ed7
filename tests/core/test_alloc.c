#include "support/support.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

static void products_and_sums_are_checked(void **state)
{
    (void)state;
    size_t result = 7;
    assert_true(lathe_size_mul(6, 7, &result));
    assert_int_equal(result, 42);
    assert_true(lathe_size_mul(SIZE_MAX, 1, &result) && result == SIZE_MAX);
    assert_false(lathe_size_mul(SIZE_MAX / 2 + 1, 2, &result));
    assert_true(lathe_times(6, 7) == 42 && lathe_plus(6, 7) == 13);
    assert_true(lathe_times(SIZE_MAX / 2 + 2, 2) == SIZE_MAX && lathe_plus(SIZE_MAX - 1, 3) == SIZE_MAX);
    assert_true(result == SIZE_MAX); /* untouched */
    assert_true(lathe_size_add(SIZE_MAX - 1, 1, &result) && result == SIZE_MAX);
    assert_false(lathe_size_add(SIZE_MAX, 1, &result));
    assert_true(result == SIZE_MAX);
}

static void blocks_are_zeroed_and_aligned(void **state)
{
    (void)state;
    for (size_t size = 0; size < 200; size += 7) {
        unsigned char *block = lathe_alloc(size, 3);
        assert_non_null(block);
        assert_int_equal((uintptr_t)block % LATHE_ALIGN, 0);
        for (size_t i = 0; i < 3 * size; i++) assert_int_equal(block[i], 0);
        memset(block, 255, 3 * size);
        lathe_free(block);
        void *raw = lathe_alloc_raw(size, 3);
        assert_int_equal((uintptr_t)raw % LATHE_ALIGN, 0);
        lathe_free(raw);
    }
    lathe_free(NULL);
}

/* The flags of the mapping that `address` is in, as /proc/self/smaps has them; false if it has none. */
static bool mapping_flags(uintptr_t address, char flags[256])
{
    FILE *maps = fopen("/proc/self/smaps", "r");
    bool inside = false, found = false;
    char line[4096];
    while (maps && !found && fgets(line, sizeof line, maps)) {
        unsigned long long begin, end;
        if (sscanf(line, "%llx-%llx ", &begin, &end) == 2) inside = begin <= address && address < end;
        found = inside && sscanf(line, "VmFlags: %255[^\n]", flags) == 1;
    }
    if (maps) fclose(maps);
    return found;
}

static void large_blocks_ask_for_large_pages(void **state)
{
    (void)state;
    enum { SIZE = 5 << 20 };
    unsigned char *block = lathe_alloc(SIZE, 1);
    assert_non_null(block);
    assert_int_equal((uintptr_t)block % LATHE_ALIGN, 0);
    for (size_t i = 0; i < SIZE; i += 4095) assert_int_equal(block[i], 0);
    char flags[256] = "";
    bool known = mapping_flags((uintptr_t)block + SIZE / 2, flags);
    lathe_free(block);
#if defined(__x86_64__) /* qemu's user mode ignores the advice */
    if (known && !access("/sys/kernel/mm/transparent_hugepage/enabled", F_OK)) {
        assert_non_null(strstr(flags, "hg"));
        return;
    }
#endif
    (void)known;
    skip();
}

static void growing_keeps_the_old_part(void **state)
{
    (void)state;
    int *numbers = lathe_grow(NULL, 0, 3, sizeof *numbers);
    assert_non_null(numbers);
    for (int i = 0; i < 3; i++) numbers[i] = i + 1;
    numbers = lathe_grow(numbers, 3, 1000, sizeof *numbers);
    assert_true(numbers[0] == 1 && numbers[2] == 3 && numbers[3] == 0 && numbers[999] == 0);
    numbers = lathe_grow(numbers, 1000, 2, sizeof *numbers);
    assert_true(numbers[0] == 1 && numbers[1] == 2);
    lathe_alloc_fail_at(1, false);
    assert_null(lathe_grow(numbers, 2, 100, sizeof *numbers));
    assert_failed(LATHE_ENOMEM, "refused");
    assert_true(numbers[0] == 1 && numbers[1] == 2); /* the old block stays */
    lathe_free(numbers);
    lathe_alloc_fail_at(0, false);
}

static void copies_of_text(void **state)
{
    (void)state;
    char *copy = lathe_strdup("weight");
    assert_string_equal(copy, "weight");
    lathe_free(copy);
    assert_null(lathe_strdup(NULL));
}

static void impossible_sizes_are_refused(void **state)
{
    (void)state;
    assert_null(lathe_alloc(SIZE_MAX, 2));
    assert_failed(LATHE_ENOMEM, "more than an address space");
    assert_null(lathe_alloc_raw(SIZE_MAX, 1));
    assert_failed(LATHE_ENOMEM, "more than an address space");
    assert_null(lathe_grow(NULL, 0, SIZE_MAX / 4, 8));
    assert_failed(LATHE_ENOMEM, "more than an address space");
}

static void the_nth_allocation_fails_when_told(void **state)
{
    (void)state;
    lathe_alloc_fail_at(2, false);
    for (int i = 1; i <= 4; i++) {
        void *block = lathe_alloc(1, 1);
        assert_true((block == NULL) == (i == 2));
        lathe_free(block);
    }
    assert_int_equal(lathe_alloc_fail_at(2, true), 4);
    for (int i = 1; i <= 4; i++) {
        void *block = lathe_alloc(1, 1);
        assert_true((block == NULL) == (i >= 2));
        lathe_free(block);
    }
    assert_int_equal(lathe_alloc_fail_at(0, false), 4);
    lathe_error_clear();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(products_and_sums_are_checked),
        cmocka_unit_test(blocks_are_zeroed_and_aligned),
        cmocka_unit_test(large_blocks_ask_for_large_pages),
        cmocka_unit_test(growing_keeps_the_old_part),
        cmocka_unit_test(copies_of_text),
        cmocka_unit_test(impossible_sizes_are_refused),
        cmocka_unit_test(the_nth_allocation_fails_when_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
