/* Numbers and names as lines of text: what is written reads back exactly. */
#include "support/support.h"

#include <math.h>
#include <string.h>

static void numbers_read_back(void **state)
{
    (void)state;
    const double numbers[] = { 0.1, -1e-300, 5, HUGE_VAL, -HUGE_VAL, (double)NAN };
    double back[6] = { 0 };
    char *text = lathe_numbers_text(numbers, 6);
    assert_string_equal(text, "0.1,-1e-300,5,inf,-inf,nan");
    const char *end = text;
    assert_true(lathe_numbers_read(&end, back, 6));
    assert_int_equal(*end, 0);
    assert_memory_equal(back, numbers, 5 * sizeof *back);
    assert_true(isnan(back[5]));
    end = text;
    assert_false(lathe_numbers_read(&end, back, 5));
    lathe_free(text);
    end = "1,2\n3";
    assert_true(lathe_numbers_read(&end, back, 2));
    assert_int_equal(*end, '\n');
    end = "1,x";
    assert_false(lathe_numbers_read(&end, back, 2));
}

static void names_read_back(void **state)
{
    (void)state;
    static const char *const names[] = { "cat", "a\\b", "two\nlines", "\xff\x01", "Käse", "" };
    lathe_text text = { 0 };
    for (int i = 0; i < 6; i++) {
        if (i) lathe_text_put(&text, "\n");
        lathe_name_put(&text, names[i]);
    }
    char *lines = lathe_text_take(&text);
    assert_string_equal(lines, "cat\na\\\\b\ntwo\\nlines\n\\xff\\x01\nKäse\n");
    lathe_arena *arena = lathe_arena_new();
    const char *const *back;
    int count;
    assert_int_equal(lathe_names_read(arena, lines, &back, &count), LATHE_OK);
    assert_int_equal(count, 6);
    for (int i = 0; i < 6; i++) assert_string_equal(back[i], names[i]);
    assert_int_equal(lathe_names_read(arena, "a\\q", &back, &count), LATHE_EFORMAT);
    assert_int_equal(lathe_names_read(arena, "", &back, &count), LATHE_EFORMAT);
    lathe_arena_free(arena);
    lathe_free(lines);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(numbers_read_back),
        cmocka_unit_test(names_read_back) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
