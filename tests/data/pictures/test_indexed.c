/* PNG and BMP files with a palette: what pixels beyond the palette are. */
#include "support/blob.h"
#include "support/support.h"

#include <stdlib.h>
#include <string.h>

#include <zlib.h>

enum { WIDTH = 16, HEIGHT = 16 }; /* pixel i has index i */

static void colour_of(int index, uint8_t rgb[3])
{
    rgb[0] = (uint8_t)(index + 1), rgb[1] = (uint8_t)(255 - index), rgb[2] = (uint8_t)(7 * index + 3);
}

static test_blob make_png(int colours, int transparent)
{
    test_blob png = { .size = 0 };
    uint8_t palette[768], alpha[256], rows[HEIGHT * (WIDTH + 1)], packed[1024];
    uLongf size = sizeof packed;
    test_blob_put(&png, "\x89PNG\r\n\x1a\n", 8);
    test_blob_chunk(&png, "IHDR", (uint8_t[13]){ 0, 0, 0, WIDTH, 0, 0, 0, HEIGHT, 8, 3 }, 13);
    for (int i = 0; i < colours; i++) colour_of(i, palette + 3 * i), alpha[i] = (uint8_t)i;
    test_blob_chunk(&png, "PLTE", palette, 3 * (size_t)colours);
    if (transparent) test_blob_chunk(&png, "tRNS", alpha, (size_t)transparent);
    for (int y = 0; y < HEIGHT; y++) {
        rows[y * (WIDTH + 1)] = 0;
        for (int x = 0; x < WIDTH; x++) rows[y * (WIDTH + 1) + 1 + x] = (uint8_t)(WIDTH * y + x);
    }
    assert_int_equal(compress(packed, &size, rows, sizeof rows), Z_OK);
    test_blob_chunk(&png, "IDAT", packed, size);
    test_blob_chunk(&png, "IEND", "", 0);
    return png;
}

/* `header`: 12 (OS/2, three bytes a colour) or 40. */
static test_blob make_bmp(int colours, int header, bool from_top)
{
    test_blob bmp = { .size = 0 };
    const int entry = header == 12 ? 3 : 4;
    test_blob_put(&bmp, "BM\0\0\0\0\0\0\0\0", 10);
    test_blob_number(&bmp, (uint32_t)(14 + header + entry * colours), 4, false);
    test_blob_number(&bmp, (uint32_t)header, 4, false);
    test_blob_number(&bmp, WIDTH, header == 12 ? 2 : 4, false);
    test_blob_number(&bmp, (uint32_t)(from_top ? -HEIGHT : HEIGHT), header == 12 ? 2 : 4, false);
    test_blob_number(&bmp, 1, 2, false);
    test_blob_number(&bmp, 8, 2, false);
    for (int i = 0; header == 40 && i < 6; i++) test_blob_number(&bmp, 0, 4, false);
    for (int i = 0; i < colours; i++) {
        uint8_t rgb[3];
        colour_of(i, rgb);
        test_blob_put(&bmp, (uint8_t[]){ rgb[2], rgb[1], rgb[0], 0 }, (size_t)entry);
    }
    for (int y = 0; y < HEIGHT; y++)
        for (int x = 0; x < WIDTH; x++)
            test_blob_number(&bmp, (uint32_t)(WIDTH * (from_top ? y : HEIGHT - 1 - y) + x), 1, false);
    return bmp;
}

/* Leave other bytes on the stack than before. */
static void stain(int with)
{
    volatile uint8_t stack[32768];
    for (size_t i = 0; i < sizeof stack; i++) stack[i] = (uint8_t)with;
    (void)stack;
}

/* Colours up to the palette's end, then black, whatever lay in memory before. */
static void assert_colours(const test_blob *file, int colours, const char *name)
{
    for (int with = 0; with < 256; with += 85) {
        lathe_picture picture;
        stain(with);
        if (lathe_picture_decode(file->bytes, file->size, name, NULL, &picture))
            fail_msg("%s", lathe_error_message());
        assert_int_equal(picture.channels, 3);
        for (int i = 0; i < WIDTH * HEIGHT; i++) {
            uint8_t rgb[3] = { 0 };
            if (i < colours) colour_of(i, rgb);
            if (memcmp(picture.pixels + 3 * i, rgb, 3))
                fail_msg("%s: index %d of %d colours is %d %d %d", name, i, colours, picture.pixels[3 * i],
                    picture.pixels[3 * i + 1], picture.pixels[3 * i + 2]);
        }
        lathe_picture_free(&picture);
    }
}

static void pixels_beyond_the_palette_are_black(void **state)
{
    (void)state;
    static const int counts[] = { 1, 2, 16, 128, 251, 252, 253, 255, 256 };
    for (size_t n = 0; n < sizeof counts / sizeof counts[0]; n++) {
        const int colours = counts[n];
        test_blob file = make_png(colours, 0);
        assert_colours(&file, colours, "a.png");
        file = make_png(colours, colours / 2);
        assert_colours(&file, colours, "transparent.png");
        file = make_bmp(colours, 40, false);
        assert_colours(&file, colours, "a.bmp");
        file = make_bmp(colours, 40, true);
        assert_colours(&file, colours, "from-top.bmp");
        file = make_bmp(colours, 12, false);
        assert_colours(&file, colours, "old.bmp");
    }
}

/* With four channels a palette's alpha is kept; beyond it everything is opaque. */
static void alpha_of_a_palette_is_kept(void **state)
{
    (void)state;
    lathe_picture picture;
    const test_blob file = make_png(100, 50);
    assert_int_equal(lathe_picture_decode(file.bytes, file.size, "a.png",
                         &(lathe_picture_opts){ .channels = 4 }, &picture),
        LATHE_OK);
    for (int i = 0; i < WIDTH * HEIGHT; i++) assert_int_equal(picture.pixels[4 * i + 3], i < 50 ? i : 255);
    lathe_picture_free(&picture);
}

static void a_palette_within_the_header_is_refused(void **state)
{
    (void)state;
    lathe_picture picture;
    for (uint32_t begin = 0; begin <= 54; begin++) { /* at 54 there is a palette of no colours */
        test_blob file = make_bmp(16, 40, false);
        file.bytes[10] = (uint8_t)begin;
        lathe_status status = lathe_picture_decode(file.bytes, file.size, "a.bmp", NULL, &picture);
        assert_int_equal(status, begin < 54 ? LATHE_EFORMAT : LATHE_OK);
        lathe_picture_free(&picture);
        lathe_error_clear();
    }
    test_blob two = make_png(4, 0);
    test_blob file = { .size = 0 };
    test_blob_put(&file, two.bytes, 33 + 24);
    test_blob_put(&file, two.bytes + 33, two.size - 33);
    assert_int_equal(lathe_picture_decode(file.bytes, file.size, "a.png", NULL, &picture), LATHE_EFORMAT);
    assert_string_equal(lathe_error_message(), "a.png: the PNG has two palettes");
    lathe_error_clear();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pixels_beyond_the_palette_are_black),
        cmocka_unit_test(alpha_of_a_palette_is_kept),
        cmocka_unit_test(a_palette_within_the_header_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
