/* Checkpoints that travel between processes: the bytes of the file, without one. */
#include "support/folder.h"
#include "support/support.h"

#include <stdlib.h>
#include <string.h>

static const lathe_real numbers[] = { 1, 2, 3, 4, 5, 6 };
static const lathe_metadata metadata[] = { { "lathe.note", "two\nlines" }, { "x", "" } };
static const lathe_saved tensors[] = { { NULL, "0.weight", { 2, { 2, 3 } }, numbers },
    { "optimizer.", "step", { 0, { 0 } }, numbers } };

static void the_bytes_are_those_of_the_file(void **state)
{
    (void)state;
    size_t size, of_file;
    const char *path = test_path("a.safetensors");
    assert_int_equal(lathe_safetensors_write(path, tensors, 2, metadata, 2), LATHE_OK);
    char *file = test_bytes(path, &of_file), *bytes = lathe_safetensors_bytes(tensors, 2, metadata, 2, &size);
    assert_non_null(bytes);
    assert_int_equal(size, of_file);
    assert_memory_equal(bytes, file, size);
    free(file);
    lathe_free(bytes);

    /* Notes are written alike. */
    lathe_notes notes = { 0 };
    lathe_notes_text(&notes, "x", "y");
    bytes = lathe_notes_bytes(&notes, &size);
    assert_int_equal(lathe_notes_write(&notes, path), LATHE_OK);
    file = test_bytes(path, &of_file);
    assert_int_equal(size, of_file);
    assert_memory_equal(bytes, file, size);
    lathe_notes_free(&notes);
    free(file);
    lathe_free(bytes);
}

static void they_are_read_as_a_file(void **state)
{
    (void)state;
    size_t size;
    lathe_real values[6];
    char *bytes = lathe_safetensors_bytes(tensors, 2, metadata, 2, &size);
    lathe_safetensors *file = lathe_safetensors_of("rank 0", bytes, size);
    assert_non_null(file);
    assert_int_equal(file->tensors, 2);
    assert_string_equal(lathe_safetensors_text(file, "lathe.note"), "two\nlines");
    const lathe_safetensor *tensor = lathe_safetensors_find(file, "0.weight");
    assert_int_equal(lathe_safetensors_get(file, tensor, values, 6), LATHE_OK);
    assert_memory_equal(values, numbers, sizeof numbers);
    lathe_safetensors_free(file);

    /* Damage is found, and has the name. */
    for (size_t length = size; length-- > 0;) {
        if (lathe_safetensors_of("rank 0", bytes, length))
            fail_msg("%zu of %zu bytes are taken", length, size);
        assert_failed(LATHE_EFORMAT, "rank 0: ");
    }
    bytes[size - 1] = (char)(bytes[size - 1] ^ 1);
    assert_null(lathe_safetensors_of("rank 0", bytes, size));
    assert_failed(LATHE_EFORMAT, "checksum");
    lathe_free(bytes);
}

static void what_cannot_be_written_has_no_bytes(void **state)
{
    (void)state;
    size_t size;
    const lathe_saved bad = { NULL, "a\nb", { 1, { 6 } }, numbers };
    assert_null(lathe_safetensors_bytes(&bad, 1, NULL, 0, &size));
    assert_failed(LATHE_EARG, "the name");
    assert_null(lathe_safetensors_bytes(tensors, 2, metadata, -1, &size));
    assert_failed(LATHE_EARG, "-1 texts");
}

static int clean(void **state)
{
    (void)state;
    test_folder_remove();
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_bytes_are_those_of_the_file),
        cmocka_unit_test(they_are_read_as_a_file),
        cmocka_unit_test(what_cannot_be_written_has_no_bytes),
    };
    return cmocka_run_group_tests(tests, NULL, clean);
}
