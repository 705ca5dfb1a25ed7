/* Small pictures inside the page: PNG (ISO/IEC 15948) as base64 in a data URI (RFC 2397). */
#include <string.h>
#ifdef LATHE_ZLIB
#include <zlib.h>
#endif

#include "../core/alloc.h"
#include "../core/checksum.h"
#include "page_impl.h"

/* A buffer of fixed size: the size of the picture is known. */
typedef struct bytes {
    uint8_t *data;
    size_t count;
} bytes;

static void put(bytes *out, const void *data, size_t count)
{
    memcpy(out->data + out->count, data, count);
    out->count += count;
}

static void put_u32(bytes *out, uint32_t number)
{
    const uint8_t big[4] = { (uint8_t)(number >> 24), (uint8_t)(number >> 16), (uint8_t)(number >> 8),
        (uint8_t)number };
    put(out, big, 4);
}

static void chunk(bytes *out, const char *kind, const uint8_t *data, size_t count)
{
    size_t start;
    put_u32(out, (uint32_t)count);
    start = out->count;
    put(out, kind, 4);
    if (count) put(out, data, count);
    put_u32(out, lathe_crc32(0, out->data + start, count + 4));
}

static void base64(lathe_text *out, const uint8_t *data, size_t count)
{
    static const char digit[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for (size_t i = 0; i < count; i += 3) {
        uint32_t three = (uint32_t)data[i] << 16 | (i + 1 < count ? (uint32_t)data[i + 1] << 8 : 0) |
            (i + 2 < count ? data[i + 2] : 0);
        const char four[4] = { digit[three >> 18], digit[three >> 12 & 63],
            i + 1 < count ? digit[three >> 6 & 63] : '=', i + 2 < count ? digit[three & 63] : '=' };
        lathe_text_put_n(out, four, 4);
    }
}

/* Each row is a filter byte and its pixels, with a pixel's channels side by side. */
static void rows_of(uint8_t *rows, const uint8_t *pixels, int channels, int height, int width)
{
    for (int y = 0; y < height; y++) {
        *rows++ = 0;
        for (int x = 0; x < width; x++)
            for (int c = 0; c < channels; c++)
                *rows++ = pixels[((size_t)c * (size_t)height + (size_t)y) * (size_t)width + (size_t)x];
    }
}

#ifdef LATHE_ZLIB

static size_t most_packed(size_t size) { return compressBound((uLong)size); }

/* Returns how many bytes the zlib stream has; 0 if there is no memory. */
static size_t pack(uint8_t *to, size_t room, const uint8_t *rows, size_t size)
{
    uLongf packed = (uLongf)room;
    return compress2(to, &packed, rows, (uLong)size, 9) == Z_OK ? packed : 0;
}

#else

/* Stored as they are: RFC 1950, and RFC 1951, section 3.2.4. */
enum { BLOCK = 65535, BLOCK_HEAD = 5 };

static size_t most_packed(size_t size) { return size + (size / BLOCK + 1) * BLOCK_HEAD + 6; }

static size_t pack(uint8_t *to, size_t room, const uint8_t *rows, size_t size)
{
    (void)room;
    bytes out = { to, 0 };
    uint32_t a = 1, b = 0; /* Adler-32 */
    put(&out, "\x78\x01", 2);
    for (size_t at = 0, part; at < size; at += part) {
        part = size - at < BLOCK ? size - at : BLOCK;
        const uint8_t head[BLOCK_HEAD] = { at + part == size, (uint8_t)part, (uint8_t)(part >> 8),
            (uint8_t)~part, (uint8_t)(~part >> 8) };
        put(&out, head, BLOCK_HEAD);
        put(&out, rows + at, part);
    }
    for (size_t i = 0; i < size; i++) {
        a = (a + rows[i]) % 65521;
        b = (b + a) % 65521;
    }
    put_u32(&out, b << 16 | a);
    return out.count;
}

#endif

lathe_status lathe_report_png(lathe_text *out, const uint8_t *pixels, int channels, int height, int width)
{
    if ((channels != 1 && channels != 3) || height < 1 || width < 1 || height > 4096 || width > 4096)
        return lathe_fail(LATHE_EARG,
            "lathe_report_png: [%d, %d, %d], expected 1 or 3 channels and sides of 1 to 4096", channels,
            height, width);
    size_t raw = (size_t)height * ((size_t)width * (size_t)channels + 1);
    size_t most = most_packed(raw);
    uint8_t *room = lathe_alloc(lathe_plus(lathe_plus(raw, lathe_times(2, most)), 128), 1);
    if (!room) return lathe_error();
    uint8_t *squeezed = room + raw;
    bytes file = { squeezed + most, 0 };
    uint8_t header[13] = { 0, 0, (uint8_t)(width >> 8), (uint8_t)width, 0, 0, (uint8_t)(height >> 8),
        (uint8_t)height, 8, channels == 3 ? 2 : 0, 0, 0, 0 };
    rows_of(room, pixels, channels, height, width);
    lathe_status status = LATHE_OK;
    size_t packed = pack(squeezed, most, room, raw);
    if (!packed) status = lathe_fail(LATHE_ENOMEM, "lathe_report_png: no memory");
    if (!status) {
        put(&file, "\x89PNG\r\n\x1a\n", 8);
        chunk(&file, "IHDR", header, sizeof header);
        chunk(&file, "IDAT", squeezed, packed);
        chunk(&file, "IEND", NULL, 0);
        lathe_text_put(out, "\"data:image/png;base64,");
        base64(out, file.data, file.count);
        lathe_text_put(out, "\"");
    }
    lathe_free(room);
    return status;
}
