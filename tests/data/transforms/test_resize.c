#include "support/transform.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Each whole-picture transform is lathe_image_resize, which is compared with Pillow in its own test. */
static void whole_pictures(void **state)
{
    (void)state;
    static const struct {
        const char *spec;
        int height, width;
        lathe_filter filter;
    } cases[] = { { "resize:9:11", 9, 11, LATHE_BILINEAR }, { "resize:30", 30, 30, LATHE_BILINEAR },
        { "resize:8:interpolation=lanczos", 8, 8, LATHE_LANCZOS },
        { "smallest_max_size:9:bicubic", 9, 12, LATHE_BICUBIC },
        { "smallest-max-size:36", 36, 46, LATHE_BILINEAR }, { "longest_max_size:46", 36, 46, LATHE_BILINEAR },
        { "longest_max_size:10:area", 8, 10, LATHE_AREA }, { "longest_max_size:1", 1, 1, LATHE_BILINEAR } };
    lathe_image in = test_picture(18, 23);
    for (size_t k = 0; k < sizeof cases / sizeof cases[0]; k++) {
        lathe_image out = transformed(cases[k].spec, &in, 1, 0, 0),
                    want = test_room(3, cases[k].height, cases[k].width);
        assert_int_equal(out.height, cases[k].height);
        assert_int_equal(out.width, cases[k].width);
        assert_int_equal(lathe_image_resize(&in, cases[k].filter, NULL, &want), LATHE_OK);
        assert_memory_equal(out.pixels, want.pixels, (size_t)(3 * want.height * want.width));
        free(out.pixels), free(want.pixels);
    }
    free(in.pixels);
}

static void a_letter_box(void **state)
{
    (void)state;
    lathe_image in = test_room(1, 10, 40);
    memset(in.pixels, 9, 400);
    lathe_image out = transformed("longest_max_size:20,pad_if_needed:20:fill=3", &in, 1, 0, 0);
    assert_int_equal(out.height, 20);
    assert_int_equal(out.width, 20);
    for (int i = 0; i < 400; i++)
        assert_int_equal(out.pixels[i], i / 20 < 7 || i / 20 >= 12 ? 3 : 9); /* five rows, seven above */
    free(out.pixels), free(in.pixels);
}

/* A picture whose number is its place, so that a crop tells where it was: horizontally in one channel,
 * vertically in the other. */
static lathe_image places(int size)
{
    lathe_image image = test_room(2, size, size);
    for (int y = 0; y < size; y++)
        for (int x = 0; x < size; x++) {
            image.pixels[y * size + x] = (uint8_t)x;
            image.pixels[(size + y) * size + x] = (uint8_t)y;
        }
    return image;
}

static void random_resized_crop_draws_area_and_ratio(void **state)
{
    (void)state;
    enum { SIZE = 200, OUT = 50, COUNT = 2000 };
    lathe_image in = places(SIZE);
    double areas = 0, ratios = 0, least = 1;
    for (uint64_t i = 0; i < COUNT; i++) {
        lathe_image out = transformed("random_resized_crop:50:interpolation=nearest", &in, 1, 0, i);
        double width = (out.pixels[OUT - 1] - out.pixels[0]) * OUT / (OUT - 1.0);
        double height = (out.pixels[OUT * OUT + (OUT - 1) * OUT] - out.pixels[OUT * OUT]) * OUT / (OUT - 1.0);
        double area = width * height / (SIZE * SIZE);
        areas += area;
        ratios += log(width / height);
        if (area < least) least = area;
        assert_true(area > 0.07 && area < 1.03 && fabs(log(width / height)) < log(4.0 / 3) + 0.06);
        free(out.pixels);
    }
    assert_true(
        areas / COUNT > 0.47 && areas / COUNT < 0.57); /* uniform on 0.08 ... 1, less what does not fit */
    assert_true(fabs(ratios / COUNT) < 0.02 && least < 0.1);
    free(in.pixels);
}

static void random_sized_crop_draws_a_height(void **state)
{
    (void)state;
    enum { SIZE = 100, OUT = 50 };
    lathe_image in = places(SIZE);
    int shortest = 1000, longest = 0;
    for (uint64_t i = 0; i < 1000; i++) {
        lathe_image out =
            transformed("random_sized_crop:40:60:50:w2h_ratio=1.5:interpolation=nearest", &in, 1, 0, i);
        int width = out.pixels[OUT - 1] - out.pixels[0] + 1,
            height = out.pixels[2 * OUT * OUT - 1] - out.pixels[OUT * OUT] + 1;
        assert_true(abs(2 * width - 3 * height) <= 6);
        if (height < shortest) shortest = height;
        if (height > longest) longest = height;
        free(out.pixels);
    }
    assert_in_range(shortest, 38, 41);
    assert_in_range(longest, 59, 60);
    free(in.pixels);
}

/* Nothing that fits the proportions: the middle. */
static void an_impossible_crop_is_the_middle(void **state)
{
    (void)state;
    lathe_image in = places(100);
    lathe_image out =
        transformed("random_resized_crop:10:scale=1..1:ratio=2..2:interpolation=nearest", &in, 1, 0, 0);
    assert_in_range(out.pixels[0], 4, 5);
    assert_in_range(out.pixels[9], 94, 95);
    assert_in_range(out.pixels[100], 27, 28);
    assert_in_range(out.pixels[199], 72, 73);
    free(out.pixels), free(in.pixels);
}

static void sizes_that_do_not_fit_are_refused(void **state)
{
    (void)state;
    static const struct {
        const char *spec, *message;
    } cases[] = { { "random_sized_crop:50:40:10", "heights 50 to 40" },
        { "random_sized_crop:10:40:10", "of pictures of 28 x 28" },
        { "random_sized_crop:10:20:10:w2h_ratio=2", "w2h_ratio 2" } };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        lathe_transforms *transforms = lathe_transforms_parse(cases[i].spec);
        assert_non_null(transforms);
        int height = 28, width = 28;
        assert_int_equal(lathe_transforms_size(transforms, 1, &height, &width), LATHE_ESHAPE);
        assert_failed(LATHE_ESHAPE, cases[i].message);
        lathe_transforms_free(transforms);
    }
    assert_spec_refused("resize", LATHE_EARG, "resize: height must be given");
    assert_spec_refused("random_resized_crop:32:scale=0..1", LATHE_EARG, "scale[0] = 0");
    assert_spec_refused("resize:8:p=0.5", LATHE_EARG, "it decides the size");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(whole_pictures),
        cmocka_unit_test(a_letter_box),
        cmocka_unit_test(random_resized_crop_draws_area_and_ratio),
        cmocka_unit_test(random_sized_crop_draws_a_height),
        cmocka_unit_test(an_impossible_crop_is_the_middle),
        cmocka_unit_test(sizes_that_do_not_fit_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
