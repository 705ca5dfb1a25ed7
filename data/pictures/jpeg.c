/* JPEG: what a file says before its pixels, which come from jpeg_turbo.c or, built so, from jpeg_stb.c. */
#include "picture_impl.h"

#include <string.h>

static bool is_jpeg(const uint8_t *bytes, size_t size)
{
    (void)size;
    return bytes[0] == 0xFF && bytes[1] == 0xD8 && bytes[2] == 0xFF;
}

/* EXIF's orientation, from the segments before the picture's data; 1: there is no EXIF. */
static int read_orientation(const uint8_t *bytes, size_t size)
{
    int orientation = 1;
    size_t at = 2;
    while (size - at >= 4) {
        int marker = bytes[at + 1];
        size_t length = (size_t)bytes[at + 2] << 8 | bytes[at + 3];
        if (bytes[at] != 0xFF || marker == 0xFF || marker == 0) { /* stray or fill */
            at++;
            continue;
        }
        if (marker == 0xDA || marker == 0xD9 || length < 2 || length > size - at - 2) break;
        const uint8_t *body = bytes + at + 4;
        if (marker == 0xE1 && length >= 8 && !memcmp(body, "Exif\0\0", 6))
            orientation = lathe_picture_exif(body + 6, length - 8);
        at += 2 + length;
    }
    return orientation;
}

static lathe_status decode_jpeg(lathe_picture_file *file, lathe_picture *picture)
{
    file->orientation = read_orientation(file->bytes, file->size);
    return lathe_picture_jpeg_pixels(file, picture);
}

const lathe_picture_kind lathe_jpeg_picture = { .name = "JPEG", .is = is_jpeg, .decode = decode_jpeg };
