#include "support/transform.h"

#include <stdlib.h>
#include <string.h>

static void every_border_and_interpolation_is_opencvs(void **state)
{
    (void)state;
    for (int border = 0; border < 5; border++)
        for (int filter = 0; filter < 5; filter++) {
            static const char *const borders[] = { "constant", "replicate", "reflect", "reflect_101",
                "wrap" };
            char spec[128], name[64];
            snprintf(spec, sizeof spec, "rotate:33..33:%s:%s:77:p=1", lathe_filter_names[filter],
                borders[border]);
            snprintf(name, sizeof name, "rotate_%s_%s", borders[border], lathe_filter_names[filter]);
            if (filter != LATHE_AREA || border == 0) assert_transform(spec, name);
        }
}

static void each_is_its_reference(void **state)
{
    (void)state;
    assert_transform("rotate:-90..-90:p=1", "rotate_-90");
    assert_transform("rotate:7.5..7.5:p=1", "rotate_7.5");
    assert_transform("rotate:180..180:p=1", "rotate_180");
    assert_transform("ssr:0.1..0.1:0.3..0.3:-20..-20:border=reflect_101:p=1", "ssr");
    assert_transform("shift_scale_rotate:-0.2..-0.2:-0.6..-0.6:10..10:bicubic:wrap:p=1", "ssr_small");
    assert_transform("affine:0.8..0.8:0.1..0.1:25..25:10..10:p=1", "affine");
    assert_transform("shear:15..15:p=1", "shear");
}

/* Four right angles are where they began, whatever the interpolation. */
static void right_angles_lose_nothing(void **state)
{
    (void)state;
    lathe_image in = test_picture(17, 17);
    for (int filter = 0; filter < 5; filter++) {
        lathe_image now = in;
        now.pixels = memcpy(malloc(3 * 289), in.pixels, 3 * 289);
        for (int i = 0; i < 4; i++) {
            char spec[64];
            snprintf(spec, sizeof spec, "rotate:90..90:%s:p=1", lathe_filter_names[filter]);
            lathe_image next = transformed(spec, &now, 1, 0, 0);
            if (i == 0) /* against the clock: the top right corner goes to the top left */
                assert_int_equal(next.pixels[0], in.pixels[16]);
            free(now.pixels);
            now = next;
        }
        assert_memory_equal(now.pixels, in.pixels, 3 * 289);
        free(now.pixels);
    }
    free(in.pixels);
}

/* A mask goes where its picture goes; with the nearest pixel taken in both, they stay the same. */
static void masks_go_along(void **state)
{
    (void)state;
    static const char *const specs[] = { "rotate:interpolation=nearest:p=1", "ssr:interpolation=nearest:p=1",
        "affine:0.5..1.5:0.1:40:20:nearest:p=1", "shear:interpolation=nearest:p=1",
        "hflip,random_resized_crop:9:interpolation=nearest,vflip,rotate:30:nearest",
        "crop:4,one_of(rotate:90:nearest,shear:30:nearest):1,pad:3:reflect" };
    for (size_t k = 0; k < sizeof specs / sizeof specs[0]; k++)
        for (uint64_t i = 0; i < 20; i++) {
            lathe_image in = test_picture(20, 20), mask = in;
            mask.mask = true;
            lathe_image picture = transformed(specs[k], &in, 3, 1, i),
                        moved = transformed(specs[k], &mask, 3, 1, i);
            assert_memory_equal(moved.pixels, picture.pixels, (size_t)(3 * moved.height * moved.width));
            free(in.pixels), free(picture.pixels), free(moved.pixels);
        }
    lathe_image mask = test_picture(20, 20); /* and without being asked a mask takes the nearest */
    mask.mask = true;
    lathe_image a = transformed("rotate:p=1", &mask, 3, 1, 0),
                b = transformed("rotate:interpolation=nearest:p=1", &mask, 3, 1, 0);
    assert_memory_equal(a.pixels, b.pixels, 1200);
    free(mask.pixels), free(a.pixels), free(b.pixels);
}

static void fill_is_for_pictures_and_fill_mask_for_masks(void **state)
{
    (void)state;
    lathe_image in = test_picture(18, 23), mask = in;
    mask.mask = true;
    lathe_image a = transformed("rotate:45..45:fill=9:fill_mask=255:p=1", &in, 1, 0, 0);
    lathe_image b = transformed("rotate:45..45:fill=9:fill_mask=255:p=1", &mask, 1, 0, 0);
    assert_int_equal(a.pixels[0], 9);
    assert_int_equal(b.pixels[0], 255);
    free(in.pixels), free(a.pixels), free(b.pixels);
}

static void angles_are_uniform(void **state)
{
    (void)state;
    lathe_image in = test_room(1, 41, 41);
    int right = 0, left = 0;
    in.pixels[20 * 41 + 40] = 255; /* the middle of the right edge: up when turned against the clock */
    for (uint64_t i = 0; i < 1000; i++) {
        lathe_image out = transformed("rotate:60:p=1", &in, 1, 0, i);
        int above = 0, below = 0;
        for (int p = 0; p < 41 * 41; p++)
            if (p / 41 < 20) above += out.pixels[p];
            else if (p / 41 > 20) below += out.pixels[p];
        left += above > below;
        right += below > above;
        free(out.pixels);
    }
    assert_in_range(left, 440, 560);
    assert_in_range(right, 440, 560);
    free(in.pixels);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_border_and_interpolation_is_opencvs),
        cmocka_unit_test(each_is_its_reference),
        cmocka_unit_test(right_angles_lose_nothing),
        cmocka_unit_test(masks_go_along),
        cmocka_unit_test(fill_is_for_pictures_and_fill_mask_for_masks),
        cmocka_unit_test(angles_are_uniform),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
