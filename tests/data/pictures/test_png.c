/* PNG: the memory that a small file may ask for. tests/data/pictures/test_picture.c has the rest. */
#include "support/support.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include <zlib.h>

enum { SIDE = 1024, ROOM = 1 << 17 };

typedef struct blob {
    uint8_t bytes[ROOM];
    size_t size;
} blob;

static void put_number(uint8_t *to, uint32_t value)
{
    for (int i = 0; i < 4; i++) to[i] = (uint8_t)(value >> 8 * (3 - i));
}

static void put_chunk(blob *out, const char *type, const void *body, size_t size)
{
    uint8_t *at = out->bytes + out->size;
    assert_true(out->size + size + 12 <= ROOM);
    put_number(at, (uint32_t)size);
    memcpy(at + 4, type, 4);
    memcpy(at + 8, body, size);
    put_number(at + 8 + size, (uint32_t)crc32(0, at + 4, (uInt)size + 4));
    out->size += size + 12;
}

/* One row of pixels of a PNG of that colour type, 8 bits each, with a palette and tRNS if they are given. */
static void make_row(blob *png, int kind, const uint8_t *row, size_t size, int width, const uint8_t *palette,
    size_t palette_size, const uint8_t *alpha, size_t alpha_size)
{
    uint8_t rows[64] = { 0 }, packed[256], header[13] = { [8] = 8, (uint8_t)kind };
    uLongf packed_size = sizeof packed;
    memcpy(rows + 1, row, size);
    put_number(header, (uint32_t)width), put_number(header + 4, 1);
    assert_int_equal(compress(packed, &packed_size, rows, size + 1), Z_OK);
    png->size = 8;
    memcpy(png->bytes, "\x89PNG\r\n\x1a\n", 8);
    put_chunk(png, "IHDR", header, 13);
    if (palette) put_chunk(png, "PLTE", palette, palette_size);
    if (alpha) put_chunk(png, "tRNS", alpha, alpha_size);
    put_chunk(png, "IDAT", packed, packed_size);
    put_chunk(png, "IEND", "", 0);
}

static void assert_pixels(const blob *png, const char *colour, int channels, const uint8_t *expected,
    size_t count)
{
    lathe_picture picture;
    lathe_picture_opts opts = { .channels = channels };
    assert_int_equal(lathe_colour_parse(colour, &opts.background), LATHE_OK);
    if (lathe_picture_decode(png->bytes, png->size, "row", &opts, &picture))
        fail_msg("%s", lathe_error_message());
    assert_int_equal((size_t)(picture.width * picture.height * picture.channels), count);
    assert_memory_equal(picture.pixels, expected, count);
    lathe_picture_free(&picture);
}

/* Opaque, half and no red on white, black and a colour; by alpha, a transparent colour and a palette. */
static void transparent_pixels_show_the_background(void **state)
{
    (void)state;
    static blob png;
    const uint8_t rgba[] = { 200, 0, 0, 255, 200, 0, 0, 128, 200, 0, 0, 0 };
    make_row(&png, 6, rgba, 12, 3, NULL, 0, NULL, 0);
    assert_pixels(&png, "", 3, (const uint8_t[]){ 200, 0, 0, 200, 0, 0, 200, 0, 0 }, 9);
    /* 200 * 128/255 + 255 * 127/255 = 227.4; 0 + 127 */
    assert_pixels(&png, "white", 3, (const uint8_t[]){ 200, 0, 0, 227, 127, 127, 255, 255, 255 }, 9);
    assert_pixels(&png, "black", 3, (const uint8_t[]){ 200, 0, 0, 100, 0, 0, 0, 0, 0 }, 9);
    assert_pixels(&png, "#0010fF", 3, (const uint8_t[]){ 200, 0, 0, 100, 8, 127, 0, 16, 255 }, 9);
    assert_pixels(&png, "white", 1, (const uint8_t[]){ 60, 157, 255 }, 3);
    assert_pixels(&png, "white", 4, rgba, 12); /* alpha was asked for */
    const uint8_t grey_alpha[] = { 100, 255, 100, 0 };
    make_row(&png, 4, grey_alpha, 4, 2, NULL, 0, NULL, 0);
    assert_pixels(&png, "white", 0, (const uint8_t[]){ 100, 255 }, 2);
    const uint8_t rgb[] = { 1, 2, 3, 9, 9, 9 }, key[] = { 0, 9, 0, 9, 0, 9 };
    make_row(&png, 2, rgb, 6, 2, NULL, 0, key, 6);
    assert_pixels(&png, "white", 3, (const uint8_t[]){ 1, 2, 3, 255, 255, 255 }, 6);
    const uint8_t palette[] = { 10, 20, 30, 40, 50, 60 }, alpha[] = { 255, 0 }, index[] = { 0, 1 };
    make_row(&png, 3, index, 2, 2, palette, 6, alpha, 2);
    assert_pixels(&png, "white", 3, (const uint8_t[]){ 10, 20, 30, 255, 255, 255 }, 6);
    make_row(&png, 2, rgb, 6, 2, NULL, 0, NULL, 0);
    assert_pixels(&png, "white", 3, rgb, 6); /* nothing is transparent */
    static const char *const wrong[] = { "red", "#12345", "#1234567", "#12345g", "ffffff", "# 12345",
        "#+12345" };
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        int background;
        assert_int_equal(lathe_colour_parse(wrong[i], &background), LATHE_EARG);
        assert_failed(LATHE_EARG, "is not a colour: white, black, grey or #rrggbb");
    }
}

/* A black picture of side x side, of `depth` bits and `channels` (3 or 4), interlaced or not. */
static void make(blob *png, uint32_t side, int depth, int channels, bool interlaced)
{
    static const uint32_t begin_x[] = { 0, 4, 0, 2, 0, 1, 0 }, begin_y[] = { 0, 0, 4, 0, 2, 0, 1 },
                          step_x[] = { 8, 8, 4, 4, 2, 2, 1 }, step_y[] = { 8, 8, 8, 4, 4, 2, 2 };
    const uint32_t pixel = (uint32_t)(depth / 8 * channels);
    uLong bytes = (uLong)side * (side * pixel + 1);
    for (int pass = 0; interlaced && pass < 7; pass++) {
        uint32_t across = (side - begin_x[pass] + step_x[pass] - 1) / step_x[pass];
        uint32_t down = (side - begin_y[pass] + step_y[pass] - 1) / step_y[pass];
        bytes = (pass ? bytes : 0) + (uLong)down * (across * pixel + 1);
    }
    uint8_t *rows = calloc(bytes, 1), *packed = malloc(ROOM);
    uLongf size = ROOM;
    uint8_t header[13] = { [8] = (uint8_t)depth, channels == 3 ? 2 : 6, 0, 0, interlaced };
    put_number(header, side), put_number(header + 4, side);
    assert_int_equal(compress(packed, &size, rows, bytes), Z_OK);
    png->size = 8;
    memcpy(png->bytes, "\x89PNG\r\n\x1a\n", 8);
    put_chunk(png, "IHDR", header, 13);
    put_chunk(png, "IDAT", packed, size);
    put_chunk(png, "IEND", "", 0);
    free(rows), free(packed);
}

static lathe_status decode(const blob *png, size_t max_pixels, int channels)
{
    lathe_picture picture;
    const lathe_picture_opts opts = { .max_pixels = max_pixels, .channels = channels };
    lathe_status status = lathe_picture_decode(png->bytes, png->size, "a.png", &opts, &picture);
    size_t count = status ? 0 : (size_t)picture.width * (size_t)picture.height * (size_t)picture.channels;
    for (size_t i = 0; i < count; i += 97) assert_int_equal(picture.pixels[i], 0);
    lathe_picture_free(&picture);
    return status;
}

/* At the limit of pixels, ordinary pictures fit the limit of memory; 16 bits of four channels do not. */
static void memory_is_bounded_by_the_limit_of_pixels(void **state)
{
    (void)state;
    static blob png;
    const size_t exact = (size_t)SIDE * SIDE;
    for (int interlaced = 0; interlaced < 2; interlaced++) {
        make(&png, SIDE, 8, 3, interlaced);
        assert_int_equal(decode(&png, exact, 3), LATHE_OK);
        make(&png, SIDE, 8, 4, interlaced);
        assert_int_equal(decode(&png, exact, 4), LATHE_OK);
    }
    make(&png, SIDE, 16, 3, false);
    assert_int_equal(decode(&png, exact, 3), LATHE_OK);
    make(&png, SIDE, 16, 4, true);
    assert_true(png.size < 20000);
    assert_int_equal(decode(&png, exact, 3), LATHE_EFORMAT);
    if (!strstr(lathe_error_message(), "a.png: needs ") ||
        !strstr(lathe_error_message(), "at most 16 are allowed (max_megapixels)"))
        fail_msg("%s", lathe_error_message());
    lathe_error_clear();
    assert_int_equal(decode(&png, 2 * exact, 3), LATHE_OK);
}

static void *decode_large(void *context) { return decode(context, 0, 3) ? context : NULL; }

/* Pictures that need more than 256 MiB wait for each other; none is lost, none waits for ever. */
static void large_pictures_take_turns(void **state)
{
    (void)state;
    static blob png;
    make(&png, 5200, 8, 3, false);
    pthread_t thread[3];
    for (int i = 0; i < 3; i++) assert_int_equal(pthread_create(&thread[i], NULL, decode_large, &png), 0);
    for (int i = 0; i < 3; i++) {
        void *failed;
        pthread_join(thread[i], &failed);
        assert_null(failed);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(transparent_pixels_show_the_background),
        cmocka_unit_test(memory_is_bounded_by_the_limit_of_pixels),
        cmocka_unit_test(large_pictures_take_turns),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
