/* A picture file, as each number of channels, and smaller. */
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const lathe_picture_opts opts[] = { { .max_pixels = 1 << 20 },
        { .max_pixels = 1 << 20, .channels = 1, .at_least = 4 }, { .max_pixels = 1 << 20, .channels = 4 } };
    uint64_t sum = 0;
    for (size_t i = 0; i < sizeof opts / sizeof opts[0]; i++) {
        lathe_picture picture;
        lathe_status status = lathe_picture_decode(data, size, "it", &opts[i], &picture);
        if (!status) {
            size_t bytes = (size_t)picture.width * (size_t)picture.height * (size_t)picture.channels;
            for (size_t k = 0; k < bytes; k++) sum += picture.pixels[k];
            fuzz_check(bytes > 0 && bytes <= (size_t)4 << 20, "a picture beyond its limits");
            lathe_picture_free(&picture);
        } else fuzz_check(picture.pixels == NULL && *lathe_error_message(), "refused, but not cleanly");
        lathe_error_clear();
    }
    return sum == UINT64_MAX; /* so that every pixel is read */
}
