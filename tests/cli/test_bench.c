#include "support/program_json.h"
#include "support/support.h"

#include <string.h>

#include <cjson/cJSON.h>

static void json_has_all_fields(void **state)
{
    (void)state;
    static const char *const positive[] = { "ms_per_step_median", "ms_per_step_min", "images_per_second",
        "gflops", "peak_rss_mib", "seconds_to_first_step", "fma_peak_gflops" };
    program p;
    program_run(&p, LATHE_PROGRAM,
        "bench --model lenet5 --batch-size 17 --threads 2 --optim sgd --steps 4 --json");
    assert_int_equal(p.code, 0);
    cJSON *object = cJSON_Parse(p.out);
    assert_non_null(object);
    assert_string_equal(cJSON_GetObjectItem(object, "model")->valuestring, "lenet5");
    assert_string_equal(cJSON_GetObjectItem(object, "isa")->valuestring, lathe_isa());
    assert_true(cJSON_IsString(cJSON_GetObjectItem(object, "blas_core")));
    assert_true(json_number(object, "batch") == 17 && json_number(object, "threads") == 2 &&
        json_number(object, "steps") == 4);
    assert_true(json_number(object, "parameters") == 61706);
    for (size_t i = 0; i < sizeof positive / sizeof positive[0]; i++)
        if (!(json_number(object, positive[i]) > 0)) fail_msg("%s is not positive", positive[i]);
    assert_true(json_number(object, "ms_per_step_min") <= json_number(object, "ms_per_step_median"));
    cJSON_Delete(object);
    program_free(&p);
}

/* Pictures of another size, and a forward alone, which counts its operations once. */
static void sizes_and_evaluation(void **state)
{
    (void)state;
    static const char *const lines[] = { "bench --model resnet8 --size 12 --batch-size 3 --steps 2 --json",
        "bench --model resnet8 --size 12 --batch-size 3 --steps 2 --json --eval" };
    double gflop[2];
    for (int eval = 0; eval < 2; eval++) {
        program p;
        program_run(&p, LATHE_PROGRAM, lines[eval]);
        assert_int_equal(p.code, 0);
        cJSON *object = cJSON_Parse(p.out);
        assert_non_null(object);
        assert_true(json_number(object, "size") == 12 && json_number(object, "batch") == 3);
        assert_true(cJSON_IsTrue(cJSON_GetObjectItem(object, "eval")) == eval);
        assert_true(cJSON_HasObjectItem(object, "optim") != eval);
        gflop[eval] = json_number(object, "gflops") * json_number(object, "ms_per_step_median") * 1e-3;
        cJSON_Delete(object);
        program_free(&p);
    }
    assert_close_double("GFLOP", gflop, (double[]){ 3 * gflop[1], gflop[1] }, 2, 1e-9, 0);
}

/* Each operation with its layer: those of a U-Net, whose output is a class for each pixel; the same times in
 * the text's table. */
static void profile_tells_each_operation(void **state)
{
    (void)state;
    program p;
    program_run(&p, LATHE_PROGRAM, "bench --model unet --batch-size 2 --steps 3 --profile --json");
    assert_int_equal(p.code, 0);
    cJSON *object = cJSON_Parse(p.out), *rows = cJSON_GetObjectItem(object, "profile");
    assert_true(cJSON_IsArray(rows) && json_number(object, "memory_gbs") > 0 &&
        json_number(object, "optimizer_ms") > 0);
    double total = json_number(object, "optimizer_ms");
    int found = 0;
    for (cJSON *row = rows->child; row; row = row->next) {
        const char *layer = cJSON_GetObjectItem(row, "layer")->valuestring,
                   *operation = cJSON_GetObjectItem(row, "operation")->valuestring;
        double forward = json_number(row, "forward_ms"), backward = json_number(row, "backward_ms");
        assert_true(forward >= 0 && backward >= 0 && json_number(row, "backward_gbs") > 0);
        total += forward + backward;
        if (strncmp(operation, "conv", 4)) continue;
        found++;
        assert_true(json_number(row, "forward_gflops") > 0 && json_number(row, "backward_gflops") > 0);
        if (strcmp(layer, "6.1.7.1.7") == 0) assert_string_equal(operation, "conv_transpose2d");
        /* 2 images * 64 * 64 pixels * 9 taps * 16 channels * 16 filters * 2: a case by hand */
        if (strcmp(layer, "3") == 0)
            assert_close_double("flops", (double[]){ forward * json_number(row, "forward_gflops") * 1e6 },
                (double[]){ 37748736 }, 1, 1e-9, 0);
    }
    assert_int_equal(found, 13);
    assert_true(total > 0.5 * json_number(object, "ms_per_step_min"));
    cJSON_Delete(object);
    program_free(&p);
    program_run(&p, LATHE_PROGRAM, "bench --model lenet5 --batch-size 16 --steps 2 --profile");
    assert_int_equal(p.code, 0);
    assert_non_null(strstr(p.out, "linear_relu"));
    assert_non_null(strstr(p.out, "GB/s from memory"));
    program_free(&p);
}

static void wrong_settings_are_refused(void **state)
{
    (void)state;
    static const char *const lines[][2] = { { "bench --model lenet6", "did you mean lenet5?" },
        { "bench --optim adamx", "did you mean adam?" }, { "bench --batch-size 0", "batch_size" },
        { "bench --threads -1", "threads" }, { "bench --size 70000", "--size = '70000'" },
        { "bench --model resnet8 --size 4096", "takes pictures of up to" },
        { "bench --eval --profile", "--profile times training steps" } };
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
        cmocka_unit_test(sizes_and_evaluation),
        cmocka_unit_test(profile_tells_each_operation),
        cmocka_unit_test(wrong_settings_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
