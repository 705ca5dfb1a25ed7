#include "support/program.h"
#include "support/support.h"

#include <string.h>

#include <cjson/cJSON.h>

static double number(const cJSON *object, const char *name)
{
    const cJSON *item = cJSON_GetObjectItem(object, name);
    if (!cJSON_IsNumber(item)) fail_msg("%s is no number", name);
    return item->valuedouble;
}

static void json_has_all_fields(void **state)
{
    (void)state;
    static const char *const positive[] = { "ms_per_step_median", "ms_per_step_min", "images_per_second", "gflops", "peak_rss_mib",
        "seconds_to_first_step", "fma_peak_gflops" };
    program p;
    program_run(&p, LATHE_PROGRAM, "bench --model lenet5 --batch-size 17 --threads 2 --optim sgd --steps 4 --json");
    assert_int_equal(p.code, 0);
    cJSON *object = cJSON_Parse(p.out);
    assert_non_null(object);
    assert_string_equal(cJSON_GetObjectItem(object, "model")->valuestring, "lenet5");
    assert_string_equal(cJSON_GetObjectItem(object, "isa")->valuestring, lathe_isa());
    assert_true(cJSON_IsString(cJSON_GetObjectItem(object, "blas_core")));
    assert_true(number(object, "batch") == 17 && number(object, "threads") == 2 && number(object, "steps") == 4);
    assert_true(number(object, "parameters") == 61706);
    for (size_t i = 0; i < sizeof positive / sizeof positive[0]; i++)
        if (!(number(object, positive[i]) > 0)) fail_msg("%s is not positive", positive[i]);
    assert_true(number(object, "ms_per_step_min") <= number(object, "ms_per_step_median"));
    cJSON_Delete(object);
    program_free(&p);
}

static void wrong_settings_are_refused(void **state)
{
    (void)state;
    static const char *const lines[][2] = {
        { "bench --model lenet6", "did you mean lenet5?" },
        { "bench --optim adamx", "did you mean adam?" },
        { "bench --batch-size 0", "batch_size" },
        { "bench --threads -1", "threads" },
    };
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        program p;
        program_run(&p, LATHE_PROGRAM, lines[i][0]);
        assert_refused(&p, 2, lines[i][1]);
        program_free(&p);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(json_has_all_fields),
        cmocka_unit_test(wrong_settings_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
