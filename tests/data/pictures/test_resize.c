#include "support/support.h"

#include <stdlib.h>
#include <string.h>

/* As in tests/golden/make_resize.py. */
static uint8_t pixel(int x, int y) { return (uint8_t)(x * x * 7 + y * 31 + x * y * 13 + x / 3 * 90); }

static lathe_image picture(int channels, int width, int height)
{
    lathe_image image = { channels, height, width, malloc((size_t)(channels * width * height)), false };
    for (int c = 0; c < channels; c++)
        for (int y = 0; y < height; y++)
            for (int x = 0; x < width; x++)
                image.pixels[(c * height + y) * width + x] = (uint8_t)(pixel(x, y) ^ c * 85);
    return image;
}

static lathe_image room(int channels, int width, int height)
{
    return (
        lathe_image){ channels, height, width, calloc((size_t)channels, (size_t)(width * height)), false };
}

#define WHOLE \
    { \
        0, 0, 0, 0 \
    }

static void every_filter_gives_pillows_pixels(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        int width, height, new_width, new_height;
        lathe_box box;
    } cases[] = { { "smaller", 23, 17, 9, 6, WHOLE }, { "larger", 7, 5, 19, 16, WHOLE },
        { "mixed", 12, 30, 25, 8, WHOLE }, { "one", 1, 1, 3, 4, WHOLE }, { "to_one", 11, 9, 1, 1, WHOLE },
        { "same", 6, 6, 6, 6, WHOLE }, { "box", 20, 18, 7, 8, { 2.25, 3.5, 17.75, 14 } },
        { "small_box", 20, 18, 9, 10, { 4, 6, 8.5, 9.25 } }, { "wide", 64, 3, 5, 3, WHOLE } };
    for (size_t k = 0; k < sizeof cases / sizeof cases[0]; k++)
        for (int filter = 0; lathe_filter_names[filter]; filter++) {
            lathe_image in = picture(1, cases[k].width, cases[k].height),
                        out = room(1, cases[k].new_width, cases[k].new_height);
            const lathe_box *box = cases[k].box.right > 0 ? &cases[k].box : NULL;
            assert_int_equal(lathe_image_resize(&in, (lathe_filter)filter, box, &out), LATHE_OK);
            char name[64];
            snprintf(name, sizeof name, "%s_%s", cases[k].name, lathe_filter_names[filter]);
            size_t count;
            double *want = golden("resize.txt", name, &count), *got = malloc(count * sizeof *got);
            assert_int_equal(count, out.width * out.height);
            for (size_t i = 0; i < count; i++) got[i] = out.pixels[i];
            assert_close_double(name, got, want, count, 0, 1e-9);
            free(want), free(got), free(in.pixels), free(out.pixels);
        }
}

static void channels_do_not_mix(void **state)
{
    (void)state;
    for (int filter = 0; lathe_filter_names[filter]; filter++) {
        lathe_image in = picture(3, 13, 11), out = room(3, 6, 17);
        assert_int_equal(lathe_image_resize(&in, (lathe_filter)filter, NULL, &out), LATHE_OK);
        for (int c = 0; c < 3; c++) {
            lathe_image plane = { 1, 11, 13, in.pixels + c * 143, false }, alone = room(1, 6, 17);
            assert_int_equal(lathe_image_resize(&plane, (lathe_filter)filter, NULL, &alone), LATHE_OK);
            assert_memory_equal(alone.pixels, out.pixels + c * 6 * 17, 6 * 17);
            free(alone.pixels);
        }
        free(in.pixels), free(out.pixels);
    }
}

static void a_flat_picture_stays_flat(void **state)
{
    (void)state;
    static const uint8_t levels[] = { 0, 1, 127, 254, 255 };
    for (size_t k = 0; k < sizeof levels; k++)
        for (int filter = 0; lathe_filter_names[filter]; filter++)
            for (int trial = 0; trial < 20; trial++) {
                uint64_t at = (uint64_t)trial;
                lathe_image in = room(1, random_int(1, at, 1, 70), random_int(2, at, 1, 70));
                lathe_image out = room(1, random_int(3, at, 1, 70), random_int(4, at, 1, 70));
                memset(in.pixels, levels[k], (size_t)(in.width * in.height));
                assert_int_equal(lathe_image_resize(&in, (lathe_filter)filter, NULL, &out), LATHE_OK);
                for (int i = 0; i < out.width * out.height; i++) assert_int_equal(out.pixels[i], levels[k]);
                free(in.pixels), free(out.pixels);
            }
}

static void wrong_arguments_are_refused(void **state)
{
    (void)state;
    lathe_image in = picture(1, 5, 4), out = room(1, 2, 2), other = { 3, 2, 2, NULL, false };
    static const lathe_box wrong[] = { { -1, 0, 5, 4 }, { 0, 0, 5.5, 4 }, { 0, 0, 5, 5 }, { 3, 0, 3, 4 },
        { 0, 4, 5, 4 }, { 0, 0, 0.0 / 0.0, 4 } };
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        assert_int_equal(lathe_image_resize(&in, LATHE_BILINEAR, &wrong[i], &out), LATHE_EARG);
        assert_failed(LATHE_EARG, "of a picture of 5 x 4");
    }
    assert_int_equal(lathe_image_resize(&in, LATHE_BILINEAR, NULL, &other), LATHE_EARG);
    assert_failed(LATHE_EARG, "channels that differ");
    assert_int_equal(lathe_image_resize(&in, (lathe_filter)9, NULL, &out), LATHE_EARG);
    assert_failed(LATHE_EARG, "filter 9");
    assert_int_equal(lathe_image_resize(NULL, LATHE_AREA, NULL, &out), LATHE_EARG);
    assert_failed(LATHE_EARG, "NULL");
    free(in.pixels), free(out.pixels);
}

/* Columns and rows that are not scaled are those of the picture; a turned picture gives the turned result. */
static void one_axis_may_be_kept(void **state)
{
    (void)state;
    enum { WIDTH = 37, HEIGHT = 21, LEFT = 3, TOP = 2, ACROSS = 20, DOWN = 17 };
    lathe_image in = picture(2, WIDTH, HEIGHT), turned = room(2, HEIGHT, WIDTH), kept = room(2, ACROSS, DOWN);
    for (int c = 0; c < 2; c++)
        for (int y = 0; y < HEIGHT; y++)
            for (int x = 0; x < WIDTH; x++)
                turned.pixels[(c * WIDTH + x) * HEIGHT + y] = in.pixels[(c * HEIGHT + y) * WIDTH + x];
    for (int filter = 0; lathe_filter_names[filter]; filter++) {
        const lathe_box box = { LEFT, TOP, LEFT + ACROSS, TOP + DOWN };
        assert_int_equal(lathe_image_resize(&in, (lathe_filter)filter, &box, &kept), LATHE_OK);
        for (int i = 0; i < 2 * DOWN * ACROSS; i++) {
            int c = i / (DOWN * ACROSS), y = i / ACROSS % DOWN + TOP, x = i % ACROSS + LEFT;
            assert_int_equal(kept.pixels[i], in.pixels[(c * HEIGHT + y) * WIDTH + x]);
        }
        for (int rows = 5; rows < 60; rows += 18) {
            const lathe_box tall = { LEFT, 1.5, LEFT + ACROSS, 18.25 },
                            wide = { 1.5, LEFT, 18.25, LEFT + ACROSS };
            lathe_image down = room(2, ACROSS, rows), across = room(2, rows, ACROSS);
            assert_int_equal(lathe_image_resize(&in, (lathe_filter)filter, &tall, &down), LATHE_OK);
            assert_int_equal(lathe_image_resize(&turned, (lathe_filter)filter, &wide, &across), LATHE_OK);
            for (int i = 0; i < 2 * rows * ACROSS; i++) {
                int c = i / (rows * ACROSS), y = i / ACROSS % rows, x = i % ACROSS;
                assert_int_equal(down.pixels[i], across.pixels[(c * ACROSS + x) * rows + y]);
            }
            free(down.pixels), free(across.pixels);
        }
    }
    free(in.pixels), free(turned.pixels), free(kept.pixels);
}

static void memory_may_run_out_anywhere(void **state)
{
    (void)state;
    lathe_image in = picture(3, 9, 9), out = room(3, 4, 4);
    lathe_status status = LATHE_ENOMEM;
    size_t nth = 1;
    for (; status; nth++) {
        lathe_alloc_fail_at(nth, nth % 2);
        status = lathe_image_resize(&in, LATHE_BICUBIC, NULL, &out);
        lathe_alloc_fail_at(0, false);
        if (status) assert_int_equal(status, LATHE_ENOMEM);
    }
    assert_int_equal(nth, 13); /* eleven allocations, then none refused */
    lathe_error_clear();
    free(in.pixels), free(out.pixels);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_filter_gives_pillows_pixels),
        cmocka_unit_test(channels_do_not_mix),
        cmocka_unit_test(a_flat_picture_stays_flat),
        cmocka_unit_test(wrong_arguments_are_refused),
        cmocka_unit_test(one_axis_may_be_kept),
        cmocka_unit_test(memory_may_run_out_anywhere),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
