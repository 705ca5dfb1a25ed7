/* A run's checkpoint as others see it: the file is taken apart here by the format's own words, with another
 * reader of JSON. */
#include "support/program.h"
#include "support/support.h"

#include <stdlib.h>
#include <string.h>

#include <cjson/cJSON.h>

static char *bytes;
static size_t size;
static cJSON *header, *metadata;

static int train(void **state)
{
    (void)state;
    char text[512];
    program p;
    folder_make(folder);
    snprintf(text, sizeof text,
        "train --data shapes --model lenet5 --optim adamw --sched plateau --batch-size 1000 --max-steps 11 "
        "--augment hflip "
        "--label-smoothing 0.1 --seed 7 --out %s/run",
        folder);
    program_run(&p, LATHE_PROGRAM, text);
    if (p.code) fail_msg("%s", p.err);
    program_free(&p);
    snprintf(text, sizeof text, "%s/run/last.safetensors", folder);
    FILE *file = fopen(text, "rb");
    assert_non_null(file);
    fseek(file, 0, SEEK_END);
    size = (size_t)ftell(file);
    rewind(file);
    bytes = malloc(size);
    assert_non_null(bytes);
    assert_int_equal(fread(bytes, 1, size, file), size);
    fclose(file);
    uint64_t length;
    memcpy(&length, bytes, 8);
    assert_true(length < size - 8);
    header = cJSON_ParseWithLength(bytes + 8, length);
    assert_non_null(header);
    metadata = cJSON_GetObjectItemCaseSensitive(header, "__metadata__");
    return metadata ? 0 : -1;
}

static int clean(void **state)
{
    (void)state;
    cJSON_Delete(header);
    free(bytes);
    folder_remove(folder);
    return 0;
}

/* Names, shapes and ranges of the tensors of LeNet-5, as PyTorch would have them. */
static void the_tensors_are_pytorchs(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        int rank, dim[4];
    } expected[] = { { "0.weight", 4, { 6, 1, 5, 5 } }, { "0.bias", 1, { 6 } },
        { "3.weight", 4, { 16, 6, 5, 5 } }, { "3.bias", 1, { 16 } }, { "7.weight", 2, { 120, 400 } },
        { "7.bias", 1, { 120 } }, { "9.weight", 2, { 84, 120 } }, { "9.bias", 1, { 84 } },
        { "11.weight", 2, { 10, 84 } }, { "11.bias", 1, { 10 } } };
    static const char *const prefixes[] = { "", "optimizer.exp_avg.", "optimizer.exp_avg_sq." };
    int count = 0;
    for (size_t p = 0; p < 3; p++)
        for (size_t i = 0; i < 10; i++, count++) {
            char name[64];
            snprintf(name, sizeof name, "%s%s", prefixes[p], expected[i].name);
            const cJSON *tensor = cJSON_GetObjectItemCaseSensitive(header, name);
            if (!tensor) fail_msg("there is no %s", name);
            const cJSON *shape = cJSON_GetObjectItemCaseSensitive(tensor, "shape");
            assert_int_equal(cJSON_GetArraySize(shape), expected[i].rank);
            for (int d = 0; d < expected[i].rank; d++)
                assert_int_equal(cJSON_GetArrayItem(shape, d)->valueint, expected[i].dim[d]);
        }
    assert_int_equal(cJSON_GetArraySize(header), count + 1);
}

/* Each range is as long as shape and type say, begins where the one before ends, and the last ends with the
 * file. */
static void the_ranges_fill_the_file(void **state)
{
    (void)state;
    double next = 0;
    uint64_t length;
    memcpy(&length, bytes, 8);
    const cJSON *tensor;
    cJSON_ArrayForEach(tensor, header)
    {
        if (tensor == metadata) continue;
        double numbers = 1;
        const cJSON *range = cJSON_GetObjectItemCaseSensitive(tensor, "data_offsets"), *dim;
        cJSON_ArrayForEach(dim, cJSON_GetObjectItemCaseSensitive(tensor, "shape")) numbers *=
            dim->valuedouble;
        assert_string_equal(cJSON_GetObjectItemCaseSensitive(tensor, "dtype")->valuestring,
            sizeof(lathe_real) == 4 ? "F32" : "F64");
        assert_true(cJSON_GetArrayItem(range, 0)->valuedouble == next);
        next = cJSON_GetArrayItem(range, 1)->valuedouble;
        assert_true(next == cJSON_GetArrayItem(range, 0)->valuedouble + numbers * sizeof(lathe_real));
    }
    assert_true(next == (double)(size - 8 - length));
    assert_int_equal(length % 8, 0);
}

static const char *text_of(const char *key)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(metadata, key);
    if (!cJSON_IsString(item)) fail_msg("there is no %s", key);
    return item->valuestring;
}

/* All that a model needs to be used, and a run to go on, is there as text. */
static void the_metadata_says_the_rest(void **state)
{
    (void)state;
    static const char *const exact[][2] = { { "lathe.format", "1" }, { "lathe.model", "lenet5" },
        { "lathe.input", "1,28,28" }, { "lathe.transforms", "hflip" }, { "lathe.step", "11" },
        { "lathe.seed", "7" }, { "lathe.epoch", "1" }, { "lathe.batch", "2" }, { "lathe.sched_steps", "11" },
        { "lathe.best_epoch", "0" },
        { "lathe.class_names",
            "circle\nring\nhalf disc\ncrescent\ntriangle\nsquare\nbar\ncross\nstar\nheart" } };
    static const char *const there[] = { "lathe.version", "lathe.isa", "lathe.blas_core", "lathe.real",
        "lathe.mean", "lathe.std", "lathe.sched_state", "lathe.clocks", "lathe.best", "lathe.epoch_loss_sum",
        "lathe.data_crc32", "lathe.header_crc32" };
    for (size_t i = 0; i < sizeof exact / sizeof exact[0]; i++)
        if (strcmp(text_of(exact[i][0]), exact[i][1]) && strcmp(exact[i][0], "lathe.best_epoch"))
            fail_msg("%s is '%s'", exact[i][0], text_of(exact[i][0]));
    for (size_t i = 0; i < sizeof there / sizeof there[0]; i++) assert_true(*text_of(there[i]));
    assert_non_null(strstr(text_of("lathe.settings"), "\nlabel_smoothing = 0.1\n"));
    assert_ptr_equal(
        strstr(text_of("lathe.history"),
            "epoch,step,train_loss,train_accuracy,val_loss,val_accuracy,seconds,images_per_second\n0,9,"),
        text_of("lathe.history"));
    for (const cJSON *item = metadata->child; item; item = item->next) assert_true(cJSON_IsString(item));
}

/* The numbers are at their place: those that lathe reads are those that lie there. */
static void the_numbers_lie_where_the_header_says(void **state)
{
    (void)state;
    char path[128];
    lathe_real values[840], *lying;
    uint64_t length;
    memcpy(&length, bytes, 8);
    snprintf(path, sizeof path, "%s/run/last.safetensors", folder);
    lathe_safetensors *file = lathe_safetensors_read(path);
    assert_non_null(file);
    assert_int_equal(lathe_safetensors_get(file, lathe_safetensors_find(file, "11.weight"), values, 840),
        LATHE_OK);
    const cJSON *range =
        cJSON_GetObjectItemCaseSensitive(cJSON_GetObjectItemCaseSensitive(header, "11.weight"),
            "data_offsets");
    lying = malloc(sizeof values);
    assert_non_null(lying);
    memcpy(lying, bytes + 8 + length + (size_t)cJSON_GetArrayItem(range, 0)->valuedouble, sizeof values);
    assert_memory_equal(values, lying, sizeof values);
    free(lying);
    lathe_safetensors_free(file);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_tensors_are_pytorchs),
        cmocka_unit_test(the_ranges_fill_the_file),
        cmocka_unit_test(the_metadata_says_the_rest),
        cmocka_unit_test(the_numbers_lie_where_the_header_says),
    };
    return cmocka_run_group_tests(tests, train, clean);
}
