#include "support/support.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { COUNT = 50, HEIGHT = 24, WIDTH = 32, AREA = HEIGHT * WIDTH, MOST = 4 };

/* Sample i has i % 5 objects: squares of 6 x 6 in a row, with two points each, and their instance mask. */
typedef struct squares {
    size_t first[COUNT + 1], first_point[COUNT * MOST + 1];
    lathe_object object[COUNT * MOST];
    lathe_point point[COUNT * MOST * 2];
    uint8_t instances[COUNT][AREA], pixels[COUNT][AREA];
} squares;

static lathe_status read_squares(const lathe_dataset *data, size_t index, uint8_t *scratch,
    lathe_sample *sample)
{
    const squares *all = data->state;
    memcpy(scratch, all->pixels[index], AREA);
    *sample = (lathe_sample){ .pixels = scratch,
        .channels = 1,
        .height = HEIGHT,
        .width = WIDTH,
        .label = data->labels[index],
        .objects = { all->first + index, all->object, all->first_point, all->point,
            data->instance_masks ? all->instances[index] : NULL } };
    return LATHE_OK;
}

static void close_squares(lathe_dataset *data)
{
    free(data->state);
    free((void *)data->labels);
}

static const lathe_dataset_type squares_type = { .name = "squares",
    .read = read_squares,
    .close = close_squares };

static void add_square(squares *all, size_t picture, int k)
{
    size_t o = all->first[picture + 1]++;
    int left = 2 + 7 * k, top = 3 + (int)picture % 12;
    all->object[o] = (lathe_object){ (int)(picture + (size_t)k) % 3, 10 + k, (float)left, (float)top,
        (float)(left + 6), (float)(top + 6) };
    all->point[2 * o] = (lathe_point){ (float)left, (float)top };
    all->point[2 * o + 1] = (lathe_point){ (float)(left + 6), (float)(top + 6) };
    all->first_point[o + 1] = 2 * (o + 1);
    for (int y = top; y < top + 6; y++) {
        memset(all->instances[picture] + y * WIDTH + left, 10 + k, 6);
        memset(all->pixels[picture] + y * WIDTH + left, 200, 6);
    }
}

static lathe_dataset *open_squares(void)
{
    lathe_dataset *data = lathe_alloc(1, sizeof *data);
    squares *all = calloc(1, sizeof *all);
    for (size_t i = 0; i < COUNT; i++) {
        all->first[i + 1] = all->first[i];
        for (int k = 0; k < (int)i % 5; k++) add_square(all, i, k);
    }
    static const char *const names[] = { "a", "b", "c" };
    *data = (lathe_dataset){ .type = &squares_type,
        .name = lathe_strdup("squares"),
        .count = COUNT,
        .channels = 1,
        .height = HEIGHT,
        .width = WIDTH,
        .classes = 3,
        .class_names = names,
        .labels = calloc(COUNT, sizeof(int)),
        .std = { 1 },
        .objects_most = MOST,
        .points_most = 2 * MOST,
        .instance_masks = true,
        .state = all };
    return data;
}

static squares *inside(const lathe_dataset *data) { return data->state; }

static lathe_loader *load(const lathe_dataset *data, const lathe_loader_opts *opts)
{
    lathe_loader *loader = lathe_loader_new(data, opts);
    if (!loader) fail_msg("%s", lathe_error_message());
    return loader;
}

static void a_batch_has_the_objects_of_its_pictures(void **state)
{
    (void)state;
    lathe_dataset *data = open_squares();
    const squares *all = inside(data);
    lathe_loader *loader = load(data, &(lathe_loader_opts){ .batch_size = 20, .shuffle = true, .seed = 3 });
    size_t seen = 0;
    for (int epoch = 0; epoch < 2; epoch++)
        for (lathe_batch batch; lathe_loader_next(loader, &batch);) {
            const lathe_objects *objects = &batch.objects;
            assert_int_equal(objects->first[0], 0);
            assert_int_equal(objects->first_point[0], 0);
            for (int b = 0; b < batch.size; b++) {
                size_t sample = lathe_loader_order(loader, batch.epoch, (size_t)batch.index * 20 + (size_t)b);
                size_t count = objects->first[b + 1] - objects->first[b];
                assert_int_equal(count, sample % 5);
                for (size_t k = 0; k < count; k++) {
                    size_t o = objects->first[b] + k, own = all->first[sample] + k;
                    lathe_object want = all->object[own];
                    want.instance = (int)k + 1;
                    assert_memory_equal(&objects->object[o], &want, sizeof want);
                    assert_int_equal(objects->first_point[o + 1] - objects->first_point[o], 2);
                    assert_memory_equal(&objects->point[objects->first_point[o]], &all->point[2 * own],
                        2 * sizeof(lathe_point));
                }
                for (size_t p = 0; p < AREA; p++) {
                    int old = all->instances[sample][p];
                    assert_int_equal(objects->instances[(size_t)b * AREA + p], old ? old - 9 : 0);
                }
                seen += count;
            }
        }
    assert_int_equal(seen, 2 * 100);
    lathe_loader_free(loader);
    lathe_data_free(data);
}

static void pictures_without_any_are_fine(void **state)
{
    (void)state;
    lathe_dataset *data = open_squares();
    lathe_dataset *empty = lathe_data_subset(data, (const size_t[]){ 0, 5, 10 }, 3);
    lathe_dataset *mixed = lathe_data_subset(data, (const size_t[]){ 5, 4, 0, 1 }, 4);
    lathe_batch batch;
    lathe_loader *loader = load(empty, NULL);
    assert_true(lathe_loader_next(loader, &batch));
    for (int b = 0; b <= 3; b++) assert_int_equal(batch.objects.first[b], 0);
    assert_int_equal(batch.objects.first_point[0], 0);
    lathe_loader_free(loader);
    loader = load(mixed, NULL);
    assert_true(lathe_loader_next(loader, &batch));
    static const size_t first[] = { 0, 0, 4, 4, 5 };
    assert_memory_equal(batch.objects.first, first, sizeof first);
    assert_int_equal(batch.objects.first_point[5], 10);
    lathe_loader_free(loader);
    lathe_data_free(empty);
    lathe_data_free(mixed);
    lathe_data_free(data);
}

/* All that a loader gives in two epochs, in one block of bytes. */
static size_t gather(const lathe_dataset *data, const char *spec, int workers, uint8_t *bytes)
{
    lathe_transforms *transforms = lathe_transforms_parse(spec);
    lathe_loader *loader = load(data,
        &(lathe_loader_opts){ .batch_size = 20,
            .shuffle = true,
            .seed = 5,
            .workers = workers,
            .transforms = transforms });
    size_t size = 0;
    for (int epoch = 0; epoch < 2; epoch++)
        for (lathe_batch batch; lathe_loader_next(loader, &batch);) {
            const lathe_objects *o = &batch.objects;
            size_t images = (size_t)batch.size, objects = o->first[images],
                   area = (size_t)batch.height * (size_t)batch.width;
            const struct {
                const void *from;
                size_t bytes;
            } parts[] = { { o->first, (images + 1) * sizeof *o->first },
                { o->object, objects * sizeof *o->object },
                { o->first_point, (objects + 1) * sizeof *o->first_point },
                { o->point, o->first_point[objects] * sizeof *o->point }, { o->instances, images * area } };
            for (size_t i = 0; i < 5; i++) {
                memcpy(bytes + size, parts[i].from, parts[i].bytes);
                size += parts[i].bytes;
            }
        }
    lathe_loader_free(loader);
    lathe_transforms_free(transforms);
    return size;
}

static void any_number_of_workers_gives_the_same_bits(void **state)
{
    (void)state;
    static const char *const specs[] = { "", "crop:4,hflip,rotate:20",
        "random_resized_crop:24,vflip,mosaic:p=0.7" };
    enum { ROOM = 1 << 20 };
    uint8_t *alone = malloc(ROOM), *helped = malloc(ROOM);
    lathe_dataset *data = open_squares();
    for (int n = 0; n < 3; n++) {
        size_t size = gather(data, specs[n], 0, alone);
        assert_true(size > 2 * COUNT * 24 * 24 && size < ROOM);
        for (int workers = 1; workers <= 3; workers += 2) {
            assert_int_equal(gather(data, specs[n], workers, helped), size);
            assert_memory_equal(alone, helped, size);
        }
    }
    lathe_data_free(data);
    free(alone), free(helped);
}

/* Each box is the one around the pixels of its number, and no pixel has a number that no object has. */
static void assert_instances_fit(const lathe_batch *batch, int b)
{
    const lathe_objects *objects = &batch->objects;
    size_t first = objects->first[b], count = objects->first[b + 1] - first;
    const uint8_t *mask = objects->instances + (size_t)b * (size_t)(batch->height * batch->width);
    int left[256], right[256] = { 0 }, top[256], bottom[256] = { 0 };
    for (int i = 0; i < 256; i++) left[i] = top[i] = 1 << 20;
    for (int y = 0; y < batch->height; y++)
        for (int x = 0; x < batch->width; x++) {
            int i = mask[y * batch->width + x];
            assert_in_range(i, 0, count);
            left[i] = x < left[i] ? x : left[i], right[i] = x + 1 > right[i] ? x + 1 : right[i];
            top[i] = y < top[i] ? y : top[i], bottom[i] = y + 1 > bottom[i] ? y + 1 : bottom[i];
        }
    for (size_t k = 0; k < count; k++) {
        const lathe_object *object = &objects->object[first + k];
        int i = object->instance;
        assert_int_equal(i, k + 1);
        assert_true(object->x0 == (float)left[i] && object->x1 == (float)right[i]);
        assert_true(object->y0 == (float)top[i] && object->y1 == (float)bottom[i]);
    }
}

static void a_mosaic_has_the_objects_of_four(void **state)
{
    (void)state;
    lathe_dataset *data = open_squares();
    lathe_transforms *transforms = lathe_transforms_parse("hflip,crop:3,mosaic");
    size_t most = 0, all = 0;
    for (int n = 0; n < 2; n++) {
        lathe_loader *loader = load(data,
            &(lathe_loader_opts){ .batch_size = 20,
                .seed = 6,
                .transforms = transforms,
                .min_visible = n ? 0.6 : 0 });
        size_t before = all;
        all = 0;
        for (int epoch = 0; epoch < 5; epoch++)
            for (lathe_batch batch; lathe_loader_next(loader, &batch);) {
                for (int b = 0; b < batch.size; b++) {
                    size_t count = batch.objects.first[b + 1] - batch.objects.first[b];
                    if (count > most) most = count;
                    assert_instances_fit(&batch, b);
                }
                all += batch.objects.first[batch.size];
            }
        if (n) assert_true(all < before && all > before / 2); /* more of them count as hidden */
        lathe_loader_free(loader);
    }
    assert_true(most > MOST);
    lathe_transforms_free(transforms);
    lathe_data_free(data);
}

static void objects_that_cannot_be_are_refused(void **state)
{
    (void)state;
    static const struct {
        lathe_object object;
        const char *message;
    } wrong[] = {
        { { 3, 0, 1, 1, 5, 5 }, "its class is not a class of the data set" },
        { { -1, 0, 1, 1, 5, 5 }, "its class is not a class" },
        { { 0, 256, 1, 1, 5, 5 }, "its instance number is not 0 to 255" },
        { { 0, -1, 1, 1, 5, 5 }, "its instance number" },
        { { 0, 0, NAN, 1, 5, 5 },
            "picture 1 of squares: object 0 (class 0, instance 0, box nan 1 5 5): its "
            "box has a number that is not finite" },
        { { 0, 0, 1, 1, INFINITY, 5 }, "not finite" },
        { { 0, 0, 5, 1, 5, 5 }, "its box is empty" },
        { { 0, 0, 6, 1, 5, 5 }, "its box is empty" },
        { { 0, 0, 1, 5, 5, 5 }, "its box is empty" },
        { { 0, 0, -9, 1, 0, 5 }, "its box lies outside the picture" },
        { { 0, 0, 32, 1, 40, 5 }, "outside" },
        { { 0, 0, 1, 24, 5, 30 }, "outside" },
    };
    lathe_dataset *data = open_squares();
    squares *all = inside(data);
    lathe_batch batch;
    for (int workers = 0; workers <= 2; workers += 2)
        for (size_t n = 0; n < sizeof wrong / sizeof wrong[0]; n++) {
            lathe_object good = all->object[0];
            all->object[0] = wrong[n].object;
            lathe_loader *loader = load(data, &(lathe_loader_opts){ .workers = workers });
            assert_false(lathe_loader_next(loader, &batch));
            assert_int_equal(lathe_loader_status(loader), LATHE_EFORMAT);
            if (!strstr(lathe_error_message(), wrong[n].message)) fail_msg("%s", lathe_error_message());
            lathe_error_clear();
            lathe_loader_free(loader);
            all->object[0] = good;
        }
    lathe_data_free(data);
}

static void numbers_that_do_not_fit_are_refused(void **state)
{
    (void)state;
    for (int n = 0; n < 5; n++) {
        static const char *const messages[] = { "4 objects; objects_most is 3", "points_most is 3",
            "another object has its instance number", "point 1 is (nan, 0)", "points 4 to 1 of object 1" };
        lathe_dataset *data = open_squares();
        squares *all = inside(data);
        if (n == 0) data->objects_most = 3;
        if (n == 1) data->points_most = 3;
        if (n == 2) all->object[2].instance = all->object[1].instance; /* of picture 2 */
        if (n == 3) all->point[1] = (lathe_point){ NAN, 0 };
        if (n == 4) all->first_point[3] = 1;
        lathe_loader *loader = load(data, NULL);
        lathe_batch batch;
        assert_false(lathe_loader_next(loader, &batch));
        if (!strstr(lathe_error_message(), messages[n])) fail_msg("%d: %s", n, lathe_error_message());
        lathe_error_clear();
        lathe_loader_free(loader);
        lathe_data_free(data);
    }
}

static void boxes_are_cut_off_at_the_edge(void **state)
{
    (void)state;
    lathe_dataset *data = open_squares();
    inside(data)->object[0] = (lathe_object){ 0, 0, -3, -1e30F, 40, 2.5F };
    lathe_loader *loader = load(data, NULL);
    lathe_batch batch;
    assert_true(lathe_loader_next(loader, &batch));
    const lathe_object *object = batch.objects.object;
    assert_true(object->x0 == 0 && object->y0 == 0 && object->x1 == WIDTH && object->y1 == 2.5F);
    lathe_loader_free(loader);
    lathe_data_free(data);
}

static void options_and_transforms_that_do_not_fit_are_refused(void **state)
{
    (void)state;
    static const struct {
        const char *spec, *message;
        double min_visible;
    } wrong[] = {
        { "", "min_visible is -0.1", -0.1 },
        { "", "min_visible is 1.5", 1.5 },
        { "", "min_visible is nan", NAN },
        { "hflip,rand_augment", "rand_augment: is not for data with objects", 0 },
        { "mixup", "mixup: is not for data with objects", 0 },
        { "copy_paste", "copy_paste: is not for data with objects", 0 },
    };
    lathe_dataset *data = open_squares();
    for (size_t n = 0; n < sizeof wrong / sizeof wrong[0]; n++) {
        lathe_transforms *transforms = lathe_transforms_parse(wrong[n].spec);
        assert_null(lathe_loader_new(data,
            &(lathe_loader_opts){ .transforms = transforms, .min_visible = wrong[n].min_visible }));
        if (!strstr(lathe_error_message(), wrong[n].message)) fail_msg("%s", lathe_error_message());
        lathe_error_clear();
        lathe_transforms_free(transforms);
    }
    data->objects_most = SIZE_MAX / 2;
    assert_null(lathe_loader_new(data, NULL));
    lathe_error_clear();
    data->objects_most = MOST;
    lathe_data_free(data);
}

static void data_without_objects_has_none(void **state)
{
    (void)state;
    lathe_dataset *data = lathe_data_shapes(LATHE_SPLIT_TRAIN, &(lathe_shapes_opts){ .count = 20 });
    lathe_loader *loader = load(data, NULL);
    lathe_batch batch;
    assert_true(lathe_loader_next(loader, &batch));
    assert_null(batch.objects.first);
    assert_null(batch.objects.object);
    assert_null(batch.objects.instances);
    lathe_loader_free(loader);
    lathe_data_free(data);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_batch_has_the_objects_of_its_pictures),
        cmocka_unit_test(pictures_without_any_are_fine),
        cmocka_unit_test(any_number_of_workers_gives_the_same_bits),
        cmocka_unit_test(a_mosaic_has_the_objects_of_four),
        cmocka_unit_test(objects_that_cannot_be_are_refused),
        cmocka_unit_test(numbers_that_do_not_fit_are_refused),
        cmocka_unit_test(boxes_are_cut_off_at_the_edge),
        cmocka_unit_test(options_and_transforms_that_do_not_fit_are_refused),
        cmocka_unit_test(data_without_objects_has_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
