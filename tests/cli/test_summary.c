#include "support/program.h"
#include "support/support.h"

#include <string.h>

#include <cjson/cJSON.h>

/* LeNet-5 for 28x28 and 10 classes: 6*25+6 + 16*6*25+16 + 400*120+120 + 120*84+84 + 84*10+10 = 61706
 * parameters. */
static void lenet5_has_61706_parameters(void **state)
{
    (void)state;
    program p;
    program_run(&p, LATHE_PROGRAM, "summary --model lenet5");
    assert_int_equal(p.code, 0);
    assert_non_null(strstr(p.out, "conv2d"));
    program_free(&p);
    program_run(&p, LATHE_PROGRAM, "summary --model lenet5 --json");
    cJSON *object = cJSON_Parse(p.out);
    assert_int_equal(cJSON_GetObjectItem(object, "parameters")->valueint, 61706);
    double sum = 0;
    cJSON *layer;
    cJSON_ArrayForEach(layer, cJSON_GetObjectItem(object, "layers")) sum +=
        cJSON_GetObjectItem(layer, "parameters")->valuedouble;
    assert_true(sum == 61706);
    cJSON_Delete(object);
    program_free(&p);
}

static void sizes_follow_the_line_and_the_data(void **state)
{
    (void)state;
    program p;
    program_run(&p, LATHE_PROGRAM, "summary --model mlp --input 3x8x8 --classes 3 --json");
    cJSON *object = cJSON_Parse(p.out), *layers = cJSON_GetObjectItem(object, "layers");
    cJSON *shape = cJSON_GetObjectItem(cJSON_GetArrayItem(layers, cJSON_GetArraySize(layers) - 1), "shape");
    assert_int_equal(cJSON_GetArrayItem(shape, 0)->valueint, 3);
    cJSON_Delete(object);
    program_free(&p);
    program_run(&p, LATHE_PROGRAM, "summary --model lenet5 --data shapes --json");
    object = cJSON_Parse(p.out);
    assert_int_equal(cJSON_GetObjectItem(object, "parameters")->valueint, 61706);
    cJSON_Delete(object);
    program_free(&p);
}

static void wrong_sizes_and_names_are_refused(void **state)
{
    (void)state;
    static const char *const lines[][2] = { { "summary --model lenet5 --input 1x5x5",
                                                "lenet5: nothing is left of an input of 5 x 5" },
        { "summary --model lenet6", "unknown model 'lenet6'; did you mean lenet5?" },
        { "summary --input 28x28", "--input '28x28' is not CHANNELSxHEIGHTxWIDTH" },
        { "summary --input 0x28x28", "--input" }, { "summary --classes 0", "--classes" } };
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
        cmocka_unit_test(lenet5_has_61706_parameters),
        cmocka_unit_test(sizes_follow_the_line_and_the_data),
        cmocka_unit_test(wrong_sizes_and_names_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
