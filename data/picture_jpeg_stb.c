/*
 * JPEG through stb_image, for files that one made oneself: the build option LATHE_JPEG=stb. Debian's stb_image 2.27 writes beyond its tables for
 * some files that are made to do that; what is looked over here first are the sums of the Huffman tables, the sizes and the end.
 */
#include "picture_impl.h"

/* What a walk over all segments finds. */
typedef struct lathe_jpeg_frame {
    uint32_t width, height;
    int components;
} lathe_jpeg_frame;

/* Huffman tables: 16 counts of codes, 256 at most together, then a byte each. */
static bool good_tables(const uint8_t *body, size_t size)
{
    while (size) {
        size_t codes = 0;
        uint32_t room = 1; /* codes of the present length that are still free */
        if (size < 17) return false;
        for (int i = 1; i <= 16; i++) {
            room *= 2;
            if (body[i] > room) return false;
            room -= body[i];
            codes += body[i];
        }
        if (codes > 256 || size - 17 < codes) return false;
        body += 17 + codes;
        size -= 17 + codes;
    }
    return true;
}

/* From the data of a scan to the marker behind it: a byte 255 in the data is followed by 0, or is a restart marker. */
static size_t behind_scan(const uint8_t *bytes, size_t size, size_t at)
{
    while (size - at >= 2 && (bytes[at] != 0xFF || !bytes[at + 1] || (bytes[at + 1] >= 0xD0 && bytes[at + 1] <= 0xD7))) at++;
    return at;
}

static lathe_status look_over(const lathe_picture_file *file, lathe_jpeg_frame *frame)
{
    const uint8_t *bytes = file->bytes;
    size_t size = file->size, at = 2;
    for (;;) {
        while (size - at >= 2 && bytes[at] == 0xFF && bytes[at + 1] == 0xFF) at++; /* fill */
        if (size - at < 2) return lathe_fail(LATHE_EFORMAT, "%s: Premature end of JPEG file", file->name);
        if (bytes[at] != 0xFF) return lathe_fail(LATHE_EFORMAT, "%s: no JPEG marker at byte %zu", file->name, at);
        int marker = bytes[at + 1];
        if (marker == 0xD9) return LATHE_OK;
        size_t length = size - at >= 4 ? (size_t)bytes[at + 2] << 8 | bytes[at + 3] : 0;
        if (length < 2 || length > size - at - 2) return lathe_fail(LATHE_EFORMAT, "%s: Premature end of JPEG file", file->name);
        const uint8_t *body = bytes + at + 4;
        if (marker == 0xC4 && !good_tables(body, length - 2)) return lathe_fail(LATHE_EFORMAT, "%s: a Huffman table of too many codes", file->name);
        if (marker >= 0xC0 && marker <= 0xC2 && length >= 8) {
            *frame = (lathe_jpeg_frame){ .height = (uint32_t)body[1] << 8 | body[2], .width = (uint32_t)body[3] << 8 | body[4], .components = body[5] };
        }
        at += 2 + length;
        if (marker == 0xDA) at = behind_scan(bytes, size, at);
    }
}

lathe_status lathe_picture_jpeg_pixels(lathe_picture_file *file, bool adobe, lathe_picture *picture)
{
    (void)adobe; /* stb_image looks for it itself */
    lathe_jpeg_frame frame = { 0 };
    lathe_status status = look_over(file, &frame);
    if (!status) status = lathe_picture_check_size(file, frame.width, frame.height);
    if (status) return status;
    /* samples, their coefficients in 16 bits if progressive, four channels out, and sides rounded up to whole blocks */
    size_t budget = ((size_t)frame.width + 64) * ((size_t)frame.height + 64) * 20 + 65536;
    return lathe_picture_stb(file, budget, frame.components == 1 ? 1 : 3, picture);
}
