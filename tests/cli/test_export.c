/* lathe export: its kinds, what it tells, and --verify with runtimes that are right, wrong and absent. */
#include "support/program_json.h"
#include "support/support.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cjson/cJSON.h>

static char *path_before; /* the environment's PATH */

static void write_file(const char *name, const char *text, int mode)
{
    char path[256];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
    assert_int_equal(chmod(path, (mode_t)mode), 0);
}

static int make_run(void **state)
{
    (void)state;
    folder_make(folder);
    char arguments[512];
    snprintf(arguments, sizeof arguments,
        "train --data shapes --model resnet8 --train-count 200 --max-steps 4 --batch-size 16 --lr 1e-3 "
        "--val-split 0.1 --out %s/run --json",
        folder);
    cJSON_Delete(program_json(LATHE_PROGRAM, arguments));
    path_before = strdup(getenv("PATH"));
    return 0;
}

static int remove_run(void **state)
{
    (void)state;
    free(path_before);
    folder_remove(folder);
    return 0;
}

/* Run `lathe export` with the folder in place of each %s. */
static void export(program *p, const char *format)
{
    char arguments[768];
    snprintf(arguments, sizeof arguments, format, folder, folder, folder);
    program_run(p, LATHE_PROGRAM, arguments);
}

static bool exists(const char *name)
{
    char path[256];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    return access(path, F_OK) == 0;
}

static void the_kind_is_that_of_the_ending(void **state)
{
    (void)state;
    program p;
    export(&p, "export %s/run %s/net.onnx");
    if (p.code) fail_msg("%s", p.err);
    assert_true(exists("net.onnx"));
    assert_non_null(strstr(p.out, "net.onnx: "));
    assert_non_null(strstr(p.out, "input   [1, 1, 28, 28], "));
    assert_non_null(strstr(p.out, "output  [1, 10], a score for each class; softmax makes probabilities\n"));
    assert_non_null(strstr(p.out, "/net.onnx --verify\n")); /* the next command */
    assert_null(strstr(p.out, "verified"));
    program_free(&p);
    export(&p, "export %s/run %s/net --to onnx --dynamic-batch --with-preprocessing");
    assert_int_equal(p.code, 0);
    assert_non_null(strstr(p.out, "input   [N, 28, 28, 1], 8-bit pixels\n"));
    assert_true(exists("net"));
    program_free(&p);
}

static void as_json(void **state)
{
    (void)state;
    char arguments[512];
    snprintf(arguments, sizeof arguments, "export %s/run/last.safetensors %s/j.onnx --json", folder, folder);
    cJSON *object = program_json(LATHE_PROGRAM, arguments), *shape = cJSON_GetObjectItem(object, "input");
    assert_string_equal(cJSON_GetStringValue(cJSON_GetObjectItem(object, "to")), "onnx");
    assert_string_equal(cJSON_GetStringValue(cJSON_GetObjectItem(object, "model")), "resnet8");
    assert_int_equal(cJSON_GetArraySize(shape), 4);
    assert_int_equal(cJSON_GetArrayItem(shape, 2)->valueint, 28);
    assert_true(json_number(object, "bytes") > 4 * 70000); /* the weights of resnet8 */
    assert_int_equal(strlen(cJSON_GetStringValue(cJSON_GetObjectItem(object, "weights_checksum"))), 8);
    assert_null(cJSON_GetObjectItem(object, "verify"));
    cJSON_Delete(object);
}

static void wrong_lines_are_refused(void **state)
{
    (void)state;
    static const struct {
        const char *line, *message;
    } rows[] = {
        { "export %s/run", "name a run and a file" },
        { "export %s/run %s/net.dat", "--to is missing" },
        { "export %s/run %s/x.onnx --to onnxx", "unknown export 'onnxx'; did you mean onnx?" },
        { "export %s/run %s/x.onnx --split-weights", "onnx: split_weights is for c" },
        { "export %s/run %s/x.onnx --name 3d", "the name '3d'" },
        { "export %s/run %s/x.onnx --count 0", "--count = '0'" },
        { "export %s/run %s/x.onnx --model mlp --init-weights %s/w", "with --init-weights there is no run" },
        { "export %s/run %s/x.onnx --mean 0.5", "--mean is for weights without a run" },
        { "export %s/run %s/x.onnx --size 8", "--size is for weights without a run" },
        { "export %s/x.onnx --init-weights %s/w", "--init-weights needs --model NAME" },
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        program p;
        export(&p, rows[i].line);
        assert_refused(&p, 2, rows[i].message);
        program_free(&p);
    }
    assert_false(exists("x.onnx"));
    program p;
    export(&p, "export %s/none %s/x.onnx");
    assert_refused(&p, 1, "none");
    program_free(&p);
}

static void weights_without_a_run(void **state)
{
    (void)state;
    program p;
    export(&p, "weights %s/run/last.safetensors --save %s/w.safetensors");
    assert_int_equal(p.code, 0);
    program_free(&p);
    export(&p,
        "export --model resnet8 --init-weights %s/w.safetensors --mean 0.5 --std 0.25 --channels 1 --size 28 "
        "%s/other.onnx");
    if (p.code) fail_msg("%s", p.err);
    assert_non_null(strstr(p.out, "--model resnet8 --init-weights "));
    assert_non_null(strstr(p.out, " --mean 0.5 --std 0.25 --channels 1 --size 28 --verify\n"));
    program_free(&p);
}

/* ---- --verify ------------------------------------------------------------------------------------------ */

/* Have a python3 in PATH, and nothing else, that passes as one with ONNX Runtime, and runs `body` instead. */
static void pretend(const char *body)
{
    char text[1024], path[128];
    snprintf(path, sizeof path, "%s/bin", folder);
    mkdir(path, 0700);
    snprintf(text, sizeof text, "#!/bin/sh\n[ $# = 2 ] && exit 0\n%s\n", body);
    write_file("bin/python3", text, 0700);
    setenv("PATH", path, 1);
}

static void another_answer_is_an_error(void **state)
{
    (void)state;
    program p;
    pretend("/bin/dd if=/dev/zero of=\"$4/out.f32\" bs=40 count=$5 2> /dev/null");
    export(&p, "export %s/run %s/v.onnx --verify --count 32");
    setenv("PATH", path_before, 1);
    assert_int_equal(p.code, 1);
    assert_non_null(strstr(p.out, "not verified: 32 pictures of the test set; largest difference "));
    assert_non_null(strstr(p.err, "v.onnx does not compute what the model does"));
    assert_true(exists("v.onnx"));
    program_free(&p);
}

static void what_is_no_number_is_an_error(void **state)
{
    (void)state;
    program p;
    pretend("i=0\nwhile [ $i -lt $5 ]; do /bin/cat \"${0%/*}/row\"; i=$((i + 1)); done > \"$4/out.f32\"");
    char path[256];
    float row[10] = { 1, 2, 3, NAN };
    snprintf(path, sizeof path, "%s/bin/row", folder);
    FILE *file = fopen(path, "wb");
    assert_int_equal(fwrite(row, sizeof row, 1, file), 1);
    fclose(file);
    export(&p, "export %s/run %s/v.onnx --verify --count 8 --json");
    setenv("PATH", path_before, 1);
    assert_int_equal(p.code, 1);
    assert_non_null(
        strstr(p.out, "\"verify\":{\"passed\":false,\"set\":\"test\",\"pictures\":8,\"difference\":null"));
    program_free(&p);
}

static void a_runtime_that_fails_is_named(void **state)
{
    (void)state;
    program p;
    pretend("exit 3");
    export(&p, "export %s/run %s/v.onnx --verify --count 8");
    assert_refused(&p, 1, "ONNX Runtime in python3 cannot run ");
    program_free(&p);
    pretend("echo > \"$4/out.f32\"");
    export(&p, "export %s/run %s/v.onnx --verify --count 8");
    assert_refused(&p, 2, "the file computed 1 bytes, not 80 numbers");
    program_free(&p);
    setenv("PATH", "/nowhere", 1);
    export(&p, "export %s/run %s/v.onnx --verify");
    setenv("PATH", path_before, 1);
    assert_refused(&p, 1, "--verify needs ONNX Runtime: pip install onnxruntime numpy, or ");
    program_free(&p);
}

/* The run's folder without its settings: pictures of noise. */
static void without_data_pictures_are_random(void **state)
{
    (void)state;
    program p;
    export(&p, "export %s/run %s/v.onnx");
    program_free(&p);
    char from[256], to[256];
    snprintf(from, sizeof from, "%s/run/config.ini", folder);
    snprintf(to, sizeof to, "%s/run/away.ini", folder);
    assert_int_equal(rename(from, to), 0);
    pretend("/bin/dd if=/dev/zero of=\"$4/out.f32\" bs=40 count=$5 2> /dev/null");
    export(&p, "export %s/run %s/v.onnx --verify --count 8");
    setenv("PATH", path_before, 1);
    assert_int_equal(rename(to, from), 0);
    assert_int_equal(p.code, 1);
    assert_non_null(strstr(p.out, "not verified: 8 random pictures; "));
    assert_non_null(strstr(p.err, "config.ini"));
    assert_non_null(strstr(p.err, "; verifying with random pictures\n"));
    program_free(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_kind_is_that_of_the_ending),
        cmocka_unit_test(as_json),
        cmocka_unit_test(wrong_lines_are_refused),
        cmocka_unit_test(weights_without_a_run),
        cmocka_unit_test(another_answer_is_an_error),
        cmocka_unit_test(what_is_no_number_is_an_error),
        cmocka_unit_test(a_runtime_that_fails_is_named),
        cmocka_unit_test(without_data_pictures_are_random),
    };
    return cmocka_run_group_tests(tests, make_run, remove_run);
}
