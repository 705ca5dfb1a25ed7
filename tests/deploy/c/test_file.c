/* What a written file offers beside the net: pixels, classes, declarations, a self-test. */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "support/program.h"
#include "support/support.h"

enum { SIZE = 12, CHANNELS = 3, CLASSES = 4, PICTURES = 20 };

#define STRICT "-std=c99 -O1 -Wall -Wextra -Wpedantic -Wconversion -Werror "

static lathe_trained *trained;

static char *in_folder(const char *name)
{
    static char path[4][128];
    static int next;
    char *to = path[next++ % 4];
    snprintf(to, sizeof path[0], "%s/%s", folder, name);
    return to;
}

static void write_text(const char *name, const char *text)
{
    assert_int_equal(lathe_file_write_text(in_folder(name), text), LATHE_OK);
}

/* A small net for colour pictures, with class names that are hard to quote. */
static int make_trained(void **state)
{
    make_folder(state);
    lathe_model *model = lathe_model_new();
    lathe_layer *net =
        lathe_model_build(model, "lenet5", &(lathe_model_spec){ CHANNELS, SIZE, SIZE, CLASSES, NULL });
    if (!net || lathe_nn_init(net, 5)) fail_msg("%s", lathe_error_message());
    lathe_nn_init_weights(net, (lathe_init){ LATHE_INIT_KAIMING_NORMAL, 3 }, 5); /* its answers differ */
    int count;
    lathe_saved saved[16];
    lathe_tensor *const *tensors = lathe_nn_state(net, &count);
    for (int i = 0; i < count; i++)
        saved[i] = (lathe_saved){ NULL, tensors[i]->name, tensors[i]->shape, tensors[i]->data };
    assert_int_equal(lathe_safetensors_write(in_folder("w.safetensors"), saved, count, NULL, 0), LATHE_OK);
    lathe_model_free(model);
    write_text("names.txt",
        "a \"cat\"\n*/ int x; /*\nwhat?\?/\nd\\n%s \xC3\xA9\xFF"
        "7\n");
    const lathe_published from = { .model = "lenet5",
        .weights = in_folder("w.safetensors"),
        .class_names = in_folder("names.txt"),
        .size = SIZE,
        .channels = CHANNELS,
        .normals = CHANNELS,
        .mean = { 0.5, 0.4, 0.3 },
        .std = { 0.25, 0.5, 1 } };
    trained = lathe_trained_published(&from);
    if (!trained) fail_msg("%s", lathe_error_message());
    return 0;
}

static int free_trained(void **state)
{
    lathe_trained_free(trained);
    return remove_folder(state);
}

/* Run shell commands in the folder; the caller frees what they print. */
static char *shell(const char *commands)
{
    char text[1024];
    program p;
    snprintf(text, sizeof text, "cd %s\n%s\n", folder, commands);
    write_text("run.sh", text);
    program_run(&p, "/bin/sh", in_folder("run.sh"));
    if (p.code) fail_msg("exit code %d: %.1000s%.1000s", p.code, p.out, p.err);
    assert_string_equal(p.err, "");
    char *out = strdup(p.out);
    program_free(&p);
    return out;
}

static unsigned char pixel(int picture, int i) { return (unsigned char)(picture * 31 + i * (7 + picture)); }

/* A program that prints the class of each picture, and each class's name. */
static const char caller[] =
    "#include <stdio.h>\n#define TOY_DECLARE\n#include \"toy.c\"\n"
    "static unsigned char pixels[TOY_INPUT_HEIGHT * TOY_INPUT_WIDTH * TOY_INPUT_CHANNELS];\n"
    "static float chw[sizeof pixels], out[TOY_OUTPUTS], scratch[TOY_SCRATCH_BYTES / 4];\n"
    "int main(void)\n{\n    for (int p = 0; p < 20; p++) {\n        int best = 0;\n"
    "        for (int i = 0; i < (int)sizeof pixels; i++)\n"
    "            pixels[i] = (unsigned char)(p * 31 + i * (7 + p));\n"
    "        toy_normalize_u8(pixels, chw);\n        toy_forward(chw, out, scratch);\n"
    "        for (int k = 0; k < TOY_CLASSES; k++)\n            if (out[k] > out[best]) best = k;\n"
    "        if (best != toy_classify_u8(pixels, scratch)) return 1;\n        printf(\"%d \", best);\n    }\n"
    "    printf(\"\\n\");\n    for (int k = 0; k < TOY_CLASSES; k++) puts(toy_class_names[k]);\n    return "
    "0;\n}\n";

/* What the program must print. */
static void expected(char *text)
{
    unsigned char pixels[SIZE * SIZE * CHANNELS];
    int seen[CLASSES] = { 0 }, kinds = 0;
    for (int p = 0; p < PICTURES; p++) {
        double probability[CLASSES];
        int best = 0;
        for (int i = 0; i < (int)sizeof pixels; i++) pixels[i] = pixel(p, i);
        assert_int_equal(lathe_predict_pixels(trained, pixels, SIZE, SIZE, CHANNELS, probability), LATHE_OK);
        for (int k = 1; k < CLASSES; k++)
            if (probability[k] > probability[best]) best = k;
        kinds += !seen[best]++;
        text += sprintf(text, "%d ", best);
    }
    assert_true(kinds > 1);
    strcpy(text,
        "\na \"cat\"\n*/ int x; /*\nwhat?\?/\nd\\n%s \xC3\xA9\xFF"
        "7\n");
}

static void write_toy(bool split)
{
    const lathe_export_opts opts = { .name = "toy", .split_weights = split };
    if (lathe_export_trained(trained, "c", in_folder("toy.c"), &opts)) fail_msg("%s", lathe_error_message());
}

static void test_pictures_get_the_classes_that_lathe_gives(void **state)
{
    (void)state;
    char want[512];
    expected(want);
    write_toy(false);
    write_text("caller.c", caller);
    char *got = shell("cc " STRICT "toy.c caller.c -o caller -lm && ./caller");
    assert_string_equal(got, want);
    free(got);
}

static void test_a_file_may_be_included_twice(void **state)
{
    (void)state;
    write_toy(false);
    write_text("twice.c",
        "#define TOY_DECLARE\n#include \"toy.c\"\n#undef TOY_DECLARE\n#include \"toy.c\"\n"
        "#include \"toy.c\"\nint main(void) { return !toy_class_names[0]; }\n");
    free(shell("cc " STRICT "twice.c -o twice -lm && ./twice"));
}

static void test_split_weights_are_three_files(void **state)
{
    (void)state;
    char want[512], text[sizeof caller];
    expected(want);
    write_toy(true);
    strcpy(text, caller);
    strcpy(strstr(text, "toy.c\""), "toy.h\"\n"); /* the rest of the program follows */
    strcat(text, strstr(caller, "static unsigned"));
    write_text("caller.c", text);
    char *got = shell("cc " STRICT "toy.c toy_weights.c caller.c -o caller -lm && ./caller");
    assert_string_equal(got, want);
    free(got);
}

/* What cannot be written leaves the older files: they fit each other. */
static void test_no_split_file_without_weights(void **state)
{
    (void)state;
    const lathe_export_opts opts = { .name = "toy", .split_weights = true };
    assert_int_equal(mkdir(in_folder("none_weights.c"), 0700), 0);
    assert_int_equal(lathe_export_trained(trained, "c", in_folder("none.c"), &opts), LATHE_EIO);
    assert_non_null(strstr(lathe_error_message(), "none_weights.c"));
    assert_false(lathe_file_exists(in_folder("none.c")));
    assert_false(lathe_file_exists(in_folder("none.h")));
}

static void test_the_file_tests_itself(void **state)
{
    (void)state;
    write_toy(false);
    char *said = shell("cc " STRICT "-DTOY_SELFTEST toy.c -o toy -lm && ./toy");
    assert_non_null(strstr(said, "toy: self-test passed: largest difference "));
    free(said);
    said = shell("sed 's/expected\\[i\\]);$/expected[i] - 0.01f);/' toy.c > worse.c\n"
                 "cc -DTOY_SELFTEST worse.c -o toy -lm && ! ./toy");
    assert_non_null(strstr(said, "toy: self-test failed: "));
    free(said);
}

static void test_what_the_head_tells(void **state)
{
    (void)state;
    write_toy(false);
    char *text = read_text(in_folder("toy.c"));
    static const char *const told[] = { "model      lenet5, step 0", "checksums  settings unknown, weights ",
        "image      [1, 3, 12, 12], red, green, blue; (pixel / 255 - mean) / std, mean 0.5 0.4 0.3, std 0.25",
        "pictures   height 12, width 12; from files: interpolation bilinear\n", "4 classes",
        "bytes of weights (flash)", "#define TOY_DECLARE", "gcc -O3 -march=native -c toy.c" };
    for (size_t i = 0; i < sizeof told / sizeof told[0]; i++)
        if (!strstr(text, told[i])) fail_msg("no '%s' in %.2000s", told[i], text);
    for (const char *at = text; *at; at += lathe_utf8_length(at))
        if (!lathe_utf8_length(at)) fail_msg("not UTF-8: %.80s", at);
    free(text);
}

/* Only transforms that change pictures in use are named. */
static void test_the_head_names_transforms(void **state)
{
    (void)state;
    static const char *const list[] = { "hflip", "hflip,to_gray:1" };
    char *before = trained->augment;
    for (int i = 0; i < 2; i++) {
        bool change = !i;
        char *augment = strdup(list[i]);
        lathe_transforms_free(trained->transforms);
        trained->transforms = lathe_transforms_parse(list[i]);
        trained->augment = augment;
        assert_int_equal(lathe_trained_changes(trained, &change), LATHE_OK);
        assert_int_equal(change, i);
        write_toy(false);
        trained->augment = before;
        free(augment);
        char *text = read_text(in_folder("toy.c"));
        const char *then =
            strstr(text, "then       the run's transforms, without what is random: hflip,to_gray:1\n");
        assert_int_equal(then != NULL, i);
        free(text);
    }
    lathe_transforms_free(trained->transforms);
    trained->transforms = lathe_transforms_parse(NULL);
}

/* Names in the head end no comment, and begin none. */
static void test_the_head_holds_any_name(void **state)
{
    (void)state;
    const lathe_head head = { .name = "one*/ two/* */* \xFF\n\xC3\xA9", .first = 0, .classes = CLASSES };
    trained->data.heads = 1;
    trained->data.head = &head;
    write_toy(false);
    trained->data.heads = 0;
    trained->data.head = NULL;
    free(shell("cc " STRICT "-c toy.c"));
    char *text = read_text(in_folder("toy.c"));
    assert_non_null(strstr(text, "heads      one* / two/ * * / * ? \xC3\xA9 0 to 3\n"));
    free(text);
}

/* The file's commands are right for each name of a file. */
static void test_the_head_has_commands(void **state)
{
    (void)state;
    static const struct {
        const char *file, *head;
        bool split;
    } rows[] = { { "it's a *toy.c", "it\\'s\\ a\\ *toy.c", false }, { "a toy", "a\\ toy", false },
        { "$x y.c", "\\$x\\ y.h", true } };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char commands[256];
        const lathe_export_opts opts = { .name = "toy", .split_weights = rows[i].split };
        if (lathe_export_trained(trained, "c", in_folder(rows[i].file), &opts))
            fail_msg("%s", lathe_error_message());
        snprintf(commands, sizeof commands, "eval \"$(sed -n 's/^ [*] Test it as *//p' %s)\"", rows[i].head);
        char *said = shell(commands);
        assert_non_null(strstr(said, "toy: self-test passed: "));
        free(said);
    }
    static const char *const refused[] = { "a\"b.c", "a\\b.c", "a?\?=b.c", "a\nb.c" };
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
        const lathe_export_opts opts = { .split_weights = true };
        assert_int_equal(lathe_export_trained(trained, "c", in_folder(refused[i]), &opts), LATHE_EARG);
        assert_non_null(strstr(lathe_error_message(), "cannot stand in an #include"));
    }
}

/* Each allocation fails once: the file is whole or is not there. */
static void test_memory_runs_out(void **state)
{
    (void)state;
    lathe_model *model = lathe_model_new();
    lathe_layer *net = lathe_nn_sequential(model, lathe_nn_conv2d(model, 2, 3, 3, NULL), lathe_nn_relu(model),
        lathe_nn_max_pool2d(model, 2, NULL), lathe_nn_flatten(model), lathe_nn_linear(model, 12, 2, NULL),
        NULL);
    lathe_nn_init(net, 1);
    lathe_status status = LATHE_ENOMEM;
    for (size_t nth = 1; status; nth++) {
        assert_int_equal(lathe_file_remove(in_folder("short.c")), LATHE_OK);
        lathe_alloc_fail_at(nth, true);
        status = lathe_export_net(net, (lathe_shape){ 3, { 2, 6, 6 } }, "c", in_folder("short.c"), NULL);
        lathe_alloc_fail_at(0, false);
        assert_int_equal(lathe_file_exists(in_folder("short.c")), !status);
        if (status) assert_int_equal(status, LATHE_ENOMEM);
        if (status) lathe_error_clear();
        assert_true(nth < 2000);
    }
    lathe_model_free(model);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pictures_get_the_classes_that_lathe_gives),
        cmocka_unit_test(test_a_file_may_be_included_twice),
        cmocka_unit_test(test_split_weights_are_three_files),
        cmocka_unit_test(test_no_split_file_without_weights),
        cmocka_unit_test(test_the_file_tests_itself),
        cmocka_unit_test(test_what_the_head_tells),
        cmocka_unit_test(test_the_head_names_transforms),
        cmocka_unit_test(test_the_head_holds_any_name),
        cmocka_unit_test(test_the_head_has_commands),
        cmocka_unit_test(test_memory_runs_out),
    };
    return cmocka_run_group_tests(tests, make_trained, free_trained);
}
