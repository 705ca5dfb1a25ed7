/* `lathe export --to c`: the table of memory, and --verify with a compiler. */
#include "support/program_json.h"
#include "support/support.h"

#include <stdlib.h>
#include <string.h>

#include <cjson/cJSON.h>

/* A short run on drawn shapes. */
static int make_run(void **state)
{
    make_folder(state);
    char arguments[256];
    program p;
    snprintf(arguments, sizeof arguments,
        "train --data shapes --model lenet5 --max-steps 20 --batch-size 16 --out %s/run --quiet", folder);
    program_run(&p, LATHE_PROGRAM, arguments);
    if (p.code) fail_msg("%s", p.err);
    program_free(&p);
    return 0;
}

static void export(program *p, const char *words)
{
    char arguments[512];
    snprintf(arguments, sizeof arguments, "export %s/run %s/net.c %s", folder, folder, words);
    program_run(p, LATHE_PROGRAM, arguments);
}

static void test_the_file_is_verified_by_a_compiler(void **state)
{
    (void)state;
    static const char *const ways[] = { "--verify", "--verify --split-weights --name other --count 40",
        "--verify --no-fold --count 1" };
    for (size_t i = 0; i < sizeof ways / sizeof ways[0]; i++) {
        program p;
        export(&p, ways[i]);
        if (p.code) fail_msg("%s: %s", ways[i], p.err);
        assert_non_null(strstr(p.out, "verified: "));
        assert_non_null(strstr(p.out, "of the test set"));
        assert_non_null(strstr(p.out, "bytes of scratch"));
        assert_non_null(strstr(p.out, "\n  gcc -O3 -march=native -c "));
        program_free(&p);
    }
}

static void test_the_table_as_json(void **state)
{
    (void)state;
    program p;
    export(&p, "--json");
    assert_int_equal(p.code, 0);
    cJSON *json = cJSON_Parse(p.out);
    assert_non_null(json);
    const cJSON *operations = cJSON_GetObjectItem(json, "operations"), *operation;
    double sum = 0, scratch = cJSON_GetObjectItem(json, "scratch_bytes")->valuedouble;
    cJSON_ArrayForEach(operation, operations)
    {
        sum += cJSON_GetObjectItem(operation, "weight_bytes")->valuedouble;
        assert_true(cJSON_GetObjectItem(operation, "offset")->valuedouble +
                cJSON_GetObjectItem(operation, "bytes")->valuedouble <=
            scratch);
    }
    assert_int_equal(cJSON_GetArraySize(operations), 7);
    assert_true(sum == cJSON_GetObjectItem(json, "weight_bytes")->valuedouble);
    cJSON_Delete(json);
    program_free(&p);
}

/* A compiler that is missing, one that fails, and one whose programs answer something else. */
static void test_what_fails_is_told(void **state)
{
    (void)state;
    program p;
    setenv("CC", "no-such-compiler", 1);
    export(&p, "--verify");
    assert_refused(&p, 1, "needs a C compiler, and there is no no-such-compiler; CC names one");
    program_free(&p);
    setenv("CC", "cc -DLENET5_DECLARE=1 -w -Dlenet5_forward=lenet5_classify_u8", 1);
    export(&p, "--verify");
    assert_int_equal(p.code, 1);
    assert_non_null(strstr(p.err, "export: cc cannot compile "));
    program_free(&p);
    char path[128];
    snprintf(path, sizeof path, "%s/cc", folder); /* its relus end at -1 */
    assert_int_equal(lathe_file_write_text(path,
                         "sed -i 's/row.l. < low ? low/row[l] < low ? low - 1/' \"$4\"\nexec cc \"$@\"\n"),
        LATHE_OK);
    char compiler[160];
    snprintf(compiler, sizeof compiler, "sh %s", path);
    setenv("CC", compiler, 1);
    export(&p, "--verify");
    assert_int_equal(p.code, 1);
    assert_non_null(strstr(p.out, "not verified: "));
    assert_non_null(strstr(p.err, "net.c does not compute what the model does"));
    program_free(&p);
    unsetenv("CC");
    export(&p, "--dynamic-batch");
    assert_refused(&p, 2, "c: dynamic_batch is for onnx");
    program_free(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_file_is_verified_by_a_compiler),
        cmocka_unit_test(test_the_table_as_json),
        cmocka_unit_test(test_what_fails_is_told),
    };
    return cmocka_run_group_tests(tests, make_run, remove_folder);
}
