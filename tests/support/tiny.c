#include "tiny.h"

#include <stdlib.h>
#include <string.h>

enum { SIDE = 6 };

static lathe_layer *build(lathe_model *model, const lathe_model_spec *spec)
{
    return lathe_nn_sequential(model, lathe_nn_conv2d(model, spec->channels, 2, 3, NULL),
        lathe_nn_batch_norm(model, 2, NULL), lathe_nn_relu(model), lathe_nn_max_pool2d(model, 2, NULL),
        lathe_nn_flatten(model), lathe_nn_dropout(model, 0.2), lathe_nn_linear(model, 8, spec->classes, NULL),
        NULL);
}

const lathe_model_type tiny_model = {
    .name = "tiny",
    .summary = "a convolution and a linear layer",
    .native = { 1, SIDE, SIDE, 10 },
    .build = build,
};

/* An IDX file of `count` pictures, or of their labels. Each class has a bright row or column of its own. */
static void write_idx(const char *name, int count, bool pictures)
{
    char path[64];
    unsigned char bytes[16 + 64 * SIDE * SIDE] = { 0, 0, 8, pictures ? 3 : 1, 0, 0, 0, (unsigned char)count,
        0, 0, 0, SIDE, 0, 0, 0, SIDE };
    size_t size = pictures ? 16 : 8;
    for (int i = 0; i < count; i++) {
        int label = i * 7 % 10;
        if (!pictures) bytes[size++] = (unsigned char)label;
        for (int place = 0; pictures && place < SIDE * SIDE; place++) {
            bool bright = (label < 5 ? place / SIDE : place % SIDE) == label % 5;
            bytes[size++] = (unsigned char)((bright ? 180 : 20) +
                random_int(7, (uint64_t)(count * 4096 + i * 64 + place), 0, 70));
        }
    }
    snprintf(path, sizeof path, "data/%s", name);
    test_write(test_path(path), bytes, size);
}

static void write_data(void)
{
    static bool written;
    if (written) return;
    written = true;
    assert_int_equal(lathe_file_make_folder(test_path("data")), LATHE_OK);
    write_idx("train-images-idx3-ubyte", 50, true);
    write_idx("train-labels-idx1-ubyte", 50, false);
    write_idx("t10k-images-idx3-ubyte", 4, true);
    write_idx("t10k-labels-idx1-ubyte", 4, false);
}

void tiny_set(lathe_settings *settings, const char *key, const char *text)
{
    if (lathe_settings_set(settings, key, text)) fail_msg("%s", lathe_error_message());
}

lathe_settings tiny_settings(const char *out, const tiny_pair *pairs)
{
    static const tiny_pair always[] = { { "model", "tiny" }, { "batch_size", "4" }, { "val_split", "0.2" },
        { "augment", "crop:1,hflip" }, { "no_times", "on" }, { "no_warnings", "on" }, { "threads", "1" },
        { "lr", "0.01" }, { "epochs", "20" } };
    char data[1100];
    lathe_settings settings = lathe_settings_default();
    assert_int_equal(lathe_model_register(&tiny_model), LATHE_OK);
    write_data();
    snprintf(data, sizeof data, "mnist:%s", test_path("data"));
    tiny_set(&settings, "data", data);
    for (size_t i = 0; i < sizeof always / sizeof always[0]; i++)
        tiny_set(&settings, always[i].key, always[i].text);
    for (; pairs && pairs->key; pairs++) tiny_set(&settings, pairs->key, pairs->text);
    if (out) tiny_set(&settings, "out", test_path(out));
    settings.overwrite = true; /* tests use a folder again */
    return settings;
}

static lathe_run *open_run(const lathe_settings *settings, const lathe_run_hooks *hooks)
{
    lathe_run *run = lathe_run_new(settings, hooks);
    if (!run) fail_msg("%s", lathe_error_message());
    return run;
}

lathe_run *tiny_train(const lathe_settings *settings)
{
    lathe_run *run = open_run(settings, NULL);
    if (lathe_run_train(run)) fail_msg("%s", lathe_error_message());
    return run;
}

static bool stop_at(void *context, const lathe_run *run, const lathe_step_row *row)
{
    (void)row;
    return run->learner->step < *(const uint64_t *)context;
}

void tiny_train_until(const lathe_settings *settings, uint64_t last)
{
    lathe_run *run = open_run(settings, &(lathe_run_hooks){ .context = &last, .on_step = stop_at });
    if (lathe_run_train(run)) fail_msg("%s", lathe_error_message());
    assert_int_equal(run->learner->step, last);
    lathe_run_free(run);
}

void tiny_assert_same(const char *what, const char *a, const char *b, const char *name)
{
    char path[2][256];
    size_t size[2];
    const char *runs[] = { a, b };
    char *bytes[2];
    for (int i = 0; i < 2; i++) {
        snprintf(path[i], sizeof path[i], "%s/%s", runs[i], name);
        bytes[i] = test_bytes(test_path(path[i]), &size[i]);
    }
    size_t same = 0;
    while (same < size[0] && same < size[1] && bytes[0][same] == bytes[1][same]) same++;
    if (same < size[0] || same < size[1])
        fail_msg("%s: %s (%zu bytes) and %s (%zu) differ at byte %zu: '%.60s', '%.60s'", what, path[0],
            size[0], path[1], size[1], same, bytes[0] + same, bytes[1] + same);
    free(bytes[0]);
    free(bytes[1]);
}

void tiny_assert_same_runs(const char *what, const char *a, const char *b)
{
    static const char *const files[] = { "steps.csv", "epochs.csv", "log.jsonl", "last.safetensors",
        "best.safetensors" };
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) tiny_assert_same(what, a, b, files[i]);
}

bool tiny_holds(const lathe_safetensors *file, const char *name, const lathe_real *numbers, size_t count)
{
    lathe_real held[128];
    size_t i = 0;
    while (i < file->tensors && strcmp(file->tensor[i].name, name)) i++;
    if (i == file->tensors) fail_msg("%s has no %s", file->path, name);
    assert_int_equal(lathe_safetensors_get(file, &file->tensor[i], held, count), LATHE_OK);
    return !memcmp(held, numbers, count * sizeof *held);
}

bool tiny_long(void) { return getenv("LATHE_TEST_LONG") != NULL; }
