/* State: notes become a file, and are read back from it. */
#include "support/folder.h"
#include "support/support.h"

#include <math.h>

static void notes_read_back(void **state)
{
    (void)state;
    const double numbers[] = { 0.1, (double)INFINITY };
    double back[2];
    uint64_t count;
    lathe_real values[3] = { 1, 2, 3 };
    const lathe_tensor tensor = { .name = "w", .shape = { 1, { 3 } }, .stored = 3, .data = values };
    lathe_notes notes = { 0 };
    lathe_notes_text(&notes, "a", "text");
    lathe_notes_count(&notes, "b", UINT64_C(1) << 60);
    lathe_notes_numbers(&notes, "c", numbers, 2);
    lathe_notes_tensor(&notes, "slot.", &tensor, NULL);
    for (int i = 0; i < 100; i++) { /* more than the first room */
        static char keys[100][8];
        snprintf(keys[i], sizeof keys[i], "k%d", i);
        lathe_notes_count(&notes, keys[i], (uint64_t)i);
    }
    assert_int_equal(lathe_notes_write(&notes, test_path("state.safetensors")), LATHE_OK);
    lathe_notes_free(&notes);
    assert_true(!notes.texts && !notes.tensors);
    lathe_safetensors *file = lathe_safetensors_read(test_path("state.safetensors"));
    assert_non_null(file);
    assert_string_equal(lathe_safetensors_text(file, "a"), "text");
    assert_non_null(lathe_safetensors_find(file, "slot.w"));
    assert_int_equal(lathe_noted_count(file, "b", &count), LATHE_OK);
    assert_true(count == UINT64_C(1) << 60);
    assert_int_equal(lathe_noted_numbers(file, "c", back, 2), LATHE_OK);
    assert_true(back[0] == 0.1 && isinf(back[1]));
    assert_int_equal(lathe_noted_count(file, "k99", &count), LATHE_OK);
    assert_int_equal(count, 99);
    assert_int_equal(lathe_noted_count(file, "a", &count), LATHE_EFORMAT);
    assert_failed(LATHE_EFORMAT, "a is 'text'");
    assert_int_equal(lathe_noted_numbers(file, "none", back, 2), LATHE_EFORMAT);
    assert_failed(LATHE_EFORMAT, "none is missing");
    lathe_safetensors_free(file);
}

static void a_failure_is_kept(void **state)
{
    (void)state;
    lathe_notes notes = { 0 };
    lathe_error_clear();
    lathe_notes_text(&notes, "a", NULL);
    lathe_notes_text(&notes, "b", "text");
    assert_true(notes.status && !notes.texts);
    assert_true(lathe_notes_write(&notes, test_path("never")) == notes.status);
    assert_false(lathe_file_exists(test_path("never")));
    lathe_notes_free(&notes);
}

static int clean(void **state)
{
    (void)state;
    test_folder_remove();
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(notes_read_back),
        cmocka_unit_test(a_failure_is_kept) };
    return cmocka_run_group_tests(tests, NULL, clean);
}
