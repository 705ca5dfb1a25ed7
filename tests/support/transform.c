#include "transform.h"

#include <stdlib.h>
#include <string.h>

lathe_image test_room(int channels, int height, int width)
{
    return (lathe_image){ channels, height, width, calloc((size_t)(channels * height * width), 1), false };
}

lathe_image test_picture(int height, int width)
{
    lathe_image image = test_room(3, height, width);
    for (int c = 0; c < 3; c++)
        for (int y = 0; y < height; y++)
            for (int x = 0; x < width; x++) {
                int wave = (x * (3 + c) + y * (5 - c) + (x * y) / 7) % 97,
                    edge = (x + 2 * y + 5 * c) % 29 < 11 ? 120 : 20;
                image.pixels[(c * height + y) * width + x] = (uint8_t)(wave + edge + (x * x + y * 3) % 17);
            }
    return image;
}

lathe_image transformed(const char *spec, const lathe_image *in, uint64_t seed, uint64_t epoch,
    uint64_t index)
{
    lathe_transforms *transforms = lathe_transforms_parse(spec);
    if (!transforms) fail_msg("%s: %s", spec, lathe_error_message());
    int height = in->height, width = in->width;
    if (lathe_transforms_size(transforms, in->channels, &height, &width))
        fail_msg("%s: %s", spec, lathe_error_message());
    uint8_t *scratch = malloc(lathe_transforms_scratch(transforms, in->channels, in->height, in->width) + 1);
    lathe_image now;
    if (lathe_transforms_apply(transforms, seed, epoch, index, in, scratch, &now))
        fail_msg("%s: %s", spec, lathe_error_message());
    assert_int_equal(now.height, height);
    assert_int_equal(now.width, width);
    size_t bytes = (size_t)(now.channels * height * width);
    now.pixels = memcpy(malloc(bytes), now.pixels, bytes);
    free(scratch);
    lathe_transforms_free(transforms);
    return now;
}

/* A part of a photograph, where the shared data sets are; otherwise no pixels. */
static lathe_image photograph(void)
{
    enum { TOP = 160, LEFT = 256, HEIGHT = 192, WIDTH = 256 };
    lathe_picture photo;
    if (lathe_picture_read(LATHE_TEST_SOURCE "/../shared/data/ants-bees/train/ants/0013035.jpg",
            &(lathe_picture_opts){ .channels = 3 }, &photo)) {
        lathe_error_clear();
        return (lathe_image){ 0 };
    }
    lathe_image part = test_room(3, HEIGHT, WIDTH);
    for (int i = 0; i < 3 * HEIGHT * WIDTH; i++)
        part.pixels[i] = photo.pixels[((TOP + i / WIDTH % HEIGHT) * photo.width + LEFT + i % WIDTH) * 3 +
            i / (HEIGHT * WIDTH)];
    lathe_picture_free(&photo);
    return part;
}

/* The transformed picture, or every 7919th of its numbers, against the file's. */
static void assert_made(lathe_image in, const char *spec, const char *file, const char *name, size_t step)
{
    lathe_image out = transformed(spec, &in, 1, 0, 0);
    size_t count, all = (size_t)(out.channels * out.height * out.width);
    double *want = golden(file, name, &count), *got = malloc(count * sizeof *got);
    if (step == 1) assert_int_equal(count, all);
    for (size_t i = 0; i < count; i++) got[i] = out.pixels[i * step % all];
    assert_close_double(name, got, want, count, 0, 1);
    free(want), free(got), free(in.pixels), free(out.pixels);
}

void assert_transform(const char *spec, const char *name)
{
    assert_made(test_picture(18, 23), spec, "transform.txt", name, 1);
    lathe_image photo = photograph();
    if (photo.pixels) assert_made(photo, spec, "transform_photo.txt", name, 7919);
}

void assert_mask_stays(const char *spec)
{
    lathe_image mask = test_picture(18, 23);
    mask.mask = true;
    for (uint64_t i = 0; i < 20; i++) {
        lathe_image out = transformed(spec, &mask, 1, 0, i);
        assert_memory_equal(out.pixels, mask.pixels, 3 * 18 * 23);
        free(out.pixels);
    }
    free(mask.pixels);
}

void assert_spec_refused(const char *spec, lathe_status status, const char *fragment)
{
    lathe_transforms *transforms = lathe_transforms_parse(spec);
    if (transforms) fail_msg("'%s' is taken", spec);
    assert_failed(status, fragment);
}
