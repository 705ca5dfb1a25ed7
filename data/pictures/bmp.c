/* BMP: the header is checked here; stb_image decodes the picture. */
#include "picture_impl.h"

#include <string.h>

#include "../../core/alloc.h"

static bool is_bmp(const uint8_t *bytes, size_t size)
{
    return size >= 26 && bytes[0] == 'B' && bytes[1] == 'M';
}

static uint32_t little_endian(const uint8_t *bytes, int count)
{
    uint32_t value = 0;
    for (int i = count; i-- > 0;) value = value << 8 | bytes[i];
    return value;
}

static void put_little_endian(uint8_t *bytes, uint32_t value, int count)
{
    for (int i = 0; i < count; i++, value >>= 8) bytes[i] = (uint8_t)value;
}

/* What a BMP with a palette says of itself. */
typedef struct bmp_indexed {
    uint32_t begin, header, width, height, depth; /* height as stored: negative from the top */
    size_t bytes;                                 /* of the pixels */
} bmp_indexed;

/*
 * Write the picture anew with a palette of 256 colours, black where the file has none, and decode that.
 * stb_image leaves the colours beyond a file's palette unset, and counts palettes of old headers wrong.
 */
static lathe_status decode_indexed(const lathe_picture_file *file, const bmp_indexed *bmp, size_t budget,
    lathe_picture *picture)
{
    enum { PALETTE = 14 + 40, PIXELS = PALETTE + 4 * 256 };
    const size_t entry = bmp->header == 12 ? 3 : 4, first = 14 + (size_t)bmp->header;
    if (bmp->begin < first)
        return lathe_fail(LATHE_EFORMAT, "%s: the BMP's pixels begin at byte %lu, inside its header",
            file->name, (unsigned long)bmp->begin);
    size_t colours = (bmp->begin - first) / entry;
    if (colours > 256) colours = 256;
    uint8_t *bytes = lathe_alloc(lathe_plus(PIXELS, bmp->bytes), 1);
    if (!bytes) return LATHE_ENOMEM;
    memcpy(bytes, "BM", 2);
    put_little_endian(bytes + 10, PIXELS, 4);
    put_little_endian(bytes + 14, 40, 4);
    put_little_endian(bytes + 18, bmp->width, 4);
    put_little_endian(bytes + 22, bmp->height, 4);
    put_little_endian(bytes + 26, 1, 2);
    put_little_endian(bytes + 28, bmp->depth, 2);
    for (size_t i = 0; i < colours; i++) memcpy(bytes + PALETTE + 4 * i, file->bytes + first + entry * i, 3);
    memcpy(bytes + PIXELS, file->bytes + bmp->begin, bmp->bytes);
    lathe_picture_file whole = *file;
    whole.bytes = bytes;
    whole.size = PIXELS + bmp->bytes;
    lathe_status status = lathe_picture_stb(&whole, budget, 3, picture);
    lathe_free(bytes);
    return status;
}

static lathe_status decode_bmp(lathe_picture_file *file, lathe_picture *picture)
{
    const uint8_t *bytes = file->bytes;
    uint32_t begin = little_endian(bytes + 10, 4), header = little_endian(bytes + 14, 4);
    bool old = header == 12;
    if (!old && (header < 40 || file->size < 54))
        return lathe_fail(LATHE_EFORMAT, "%s: BMP header of %lu bytes", file->name, (unsigned long)header);
    uint32_t width = little_endian(bytes + 18, old ? 2 : 4),
             height = little_endian(bytes + (old ? 20 : 22), old ? 2 : 4);
    uint32_t depth = little_endian(bytes + (old ? 24 : 28), 2),
             packing = old ? 0 : little_endian(bytes + 30, 4);
    const uint32_t stored_height = height;
    if (!old && height >> 31) height = -height; /* from the top */
    lathe_status status = lathe_picture_check_size(file, width, height);
    if (status) return status;
    if (packing != 0 && packing != 3)
        return lathe_fail(LATHE_EFORMAT, "%s: a compressed BMP (kind %lu)", file->name,
            (unsigned long)packing);
    if (depth != 1 && depth != 4 && depth != 8 && depth != 16 && depth != 24 && depth != 32)
        return lathe_fail(LATHE_EFORMAT, "%s: a BMP of %lu bits a pixel", file->name, (unsigned long)depth);
    uint64_t row = ((uint64_t)width * depth + 31) / 32 * 4, needed = begin + row * height;
    if (needed > file->size)
        return lathe_fail(LATHE_EFORMAT, "%s: the BMP is truncated: it has %zu bytes, its header needs %llu",
            file->name, file->size, (unsigned long long)needed);
    size_t budget = (size_t)width * height * 8 + 65536;
    status = lathe_picture_reserve(file, budget);
    if (status) return status;
    if (depth > 8) return lathe_picture_stb(file, budget, 3, picture);
    if (packing) return lathe_fail(LATHE_EFORMAT, "%s: a BMP with a palette and masks", file->name);
    const bmp_indexed indexed = { begin, header, width, stored_height, depth, (size_t)row * height };
    return decode_indexed(file, &indexed, budget, picture);
}

const lathe_picture_kind lathe_bmp_picture = { .name = "BMP", .is = is_bmp, .decode = decode_bmp };
