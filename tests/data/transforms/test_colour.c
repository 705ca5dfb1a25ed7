#include "support/transform.h"

#include <stdlib.h>
#include <string.h>

static void adjustments_are_torchvisions(void **state)
{
    (void)state;
    static const char *const names[] = { "brightness", "contrast", "saturation" };
    static const double factors[] = { 0, 0.4, 1.7 };
    for (int k = 0; k < 3; k++)
        for (int i = 0; i < 3; i++) {
            char spec[128], name[64];
            snprintf(spec, sizeof spec, "color_jitter:1..1:1..1:1..1:0..0:%s=%g..%g:p=1", names[k],
                factors[i], factors[i]);
            snprintf(name, sizeof name, "%s_%g", names[k], factors[i]);
            assert_transform(spec, name);
        }
    static const double turns[] = { -0.5, -0.3, -0.05, 0.1, 0.4 };
    for (int i = 0; i < 5; i++) {
        char spec[128], name[64];
        snprintf(spec, sizeof spec, "jitter:1..1:1..1:1..1:%g..%g:1", turns[i], turns[i]);
        snprintf(name, sizeof name, "hue_%g", turns[i]);
        assert_transform(spec, name);
    }
}

static void the_rest_are_their_references(void **state)
{
    (void)state;
    assert_transform("to_gray:1", "to_gray");
    assert_transform("equalize:p=1", "equalize_cv");
    assert_transform("equalize:pil:p=1", "equalize_pil");
    assert_transform("equalize:by=luma:p=1", "equalize_luma");
}

static void jitter_is_random_in_its_range(void **state)
{
    (void)state;
    lathe_image in = test_room(1, 1, 1);
    in.pixels[0] = 100;
    int seen[256] = { 0 };
    for (uint64_t i = 0; i < 2000; i++) {
        lathe_image out = transformed("jitter:0.2:1..1:1..1:p=1", &in, 1, 0, i);
        seen[out.pixels[0]]++;
        free(out.pixels);
    }
    for (int v = 0; v < 256; v++)
        if (v < 80 || v > 120) assert_int_equal(seen[v], 0);
        else if (v > 80 && v < 120) assert_in_range(seen[v], 20, 85); /* 50 each */
    free(in.pixels);
}

/* Brightness and contrast do not commute: both orders are seen. */
static void jitter_is_in_random_order(void **state)
{
    (void)state;
    lathe_image in = test_picture(18, 23);
    int differ = 0;
    lathe_image first = transformed("jitter:1.5..1.5:0.3..0.3:1..1:0..0:1", &in, 1, 0, 0);
    for (uint64_t i = 1; i < 100; i++) {
        lathe_image out = transformed("jitter:1.5..1.5:0.3..0.3:1..1:0..0:1", &in, 1, 0, i);
        differ += memcmp(first.pixels, out.pixels, 3 * 18 * 23) != 0;
        free(out.pixels);
    }
    assert_in_range(differ, 30, 70);
    free(in.pixels), free(first.pixels);
}

static void channels_that_are_no_colours(void **state)
{
    (void)state;
    for (int channels = 1; channels <= 4; channels += 3) {
        lathe_image in = test_room(channels, 5, 5);
        for (int i = 0; i < channels * 25; i++) in.pixels[i] = (uint8_t)(i * 7);
        lathe_image grey = transformed("to_gray:1", &in, 1, 0, 0),
                    hue = transformed("jitter:1..1:1..1:0..0:0.3..0.3:1", &in, 1, 0, 0);
        if (channels == 1) {
            assert_memory_equal(grey.pixels, in.pixels, 25);
            assert_memory_equal(hue.pixels, in.pixels, 25);
        } else { /* alpha stays */
            assert_memory_equal(grey.pixels + 75, in.pixels + 75, 25);
            assert_memory_equal(hue.pixels + 75, in.pixels + 75, 25);
            lathe_image even = transformed("equalize:p=1", &in, 1, 0, 0);
            assert_memory_equal(even.pixels + 75, in.pixels + 75, 25);
            free(even.pixels);
        }
        free(in.pixels), free(grey.pixels), free(hue.pixels);
    }
}

static void masks_keep_their_numbers(void **state)
{
    (void)state;
    assert_mask_stays("jitter:p=1");
    assert_mask_stays("to_gray:1");
    assert_mask_stays("equalize:p=1");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(adjustments_are_torchvisions),
        cmocka_unit_test(the_rest_are_their_references),
        cmocka_unit_test(jitter_is_random_in_its_range),
        cmocka_unit_test(jitter_is_in_random_order),
        cmocka_unit_test(channels_that_are_no_colours),
        cmocka_unit_test(masks_keep_their_numbers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
