/* Files of weights: what torch.save writes, put together here byte by byte; hostile ones. */
#include "support/blob.h"
#include "support/folder.h"
#include "support/support.h"

#include <string.h>

/* ---- pickles ------------------------------------------------------------------------------------------- */

static void put(test_blob *out, const char *text) { test_blob_put(out, text, strlen(text)); }

static void put_text(test_blob *out, const char *text)
{
    put(out, "X");
    test_blob_number(out, (uint32_t)strlen(text), 4, false);
    put(out, text);
}

static void put_small(test_blob *out, int number)
{
    put(out, "K");
    test_blob_number(out, (uint32_t)number, 1, false);
}

static void put_tuple(test_blob *out, const int *number, int count)
{
    put(out, "(");
    for (int i = 0; i < count; i++) put_small(out, number[i]);
    put(out, "t");
}

/* A tensor in a pickle. */
typedef struct saved {
    const char *name, *type, *key; /* of the storage */
    int numbers, offset, rank;
    int dim[4], stride[4];
} saved;

static void put_tensor(test_blob *out, const saved *tensor)
{
    put_text(out, tensor->name);
    put(out, "ctorch._utils\n_rebuild_tensor_v2\n((");
    put_text(out, "storage");
    put(out, "ctorch\n");
    put(out, tensor->type);
    put(out, "\n");
    put_text(out, tensor->key);
    put_text(out, "cpu");
    put_small(out, tensor->numbers);
    put(out, "tQ");
    put_small(out, tensor->offset);
    put_tuple(out, tensor->dim, tensor->rank);
    put_tuple(out, tensor->stride, tensor->rank);
    put(out,
        "\x89"
        "ccollections\nOrderedDict\n)RtR");
}

/* {"epoch": 7, "state_dict": OrderedDict of the tensors}. */
static void put_object(test_blob *out, const saved *tensor, int count)
{
    put(out, "\x80\x02}(");
    put_text(out, "epoch");
    put_small(out, 7);
    put_text(out, "state_dict");
    put(out, "ccollections\nOrderedDict\n)R(");
    for (int i = 0; i < count; i++) put_tensor(out, &tensor[i]);
    put(out, "uu.");
}

/* ---- archives ------------------------------------------------------------------------------------------ */

typedef struct member {
    const char *name;
    const void *data;
    size_t size;
} member;

static void put_member(test_blob *out, const member *one, bool list, uint32_t place, int method)
{
    put(out, list ? "PK\1\2" : "PK\3\4");
    test_blob_number(out, 0, 4, false);
    if (list) test_blob_number(out, 0, 2, false);
    test_blob_number(out, (uint32_t)method, 2, false);
    test_blob_number(out, 0, 4, false);
    test_blob_number(out, lathe_crc32(0, one->data, one->size), 4, false);
    test_blob_number(out, (uint32_t)one->size, 4, false);
    test_blob_number(out, (uint32_t)one->size, 4, false);
    test_blob_number(out, (uint32_t)strlen(one->name), 2, false);
    test_blob_number(out, 0, list ? 4 : 2, false);
    if (list) {
        test_blob_number(out, 0, 4, false);
        test_blob_number(out, 0, 4, false);
        test_blob_number(out, place, 4, false);
    }
    put(out, one->name);
    if (!list) test_blob_put(out, one->data, one->size);
}

static void put_archive(test_blob *out, const member *one, int count, int method)
{
    uint32_t place[8];
    for (int i = 0; i < count; i++) {
        place[i] = (uint32_t)out->size;
        put_member(out, &one[i], false, 0, method);
    }
    const uint32_t begin = (uint32_t)out->size;
    for (int i = 0; i < count; i++) put_member(out, &one[i], true, place[i], method);
    const uint32_t length = (uint32_t)out->size - begin;
    put(out, "PK\5\6");
    test_blob_number(out, 0, 4, false);
    test_blob_number(out, (uint32_t)count, 2, false);
    test_blob_number(out, (uint32_t)count, 2, false);
    test_blob_number(out, length, 4, false);
    test_blob_number(out, begin, 4, false);
    test_blob_number(out, 0, 2, false);
}

static const float floats[] = { 0, 1, 2, 3, 4, 5, 6, 7 };
static const uint16_t halves[] = { 0x3c00, 0xc000 }; /* F16: 1 and -2 */
static const uint16_t brains[] = { 0x3f80, 0x4040 }; /* BF16: 1 and 3 */
static const int64_t longs[] = { 5 };
static const uint8_t bytes[] = { 0, 200, 5 };

static const saved good[] = {
    { "module.a.weight", "FloatStorage", "0", 8, 0, 2, { 2, 3 }, { 3, 1 } },
    { "module.a.turned", "FloatStorage", "0", 8, 1, 2, { 3, 2 }, { 1, 3 } }, /* a view of the same storage */
    { "module.b.weight", "HalfStorage", "1", 2, 0, 1, { 2 }, { 1 } },
    { "module.b.bias", "BFloat16Storage", "2", 2, 1, 1, { 1 }, { 7 } },
    { "module.b.bytes", "ByteStorage", "4", 3, 0, 1, { 2 }, { 2 } },
    { "module.b.count", "LongStorage", "3", 1, 0, 0, { 0 }, { 0 } },
};

enum { GOOD = sizeof good / sizeof good[0] };

static void put_good_archive(test_blob *out, const saved *tensor, int count)
{
    static test_blob object;
    object.size = 0;
    put_object(&object, tensor, count);
    const member members[] = { { "net/data.pkl", object.bytes, object.size },
        { "net/data/0", floats, sizeof floats }, { "net/data/1", halves, sizeof halves },
        { "net/data/2", brains, sizeof brains }, { "net/data/3", longs, sizeof longs },
        { "net/data/4", bytes, sizeof bytes } };
    put_archive(out, members, 6, 0);
}

/* The older form: pickles of a magic number, a version, a machine, the object and keys; the storages. */
static void put_old(test_blob *out, const saved *tensor, int count)
{
    const struct {
        const char *key;
        const void *data;
        uint32_t numbers;
        size_t size;
    } storages[] = { { "0", floats, 8, sizeof floats }, { "1", halves, 2, sizeof halves },
        { "2", brains, 2, sizeof brains }, { "3", longs, 1, sizeof longs }, { "4", bytes, 3, sizeof bytes } };
    test_blob_put(out, "\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19.", 15);
    put(out, "\x80\x02M\xe9\x03.");
    put(out, "\x80\x02}(");
    put_text(out, "little_endian");
    put(out, "\x88u.");
    put_object(out, tensor, count);
    put(out, "\x80\x02](");
    for (int i = 0; i < 5; i++) put_text(out, storages[i].key);
    put(out, "e.");
    for (int i = 0; i < 5; i++) {
        test_blob_number(out, storages[i].numbers, 4, false);
        test_blob_number(out, 0, 4, false);
        test_blob_put(out, storages[i].data, storages[i].size);
    }
}

/* ---- tests --------------------------------------------------------------------------------------------- */

static const char *write_blob(const test_blob *blob, size_t size)
{
    const char *path = test_path("w.pth");
    assert_int_equal(lathe_file_write(path, &(lathe_bytes){ blob->bytes, size }, 1), LATHE_OK);
    return path;
}

static void check_tensor(const lathe_safetensors *file, const char *name, int rank,
    const lathe_real *expected, size_t count)
{
    lathe_real values[8];
    const lathe_safetensor *tensor = lathe_safetensors_find(file, name);
    assert_non_null(tensor);
    assert_int_equal(tensor->rank, rank);
    assert_int_equal(tensor->count, count);
    assert_int_equal(lathe_safetensors_get(file, tensor, values, count), LATHE_OK);
    for (size_t i = 0; i < count; i++) assert_true(values[i] == expected[i]);
}

/* Views, types, nested dictionaries and the prefix of DataParallel, in both forms. */
static void both_forms_are_read(void **state)
{
    (void)state;
    for (int old = 0; old < 5; old++) {
        test_blob blob = { .size = 0 };
        if (old) put_old(&blob, good, GOOD);
        else put_good_archive(&blob, good, GOOD);
        if (old > 1) blob.bytes[1] = (uint8_t)(old + 1); /* a pickle protocol from 3 to 5 */
        lathe_safetensors *file = lathe_weights_read(write_blob(&blob, blob.size));
        if (!file) fail_msg("%s", lathe_error_message());
        assert_int_equal(file->tensors, GOOD);
        check_tensor(file, "a.weight", 2, (lathe_real[]){ 0, 1, 2, 3, 4, 5 }, 6);
        check_tensor(file, "a.turned", 2, (lathe_real[]){ 1, 4, 2, 5, 3, 6 }, 6);
        check_tensor(file, "b.weight", 1, (lathe_real[]){ 1, -2 }, 2);
        check_tensor(file, "b.bias", 1, (lathe_real[]){ 3 }, 1);
        check_tensor(file, "b.bytes", 1, (lathe_real[]){ 0, 5 }, 2);
        check_tensor(file, "b.count", 0, (lathe_real[]){ 5 }, 1);
        lathe_safetensors_free(file);
    }
}

static void safetensors_are_read_too(void **state)
{
    (void)state;
    const char *path = test_path("w.safetensors");
    const lathe_saved one = { NULL, "x", { 1, { 1 } }, (lathe_real[]){ 4 } };
    assert_int_equal(lathe_safetensors_write(path, &one, 1, NULL, 0), LATHE_OK);
    lathe_safetensors *file = lathe_weights_read(path);
    assert_non_null(file);
    check_tensor(file, "x", 1, (lathe_real[]){ 4 }, 1);
    lathe_safetensors_free(file);
}

/* The length of such a header begins as a pickle of protocol 2 to 5 does. */
static void headers_are_no_pickles(void **state)
{
    (void)state;
    for (int protocol = 2; protocol <= 5; protocol++) {
        const size_t length = 0x80 + 256 * (size_t)protocol;
        test_blob blob = { .size = 0 };
        static const char header[] = "{\"x\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[0,1]}}";
        test_blob_number(&blob, (uint32_t)length, 4, false);
        test_blob_number(&blob, 0, 4, false);
        put(&blob, header);
        while (blob.size < 8 + length) put(&blob, " ");
        put(&blob, "\7");
        lathe_safetensors *file = lathe_weights_read(write_blob(&blob, blob.size));
        if (!file) fail_msg("%s", lathe_error_message());
        check_tensor(file, "x", 1, (lathe_real[]){ 7 }, 1);
        lathe_safetensors_free(file);
    }
}

static void check_refused(const test_blob *blob, const char *why)
{
    assert_null(lathe_weights_read(write_blob(blob, blob->size)));
    assert_failed(LATHE_EFORMAT, why);
}

/* A view beyond its storage, also by overflow; one that repeats numbers; a storage that is not there. */
static void views_beyond_their_storage_are_refused(void **state)
{
    (void)state;
    const saved bad[] = { { "x", "FloatStorage", "0", 8, 3, 2, { 2, 3 }, { 3, 1 } },
        { "x", "FloatStorage", "0", 8, 0, 2, { 2, 3 }, { 6, 1 } },
        { "x", "FloatStorage", "0", 8, 0, 2, { 200, 200 }, { 0, 0 } },
        { "x", "FloatStorage", "0", 8, 9, 1, { 0 }, { 1 } },
        { "x", "DoubleStorage", "0", 8, 0, 1, { 5 }, { 1 } },
        { "x", "FloatStorage", "9", 8, 0, 1, { 1 }, { 1 } } };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        test_blob blob = { .size = 0 };
        put_good_archive(&blob, &bad[i], 1);
        check_refused(&blob, i == 5 ? "its storage is missing" : "reaches beyond its storage");
    }
}

/* A pickle that wants to call something is refused by that name, wherever the call stands. */
static void nothing_is_called(void **state)
{
    (void)state;
    static const char first[] = "\x80\x02"
                                "cos\nsystem\nX\4\0\0\0true\x85R.";
    static const char inside[] = "\x80\x02}(X\1\0\0\0acbuiltins\neval\nX\1\0\0\0"
                                 "1\x85Ru.";
    static const char by_stack[] = "\x80\x04\x8c\2os\x8c\6system\x93\x8c\4true\x85R.";
    const member objects[] = { { "net/data.pkl", first, sizeof first - 1 },
        { "net/data.pkl", inside, sizeof inside - 1 }, { "net/data.pkl", by_stack, sizeof by_stack - 1 } };
    for (size_t i = 0; i < 3; i++) {
        test_blob blob = { .size = 0 };
        put_archive(&blob, &objects[i], 1, 0);
        check_refused(&blob, i == 1 ? "names builtins.eval" : "names os.system");
    }
}

static void archives_that_are_damaged_are_refused(void **state)
{
    (void)state;
    test_blob blob = { .size = 0 };
    const member plain = { "net/readme", "hello", 5 };
    put_archive(&blob, &plain, 1, 0);
    check_refused(&blob, "it has no data.pkl");
    blob.size = 0;
    put_archive(&blob, &plain, 1, 8);
    check_refused(&blob, "compressed or encrypted");
    blob.size = 0;
    put_good_archive(&blob, good, GOOD);
    blob.bytes[blob.size - 400] ^= 1;
    check_refused(&blob, "zip archive");
    blob.size = 0;
    put(&blob, "\x80\x02}.");
    check_refused(&blob, "not of torch.save");
}

/* Each shortened file is refused; each file with one changed byte is read or refused. */
static void any_damage_is_survived(void **state)
{
    (void)state;
    for (int old = 0; old < 2; old++) {
        test_blob blob = { .size = 0 };
        if (old) put_old(&blob, good, GOOD);
        else put_good_archive(&blob, good, GOOD);
        for (size_t size = 0; size < blob.size; size++) {
            assert_null(lathe_weights_read(write_blob(&blob, size)));
            lathe_error_clear();
        }
        for (size_t i = 0; i < blob.size; i++) {
            blob.bytes[i] ^= 0xff;
            lathe_safetensors *file = lathe_weights_read(write_blob(&blob, blob.size));
            assert_true(file || *lathe_error_message());
            lathe_error_clear();
            lathe_safetensors_free(file);
            blob.bytes[i] ^= 0xff;
        }
    }
}

static int clean(void **state)
{
    (void)state;
    test_folder_remove();
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(both_forms_are_read),
        cmocka_unit_test(safetensors_are_read_too), cmocka_unit_test(headers_are_no_pickles),
        cmocka_unit_test(views_beyond_their_storage_are_refused), cmocka_unit_test(nothing_is_called),
        cmocka_unit_test(archives_that_are_damaged_are_refused), cmocka_unit_test(any_damage_is_survived) };
    return cmocka_run_group_tests(tests, NULL, clean);
}
