#include "support/support.h"

#include <math.h>
#include <stdlib.h>

/* Two pictures of 2 channels, 1 x 2: channel 0 has 0 255 255 0, channel 1 has 10 10 10 10. */
static const uint8_t pixels[] = { 0, 255, 10, 10, 255, 0, 10, 10 };
static const int labels[] = { 3, 1 };
static const lathe_memory_opts sizes = { .count = 2, .channels = 2, .height = 1, .width = 2 };

static void arrays_become_a_data_set(void **state)
{
    (void)state;
    lathe_dataset *data = lathe_data_memory(pixels, labels, &sizes);
    assert_non_null(data);
    assert_int_equal(data->classes, 4);
    assert_string_equal(data->name, "memory");
    assert_string_equal(data->class_names[3], "3");
    lathe_sample sample;
    assert_int_equal(lathe_data_read(data, 1, NULL, &sample), LATHE_OK);
    assert_memory_equal(sample.pixels, pixels + 4, 4);
    assert_int_equal(sample.label, 1);
    assert_close_double("mean", data->mean, (double[]){ 0.5, 10 / 255.0 }, 2, 1e-15, 0);
    assert_close_double("std", data->std, (double[]){ 0.5, 1 / 255.0 }, 2, 1e-15,
        0); /* never below one level */
    lathe_data_free(data);
    lathe_data_free(NULL);
}

static void moments_of_large_pictures_are_exact(void **state)
{
    (void)state;
    enum { COUNT = 3, SIDE = 101 };
    uint8_t *many = malloc(COUNT * SIDE * SIDE);
    double sum = 0, squares = 0;
    for (int i = 0; i < COUNT * SIDE * SIDE; i++) {
        many[i] = (uint8_t)(i % 3 ? 255 : i % 256);
        sum += many[i], squares += many[i] * many[i];
    }
    lathe_dataset *data = lathe_data_memory(many, (int[COUNT]){ 0 },
        &(lathe_memory_opts){ .count = COUNT, .channels = 1, .height = SIDE, .width = SIDE });
    double mean = sum / (COUNT * SIDE * SIDE), std = sqrt(squares / (COUNT * SIDE * SIDE) - mean * mean);
    assert_close_double("mean", data->mean, &(double){ mean / 255 }, 1, 1e-14, 0);
    assert_close_double("std", data->std, &(double){ std / 255 }, 1, 1e-12, 0);
    lathe_data_free(data);
    free(many);
}

static void wrong_arguments_are_refused(void **state)
{
    (void)state;
    double mean[] = { 0, 0 }, std[] = { 1, 0 }, nan[] = { NAN, 0 }, one[] = { 1, 1 };
    const struct {
        lathe_memory_opts opts;
        const char *message;
    } wrong[] = {
        { { .count = 2, .channels = 0, .height = 1, .width = 2 }, "0 x 1 x 2" },
        { { .count = 2, .channels = 5, .height = 1, .width = 2 }, "5 x 1 x 2" },
        { { .count = 2, .channels = 1, .height = 0, .width = 2 }, "1 x 0 x 2" },
        { { .count = 2, .channels = 1, .height = 1, .width = -2 }, "1 x 1 x -2" },
        { { .count = 2, .channels = 1, .height = 1, .width = 20000 }, "1 x 1 x 20000" },
        { { .count = 0, .channels = 1, .height = 1, .width = 1 }, "no pictures" },
        { { .count = 2, .channels = 2, .height = 1, .width = 2, .classes = -1 }, "classes = -1" },
        { { .count = 2, .channels = 2, .height = 1, .width = 2, .classes = 3 },
            "label 3 of picture 0, with 3 classes" },
        { { .count = 2, .channels = 2, .height = 1, .width = 2, .mean = mean }, "mean and std go together" },
        { { .count = 2, .channels = 2, .height = 1, .width = 2, .mean = mean, .std = std },
            "std 0 of channel 1" },
        { { .count = 2, .channels = 2, .height = 1, .width = 2, .mean = nan, .std = one }, "of channel 0" },
    };
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        assert_null(lathe_data_memory(pixels, labels, &wrong[i].opts));
        assert_failed(LATHE_EARG, wrong[i].message);
    }
    assert_null(lathe_data_memory(pixels, (int[]){ -1, 0 }, &sizes));
    assert_failed(LATHE_EARG, "label -1 of picture 0");
    assert_null(lathe_data_memory(NULL, labels, &sizes));
    assert_failed(LATHE_EARG, "NULL");
    lathe_dataset *data = lathe_data_memory(pixels, labels, &sizes);
    lathe_sample sample;
    assert_int_equal(lathe_data_read(data, 2, NULL, &sample), LATHE_EARG);
    assert_failed(LATHE_EARG, "sample 2 of memory, which has 2");
    lathe_data_free(data);
}

static void memory_may_run_out_anywhere(void **state)
{
    (void)state;
    lathe_dataset *data = NULL;
    size_t nth = 1;
    for (; !data; nth++) {
        lathe_alloc_fail_at(nth, nth % 2);
        data = lathe_data_memory(pixels, labels, &sizes);
        lathe_alloc_fail_at(0, false);
        if (!data) assert_int_equal(lathe_error(), LATHE_ENOMEM);
    }
    assert_int_equal(nth, 7); /* five allocations, then none refused */
    lathe_data_free(data);
    lathe_error_clear();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(arrays_become_a_data_set),
        cmocka_unit_test(moments_of_large_pictures_are_exact),
        cmocka_unit_test(wrong_arguments_are_refused),
        cmocka_unit_test(memory_may_run_out_anywhere),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
