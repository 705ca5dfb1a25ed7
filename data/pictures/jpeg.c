/* JPEG: what is known of a picture before its pixels. Those come from picture_jpeg_turbo.c, or
 * picture_jpeg_stb.c where lathe is built so. */
#include "picture_impl.h"

#include <string.h>

static bool is_jpeg(const uint8_t *bytes, size_t size)
{
    (void)size;
    return bytes[0] == 0xFF && bytes[1] == 0xD8 && bytes[2] == 0xFF;
}

/* The contents of the segments before the picture's data. */
typedef struct lathe_jpeg_marks {
    int orientation;
    bool adobe; /* by Adobe: CMYK is stored inverted */
} lathe_jpeg_marks;

static lathe_jpeg_marks read_marks(const uint8_t *bytes, size_t size)
{
    lathe_jpeg_marks marks = { .orientation = 1 };
    size_t at = 2;
    while (size - at >= 4 && bytes[at] == 0xFF) {
        int marker = bytes[at + 1];
        size_t length = (size_t)bytes[at + 2] << 8 | bytes[at + 3];
        if (marker == 0xFF) { /* fill */
            at++;
            continue;
        }
        if (marker == 0xDA || marker == 0xD9 || length < 2 || length > size - at - 2) break;
        const uint8_t *body = bytes + at + 4;
        if (marker == 0xE1 && length >= 8 && !memcmp(body, "Exif\0\0", 6))
            marks.orientation = lathe_picture_exif(body + 6, length - 8);
        if (marker == 0xEE && length >= 7 && !memcmp(body, "Adobe", 5)) marks.adobe = true;
        at += 2 + length;
    }
    return marks;
}

static lathe_status decode_jpeg(lathe_picture_file *file, lathe_picture *picture)
{
    lathe_jpeg_marks marks = read_marks(file->bytes, file->size);
    file->orientation = marks.orientation;
    return lathe_picture_jpeg_pixels(file, marks.adobe, picture);
}

const lathe_picture_kind lathe_jpeg_picture = { .name = "JPEG", .is = is_jpeg, .decode = decode_jpeg };
