#include "support/support.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <zlib.h>

#include "support/folder.h"

/* Three pictures of two rows and five columns, and their labels. */
static const uint8_t pictures_file[] = { 0, 0, 8, 3, 0, 0, 0, 3, 0, 0, 0, 2, 0, 0, 0, 5, 0, 1, 2, 3, 4, 5, 6,
    7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 250, 251, 252, 253, 254, 255, 26, 27, 28, 29 };
static const uint8_t labels_file[] = { 0, 0, 8, 1, 0, 0, 0, 3, 2, 0, 9 };

#define ROOM 4096

static size_t gzip(const uint8_t *bytes, size_t size, uint8_t packed[ROOM])
{
    z_stream stream = { 0 };
    assert_int_equal(deflateInit2(&stream, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY), Z_OK);
    stream.next_in = (uint8_t *)bytes, stream.avail_in = (uInt)size;
    stream.next_out = packed, stream.avail_out = ROOM;
    assert_int_equal(deflate(&stream, Z_FINISH), Z_STREAM_END);
    assert_int_equal(deflateEnd(&stream), Z_OK);
    return stream.total_out;
}

static void assert_is_the_sample_set(const lathe_dataset *data)
{
    static const int labels[] = { 2, 0, 9 };
    assert_non_null(data);
    assert_int_equal(data->count, 3);
    assert_int_equal(data->channels, 1);
    assert_int_equal(data->height, 2);
    assert_int_equal(data->width, 5);
    assert_int_equal(data->classes, 10);
    for (size_t i = 0; i < 3; i++) {
        lathe_sample sample;
        assert_int_equal(lathe_data_read(data, i, NULL, &sample), LATHE_OK);
        assert_int_equal(sample.label, labels[i]);
        assert_int_equal(data->labels[i], labels[i]);
        assert_memory_equal(sample.pixels, pictures_file + 16 + 10 * i, 10);
    }
}

static void plain_and_gzipped_files_are_read(void **state)
{
    (void)state;
    uint8_t packed[ROOM];
    test_write(test_path("pictures"), pictures_file, sizeof pictures_file);
    test_write(test_path("labels"), labels_file, sizeof labels_file);
    test_write(test_path("pictures.packed"), packed, gzip(pictures_file, sizeof pictures_file, packed));
    test_write(test_path("labels.packed"), packed, gzip(labels_file, sizeof labels_file, packed));
    for (int i = 0; i < 4; i++) {
        lathe_dataset *data = lathe_data_idx(test_path(i & 1 ? "pictures" : "pictures.packed"),
            test_path(i & 2 ? "labels" : "labels.packed"), NULL);
        assert_is_the_sample_set(data);
        assert_string_equal(data->name, i & 1 ? "pictures" : "pictures.packed");
        assert_string_equal(data->class_names[9], "9");
        lathe_data_free(data);
    }
}

static void mean_and_std_are_measured_or_given(void **state)
{
    (void)state;
    lathe_dataset *data = lathe_data_idx(test_path("pictures"), test_path("labels"), NULL);
    /* the 30 pixels: sum 1815, sum of squares 388055 */
    assert_close_double("mean", data->mean, &(double){ 1815.0 / 30 / 255 }, 1, 1e-12, 0);
    assert_close_double("std", data->std, &(double){ 0.37767203441258657 }, 1, 1e-9, 0);
    lathe_data_free(data);
    double mean = 0.25, std = 0.5;
    static const char *const names[] = { "a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k", "l" };
    data = lathe_data_idx(test_path("pictures"), test_path("labels"),
        &(lathe_idx_opts){ .name = "mine", .classes = 12, .class_names = names, .mean = &mean, .std = &std });
    assert_true(data->mean[0] == 0.25 && data->std[0] == 0.5);
    assert_string_equal(data->name, "mine");
    assert_int_equal(data->classes, 12);
    assert_string_equal(data->class_names[11], "l");
    lathe_data_free(data);
}

/* `count` pictures of one pixel, with labels first, first + 1, ... most, first, ... */
static void put_emnist(const char *pictures, const char *labels, int count, int first, int most)
{
    uint8_t bytes[16 + 128] = { 0, 0, 8, 3, 0, 0, 0, (uint8_t)count, 0, 0, 0, 1, 0, 0, 0, 1 };
    test_write(test_path(pictures), bytes, 16 + (size_t)count);
    bytes[3] = 1;
    for (int i = 0; i < count; i++) bytes[8 + i] = (uint8_t)(first + i % (most - first + 1));
    test_write(test_path(labels), bytes, 8 + (size_t)count);
}

/* Sets in MNIST's form with other classes: their number follows from the training labels, for both splits. */
static void other_classes_follow_from_the_labels(void **state)
{
    (void)state;
    static const struct {
        int first, most, classes;
        const char *name;
    } sets[] = { { 1, 26, 26, "1" }, { 0, 46, 47, "0" }, { 0, 61, 62, "0" }, { 0, 9, 10, "0" },
        { 1, 9, 10, "0" } };
    for (size_t i = 0; i < sizeof sets / sizeof sets[0]; i++) {
        put_emnist("emnist-x-train-images-idx3-ubyte", "emnist-x-train-labels-idx1-ubyte", 100, sets[i].first,
            sets[i].most);
        put_emnist("emnist-x-test-images-idx3-ubyte", "emnist-x-test-labels-idx1-ubyte", 3, sets[i].first,
            sets[i].most);
        for (int split = 0; split < 2; split++) {
            lathe_dataset *data = lathe_data_mnist(test_path("emnist-x"), (lathe_split)split);
            if (!data) fail_msg("%s", lathe_error_message());
            assert_int_equal(data->count, split ? 3 : 100);
            assert_int_equal(data->classes, sets[i].classes);
            assert_string_equal(data->class_names[0], sets[i].name);
            assert_int_equal(data->labels[1], sets[i].first + 1 - (sets[i].classes == 26));
            lathe_data_free(data);
        }
    }
    put_emnist("emnist-x-train-images-idx3-ubyte", "emnist-x-train-labels-idx1-ubyte", 100, 1, 26);
    put_emnist("emnist-x-test-images-idx3-ubyte", "emnist-x-test-labels-idx1-ubyte", 3, 27, 29);
    assert_null(lathe_data_mnist(test_path("emnist-x"), LATHE_SPLIT_TEST));
    assert_failed(LATHE_EFORMAT, "label 27 of picture 0, expected 1 to 26");
    put_emnist("emnist-x-test-images-idx3-ubyte", "emnist-x-test-labels-idx1-ubyte", 3, 0, 2);
    assert_null(lathe_data_mnist(test_path("emnist-x"), LATHE_SPLIT_TEST));
    assert_failed(LATHE_EFORMAT, "label 0 of picture 0, expected 1 to 26");
}

typedef enum change { SET, CUT, ADD, EMPTY, TWICE } change;

/* One thing wrong with one file: the byte at `at` (from the end if negative) set, the file cut there, bytes
 * added. */
typedef struct defect {
    const char *name;
    bool in_labels, in_packed; /* which file; changed before or after it is gzipped, if it is */
    change change;
    int at, value;
    const char *reason;
} defect;

static const defect plain_defects[] = { { "first byte", 0, 0, SET, 0, 1,
                                            "is not an IDX file: begins with 01 00 08 03" },
    { "second byte", 0, 0, SET, 1, 0xFF, "is not an IDX file: begins with 00 ff 08 03" },
    { "signed bytes", 0, 0, SET, 2, 0x09, "IDX type 09" }, { "shorts", 0, 0, SET, 2, 0x0B, "IDX type 0b" },
    { "floats", 0, 0, SET, 2, 0x0D, "IDX type 0d" }, { "no type", 0, 0, SET, 2, 0, "IDX type 00" },
    { "labels given as pictures", 0, 0, SET, 3, 1, "has 1 dimensions, pictures have 3" },
    { "four dimensions", 0, 0, SET, 3, 4, "has 4 dimensions" },
    { "255 dimensions", 0, 0, SET, 3, 255, "has 255 dimensions" },
    { "no pictures", 0, 0, SET, 7, 0, "is empty" },
    { "one picture less", 0, 0, SET, 7, 2, "has 46 bytes, its header needs 36" },
    { "one picture more", 0, 0, SET, 7, 4, "has 46 bytes, its header needs 56" },
    { "2^31 pictures", 0, 0, SET, 4, 0x80, "its header needs 21474836526" },
    { "count in the other byte order", 0, 0, SET, 4, 3, "its header needs 503316526" },
    { "no rows", 0, 0, SET, 11, 0, "0 rows" }, { "2^31 rows", 0, 0, SET, 8, 0x80, "2147483650 rows" },
    { "rows above the limit", 0, 0, SET, 10, 0x40, "16386 rows" },
    { "a row more", 0, 0, SET, 11, 3, "its header needs 61" },
    { "no columns", 0, 0, SET, 15, 0, "0 columns" },
    { "2^31 columns", 0, 0, SET, 12, 0x80, "2147483653 columns" },
    { "columns in the other byte order", 0, 0, SET, 12, 5, "83886085 columns" },
    { "a pixel missing", 0, 0, CUT, -1, 0, "has 45 bytes, its header needs 46" },
    { "all pixels missing", 0, 0, CUT, 16, 0, "has 16 bytes, its header needs 46" },
    { "half a header", 0, 0, CUT, 9, 0, "ends after 9 bytes" },
    { "one byte", 0, 0, CUT, 1, 0, "ends after 1 bytes" },
    { "an empty file", 0, 0, EMPTY, 0, 0, "ends after 0 bytes" },
    { "a trailing byte", 0, 0, ADD, 1, 0, "has 47 bytes, its header needs 46" },
    { "the file twice", 0, 0, TWICE, 0, 0, "has 92 bytes, its header needs 46" },
    { "labels: first byte", 1, 0, SET, 0, 'P', "is not an IDX file: begins with 50 00 08 01" },
    { "labels: doubles", 1, 0, SET, 2, 0x0E, "IDX type 0e" },
    { "pictures given as labels", 1, 0, SET, 3, 3, "has 3 dimensions, labels have 1" },
    { "no labels", 1, 0, SET, 7, 0, "is empty" },
    { "labels: a count too high", 1, 0, SET, 7, 4, "has 11 bytes, its header needs 12" },
    { "labels: 2^31", 1, 0, SET, 4, 0x80, "its header needs 2147483659" },
    { "labels: one missing", 1, 0, CUT, -1, 0, "has 10 bytes, its header needs 11" },
    { "labels: a trailing byte", 1, 0, ADD, 1, 0, "has 12 bytes, its header needs 11" },
    { "labels: empty", 1, 0, EMPTY, 0, 0, "ends after 0 bytes" },
    { "labels: one out of range", 1, 0, SET, 8, 10, "label 10 of picture 0, expected 0 to 9" },
    { "labels: the last out of range", 1, 0, SET, -1, 255, "label 255 of picture 2, expected 0 to 9" } };

static const defect gzip_defects[] = { { "gz: magic", 0, 0, SET, 0, 7, "is not an IDX file" },
    { "gz: type", 0, 0, SET, 2, 0x0C, "IDX type 0c" },
    { "gz: 2^31 pictures", 0, 0, SET, 4, 0x80, "its header needs 21474836526" },
    { "gz: a pixel missing", 0, 0, CUT, -1, 0, "its header needs 46 bytes, but the gzip trailer says 45" },
    { "gz: a byte more", 0, 0, ADD, 1, 0, "its header needs 46 bytes, but the gzip trailer says 47" },
    { "gz: half a header", 0, 0, CUT, 9, 0, "the gzip data ends after 9 unpacked bytes" },
    { "gz: label out of range", 1, 0, SET, 9, 77, "label 77 of picture 1" },
    { "gz: truncated by a byte", 0, 1, CUT, -1, 0, "truncated" },
    { "gz: no trailer", 0, 1, CUT, -8, 0, "truncated" },
    { "gz: truncated in the data", 0, 1, CUT, 30, 0, "truncated" },
    { "gz: truncated in its header", 0, 1, CUT, 7, 0, "truncated" },
    { "gz: only the magic", 0, 1, CUT, 2, 0, "truncated" },
    { "gz: wrong CRC", 0, 1, SET, -8, 0x55, "the gzip data is damaged: incorrect data check" },
    { "gz: wrong length in the trailer", 0, 1, SET, -4, 0x55, "the gzip trailer says 85" },
    { "gz: another method", 0, 1, SET, 2, 9, "the gzip data is damaged: unknown compression method" },
    { "gz: reserved flags", 0, 1, SET, 3, 0xE0, "the gzip data is damaged: unknown header flags" },
    { "gz: block type 3", 0, 1, SET, 10, 0x07, "the gzip data is damaged: invalid block type" },
    { "gz: a trailing byte", 0, 1, ADD, 1, 0, "the gzip trailer says" },
    { "gz: a second member", 0, 1, TWICE, 0, 0, "trailing bytes follow the data" },
    { "gz: labels cut", 1, 1, CUT, -3, 0, "truncated" },
    { "gz: labels with wrong CRC", 1, 1, SET, -5, 1, "incorrect data check" },
    { "gz: labels twice", 1, 1, TWICE, 0, 0, "trailing bytes follow the data" } };

static size_t spoil(const defect *what, uint8_t *bytes, size_t size)
{
    size_t at = what->at < 0 ? size - (size_t)-what->at : (size_t)what->at;
    switch (what->change) {
    case SET:
        assert_int_not_equal(bytes[at], what->value);
        bytes[at] = (uint8_t)what->value;
        return size;
    case CUT: return at;
    case ADD: memset(bytes + size, what->value, (size_t)what->at); return size + (size_t)what->at;
    case EMPTY: return 0;
    case TWICE: memcpy(bytes + size, bytes, size); return 2 * size;
    }
    return size;
}

/* Write one of the files with the defect, if the defect is in this one. */
static void write_spoilt(const defect *what, bool labels, bool packed)
{
    uint8_t bytes[ROOM], gz[ROOM];
    size_t size = labels ? sizeof labels_file : sizeof pictures_file;
    memcpy(bytes, labels ? labels_file : pictures_file, size);
    bool here = what->in_labels == labels;
    if (here && !what->in_packed) size = spoil(what, bytes, size);
    if (packed) {
        size = gzip(bytes, size, gz);
        memcpy(bytes, gz, size);
        if (here && what->in_packed) size = spoil(what, bytes, size);
    }
    test_write(test_path(labels ? "wrong-labels" : "wrong-pictures"), bytes, size);
}

static void assert_refused(const defect *what, bool packed)
{
    write_spoilt(what, false, packed);
    write_spoilt(what, true, packed);
    lathe_error_clear();
    lathe_dataset *data = lathe_data_idx(test_path("wrong-pictures"), test_path("wrong-labels"),
        &(lathe_idx_opts){ .classes = 10 });
    if (data) fail_msg("%s: was accepted", what->name);
    const char *file = what->in_labels ? "wrong-labels: " : "wrong-pictures: ";
    if (!strstr(lathe_error_message(), file))
        fail_msg("%s: '%s' does not name the file", what->name, lathe_error_message());
    if (lathe_error() != LATHE_EFORMAT || !strstr(lathe_error_message(), what->reason))
        fail_msg("%s: '%s', expected '%s'", what->name, lathe_error_message(), what->reason);
    lathe_error_clear();
}

static void every_defect_is_refused_with_file_and_reason(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof plain_defects / sizeof *plain_defects; i++)
        assert_refused(&plain_defects[i], false);
    for (size_t i = 0; i < sizeof gzip_defects / sizeof *gzip_defects; i++)
        assert_refused(&gzip_defects[i], true);
}

static void counts_that_differ_are_refused(void **state)
{
    (void)state;
    static const uint8_t two[] = { 0, 0, 8, 1, 0, 0, 0, 2, 1, 1 };
    test_write(test_path("two"), two, sizeof two);
    assert_null(lathe_data_idx(test_path("pictures"), test_path("two"), NULL));
    assert_failed(LATHE_EFORMAT, "two: has 2 labels, ");
}

static void what_is_not_a_file_is_refused_at_once(void **state)
{
    (void)state;
    assert_int_equal(mkfifo(test_path("pipe"), 0600), 0);
    assert_null(lathe_data_idx(test_path("pipe"), test_path("labels"), NULL));
    assert_failed(LATHE_EIO, "pipe: is not a file");
    assert_null(lathe_data_idx(test_folder(), test_path("labels"), NULL));
    assert_failed(LATHE_EIO, "is not a file");
    assert_null(lathe_data_idx(test_path("pictures"), test_path("absent"), NULL));
    assert_failed(LATHE_EIO, "absent: cannot be opened: No such file");
    assert_null(lathe_data_idx(NULL, test_path("labels"), NULL));
    assert_failed(LATHE_EARG, "is NULL");
    assert_null(
        lathe_data_idx(test_path("pictures"), test_path("labels"), &(lathe_idx_opts){ .classes = -1 }));
    assert_failed(LATHE_EARG, "classes is negative");
    assert_null(lathe_data_idx(test_path("pictures"), test_path("labels"),
        &(lathe_idx_opts){ .mean = &(double){ 0 } }));
    assert_failed(LATHE_EARG, "mean and std go together");
}

static void any_cut_and_any_flipped_bit_of_a_gzip_file_is_noticed(void **state)
{
    (void)state;
    uint8_t whole[ROOM], packed[ROOM];
    size_t size = gzip(pictures_file, sizeof pictures_file, whole);
    for (size_t cut = 0; cut < size; cut++) {
        test_write(test_path("cut"), whole, cut);
        assert_null(lathe_data_idx(test_path("cut"), test_path("labels"), NULL));
        assert_failed(LATHE_EFORMAT, "cut: ");
    }
    for (size_t bit = 0; bit < 8 * size; bit++) {
        memcpy(packed, whole, size);
        packed[bit / 8] ^= (uint8_t)(1 << bit % 8);
        test_write(test_path("flipped"), packed, size);
        lathe_dataset *data = lathe_data_idx(test_path("flipped"), test_path("labels"), NULL);
        if (data)
            assert_is_the_sample_set(data); /* the header's time and the last byte's padding have no check */
        else assert_failed(LATHE_EFORMAT, "flipped: ");
        lathe_data_free(data);
    }
}

static void mnist_is_found_under_its_names(void **state)
{
    (void)state;
    uint8_t packed[ROOM];
    char *dir = strdup(test_path("set"));
    assert_int_equal(mkdir(dir, 0700), 0);
    assert_null(lathe_data_mnist(dir, LATHE_SPLIT_TRAIN));
    assert_failed(LATHE_EIO,
        "train-images-idx3-ubyte.gz: give the folder of its four files, mnist:DIR, or --data shapes");
    test_write(test_path("set/train-images-idx3-ubyte"), pictures_file, sizeof pictures_file);
    assert_null(lathe_data_mnist(dir, LATHE_SPLIT_TRAIN));
    assert_failed(LATHE_EIO, "train-labels-idx1-ubyte.gz: ");
    test_write(test_path("set/train-labels.idx1-ubyte"), labels_file, sizeof labels_file);
    test_write(test_path("set/t10k-images.idx3-ubyte.gz"), packed,
        gzip(pictures_file, sizeof pictures_file, packed));
    test_write(test_path("set/t10k-labels-idx1-ubyte.gz"), packed,
        gzip(labels_file, sizeof labels_file, packed));
    for (int split = 0; split < 2; split++) {
        lathe_dataset *data = lathe_data_mnist(dir, (lathe_split)split);
        assert_is_the_sample_set(data);
        assert_string_equal(data->name, "mnist");
        lathe_data_free(data);
    }
    assert_null(lathe_data_mnist(dir, (lathe_split)7));
    assert_failed(LATHE_EARG, "split 7");
    setenv("LATHE_DATA", test_path("none"), 1);
    assert_null(lathe_data_fashion_mnist(NULL, LATHE_SPLIT_TRAIN));
    assert_failed(LATHE_EIO,
        "none/fashion-mnist/train-images-idx3-ubyte.gz: apt-get install dataset-fashion-mnist, or --data "
        "shapes");
    assert_int_equal(rename(dir, test_path("mnist")), 0);
    setenv("LATHE_DATA", test_folder(), 1);
    lathe_dataset *data = lathe_data_mnist(NULL, LATHE_SPLIT_TEST);
    assert_is_the_sample_set(data);
    lathe_data_free(data);
    unsetenv("LATHE_DATA");
    free(dir);
}

static void memory_may_run_out_anywhere(void **state)
{
    (void)state;
    size_t nth = 1;
    lathe_dataset *data = NULL;
    for (; !data; nth++) {
        lathe_alloc_fail_at(nth, nth % 2);
        data = lathe_data_idx(test_path("pictures.packed"), test_path("labels.packed"), NULL);
        lathe_alloc_fail_at(0, false);
        if (!data) assert_int_equal(lathe_error(), LATHE_ENOMEM);
    }
    assert_true(nth > 10);
    lathe_data_free(data);
    lathe_error_clear();
}

/* Sums of the published files, and mean and std as the constants say. */
static void assert_published(const char *name, lathe_dataset *data, size_t count, int first_label,
    uint64_t sum)
{
    assert_non_null(data);
    assert_string_equal(data->name, name);
    assert_int_equal(data->count, count);
    assert_int_equal(data->height, 28);
    assert_int_equal(data->width, 28);
    assert_int_equal(data->classes, 10);
    assert_int_equal(data->labels[0], first_label);
    uint64_t total = 0, squares = 0, each[10] = { 0 };
    for (size_t i = 0; i < count; i++) {
        uint8_t scratch[784];
        lathe_sample sample;
        assert_int_equal(lathe_data_read(data, i, scratch, &sample), LATHE_OK);
        for (int p = 0; p < 784; p++) {
            total += sample.pixels[p];
            squares += (uint64_t)sample.pixels[p] * sample.pixels[p];
        }
        each[sample.label]++;
    }
    assert_int_equal(total, sum);
    if (!strcmp(name, "fashion-mnist"))
        for (int i = 0; i < 10; i++) assert_int_equal(each[i], count / 10);
    double pixels = (double)count * 784, mean = (double)total / pixels;
    double variance = (double)squares / pixels - mean * mean;
    if (count == 60000) {
        assert_close_double("mean", data->mean, &(double){ mean / 255 }, 1, 1e-12, 0);
        assert_close_double("variance", &(double){ data->std[0] * data->std[0] },
            &(double){ variance / 65025 }, 1, 1e-12, 0);
    }
    lathe_data_free(data);
}

static void the_published_sets_are_as_published(void **state)
{
    (void)state;
    if (!access("/usr/share/datasets/fashion-mnist/train-images-idx3-ubyte.gz", R_OK)) {
        assert_published("fashion-mnist", lathe_data_open("fashion-mnist", LATHE_SPLIT_TRAIN, NULL), 60000, 9,
            3431114169);
        assert_published("fashion-mnist", lathe_data_open("fashion-mnist", LATHE_SPLIT_TEST, NULL), 10000, 9,
            573469082);
    } else print_message("skipped: Fashion-MNIST is not installed\n");
    const char *mnist = LATHE_TEST_SOURCE "/../shared/data/mnist";
    if (!access(mnist, R_OK)) {
        assert_published("mnist", lathe_data_mnist(mnist, LATHE_SPLIT_TRAIN), 60000, 5, 1567298545);
        assert_published("mnist", lathe_data_mnist(mnist, LATHE_SPLIT_TEST), 10000, 7, 264923200);
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
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(plain_and_gzipped_files_are_read),
        cmocka_unit_test(other_classes_follow_from_the_labels),
        cmocka_unit_test(mean_and_std_are_measured_or_given),
        cmocka_unit_test(every_defect_is_refused_with_file_and_reason),
        cmocka_unit_test(counts_that_differ_are_refused),
        cmocka_unit_test(what_is_not_a_file_is_refused_at_once),
        cmocka_unit_test(any_cut_and_any_flipped_bit_of_a_gzip_file_is_noticed),
        cmocka_unit_test(mnist_is_found_under_its_names),
        cmocka_unit_test(memory_may_run_out_anywhere),
        cmocka_unit_test(the_published_sets_are_as_published),
    };
    return cmocka_run_group_tests(tests, NULL, clean);
}
