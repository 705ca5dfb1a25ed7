/* `lathe export --to c`: the table of memory, and --verify with a compiler. */
#include "support/program_json.h"
#include "support/support.h"

#include <math.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

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

/* What is printed as the next command runs, whatever the names are. */
static void test_the_next_commands_run(void **state)
{
    (void)state;
    program p;
    char text[1024], path[160];
    snprintf(text, sizeof text,
        "cd %s\nexport TMPDIR=$PWD\ncp -r run 'my run'\n"
        "lathe() { \"%s\" \"$@\"; }\n"
        "lathe export 'my run' --weights last \"it's\" --to c --name toy --count 5 > said || exit 1\n"
        "sed -n '/^next/,$ s/^  //p' said > first\nwc -l < first\n. ./first > said || exit 2\n"
        "grep -c 'verified: 5 ' said\n"
        "sed -n '/^next/,$ s/^  //p' said\n",
        folder, LATHE_PROGRAM);
    snprintf(path, sizeof path, "%s/next.sh", folder);
    assert_int_equal(lathe_file_write_text(path, text), LATHE_OK);
    program_run(&p, "/bin/sh", path);
    if (p.code) fail_msg("exit code %d: %s%s", p.code, p.out, p.err);
    assert_string_equal(p.out,
        "2\n1\nlathe predict 'my run' --weights last PICTURE...\n"
        "gcc -O3 -march=native -x c -c 'it'\\''s'\n");
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
    assert_int_equal(lathe_file_write_text(path, /* its pixels are those of another file */
                         "sed -i 's/= (float)hwc\\[/= 2 + (float)hwc[/' \"$4\"\nexec cc \"$@\"\n"),
        LATHE_OK);
    export(&p, "--verify");
    assert_int_equal(p.code, 1);
    assert_non_null(strstr(p.err, "net.c does not compute what the model does"));
    program_free(&p);
    setenv("CC", "  ", 1);
    export(&p, "--verify --count 1");
    assert_int_equal(p.code, 0);
    assert_non_null(strstr(p.out, "\nverified: 1 picture of the test set; "));
    program_free(&p);
    unsetenv("CC");
    export(&p, "--dynamic-batch");
    assert_refused(&p, 2, "c: dynamic_batch is for onnx");
    program_free(&p);
}

/* A signal while the compiler runs: no message about the compiler, and nothing stays in TMPDIR. */
static void test_a_signal_ends_it_cleanly(void **state)
{
    (void)state;
    program p;
    char temporary[128], path[160], compiler[192], *before = getenv("TMPDIR");
    before = before ? strdup(before) : NULL;
    snprintf(temporary, sizeof temporary, "%s/temporary", folder);
    snprintf(path, sizeof path, "%s/interrupt", folder);
    snprintf(compiler, sizeof compiler, "sh %s", path);
    assert_int_equal(mkdir(temporary, 0700), 0);
    assert_int_equal(lathe_file_write_text(path, "kill -TERM $PPID\nexit 1\n"), LATHE_OK);
    setenv("TMPDIR", temporary, 1);
    setenv("CC", compiler, 1);
    export(&p, "--verify --count 3");
    unsetenv("CC");
    if (before) setenv("TMPDIR", before, 1);
    else unsetenv("TMPDIR");
    free(before);
    assert_int_equal(p.code, 128 + SIGTERM);
    assert_string_equal(p.err, "");
    assert_int_equal(rmdir(temporary), 0); /* it is empty */
    program_free(&p);
}

/* Weights of a lenet5 that begins; its last number may be another. */
static void write_weights(const char *path, bool damaged)
{
    int count;
    lathe_saved saved[16];
    lathe_model *model = lathe_model_new();
    lathe_layer *net = lathe_model_build(model, "lenet5", &(lathe_model_spec){ 1, 28, 28, 10, NULL });
    if (!net || lathe_nn_init(net, 5)) fail_msg("%s", lathe_error_message());
    lathe_tensor *const *tensors = lathe_nn_state(net, &count);
    for (int i = 0; i < count; i++)
        saved[i] = (lathe_saved){ NULL, tensors[i]->name, tensors[i]->shape, tensors[i]->data };
    const size_t last = lathe_shape_count(&tensors[count - 1]->shape) - 1;
    if (damaged) ((lathe_real *)tensors[count - 1]->data)[last] = (lathe_real)NAN;
    assert_int_equal(lathe_safetensors_write(path, saved, count, NULL, 0), LATHE_OK);
    lathe_model_free(model);
}

/* With a NaN the file is not to blame. Pictures of another data set, which have one size. */
static void test_weights_without_a_run(void **state)
{
    (void)state;
    char path[160], arguments[768];
    snprintf(path, sizeof path, "%s/w.safetensors", folder);
    for (int damaged = 0; damaged < 2; damaged++) {
        program p;
        write_weights(path, damaged);
        snprintf(arguments, sizeof arguments,
            "export --model lenet5 --init-weights %s --mean 0.5 --std 0.25 --crop-ratio 0.9 %s/w.c --verify "
            "--data shapes --count 20",
            path, folder);
        program_run(&p, LATHE_PROGRAM, arguments);
        if (damaged)
            assert_refused(&p, 1,
                "lathe's own outputs of 20 of 20 pictures are NaN or infinite; nothing can be compared");
        else if (p.code || !strstr(p.out, "verified: 20 pictures of the test set")) fail_msg("%s", p.err);
        program_free(&p);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_file_is_verified_by_a_compiler),
        cmocka_unit_test(test_the_table_as_json),
        cmocka_unit_test(test_the_next_commands_run),
        cmocka_unit_test(test_what_fails_is_told),
        cmocka_unit_test(test_a_signal_ends_it_cleanly),
        cmocka_unit_test(test_weights_without_a_run),
    };
    return cmocka_run_group_tests(tests, make_run, remove_folder);
}
