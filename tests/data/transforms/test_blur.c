#include "support/transform.h"

#include <stdlib.h>
#include <string.h>

static void blurs_are_opencvs(void **state)
{
    (void)state;
    static const int sizes[] = { 3, 5, 7, 11 };
    for (int i = 0; i < 4; i++) {
        char spec[64], name[64];
        snprintf(spec, sizeof spec, "blur:%d:p=1", sizes[i]);
        snprintf(name, sizeof name, "blur_%d", sizes[i]);
        assert_transform(spec, name);
        snprintf(spec, sizeof spec, "gaussian_blur:%d:p=1", sizes[i]);
        snprintf(name, sizeof name, "gaussian_%d", sizes[i]);
        assert_transform(spec, name);
    }
    assert_transform("gaussian_blur:9:1.5..1.5:p=1", "gaussian_9_1.5");
}

/* A point becomes a square of the kernel's size: 3, 5 and 7 are equally likely. */
static void sizes_are_drawn(void **state)
{
    (void)state;
    lathe_image in = test_room(1, 15, 15);
    in.pixels[7 * 15 + 7] = 255;
    int seen[16] = { 0 };
    for (uint64_t i = 0; i < 600; i++) {
        lathe_image out = transformed("blur:p=1", &in, 1, 0, i);
        int wide = 0;
        for (int x = 0; x < 15; x++) wide += out.pixels[7 * 15 + x] > 0;
        seen[wide]++;
        free(out.pixels);
    }
    assert_in_range(seen[3], 150, 250);
    assert_in_range(seen[5], 150, 250);
    assert_int_equal(seen[3] + seen[5] + seen[7], 600);
    free(in.pixels);
}

static void a_flat_picture_stays_flat(void **state)
{
    (void)state;
    static const uint8_t levels[] = { 0, 1, 127, 254, 255 };
    for (int k = 0; k < 5; k++)
        for (int size = 3; size < 40; size += 2) { /* wider than the picture, too */
            lathe_image in = test_room(1, 7, 5);
            memset(in.pixels, levels[k], 35);
            char spec[64];
            snprintf(spec, sizeof spec, "blur:%d:p=1,gaussian_blur:%d:p=1,gaussian_blur:%d:3..3:p=1", size,
                size, size);
            lathe_image out = transformed(spec, &in, 1, 0, 0);
            for (int i = 0; i < 35; i++) assert_int_equal(out.pixels[i], levels[k]);
            free(in.pixels), free(out.pixels);
        }
}

static void masks_keep_their_numbers(void **state)
{
    (void)state;
    assert_mask_stays("blur:p=1,gaussian_blur:p=1");
}

static void wrong_sizes_are_refused(void **state)
{
    (void)state;
    assert_spec_refused("blur:2", LATHE_EARG, "blur: blur_limit[0] = 2 is not legal");
    assert_spec_refused("blur:7..3", LATHE_EARG, "blur: blur_limit: 7 is more than 3");
    assert_spec_refused("gaussian_blur:3:-1..2", LATHE_EARG, "sigma_limit[0] = -1");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(blurs_are_opencvs),
        cmocka_unit_test(sizes_are_drawn),
        cmocka_unit_test(a_flat_picture_stays_flat),
        cmocka_unit_test(masks_keep_their_numbers),
        cmocka_unit_test(wrong_sizes_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
