#include "support/transform.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Mean and standard deviation of the pixels. */
static void moments(const lathe_image *image, double *mean, double *std)
{
    int count = image->channels * image->height * image->width;
    double sum = 0, squares = 0;
    for (int i = 0; i < count; i++) {
        sum += image->pixels[i];
        squares += (double)image->pixels[i] * image->pixels[i];
    }
    *mean = sum / count;
    *std = sqrt(squares / count - *mean * *mean);
}

static void noise_has_its_deviation(void **state)
{
    (void)state;
    lathe_image in = test_room(3, 100, 100);
    memset(in.pixels, 128, 30000);
    double mean, std;
    lathe_image out = transformed("gauss_noise:0.1:p=1", &in, 1, 0, 0);
    moments(&out, &mean, &std);
    assert_true(fabs(mean - 128) < 1 && fabs(std - 25.5) < 0.6);
    assert_true(memcmp(out.pixels, out.pixels + 10000, 10000) != 0);
    free(out.pixels);
    out = transformed("gauss_noise:0.05:0.1..0.1:true:p=1", &in, 1, 0, 0);
    moments(&out, &mean, &std);
    assert_true(fabs(mean - 153.5) < 1 && fabs(std - 12.75) < 0.4);
    assert_memory_equal(out.pixels, out.pixels + 10000, 10000);
    assert_memory_equal(out.pixels, out.pixels + 20000, 10000);
    free(out.pixels), free(in.pixels);
}

/* Rows and columns of the rectangle of pixels that are 0; returns how many pixels are. */
static int hole(const lathe_image *image, int *height, int *width)
{
    int top = 1000, bottom = -1, left = 1000, right = -1, count = 0;
    for (int y = 0; y < image->height; y++)
        for (int x = 0; x < image->width; x++)
            if (!image->pixels[y * image->width + x]) {
                if (y < top) top = y;
                if (y > bottom) bottom = y;
                if (x < left) left = x;
                if (x > right) right = x;
                count++;
            }
    *height = bottom - top + 1;
    *width = right - left + 1;
    return count;
}

static void erasing_takes_a_rectangle(void **state)
{
    (void)state;
    lathe_image in = test_room(1, 60, 50);
    memset(in.pixels, 200, 3000);
    int height, width, done = 0;
    for (uint64_t i = 0; i < 400; i++) {
        lathe_image out = transformed("random_erasing", &in, 1, 0, i);
        int count = hole(&out, &height, &width);
        if (count) {
            assert_int_equal(count, height * width);
            assert_true(count > 0.015 * 3000 && count < 0.35 * 3000);
            assert_true(height < 3.9 * width && width < 3.9 * height);
            done++;
        }
        free(out.pixels);
    }
    assert_in_range(done, 150, 250);
    lathe_image random = transformed("erasing:0.3..0.3:1..1:random:p=1", &in, 1, 0, 0);
    int changed = 0;
    for (int i = 0; i < 3000; i++) changed += random.pixels[i] != 200;
    assert_in_range(changed, 850, 930);
    free(random.pixels), free(in.pixels);
}

static void cutout_may_reach_over_the_edge(void **state)
{
    (void)state;
    lathe_image in = test_room(1, 32, 32);
    memset(in.pixels, 200, 1024);
    int height, width, whole = 0;
    for (uint64_t i = 0; i < 500; i++) {
        lathe_image out = transformed("cutout:8", &in, 1, 0, i);
        int count = hole(&out, &height, &width);
        assert_int_equal(count, height * width);
        assert_in_range(height, 4, 8);
        assert_in_range(width, 4, 8);
        whole += count == 64;
        free(out.pixels);
    }
    assert_in_range(whole, 270, 360); /* (25 / 32) squared of 500 is 305 */
    lathe_image out = transformed("cutout:2:holes=5:fill=7", &in, 1, 0, 0);
    int sevens = 0;
    for (int i = 0; i < 1024; i++) sevens += out.pixels[i] == 7;
    assert_in_range(sevens, 10, 20);
    free(out.pixels), free(in.pixels);
}

static void masks_keep_their_numbers(void **state)
{
    (void)state;
    assert_mask_stays("gauss_noise:p=1,random_erasing:p=1,cutout:4");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(noise_has_its_deviation),
        cmocka_unit_test(erasing_takes_a_rectangle),
        cmocka_unit_test(cutout_may_reach_over_the_edge),
        cmocka_unit_test(masks_keep_their_numbers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
