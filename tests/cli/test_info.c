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
        "build_type", "blas", "jpeg", "png", "gzip", "json", "mpi", "http", "threading" };
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

/* `lathe --version --json` says what `info` says of the build, and nothing of the machine. */
static void the_version_for_programs(void **state)
{
    (void)state;
    program p, q;
    program_run(&p, LATHE_PROGRAM, "--version --json");
    program_run(&q, LATHE_PROGRAM, "info --json");
    cJSON *version = cJSON_Parse(p.out), *info = cJSON_Parse(q.out), *part;
    assert_non_null(version);
    cJSON_ArrayForEach(part, version)
    {
        assert_string_equal(part->valuestring, cJSON_GetObjectItem(info, part->string)->valuestring);
    }
    assert_int_equal(cJSON_GetArraySize(version) + 3, cJSON_GetArraySize(info));
    cJSON_Delete(version);
    cJSON_Delete(info);
    program_free(&p);
    program_free(&q);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(says_what_the_library_says),
        cmocka_unit_test(json_has_all_fields),
        cmocka_unit_test(the_version_for_programs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
