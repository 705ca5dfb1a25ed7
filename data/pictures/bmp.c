/* BMP: the header is checked here; stb_image decodes the picture. */
#include "picture_impl.h"

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
    return lathe_picture_stb(file, (size_t)width * height * 8 + 65536, 3, picture);
}

const lathe_picture_kind lathe_bmp_picture = { .name = "BMP", .is = is_bmp, .decode = decode_bmp };
