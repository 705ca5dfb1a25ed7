#include "support/support.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <zlib.h>

#include "support/folder.h"

enum { PICTURE = 3072, MOST = 8 * (PICTURE + 2) };

static uint8_t pixel(int file, int record, int place)
{
    return (uint8_t)(file * 50 + record * 17 + place * 3);
}

/* `records` records of `label_bytes` and a picture each; the label of record r of file f is (3 f + r) mod 10.
 */
static size_t make(uint8_t *bytes, int file, int records, int label_bytes)
{
    uint8_t *at = bytes;
    for (int r = 0; r < records; r++) {
        if (label_bytes == 2) *at++ = 200; /* a coarse label, whatever it is */
        *at++ = (uint8_t)((3 * file + r) % 10);
        for (int p = 0; p < PICTURE; p++) *at++ = pixel(file, r, p);
    }
    return (size_t)(at - bytes);
}

static const char *batch_name(int file)
{
    static char name[64];
    if (file < 5) snprintf(name, sizeof name, "data_batch_%d.bin", file + 1);
    else snprintf(name, sizeof name, "test_batch.bin");
    return test_path(name);
}

/* File f has f + 1 records; file 2 is gzipped. */
static int make_files(void **state)
{
    (void)state;
    static uint8_t bytes[MOST];
    for (int file = 0; file < 6; file++) {
        size_t size = make(bytes, file, file + 1, 1);
        if (file != 2) {
            test_write(batch_name(file), bytes, size);
            continue;
        }
        gzFile out = gzopen(batch_name(file), "wb");
        assert_int_equal(gzwrite(out, bytes, (unsigned)size), size);
        assert_int_equal(gzclose(out), Z_OK);
    }
    test_write(test_path("train.bin"), bytes, make(bytes, 0, 5, 2));
    test_write(test_path("test.bin"), bytes, make(bytes, 1, 2, 2));
    return 0;
}

static void the_files_are_joined(void **state)
{
    (void)state;
    lathe_dataset *data = lathe_data_cifar10(test_folder(), LATHE_SPLIT_TRAIN);
    assert_non_null(data);
    assert_int_equal(data->count, 1 + 2 + 3 + 4 + 5);
    assert_int_equal(data->classes, 10);
    assert_int_equal(data->channels, 3);
    assert_string_equal(data->class_names[9], "truck");
    size_t index = 0;
    for (int file = 0; file < 5; file++)
        for (int r = 0; r <= file; r++, index++) {
            lathe_sample sample;
            assert_int_equal(lathe_data_read(data, index, NULL, &sample), LATHE_OK);
            assert_int_equal(sample.label, (3 * file + r) % 10);
            for (int p = 0; p < PICTURE; p++) assert_int_equal(sample.pixels[p], pixel(file, r, p));
        }
    lathe_data_free(data);
    data = lathe_data_open("cifar10", LATHE_SPLIT_TEST, NULL);
    assert_null(data); /* not in the place Debian would have it */
    lathe_error_clear();
    data = lathe_data_cifar10(test_folder(), LATHE_SPLIT_TEST);
    assert_int_equal(data->count, 6);
    lathe_data_free(data);
}

static void cifar100_has_two_labels(void **state)
{
    (void)state;
    lathe_dataset *data = lathe_data_cifar100(test_folder(), LATHE_SPLIT_TRAIN);
    assert_non_null(data);
    assert_int_equal(data->count, 5);
    assert_int_equal(data->classes, 100);
    assert_string_equal(data->class_names[0], "apple");
    assert_string_equal(data->class_names[99], "worm");
    for (int i = 0; i < 100; i++)
        assert_true(i == 0 || strcmp(data->class_names[i - 1], data->class_names[i]) < 0);
    lathe_sample sample;
    assert_int_equal(lathe_data_read(data, 4, NULL, &sample), LATHE_OK);
    assert_int_equal(sample.label, 4);
    assert_int_equal(sample.pixels[100], pixel(0, 4, 100));
    lathe_data_free(data);
    char spec[1100];
    snprintf(spec, sizeof spec, "cifar100:%s", test_folder());
    data = lathe_data_open(spec, LATHE_SPLIT_TEST, NULL);
    assert_int_equal(data->count, 2);
    lathe_data_free(data);
    assert_null(lathe_data_open(spec, LATHE_SPLIT_TEST, &(lathe_data_opts){ .channels = 1 }));
    assert_failed(LATHE_EARG, "cifar100: pictures have 3 channels");
}

static void every_defect_is_refused_with_file_and_reason(void **state)
{
    (void)state;
    static uint8_t bytes[MOST];
    size_t size = make(bytes, 1, 2, 1);
    bytes[0] = 3;
    static const struct {
        const char *name, *reason;
        size_t size;
        int label;
    } defects[] = {
        { "empty", "has 0 bytes, not a multiple of 3073", 0, 0 },
        { "one byte", "has 1 bytes", 1, 0 },
        { "a byte missing", "has 6145 bytes, not a multiple of 3073, the length of a cifar10 record", 6145,
            0 },
        { "a byte more", "has 6147 bytes", 6147, 0 },
        { "records of CIFAR-100", "has 6148 bytes", 6148, 0 },
        { "label 10", "label 10 of record 1, expected 0 to 9", 6146, 10 },
        { "label 255", "label 255 of record 1", 6146, 255 },
    };
    assert_int_equal(size, 6146);
    for (size_t i = 0; i < sizeof defects / sizeof defects[0]; i++) {
        bytes[3073] = (uint8_t)defects[i].label;
        test_write(batch_name(1), bytes, defects[i].size);
        assert_null(lathe_data_cifar10(test_folder(), LATHE_SPLIT_TRAIN));
        assert_failed(LATHE_EFORMAT, "data_batch_2.bin: ");
        assert_null(lathe_data_cifar10(test_folder(), LATHE_SPLIT_TRAIN));
        assert_failed(LATHE_EFORMAT, defects[i].reason);
    }
    unlink(batch_name(1));
    assert_null(lathe_data_cifar10(test_folder(), LATHE_SPLIT_TRAIN));
    assert_failed(LATHE_EIO, "data_batch_2.bin: cannot be opened: No such file");
    assert_int_equal(mkdir(batch_name(1), 0700), 0);
    assert_null(lathe_data_cifar10(test_folder(), LATHE_SPLIT_TRAIN));
    assert_failed(LATHE_EIO, "data_batch_2.bin: is not a file");
    rmdir(batch_name(1));
    assert_null(lathe_data_cifar10(test_folder(), (lathe_split)3));
    assert_failed(LATHE_EARG, "split 3");
    make_files(NULL);
}

static void damaged_gzip_files_are_refused(void **state)
{
    (void)state;
    size_t size;
    char *whole = test_bytes(batch_name(2), &size);
    for (size_t cut = 2; cut < size; cut += 7) {
        test_write(batch_name(2), whole, cut);
        assert_null(lathe_data_cifar10(test_folder(), LATHE_SPLIT_TRAIN));
        assert_failed(LATHE_EFORMAT, "data_batch_3.bin: ");
    }
    int accepted = 0; /* the last byte of the packed data may have bits that mean nothing */
    for (size_t at = 10; at < size; at++) {
        whole[at] ^= 0x10;
        test_write(batch_name(2), whole, size);
        lathe_dataset *data = lathe_data_cifar10(test_folder(), LATHE_SPLIT_TRAIN);
        if (data) accepted++;
        else assert_failed(LATHE_EFORMAT, "data_batch_3.bin: ");
        lathe_data_free(data);
        whole[at] ^= 0x10;
    }
    assert_true(accepted <= 1);
    free(whole);
    make_files(NULL);
}

static void memory_may_run_out_anywhere(void **state)
{
    (void)state;
    lathe_dataset *data = NULL;
    size_t nth = 1;
    for (; !data; nth++) {
        lathe_alloc_fail_at(nth, nth % 2);
        data = lathe_data_cifar10(test_folder(), LATHE_SPLIT_TRAIN);
        lathe_alloc_fail_at(0, false);
        if (!data) assert_int_equal(lathe_error(), LATHE_ENOMEM);
    }
    assert_true(nth > 15);
    lathe_data_free(data);
    lathe_error_clear();
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
        cmocka_unit_test(the_files_are_joined),
        cmocka_unit_test(cifar100_has_two_labels),
        cmocka_unit_test(every_defect_is_refused_with_file_and_reason),
        cmocka_unit_test(damaged_gzip_files_are_refused),
        cmocka_unit_test(memory_may_run_out_anywhere),
    };
    return cmocka_run_group_tests(tests, make_files, clean);
}
