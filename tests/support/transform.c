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
                int wave = (x * (3 + c) + y * (5 - c) + (x * y) / 7) % 97, edge = (x + 2 * y + 5 * c) % 29 < 11 ? 120 : 20;
                image.pixels[(c * height + y) * width + x] = (uint8_t)(wave + edge + (x * x + y * 3) % 17);
            }
    return image;
}

lathe_image transformed(const char *spec, const lathe_image *in, uint64_t seed, uint64_t epoch, uint64_t index)
{
    lathe_transforms *transforms = lathe_transforms_parse(spec);
    if (!transforms) fail_msg("%s: %s", spec, lathe_error_message());
    int height = in->height, width = in->width;
    if (lathe_transforms_size(transforms, in->channels, &height, &width)) fail_msg("%s: %s", spec, lathe_error_message());
    uint8_t *scratch = malloc(lathe_transforms_scratch(transforms, in->channels, in->height, in->width) + 1);
    lathe_image now;
    if (lathe_transforms_apply(transforms, seed, epoch, index, in, scratch, &now)) fail_msg("%s: %s", spec, lathe_error_message());
    assert_int_equal(now.height, height);
    assert_int_equal(now.width, width);
    size_t bytes = (size_t)(now.channels * height * width);
    now.pixels = memcpy(malloc(bytes), now.pixels, bytes);
    free(scratch);
    lathe_transforms_free(transforms);
    return now;
}

void assert_transform(const char *spec, const char *name)
{
    lathe_image in = test_picture(18, 23), out = transformed(spec, &in, 1, 0, 0);
    size_t count;
    double *want = golden("transform.txt", name, &count), *got = malloc(count * sizeof *got);
    assert_int_equal(count, out.channels * out.height * out.width);
    for (size_t i = 0; i < count; i++) got[i] = out.pixels[i];
    assert_close_double(name, got, want, count, 0, 1);
    free(want), free(got), free(in.pixels), free(out.pixels);
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
