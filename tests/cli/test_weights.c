/* lathe weights: lists tensors, saves them, refuses what is no file of weights. */
#include "support/folder.h"
#include "support/program.h"
#include "support/support.h"

#include <string.h>

#include <cjson/cJSON.h>

static void write_file(void)
{
    const lathe_saved saved[] = { { NULL, "a.weight", { 2, { 2, 3 } }, (lathe_real[]){ 1, 2, 3, 4, 5, 6 } },
        { NULL, "a.bias", { 1, { 2 } }, (lathe_real[]){ 7, 8 } } };
    assert_int_equal(lathe_safetensors_write(test_path("w.safetensors"), saved, 2, NULL, 0), LATHE_OK);
}

static void tensors_are_listed_and_saved(void **state)
{
    (void)state;
    program p;
    char line[4096];
    write_file();
    snprintf(line, sizeof line, "weights %s", test_path("w.safetensors"));
    program_run(&p, LATHE_PROGRAM, line);
    assert_int_equal(p.code, 0);
    assert_non_null(strstr(p.out, "[2, 3]"));
    assert_non_null(strstr(p.out, "2 tensors, 8 numbers"));
    program_free(&p);
    char copy[1100];
    snprintf(copy, sizeof copy, "%s", test_path("copy.safetensors"));
    snprintf(line, sizeof line, "weights %s --save %s --json", test_path("w.safetensors"), copy);
    program_run(&p, LATHE_PROGRAM, line);
    assert_int_equal(p.code, 0);
    cJSON *object = cJSON_Parse(p.out);
    assert_int_equal(cJSON_GetArraySize(cJSON_GetObjectItem(object, "tensors")), 2);
    cJSON_Delete(object);
    program_free(&p);
    lathe_real values[6];
    lathe_safetensors *file = lathe_safetensors_read(copy);
    assert_non_null(file);
    assert_int_equal(lathe_safetensors_get(file, lathe_safetensors_find(file, "a.weight"), values, 6),
        LATHE_OK);
    assert_true(values[0] == 1 && values[5] == 6);
    lathe_safetensors_free(file);
}

static void other_files_are_refused(void **state)
{
    (void)state;
    program p;
    program_run(&p, LATHE_PROGRAM, "weights /dev/null");
    assert_int_not_equal(p.code, 0);
    assert_non_null(strstr(p.err, "/dev/null"));
    program_free(&p);
    program_run(&p, LATHE_PROGRAM, "weights");
    assert_int_equal(p.code, 2);
    program_free(&p);
}

static int clean(void **state)
{
    (void)state;
    test_folder_remove();
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(tensors_are_listed_and_saved),
        cmocka_unit_test(other_files_are_refused) };
    return cmocka_run_group_tests(tests, NULL, clean);
}
