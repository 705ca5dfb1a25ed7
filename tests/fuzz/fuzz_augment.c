/* Transforms as --augment takes them, done to a small picture and its mask. */
#include "fuzz.h"

#include <stdlib.h>

static void apply(const lathe_transforms *transforms, const lathe_image *in)
{
    int height = in->height, width = in->width;
    if (lathe_transforms_size(transforms, in->channels, &height, &width)) return;
    size_t room = lathe_transforms_scratch(transforms, in->channels, in->height, in->width);
    if (room > 1 << 20) return;
    uint8_t *scratch = malloc(room + 1);
    lathe_image out;
    uint64_t sum = 0;
    fuzz_check(scratch != NULL, "out of memory");
    for (uint64_t index = 0; index < 4; index++) {
        lathe_status status = index < 3 ? lathe_transforms_apply(transforms, 1, 2, index, in, scratch, &out) :
                                          lathe_transforms_still(transforms, in, scratch, &out);
        fuzz_check(!status && out.height == height && out.width == width, "another size than was said");
        for (int i = 0; i < out.channels * height * width; i++) sum += out.pixels[i];
    }
    fuzz_check(sum != UINT64_MAX, "every pixel is read");
    free(scratch);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static uint8_t pixels[3 * 9 * 7];
    for (size_t i = 0; i < sizeof pixels; i++) pixels[i] = (uint8_t)(i * 37);
    char *text = fuzz_text(data, size, 300);
    lathe_transforms *transforms = lathe_transforms_parse(text);
    fuzz_check(transforms || *lathe_error_message(), "refused without a message");
    if (transforms) {
        apply(transforms, &(lathe_image){ 3, 9, 7, pixels, false });
        apply(transforms, &(lathe_image){ 1, 9, 7, pixels, true });
    }
    lathe_transforms_free(transforms);
    free(text);
    lathe_error_clear();
    return 0;
}
