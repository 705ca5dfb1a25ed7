/*
 * JPEG through stb_image, for files that one made oneself: the build option LATHE_JPEG=stb. Debian's
 * stb_image 2.27 writes beyond its tables for some files that are made to do that; what is looked over here
 * first are the tables, that each scan has its own, the sizes and the end.
 */
#include "picture_impl.h"

/* What a walk over all segments finds. Tables are bits, 1 << number: those there are, and those of
 * quantisation that the components want. */
typedef struct lathe_jpeg_frame {
    uint32_t width, height;
    int components;
    bool progressive;
    unsigned huffman[2], quantisation, wanted;
} lathe_jpeg_frame;

/* Huffman tables: class (0 DC, 1 AC) and number, 16 counts of codes, 256 at most together, then a byte each.
 */
static bool take_huffman(lathe_jpeg_frame *frame, const uint8_t *body, size_t size)
{
    while (size) {
        size_t codes = 0;
        uint32_t room = 1; /* codes of the present length that are still free */
        if (size < 17 || body[0] >> 4 > 1 || (body[0] & 15) > 3) return false;
        for (int i = 1; i <= 16; i++) {
            room *= 2;
            if (body[i] > room) return false;
            room -= body[i];
            codes += body[i];
        }
        if (codes > 256 || size - 17 < codes) return false;
        frame->huffman[body[0] >> 4] |= 1u << (body[0] & 15);
        body += 17 + codes;
        size -= 17 + codes;
    }
    return true;
}

/* Tables of quantisation: whether of 16 bits and number, then 64 numbers. */
static bool take_quantisation(lathe_jpeg_frame *frame, const uint8_t *body, size_t size)
{
    while (size) {
        const size_t bytes = body[0] >> 4 ? 129 : 65;
        if (size < bytes || body[0] >> 4 > 1 || (body[0] & 15) > 3) return false;
        frame->quantisation |= 1u << (body[0] & 15);
        body += bytes;
        size -= bytes;
    }
    return true;
}

/* Precision, height, width, then of each component its name, sampling and table of quantisation. */
static bool take_frame(lathe_jpeg_frame *frame, const uint8_t *body, size_t size, bool progressive)
{
    if (size < 6 || frame->components || size < 6 + 3 * (size_t)body[5]) return false;
    frame->progressive = progressive;
    frame->height = (uint32_t)body[1] << 8 | body[2];
    frame->width = (uint32_t)body[3] << 8 | body[4];
    frame->components = body[5];
    for (int i = 0; i < frame->components; i++) frame->wanted |= 1u << (body[8 + 3 * i] & 31);
    return frame->components > 0;
}

/* A scan: of each component its name and Huffman tables, then the first coefficient. Its tables must have
 * come before. */
static bool may_scan(const lathe_jpeg_frame *frame, const uint8_t *body, size_t size)
{
    if (!size || size < 4 + 2 * (size_t)body[0] || !frame->components || frame->wanted & ~frame->quantisation)
        return false;
    const bool ac = !frame->progressive || body[1 + 2 * body[0]] > 0,
               dc = !frame->progressive || body[1 + 2 * body[0]] == 0;
    for (int i = 0; i < body[0]; i++) {
        const int tables = body[2 + 2 * i];
        if (dc && !(frame->huffman[0] >> (tables >> 4) & 1)) return false;
        if (ac && !(frame->huffman[1] >> (tables & 15) & 1)) return false;
    }
    return true;
}

/* From the data of a scan to the marker behind it: a byte 255 in the data is followed by 0, or is a restart
 * marker. */
static size_t behind_scan(const uint8_t *bytes, size_t size, size_t at)
{
    while (size - at >= 2 &&
        (bytes[at] != 0xFF || !bytes[at + 1] || (bytes[at + 1] >= 0xD0 && bytes[at + 1] <= 0xD7)))
        at++;
    return at;
}

static lathe_status look_over(const lathe_picture_file *file, lathe_jpeg_frame *frame)
{
    const uint8_t *bytes = file->bytes;
    size_t size = file->size, at = 2;
    for (;;) {
        while (size - at >= 2 && bytes[at] == 0xFF && bytes[at + 1] == 0xFF) at++; /* fill */
        if (size - at < 2) return lathe_fail(LATHE_EFORMAT, "%s: Premature end of JPEG file", file->name);
        if (bytes[at] != 0xFF)
            return lathe_fail(LATHE_EFORMAT, "%s: no JPEG marker at byte %zu", file->name, at);
        int marker = bytes[at + 1];
        if (marker == 0xD9) return LATHE_OK;
        size_t length = size - at >= 4 ? (size_t)bytes[at + 2] << 8 | bytes[at + 3] : 0;
        if (length < 2 || length > size - at - 2)
            return lathe_fail(LATHE_EFORMAT, "%s: Premature end of JPEG file", file->name);
        const uint8_t *body = bytes + at + 4;
        const bool good = marker == 0xC4     ? take_huffman(frame, body, length - 2) :
            marker == 0xDB                   ? take_quantisation(frame, body, length - 2) :
            marker >= 0xC0 && marker <= 0xC2 ? take_frame(frame, body, length - 2, marker == 0xC2) :
                                               marker != 0xDA || may_scan(frame, body, length - 2);
        if (!good)
            return lathe_fail(LATHE_EFORMAT, "%s: a JPEG whose segment %02x is damaged or lacks its tables",
                file->name, marker);
        at += 2 + length;
        if (marker == 0xDA) at = behind_scan(bytes, size, at);
    }
}

lathe_status lathe_picture_jpeg_pixels(lathe_picture_file *file, lathe_picture *picture)
{
    lathe_jpeg_frame frame = { 0 };
    lathe_status status = look_over(file, &frame);
    if (!status) status = lathe_picture_check_size(file, frame.width, frame.height);
    if (status) return status;
    /* samples, their coefficients in 16 bits if progressive, four channels out, and sides rounded up to whole
     * blocks */
    size_t budget = ((size_t)frame.width + 64) * ((size_t)frame.height + 64) * 20 + 65536;
    return lathe_picture_stb(file, budget, frame.components == 1 ? 1 : 3, picture);
}
