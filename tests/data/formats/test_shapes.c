#include "support/support.h"

#include <math.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#define COUNT 300

/* All pixels, read in the order given by a stride. */
static uint8_t *pixels_of(const lathe_dataset *data, size_t stride)
{
    size_t bytes = (size_t)(data->channels * data->height * data->width);
    uint8_t *pixels = malloc(data->count * bytes), *scratch = malloc(bytes);
    for (size_t i = 0; i < data->count; i++) {
        size_t index = i * stride % data->count;
        lathe_sample sample;
        assert_int_equal(lathe_data_read(data, index, scratch, &sample), LATHE_OK);
        assert_int_equal(sample.label, index % 10);
        assert_int_equal(sample.channels, data->channels);
        memcpy(pixels + index * bytes, sample.pixels, bytes);
    }
    free(scratch);
    return pixels;
}

static void the_key_decides_each_picture(void **state)
{
    (void)state;
    for (int colour = 0; colour < 2; colour++) {
        lathe_shapes_opts opts = { .count = COUNT, .colour = colour, .seed = 4 }, other = opts;
        other.seed = 5;
        lathe_dataset *a = lathe_data_shapes(LATHE_SPLIT_TRAIN, &opts),
                      *b = lathe_data_shapes(LATHE_SPLIT_TRAIN, &opts);
        lathe_dataset *c = lathe_data_shapes(LATHE_SPLIT_TEST, &opts),
                      *d = lathe_data_shapes(LATHE_SPLIT_TRAIN, &other);
        assert_int_equal(a->channels, colour ? 3 : 1);
        assert_int_equal(a->height, colour ? 32 : 28);
        size_t bytes = (size_t)(a->channels * a->height * a->width);
        uint8_t *first = pixels_of(a, 1), *again = pixels_of(a, 7), *second = pixels_of(b, 11),
                *test = pixels_of(c, 1), *seeded = pixels_of(d, 1);
        assert_memory_equal(first, again, COUNT * bytes);
        assert_memory_equal(first, second, COUNT * bytes);
        for (size_t i = 0; i < COUNT; i++) /* no test picture is a training picture */
            for (size_t j = 0; j < COUNT; j++) {
                assert_int_not_equal(memcmp(first + i * bytes, test + j * bytes, bytes), 0);
                assert_int_not_equal(memcmp(first + i * bytes, seeded + j * bytes, bytes), 0);
                if (i != j) assert_int_not_equal(memcmp(first + i * bytes, first + j * bytes, bytes), 0);
            }
        free(first), free(again), free(second), free(test), free(seeded);
        lathe_data_free(a), lathe_data_free(b), lathe_data_free(c), lathe_data_free(d);
    }
}

static void the_set_is_what_it_says(void **state)
{
    (void)state;
    lathe_dataset *train = lathe_data_shapes(LATHE_SPLIT_TRAIN, NULL),
                  *test = lathe_data_shapes(LATHE_SPLIT_TEST, NULL);
    assert_int_equal(train->count, 10000);
    assert_int_equal(test->count, 2000);
    assert_int_equal(train->classes, 10);
    assert_string_equal(train->class_names[8], "star");
    for (size_t i = 0; i < train->count; i++) assert_int_equal(train->labels[i], i % 10);
    uint8_t *pixels = pixels_of(test, 1);
    double sum = 0, squares = 0, count = 2000 * 784;
    for (size_t i = 0; i < 2000 * 784; i++) sum += pixels[i], squares += (double)pixels[i] * pixels[i];
    double mean = sum / count, std = sqrt(squares / count - mean * mean);
    assert_close_double("mean", test->mean, &(double){ mean / 255 }, 1, 0.06,
        0); /* measured from the first 200 */
    assert_close_double("std", test->std, &(double){ std / 255 }, 1, 0.06, 0);
    free(pixels);
    lathe_data_free(train);
    lathe_data_free(test);
}

/* Told by eye first; this keeps the outlines from being mixed up. */
static void shapes_differ_in_area(void **state)
{
    (void)state;
    lathe_dataset *data =
        lathe_data_shapes(LATHE_SPLIT_TRAIN, &(lathe_shapes_opts){ .count = 2000, .size = 64 });
    double covered[10] = { 0 };
    uint8_t *pixels = pixels_of(data, 1);
    for (size_t i = 0; i < 2000; i++) { /* the shape's pixels differ from the mean of the four corners */
        const uint8_t *p = pixels + i * 64 * 64;
        double corners = (p[0] + p[63] + p[63 * 64] + p[64 * 64 - 1]) / 4.0;
        for (int k = 0; k < 64 * 64; k++) covered[i % 10] += fabs(p[k] - corners) > 60;
    }
    assert_true(covered[0] > covered[1]); /* a circle covers more than a ring */
    assert_true(covered[5] > covered[6]); /* a square more than a bar */
    assert_true(covered[0] > covered[3]); /* a circle more than a crescent */
    free(pixels);
    lathe_data_free(data);
}

static lathe_dataset *shared;

static void *read_all(void *context)
{
    (void)context;
    return pixels_of(shared, 1);
}

static void threads_may_read_the_same_picture_at_once(void **state)
{
    (void)state;
    for (int round = 0; round < 5; round++) {
        shared = lathe_data_shapes(LATHE_SPLIT_TRAIN, &(lathe_shapes_opts){ .count = 500 });
        pthread_t thread[4];
        void *pixels[4];
        for (int i = 0; i < 4; i++) assert_int_equal(pthread_create(&thread[i], NULL, read_all, NULL), 0);
        for (int i = 0; i < 4; i++) assert_int_equal(pthread_join(thread[i], &pixels[i]), 0);
        for (int i = 1; i < 4; i++) assert_memory_equal(pixels[0], pixels[i], 500 * 784);
        for (int i = 0; i < 4; i++) free(pixels[i]);
        lathe_data_free(shared);
    }
}

static void wrong_arguments_are_refused(void **state)
{
    (void)state;
    assert_null(lathe_data_shapes((lathe_split)2, NULL));
    assert_failed(LATHE_EARG, "split 2");
    assert_null(lathe_data_shapes(LATHE_SPLIT_TEST, &(lathe_shapes_opts){ .size = 15 }));
    assert_failed(LATHE_EARG, "size is 15");
    assert_null(lathe_data_shapes(LATHE_SPLIT_TEST, &(lathe_shapes_opts){ .size = -1 }));
    assert_failed(LATHE_EARG, "size is -1");
    assert_null(lathe_data_shapes(LATHE_SPLIT_TEST, &(lathe_shapes_opts){ .count = (size_t)-1 }));
    assert_failed(LATHE_ENOMEM, "out of memory");
}

static void memory_may_run_out_anywhere(void **state)
{
    (void)state;
    lathe_dataset *data = NULL;
    size_t nth = 1;
    for (; !data; nth++) {
        lathe_alloc_fail_at(nth, nth % 2);
        data = lathe_data_shapes(LATHE_SPLIT_TRAIN, &(lathe_shapes_opts){ .count = 10 });
        lathe_alloc_fail_at(0, false);
        if (!data) assert_int_equal(lathe_error(), LATHE_ENOMEM);
    }
    assert_true(nth > 6);
    lathe_data_free(data);
    lathe_error_clear();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_key_decides_each_picture),
        cmocka_unit_test(the_set_is_what_it_says),
        cmocka_unit_test(shapes_differ_in_area),
        cmocka_unit_test(threads_may_read_the_same_picture_at_once),
        cmocka_unit_test(wrong_arguments_are_refused),
        cmocka_unit_test(memory_may_run_out_anywhere),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
