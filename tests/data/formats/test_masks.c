#include "support/support.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "support/folder.h"
#include "support/pictures.h"

static void pictures_and_masks_belong_together(void **state)
{
    (void)state;
    for (int i = 0; i < 10; i++) {
        char name[64];
        snprintf(name, sizeof name, "m/images/%d.pgm", i);
        test_put_picture(name, 8, 6, i, 0);
        snprintf(name, sizeof name, "m/masks/%d.pgm", i);
        test_put_picture(name, 8, 6, i % 2 ? 255 : 0, 0);
    }
    size_t count = 0;
    for (int split = 0; split < 2; split++) {
        lathe_dataset *data = lathe_data_masks(test_path("m"), (lathe_split)split,
            &(lathe_folder_opts){ .size = 4, .channels = 1 });
        if (!data) fail_msg("%s", lathe_error_message());
        assert_string_equal(data->task, "pixels");
        assert_int_equal(data->classes, 2);
        assert_string_equal(data->class_names[1], "level 255");
        assert_int_equal(lathe_data_answers(data), 16);
        for (size_t i = 0; i < data->count; i++) {
            uint8_t *scratch = malloc(lathe_data_scratch(data));
            lathe_sample sample;
            assert_int_equal(lathe_data_read(data, i, scratch, &sample), LATHE_OK);
            for (int p = 0; p < 16; p++) assert_int_equal(sample.mask[p], sample.pixels[0] % 2);
            free(scratch);
        }
        count += data->count;
        lathe_data_free(data);
    }
    assert_int_equal(count, 10);
    test_put_text("m/classes.txt", "background\ncell\n");
    lathe_dataset *data = lathe_data_masks(test_path("m"), LATHE_SPLIT_TRAIN, NULL);
    assert_string_equal(data->class_names[1], "cell");
    lathe_data_free(data);
    test_put_text("m/classes.txt", "background\n");
    assert_null(lathe_data_masks(test_path("m"), LATHE_SPLIT_TRAIN, NULL));
    assert_failed(LATHE_EFORMAT, "classes.txt: 1 names, the masks have 2 classes");
}

/* A picture whose grey levels are its mask's classes times 9: whatever moves both moves them alike, if masks
 * are not mixed. */
static void masks_move_with_their_pictures(void **state)
{
    (void)state;
    char header[] = "P5 16 16 255\n", picture[sizeof header - 1 + 256], mask[sizeof picture];
    memcpy(picture, header, sizeof header - 1);
    memcpy(mask, header, sizeof header - 1);
    for (int i = 0; i < 256; i++) {
        int class = (i % 16 / 4 + i / 64) % 5;
        mask[sizeof header - 1 + (size_t)i] = (char)class;
        picture[sizeof header - 1 + (size_t)i] = (char)(9 * class);
    }
    test_make_folders("k/training/images/x");
    test_make_folders("k/training/masks/x");
    test_make_folders("k/Valid/image/x");
    test_make_folders("k/Valid/label/x");
    static const char *const places[][2] = { { "k/training/images/a.pgm", "k/training/masks/a.pgm" },
        { "k/Valid/image/b.pgm", "k/Valid/label/b.pgm" } };
    for (int i = 0; i < 2; i++) {
        test_write(test_path(places[i][0]), picture, sizeof picture);
        test_write(test_path(places[i][1]), mask, sizeof mask);
    }
    lathe_transforms *transforms =
        lathe_transforms_parse("hflip,vflip,crop:4,rotate:90..90:interpolation=nearest");
    if (!transforms) fail_msg("%s", lathe_error_message());
    for (int split = 0; split < 2; split++) {
        lathe_dataset *data = lathe_data_masks(test_path("k"), (lathe_split)split,
            &(lathe_folder_opts){ .size = 16, .channels = 1 });
        if (!data) fail_msg("%s", lathe_error_message());
        lathe_loader *loader = lathe_loader_new(data,
            &(lathe_loader_opts){ .batch_size = 1,
                .no_normalize = true,
                .transforms = transforms,
                .workers = split,
                .layout = LATHE_BATCHED });
        for (int epoch = 0; epoch < 20; epoch++) {
            lathe_batch batch;
            assert_true(lathe_loader_next(loader, &batch));
            assert_int_equal(batch.answers, 256);
            for (int p = 0; p < 256; p++)
                if ((int)lround(255 * (double)batch.images[p * LATHE_LANES]) != 9 * batch.labels[p])
                    fail_msg("epoch %d, pixel %d: level %g, class %d", epoch, p,
                        255 * (double)batch.images[p * LATHE_LANES], batch.labels[p]);
            assert_false(lathe_loader_next(loader, &batch));
        }
        lathe_loader_free(loader);
        lathe_data_free(data);
    }
    lathe_transforms_free(transforms);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pictures_and_masks_belong_together),
        cmocka_unit_test(masks_move_with_their_pictures),
    };
    test_folder();
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    test_folder_remove();
    return failed;
}
