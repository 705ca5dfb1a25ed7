#include "support/program.h"
#include "support/support.h"

#include <string.h>

#include <cjson/cJSON.h>

static void says_what_the_library_says(void **state)
{
    (void)state;
    program p;
    program_run(&p, LATHE_PROGRAM, "info");
    assert_int_equal(p.code, 0);
    assert_non_null(strstr(p.out, lathe_version()));
    assert_non_null(strstr(p.out, lathe_isa()));
    program_free(&p);
}

static void json_has_all_fields(void **state)
{
    (void)state;
    static const char *const texts[] = { "version", "processor", "isa", "blas_core", "real", "compiler",
        "build_type", "blas", "jpeg" };
    program p;
    program_run(&p, LATHE_PROGRAM, "info --json");
    cJSON *object = cJSON_Parse(p.out);
    assert_non_null(object);
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        if (!cJSON_IsString(cJSON_GetObjectItem(object, texts[i]))) fail_msg("%s is missing", texts[i]);
    assert_string_equal(cJSON_GetObjectItem(object, "version")->valuestring, lathe_version());
    assert_int_equal(cJSON_GetObjectItem(object, "threads")->valueint, lathe_threads(NULL));
    cJSON_Delete(object);
    program_free(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(says_what_the_library_says),
        cmocka_unit_test(json_has_all_fields),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
