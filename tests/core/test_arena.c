#include "support/support.h"

#include <string.h>

static void pieces_are_aligned_and_apart(void **state)
{
    (void)state;
    lathe_arena *arena = lathe_arena_new();
    char *last = NULL;
    for (size_t size = 1; size < 300; size++) {
        char *piece = lathe_arena_alloc(arena, size, 1);
        assert_non_null(piece);
        assert_int_equal((uintptr_t)piece % LATHE_ALIGN, 0);
        memset(piece, (int)size, size);
        if (last) assert_int_equal(last[0], (char)(size - 1));
        last = piece;
    }
    lathe_arena_free(arena);
}

static void settles_after_the_second_round(void **state)
{
    (void)state;
    lathe_arena *arena = lathe_arena_new();
    for (int round = 0; round < 5; round++) {
        lathe_alloc_fail_at(0, false);
        for (int i = 0; i < 40; i++) assert_non_null(lathe_arena_alloc(arena, 100000, 4));
        size_t asked = lathe_alloc_fail_at(0, false);
        if (round >= 2) assert_int_equal(asked, 0);
        lathe_arena_reset(arena);
    }
    assert_true(lathe_arena_capacity(arena) < 40 * 400000 + 40 * 256);
    lathe_arena_free(arena);
}

static void rewinds_to_a_mark(void **state)
{
    (void)state;
    lathe_arena *arena = lathe_arena_new();
    lathe_arena_alloc(arena, 100, 1);
    lathe_arena_mark mark = lathe_arena_tell(arena);
    size_t used = lathe_arena_used(arena);
    void *first = lathe_arena_alloc(arena, 10, 1);
    for (int i = 0; i < 20; i++) lathe_arena_alloc(arena, 100000, 1);
    lathe_arena_rewind(arena, mark);
    assert_int_equal(lathe_arena_used(arena), used);
    assert_ptr_equal(lathe_arena_alloc(arena, 10, 1), first);
    lathe_arena_free(arena);
}

static void refuses_what_no_memory_holds(void **state)
{
    (void)state;
    lathe_arena *arena = lathe_arena_new();
    assert_null(lathe_arena_alloc(arena, SIZE_MAX / 2, 3));
    assert_failed(LATHE_ENOMEM, "address space");
    lathe_alloc_fail_at(1, false);
    assert_null(lathe_arena_alloc(arena, 1 << 20, 1));
    assert_failed(LATHE_ENOMEM, "refused");
    lathe_alloc_fail_at(0, false);
    assert_non_null(lathe_arena_alloc(arena, 1 << 20, 1));
    lathe_arena_free(arena);
    lathe_arena_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pieces_are_aligned_and_apart),
        cmocka_unit_test(settles_after_the_second_round),
        cmocka_unit_test(rewinds_to_a_mark),
        cmocka_unit_test(refuses_what_no_memory_holds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
