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
    assert_null(lathe_data_shapes(LATHE_SPLIT_TEST, &(lathe_shapes_opts){ .objects = true, .size = 31 }));
    assert_failed(LATHE_EARG, "size is 31, expected 32 to 1024");
    assert_null(lathe_data_open("shapes:object", LATHE_SPLIT_TEST, NULL));
    assert_failed(LATHE_EARG, "'object' is not one of grey, colour, objects");
    assert_null(lathe_data_shapes(LATHE_SPLIT_TEST, &(lathe_shapes_opts){ .count = (size_t)-1 }));
    assert_failed(LATHE_ENOMEM, "out of memory");
}

static void run_out_of_memory(bool objects)
{
    lathe_dataset *data = NULL;
    size_t nth = 1;
    for (; !data; nth++) {
        lathe_alloc_fail_at(nth, nth % 2);
        data = lathe_data_shapes(LATHE_SPLIT_TRAIN, &(lathe_shapes_opts){ .count = 10, .objects = objects });
        lathe_alloc_fail_at(0, false);
        if (!data) assert_int_equal(lathe_error(), LATHE_ENOMEM);
    }
    assert_true(nth > (objects ? 10 : 6));
    lathe_data_free(data);
    lathe_error_clear();
}

static void memory_may_run_out_anywhere(void **state)
{
    (void)state;
    run_out_of_memory(false);
    run_out_of_memory(true);
}

/* Objects are drawn where their boxes and instances say, and the key alone decides them. */
static void objects_have_tight_boxes(void **state)
{
    (void)state;
    int counts[7] = { 0 };
    for (int colour = 0; colour < 2; colour++) {
        const lathe_shapes_opts opts = { .count = 200,
            .objects = true,
            .colour = colour,
            .size = colour ? 0 : 32,
            .seed = 4 };
        lathe_dataset *data = lathe_data_shapes(LATHE_SPLIT_TRAIN, &opts),
                      *again = lathe_data_shapes(LATHE_SPLIT_TRAIN, &opts);
        assert_int_equal(data->height, colour ? 64 : 32);
        assert_int_equal(data->objects_most, 6);
        assert_true(data->instance_masks);
        uint8_t *scratch = malloc(lathe_data_scratch(data));
        for (size_t i = 0; i < data->count; i++) {
            lathe_sample sample, other;
            assert_int_equal(lathe_data_read(again, data->count - 1 - i, scratch, &other), LATHE_OK);
            assert_int_equal(lathe_data_read(data, i, scratch, &sample), LATHE_OK);
            assert_int_equal(lathe_data_read(again, i, scratch, &other), LATHE_OK);
            size_t begin = sample.objects.first[0], count = sample.objects.first[1] - begin;
            const size_t area = (size_t)(data->height * data->width);
            assert_memory_equal(sample.pixels, other.pixels, area * (size_t)data->channels);
            assert_memory_equal(sample.objects.instances, other.objects.instances, area);
            assert_memory_equal(sample.objects.object + begin, other.objects.object + other.objects.first[0],
                count * sizeof(lathe_object));
            assert_in_range(count, 0, 6);
            counts[count]++;
            int targets[10] = { 0 };
            for (size_t k = 0; k < count; k++) {
                const lathe_object *object = &sample.objects.object[begin + k];
                assert_int_equal(object->instance, k + 1);
                assert_in_range(object->label, 0, 9);
                targets[object->label] = 1;
                lathe_object seen = { object->label, object->instance, 1e9F, 1e9F, -1, -1 };
                for (int y = 0; y < data->height; y++)
                    for (int x = 0; x < data->width; x++)
                        if (sample.objects.instances[y * data->width + x] == object->instance) {
                            seen.x0 = fminf(seen.x0, (float)x), seen.x1 = fmaxf(seen.x1, (float)x + 1);
                            seen.y0 = fminf(seen.y0, (float)y), seen.y1 = fmaxf(seen.y1, (float)y + 1);
                        }
                assert_memory_equal(object, &seen, sizeof seen);
            }
            assert_memory_equal(sample.targets, targets, sizeof targets);
            assert_true(count ? targets[sample.label] : !sample.label);
        }
        free(scratch);
        lathe_data_free(data), lathe_data_free(again);
    }
    for (int n = 0; n < 7; n++) assert_true(counts[n] > 5);
}

static void an_instance_stands_out_from_its_ground(void **state)
{
    (void)state;
    lathe_dataset *data =
        lathe_data_open("shapes:objects", LATHE_SPLIT_TEST, &(lathe_data_opts){ .channels = 1, .seed = 2 });
    assert_int_equal(data->count, 1000);
    assert_int_equal(data->channels, 1);
    int clear = 0, all = 0;
    for (size_t i = 0; i < 100; i++) {
        lathe_sample sample;
        double sum[7] = { 0 }, pixels[7] = { 0 };
        assert_int_equal(lathe_data_read(data, i, NULL, &sample), LATHE_OK);
        for (int p = 0; p < 64 * 64; p++) {
            sum[sample.objects.instances[p]] += sample.pixels[p];
            pixels[sample.objects.instances[p]]++;
        }
        for (int k = 1; k < 7; k++)
            if (pixels[k] > 0) all++, clear += fabs(sum[k] / pixels[k] - sum[0] / pixels[0]) > 30;
    }
    assert_true(all > 200 && clear == all);
    lathe_data_free(data);
}

typedef struct part {
    const lathe_dataset *data;
    bool good;
} part;

static void *read_objects(void *context)
{
    part *own = context;
    uint8_t *scratch = malloc(lathe_data_scratch(own->data));
    own->good = true;
    for (size_t i = 0; i < own->data->count; i++) {
        lathe_sample sample;
        lathe_data_read(own->data, i, scratch, &sample);
        size_t begin = sample.objects.first[0], count = sample.objects.first[1] - begin;
        for (size_t k = 0; k < count; k++) {
            const lathe_object *object = &sample.objects.object[begin + k];
            int place = (int)object->y0 * 64;
            bool seen = false;
            for (int x = (int)object->x0; x < (int)object->x1; x++)
                seen = seen || sample.objects.instances[place + x] == object->instance;
            own->good = own->good && seen;
        }
    }
    free(scratch);
    return NULL;
}

static void threads_may_read_the_same_objects(void **state)
{
    (void)state;
    lathe_dataset *data =
        lathe_data_shapes(LATHE_SPLIT_TRAIN, &(lathe_shapes_opts){ .count = 300, .objects = true });
    part parts[4];
    pthread_t thread[4];
    for (int i = 0; i < 4; i++) {
        parts[i].data = data;
        assert_int_equal(pthread_create(&thread[i], NULL, read_objects, &parts[i]), 0);
    }
    for (int i = 0; i < 4; i++) {
        pthread_join(thread[i], NULL);
        assert_true(parts[i].good);
    }
    lathe_data_free(data);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_key_decides_each_picture),
        cmocka_unit_test(the_set_is_what_it_says),
        cmocka_unit_test(shapes_differ_in_area),
        cmocka_unit_test(threads_may_read_the_same_picture_at_once),
        cmocka_unit_test(wrong_arguments_are_refused),
        cmocka_unit_test(objects_have_tight_boxes),
        cmocka_unit_test(an_instance_stands_out_from_its_ground),
        cmocka_unit_test(threads_may_read_the_same_objects),
        cmocka_unit_test(memory_may_run_out_anywhere),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
