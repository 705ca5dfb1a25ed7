/* No operation without a gradient check: the library's own list of operations against the tests' sources. */
#include <glob.h>
#include <stdlib.h>
#include <string.h>

#include "support/support.h"

static char *file_text(const char *path)
{
    FILE *in = fopen(path, "rb");
    if (!in) fail_msg("%s cannot be opened", path);
    fseek(in, 0, SEEK_END);
    size_t size = (size_t)ftell(in);
    rewind(in);
    char *text = malloc(size + 1);
    assert_non_null(text);
    assert_int_equal(fread(text, 1, size, in), size);
    text[size] = '\0';
    fclose(in);
    return text;
}

/*
 * A file checks an operation if it calls assert_gradient, which fails unless the operation it is given a name
 * of does run, and holds that name as a string.
 */
static void every_operation_has_a_gradient_check(void **state)
{
    (void)state;
    glob_t files;
    assert_int_equal(glob(LATHE_TEST_SOURCE "/tests/core/ops/test_*.c", 0, NULL, &files), 0);
    assert_int_equal(glob(LATHE_TEST_SOURCE "/tests/core/ops/*/test_*.c", GLOB_APPEND, NULL, &files), 0);
    int operations = 0;
    for (const lathe_op *op; (op = lathe_op_at(operations)); operations++) {
        char quoted[128];
        snprintf(quoted, sizeof quoted, "\"%s\"", op->name);
        bool checked = false;
        for (size_t i = 0; i < files.gl_pathc && !checked; i++) {
            char *text = file_text(files.gl_pathv[i]);
            checked = strstr(text, "assert_gradient(") && strstr(text, quoted);
            free(text);
        }
        if (!checked)
            fail_msg("operation %s: no test in tests/core/ops calls assert_gradient with its name", op->name);
    }
    globfree(&files);
    assert_true(operations >= 25);
    assert_null(lathe_op_at(-1));
}

static void names_are_unique(void **state)
{
    (void)state;
    for (int i = 0; lathe_op_at(i); i++)
        for (int j = 0; j < i; j++) assert_string_not_equal(lathe_op_at(i)->name, lathe_op_at(j)->name);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_operation_has_a_gradient_check),
        cmocka_unit_test(names_are_unique),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
