/* PNG: the chunks are checked here; stb_image decodes the picture. */
#include "picture_impl.h"

#include <string.h>

#include "../../core/alloc.h"
#include "../../core/checksum.h"

#define INFLATE_MOST 1032 /* bytes that one compressed byte can become */

static bool is_png(const uint8_t *bytes, size_t size)
{
    (void)size;
    return !memcmp(bytes, "\x89PNG\r\n\x1a\n", 8);
}

static uint32_t big_endian(const uint8_t *bytes)
{
    return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 | bytes[3];
}

/* The contents of the chunks. */
typedef struct lathe_png_scan {
    uint32_t width, height;
    int depth, kind, channels;
    uint64_t packed; /* bytes of IDAT */
    size_t palette;  /* where the PLTE chunk begins; 0: there is none */
    bool ended, any_data;
} lathe_png_scan;

static lathe_status read_header(const lathe_picture_file *file, const uint8_t *body, uint32_t length,
    lathe_png_scan *scan)
{
    static const int channels_of[] = { 1, 0, 3, 1, 2, 0, 4 };
    if (length != 13)
        return lathe_fail(LATHE_EFORMAT, "%s: PNG header of %lu bytes", file->name, (unsigned long)length);
    scan->width = big_endian(body);
    scan->height = big_endian(body + 4);
    scan->depth = body[8];
    scan->kind = body[9];
    scan->channels = scan->kind <= 6 ? channels_of[scan->kind] : 0;
    if (!scan->channels) return lathe_fail(LATHE_EFORMAT, "%s: PNG colour type %d", file->name, scan->kind);
    if (scan->depth != 8 && scan->depth != 16 && scan->depth != 1 && scan->depth != 2 && scan->depth != 4)
        return lathe_fail(LATHE_EFORMAT, "%s: PNG of %d bits", file->name, scan->depth);
    return lathe_picture_check_size(file, scan->width, scan->height);
}

static lathe_status take_chunk(lathe_picture_file *file, const uint8_t *type, uint32_t length,
    lathe_png_scan *scan)
{
    const uint8_t *body = type + 4;
    bool first = !scan->width;
    if (first != !memcmp(type, "IHDR", 4))
        return lathe_fail(LATHE_EFORMAT, "%s: the PNG header is %s", file->name,
            first ? "missing" : "given twice");
    if (first) return read_header(file, body, length, scan);
    if (!memcmp(type, "PLTE", 4) && (length > 768 || length % 3))
        return lathe_fail(LATHE_EFORMAT, "%s: PNG palette of %lu bytes", file->name, (unsigned long)length);
    if (!memcmp(type, "PLTE", 4)) {
        if (scan->palette) return lathe_fail(LATHE_EFORMAT, "%s: the PNG has two palettes", file->name);
        scan->palette = (size_t)(type - 4 - file->bytes);
    }
    if (!memcmp(type, "IDAT", 4)) {
        if (!scan->any_data && !length)
            return lathe_fail(LATHE_EFORMAT, "%s: PNG data begins with an empty chunk", file->name);
        scan->any_data = true;
        scan->packed += length;
    }
    bool alpha = !memcmp(type, "tRNS", 4) || scan->kind == 4 || scan->kind == 6;
    if (alpha && file->opts.background && file->opts.channels != 4) file->transparent = true;
    if (!memcmp(type, "eXIf", 4)) file->orientation = lathe_picture_exif(body, length);
    scan->ended = !memcmp(type, "IEND", 4);
    return LATHE_OK;
}

/* Check every chunk: its length within the file, its CRC, and limits that protect the decoder. */
static lathe_status scan_chunks(lathe_picture_file *file, lathe_png_scan *scan)
{
    for (size_t at = 8; !scan->ended;) {
        size_t left = file->size - at;
        if (left < 12)
            return lathe_fail(LATHE_EFORMAT, "%s: the PNG is truncated: it has no end", file->name);
        const uint8_t *chunk = file->bytes + at;
        uint32_t length = big_endian(chunk);
        if (length > left - 12)
            return lathe_fail(LATHE_EFORMAT, "%s: a PNG chunk of %lu bytes, %zu are left", file->name,
                (unsigned long)length, left - 12);
        for (int i = 4; i < 8; i++)
            if ((chunk[i] | 32) < 'a' || (chunk[i] | 32) > 'z')
                return lathe_fail(LATHE_EFORMAT, "%s: a PNG chunk whose type has byte %02x", file->name,
                    chunk[i]);
        if (lathe_crc32(0, chunk + 4, length + 4) != big_endian(chunk + 8 + length))
            return lathe_fail(LATHE_EFORMAT, "%s: PNG chunk %.4s has a wrong CRC", file->name,
                (const char *)chunk + 4);
        lathe_status status = take_chunk(file, chunk + 4, length, scan);
        if (status) return status;
        at += 12 + (size_t)length;
    }
    return LATHE_OK;
}

/*
 * Decode an indexed picture with a palette of 256 colours, black where the file has none. stb_image leaves
 * the colours beyond a file's palette unset. It does not check the chunk's CRC.
 */
static lathe_status decode_indexed(const lathe_picture_file *file, const lathe_png_scan *scan, size_t budget,
    lathe_picture *picture)
{
    enum { WHOLE = 3 * 256 };
    const uint8_t *palette = file->bytes + scan->palette;
    size_t length = big_endian(palette), added = WHOLE - length, kept = scan->palette + 8 + length;
    uint8_t *bytes = lathe_alloc(lathe_plus(file->size, added), 1);
    if (!bytes) return LATHE_ENOMEM;
    memcpy(bytes, file->bytes, kept);
    bytes[scan->palette + 2] = WHOLE >> 8;
    bytes[scan->palette + 3] = WHOLE & 255;
    memcpy(bytes + kept + added, file->bytes + kept, file->size - kept);
    lathe_picture_file whole = *file;
    whole.bytes = bytes;
    whole.size = file->size + added;
    lathe_status status = lathe_picture_stb(&whole, budget, 3, picture);
    lathe_free(bytes);
    return status;
}

static lathe_status decode_png(lathe_picture_file *file, lathe_picture *picture)
{
    lathe_png_scan scan = { 0 };
    lathe_status status = scan_chunks(file, &scan);
    if (status) return status;
    if (!scan.any_data) return lathe_fail(LATHE_EFORMAT, "%s: the PNG has no data", file->name);
    uint64_t row =
        ((uint64_t)scan.width * (uint64_t)(scan.channels * scan.depth) + 7) / 8 + 1; /* at most 2^17 */
    uint64_t unpacked = row * scan.height;
    if (unpacked / INFLATE_MOST > scan.packed)
        return lathe_fail(LATHE_EFORMAT, "%s: %lu x %lu pixels from %llu bytes of PNG data", file->name,
            (unsigned long)scan.width, (unsigned long)scan.height, (unsigned long long)scan.packed);
    /* packed, unpacked (doubling, and interlaced rows of their own), 16-bit and 8-bit pixels of 4 channels */
    uint64_t pixels = (uint64_t)scan.width * scan.height;
    size_t budget = (size_t)(2 * scan.packed + 6 * unpacked + 20 * pixels + ((uint64_t)1 << 18));
    uint64_t likely = 3 * unpacked + 4 * pixels; /* the budget is for the worst case */
    if (likely > lathe_picture_memory(file)) likely = lathe_picture_memory(file);
    status = lathe_picture_reserve(file, likely);
    if (status) return status;
    if (scan.kind == 3 && scan.palette) return decode_indexed(file, &scan, budget, picture);
    return lathe_picture_stb(file, budget, scan.kind == 0 || scan.kind == 4 ? 1 : 3, picture);
}

const lathe_picture_kind lathe_png_picture = { .name = "PNG", .is = is_png, .decode = decode_png };
