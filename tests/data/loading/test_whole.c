/* Random crops of whole photographs: of all columns, with their masks; without chance the middle. */
#include "support/support.h"

#include <stdlib.h>
#include <string.h>

#include "support/folder.h"
#include "support/pictures.h"

/* Photographs of 40 x 10: with a crop ratio of 0.8 and a size of 8 they are not scaled. */
enum { WIDTH = 40, HEIGHT = 10, SIZE = 8, COUNT = 4, EPOCHS = 60 };

static int level(int x, int y) { return 5 * x + y; }

static void put_pgm(const char *name, int step, bool mask)
{
    char bytes[64 + WIDTH * HEIGHT];
    int size = sprintf(bytes, "P5 %d %d 255\n", WIDTH, HEIGHT);
    for (int i = 0; i < WIDTH * HEIGHT; i++)
        bytes[size++] = (char)(mask ? i % WIDTH / step % 2 : level(i % WIDTH, i / WIDTH));
    test_make_folders(name);
    test_write(test_path(name), bytes, (size_t)size);
}

static void make_set(void)
{
    for (int i = 0; i < COUNT; i++) {
        char name[64];
        const char *parts[] = { "train", "val" };
        for (int k = 0; k < 2; k++) {
            snprintf(name, sizeof name, "set/%s/images/%d.pgm", parts[k], i);
            put_pgm(name, 1, false);
            snprintf(name, sizeof name, "set/%s/masks/%d.pgm", parts[k], i);
            put_pgm(name, 1, true);
        }
    }
}

static lathe_dataset *open_set(double ratio)
{
    lathe_dataset *data = lathe_data_masks(test_path("set"), LATHE_SPLIT_TRAIN,
        &(lathe_folder_opts){ .size = SIZE, .channels = 1, .crop_ratio = ratio });
    if (!data) fail_msg("%s", lathe_error_message());
    return data;
}

/* The least and the largest place of the windows that a loader gives; all pixels and masks are looked at. */
typedef struct range {
    int left, right, top, bottom;
} range;

static void look_at(const lathe_batch *batch, range *r)
{
    for (int b = 0; b < batch->size; b++) {
        int first = 0;
        for (int i = 0; i < SIZE * SIZE; i++) {
            const int lane = b % LATHE_LANES;
            const lathe_real number =
                batch->plain ? batch->images[b * SIZE * SIZE + i] : batch->images[i * LATHE_LANES + lane];
            const int pixel = (int)(number * 255 + (lathe_real)0.5);
            if (!i) first = pixel;
            assert_int_equal(pixel, first + level(i % SIZE, i / SIZE));
            assert_int_equal(batch->labels[b * SIZE * SIZE + i], (first / 5 + i % SIZE) % 2);
        }
        const int x = first / 5, y = first % 5;
        r->left = x < r->left ? x : r->left, r->right = x > r->right ? x : r->right;
        r->top = y < r->top ? y : r->top, r->bottom = y > r->bottom ? y : r->bottom;
    }
}

static range windows(const lathe_dataset *data, const char *augment, bool still)
{
    range r = { WIDTH, 0, HEIGHT, 0 };
    lathe_transforms *transforms = lathe_transforms_parse(augment);
    lathe_loader *loader = lathe_loader_new(data,
        &(lathe_loader_opts){ .batch_size = COUNT,
            .transforms = transforms,
            .still = still,
            .no_normalize = true });
    if (!loader) fail_msg("%s", lathe_error_message());
    for (int epoch = 0; epoch < EPOCHS; epoch++)
        for (lathe_batch batch; lathe_loader_next(loader, &batch);) look_at(&batch, &r);
    assert_int_equal(lathe_loader_status(loader), LATHE_OK);
    lathe_loader_free(loader);
    lathe_transforms_free(transforms);
    return r;
}

static void crops_reach_all_of_a_photograph(void **state)
{
    (void)state;
    static const char *const crops[] = { "random_crop", "random_sized_crop:8:8:8" };
    lathe_dataset *data = open_set(0.8), *some = lathe_data_subset(data, (size_t[]){ 3, 1, 0, 2 }, COUNT);
    for (int k = 0; k < 2; k++)
        for (int part = 0; part < 2; part++) {
            const range r = windows(part ? some : data, crops[k], false);
            assert_int_equal(r.left, 0);
            assert_int_equal(r.right, WIDTH - SIZE);
            assert_int_equal(r.top, 0);
            assert_int_equal(r.bottom, HEIGHT - SIZE);
        }
    lathe_data_free(some);
    lathe_data_free(data);
}

/* Without chance, with padding, and behind another transform, the crop is of the middle square. */
static void other_lists_get_the_middle(void **state)
{
    (void)state;
    lathe_dataset *data = open_set(0.8);
    const struct {
        const char *augment;
        bool still;
    } cases[] = { { "random_crop", true }, { "", false }, { "center_crop:8,random_crop", false } };
    for (int k = 0; k < 3; k++) {
        const range r = windows(data, cases[k].augment, cases[k].still);
        assert_int_equal(r.left, (WIDTH - SIZE) / 2);
        assert_int_equal(r.right, (WIDTH - SIZE) / 2);
        assert_int_equal(r.top, 1);
        assert_int_equal(r.bottom, 1);
    }
    lathe_data_free(data);
}

static void lists_that_take_whole_photographs_are_known(void **state)
{
    (void)state;
    static const struct {
        const char *augment;
        bool whole;
    } cases[] = { { "random_resized_crop:8", true }, { "random_resized_crop:8,hflip,cutout:2", true },
        { "crop:0:8", true }, { "random_sized_crop:4:8:8", true }, { "crop:2", false }, { "", false },
        { "hflip,random_resized_crop:8", false }, { "random_crop:p=0.5", false },
        { "one_of(random_crop,crop:0:8)", false }, { "resize:8", false } };
    for (size_t k = 0; k < sizeof cases / sizeof cases[0]; k++) {
        lathe_transforms *transforms = lathe_transforms_parse(cases[k].augment);
        if (lathe_transforms_from_whole(transforms) != cases[k].whole) fail_msg("%s", cases[k].augment);
        lathe_transforms_free(transforms);
    }
    assert_false(lathe_transforms_from_whole(NULL));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(crops_reach_all_of_a_photograph),
        cmocka_unit_test(other_lists_get_the_middle),
        cmocka_unit_test(lists_that_take_whole_photographs_are_known),
    };
    test_folder();
    make_set();
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    test_folder_remove();
    return failed;
}
