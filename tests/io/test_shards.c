/* Safetensors in several files with an index, and indices that are damaged or hostile. */
#include "support/folder.h"
#include "support/support.h"

#include <stdlib.h>
#include <string.h>

static const lathe_real numbers[] = { 1, 2, 3, 4 };

static void put_shard(const char *name, const char *const *tensors, int count)
{
    lathe_saved saved[4];
    for (int i = 0; i < count; i++) saved[i] = (lathe_saved){ NULL, tensors[i], { 1, { i + 1 } }, numbers };
    assert_int_equal(lathe_safetensors_write(test_path(name), saved, count, NULL, 0), LATHE_OK);
}

static const char *put_index(const char *text)
{
    const char *path = test_path("model.safetensors.index.json");
    test_write(path, text, strlen(text));
    return path;
}

static void make_shards(void)
{
    put_shard("model-00001-of-00002.safetensors", (const char *const[]){ "z", "a.weight" }, 2);
    put_shard("model-00002-of-00002.safetensors", (const char *const[]){ "b.bias" }, 1);
}

#define FIRST "\"model-00001-of-00002.safetensors\""
#define SECOND "\"model-00002-of-00002.safetensors\""

static const char whole[] =
    " \n{\"metadata\": {\"total_size\": 16.0, \"x\": [1, {\"]\": null}]},\n \"weight_map\": "
    "{\"a.weight\": " FIRST ", \"b.bias\": " SECOND ", \"z\": " FIRST "}, \"y\": true}\n";

static void the_tensors_of_all_files_are_read(void **state)
{
    (void)state;
    lathe_safetensors *file = lathe_weights_read(put_index(whole));
    if (!file) fail_msg("%s", lathe_error_message());
    static const char *const names[] = { "a.weight", "b.bias", "z" };
    static const size_t counts[] = { 2, 1, 1 };
    assert_int_equal(file->tensors, 3);
    for (int i = 0; i < 3; i++) {
        lathe_real values[2];
        assert_string_equal(file->tensor[i].name, names[i]);
        const lathe_safetensor *tensor = lathe_safetensors_find(file, names[i]);
        assert_int_equal(lathe_safetensors_get(file, tensor, values, counts[i]), LATHE_OK);
        for (size_t k = 0; k < counts[i]; k++) assert_true(values[k] == numbers[k]);
    }
    lathe_safetensors_free(file);
}

static void indices_that_make_no_sense_are_refused(void **state)
{
    (void)state;
    static const struct {
        const char *text, *why;
        lathe_status status;
    } cases[] = {
        { "{\"weight_map\": {}}", "no weight_map", LATHE_EFORMAT },
        { "{\"weight_mop\": {\"z\": " FIRST "}}", "no weight_map", LATHE_EFORMAT },
        { "{\"weight_map\": {\"z\": " FIRST "}}", "has tensor 'a.weight', which", LATHE_EFORMAT },
        { "{\"weight_map\": {\"a.weight\": " FIRST ", \"z\": " SECOND "}}", "has tensor 'z', which",
            LATHE_EFORMAT },
        { "{\"weight_map\": {\"b.bias\": " SECOND ", \"c\": " SECOND "}}", "'c' is not in model-00002",
            LATHE_EFORMAT },
        { "{\"weight_map\": {\"b.bias\": " SECOND ", \"b.bias\": " SECOND "}}", "'b.bias' occurs twice",
            LATHE_EFORMAT },
        { "{\"weight_map\": {\"b.bias\": " SECOND "}, \"weight_map\": {}}", "occurs twice", LATHE_EFORMAT },
        { "{\"weight_map\": {\"b.bias\": \"other.safetensors\"}}", "other.safetensors", LATHE_EIO },
        { "{\"weight_map\": {\"b.bias\": \"../model-00002-of-00002.safetensors\"}}", "leaves the folder",
            LATHE_EFORMAT },
        { "{\"weight_map\": {\"b.bias\": \"/etc/x.safetensors\"}}", "leaves the folder", LATHE_EFORMAT },
        { "{\"weight_map\": {\"b.bias\": \"a\\\\b.safetensors\"}}", "leaves the folder", LATHE_EFORMAT },
        { "{\"weight_map\": {\"b.bias\": \"\\u002e\\u002e\\u002fx.safetensors\"}}", "leaves the folder",
            LATHE_EFORMAT },
        { "{\"weight_map\": {\"b.bias\": \"model.safetensors.index.json\"}}", "no name of a safetensors file",
            LATHE_EFORMAT },
        { "{\"weight_map\": {\"b.bias\": \".safetensors\"}}", "no name of a safetensors file",
            LATHE_EFORMAT },
        { "{\"weight_map\": {\"b.bias\": \"..safetensors\"}}", "no name of a safetensors file",
            LATHE_EFORMAT },
        { "{\"weight_map\": {\"b.bias\": \"a\\n.safetensors\"}}", "control character", LATHE_EFORMAT },
        { "{\"weight_map\": {\"b\\u0000\": " SECOND "}}", "no character", LATHE_EFORMAT },
        { "{\"weight_map\": {\"\": " SECOND "}}", "is empty", LATHE_EFORMAT },
        { "{\"weight_map\": {\"b.bias\": 7}}", "expected a string", LATHE_EFORMAT },
        { "{\"weight_map\": [\"b.bias\", " SECOND "]}", "expected '{'", LATHE_EFORMAT },
        { "{\"x\": [[[[[[[[[[", "ends within a value", LATHE_EFORMAT },
        { "{\"x\": ]}        ", "expected a value", LATHE_EFORMAT },
        { "{\"weight_map\": {\"b.bias\": " SECOND "}} x", "something follows", LATHE_EFORMAT },
    };
    for (size_t k = 0; k < sizeof cases / sizeof cases[0]; k++) {
        if (lathe_weights_read(put_index(cases[k].text))) fail_msg("was read: %s", cases[k].text);
        assert_failed(cases[k].status, cases[k].why);
    }
}

static void a_damaged_shard_is_named(void **state)
{
    (void)state;
    size_t size;
    const char *path = test_path("model-00002-of-00002.safetensors");
    char *bytes = test_bytes(path, &size);
    for (size_t cut = 1; cut < size; cut += 13) {
        test_write(path, bytes, size - cut);
        assert_null(lathe_weights_read(put_index(whole)));
        assert_failed(LATHE_EFORMAT, "model-00002-of-00002.safetensors");
    }
    test_write(path, bytes, size);
    free(bytes);
}

/* Each shortened index is refused, and each index with one changed byte is read or refused. */
static void any_damage_of_an_index_is_survived(void **state)
{
    (void)state;
    char text[sizeof whole];
    for (size_t size = 0; size < sizeof whole - 2; size++) {
        memcpy(text, whole, sizeof whole);
        text[size] = '\0';
        assert_null(lathe_weights_read(put_index(text)));
        lathe_error_clear();
        for (int bit = 0; bit < 8; bit++) {
            memcpy(text, whole, sizeof whole);
            text[size] = (char)(text[size] ^ 1 << bit);
            lathe_safetensors *file = lathe_weights_read(put_index(text));
            assert_true(file || *lathe_error_message());
            lathe_error_clear();
            lathe_safetensors_free(file);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(the_tensors_of_all_files_are_read),
        cmocka_unit_test(indices_that_make_no_sense_are_refused), cmocka_unit_test(a_damaged_shard_is_named),
        cmocka_unit_test(any_damage_of_an_index_is_survived) };
    test_folder();
    make_shards();
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    test_folder_remove();
    return failed;
}
