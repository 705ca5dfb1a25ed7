#include "support/blob.h"
#include "support/support.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <turbojpeg.h>
#include <zlib.h>

#include "support/folder.h"

enum { WIDTH = 5, HEIGHT = 3 };

/* Five by three pixels of distinct colours. */
static void colour_at(int x, int y, uint8_t rgb[3])
{
    rgb[0] = (uint8_t)(40 * x + 10);
    rgb[1] = (uint8_t)(90 * y + 20);
    rgb[2] = (uint8_t)(255 - 17 * (x + 5 * y));
}

/* An 8-bit PNG of 1, 3 or 4 channels (alpha 128), each row with filter 0. */
static test_blob make_png(int channels)
{
    test_blob png = { .size = 0 };
    uint8_t header[13] = { 0, 0, 0, WIDTH, 0, 0, 0, HEIGHT, 8, channels == 1 ? 0 : channels == 3 ? 2 : 6 };
    test_blob_put(&png, "\x89PNG\r\n\x1a\n", 8);
    test_blob_chunk(&png, "IHDR", header, 13);
    uint8_t rows[HEIGHT * (1 + 4 * WIDTH)], packed[512], *at = rows;
    for (int y = 0; y < HEIGHT; y++) {
        *at++ = 0;
        for (int x = 0; x < WIDTH; x++) {
            uint8_t rgb[3];
            colour_at(x, y, rgb);
            for (int c = 0; c < channels; c++) *at++ = c < 3 ? rgb[c] : 128;
        }
    }
    uLongf size = sizeof packed;
    assert_int_equal(compress(packed, &size, rows, (uLong)(at - rows)), Z_OK);
    test_blob_chunk(&png, "IDAT", packed, size);
    test_blob_chunk(&png, "IEND", "", 0);
    return png;
}

/* 24 bits, from the bottom, or from the top. */
static test_blob make_bmp(bool from_top)
{
    test_blob bmp = { .size = 0 };
    int row = (3 * WIDTH + 3) / 4 * 4;
    test_blob_put(&bmp, "BM", 2);
    test_blob_number(&bmp, (uint32_t)(54 + row * HEIGHT), 4, false);
    test_blob_number(&bmp, 0, 4, false);
    test_blob_number(&bmp, 54, 4, false);
    test_blob_number(&bmp, 40, 4, false);
    test_blob_number(&bmp, WIDTH, 4, false);
    test_blob_number(&bmp, from_top ? (uint32_t)-HEIGHT : HEIGHT, 4, false);
    test_blob_number(&bmp, 1, 2, false);
    test_blob_number(&bmp, 24, 2, false);
    for (int i = 0; i < 6; i++) test_blob_number(&bmp, 0, 4, false);
    for (int y = 0; y < HEIGHT; y++) {
        for (int x = 0; x < WIDTH; x++) {
            uint8_t rgb[3];
            colour_at(x, from_top ? y : HEIGHT - 1 - y, rgb);
            test_blob_put(&bmp, (uint8_t[]){ rgb[2], rgb[1], rgb[0] }, 3);
        }
        test_blob_put(&bmp, "\0\0\0", (size_t)(row - 3 * WIDTH));
    }
    return bmp;
}

static test_blob make_pnm(int channels)
{
    test_blob pnm = { .size = 0 };
    const char *header = channels == 1 ? "P5 # a comment\n5\t3 255\n" : "P6\n# one\n# two\n5 3\n255\n";
    test_blob_put(&pnm, header, strlen(header));
    for (int y = 0; y < HEIGHT; y++)
        for (int x = 0; x < WIDTH; x++) {
            uint8_t rgb[3];
            colour_at(x, y, rgb);
            test_blob_put(&pnm, rgb, (size_t)channels);
        }
    return pnm;
}

/* A JPEG of w x h whose quarters are red, green, blue and white, with an EXIF orientation if that is not 0.
 */
static test_blob make_jpeg(int width, int height, int orientation, bool big)
{
    uint8_t *pixels = malloc((size_t)(width * height * 3));
    for (int y = 0; y < height; y++)
        for (int x = 0; x < width; x++) {
            bool right = x >= width / 2, below = y >= height / 2;
            uint8_t rgb[3] = { !right || below ? (below && !right ? 0 : 255) : 0, right ? 255 : 0,
                below ? 255 : 0 };
            memcpy(pixels + (y * width + x) * 3, rgb, 3);
        }
    unsigned char *packed = NULL;
    unsigned long size = 0;
    tjhandle handle = tjInitCompress();
    assert_int_equal(tjCompress2(handle, pixels, width, 0, height, TJPF_RGB, &packed, &size, TJSAMP_444, 95,
                         0),
        0);
    test_blob jpeg = { .size = 0 };
    test_blob_put(&jpeg, packed, 2);
    if (orientation) {
        test_blob_put(&jpeg, "\xFF\xE1", 2);
        test_blob_number(&jpeg, 2 + 6 + 8 + 2 + 2 * 12 + 4, 2, true);
        test_blob_put(&jpeg, "Exif\0\0", 6);
        test_blob_put(&jpeg, big ? "MM\0*" : "II*\0", 4);
        test_blob_number(&jpeg, 8, 4, big);
        test_blob_number(&jpeg, 2, 2, big);
        for (int entry = 0; entry < 2; entry++) { /* an entry of another kind, then the orientation */
            test_blob_number(&jpeg, entry ? 0x0112 : 0x0100, 2, big);
            test_blob_number(&jpeg, 3, 2, big);
            test_blob_number(&jpeg, 1, 4, big);
            test_blob_number(&jpeg, entry ? (uint32_t)orientation : 77, 2, big);
            test_blob_number(&jpeg, 0, 2, big);
        }
        test_blob_number(&jpeg, 0, 4, big);
    }
    test_blob_put(&jpeg, packed + 2, size - 2);
    tjFree(packed);
    tjDestroy(handle);
    free(pixels);
    return jpeg;
}

static void assert_colours(const test_blob *file, int channels, bool from_grey)
{
    lathe_picture picture;
    lathe_picture_opts opts = { .channels = channels };
    if (lathe_picture_decode(file->bytes, file->size, "it", &opts, &picture))
        fail_msg("%s", lathe_error_message());
    assert_int_equal(picture.width, WIDTH);
    assert_int_equal(picture.height, HEIGHT);
    if (channels) assert_int_equal(picture.channels, channels);
    for (int y = 0; y < HEIGHT; y++)
        for (int x = 0; x < WIDTH; x++) {
            uint8_t rgb[3], *got = picture.pixels + (y * WIDTH + x) * picture.channels;
            colour_at(x, y, rgb);
            if (from_grey) rgb[1] = rgb[2] = rgb[0];
            if (picture.channels >= 3) assert_memory_equal(got, rgb, 3);
            else
                assert_in_range(got[0] + 1, (77 * rgb[0] + 150 * rgb[1] + 29 * rgb[2]) / 256,
                    (77 * rgb[0] + 150 * rgb[1] + 29 * rgb[2]) / 256 + 2);
        }
    lathe_picture_free(&picture);
    assert_null(picture.pixels);
}

static void every_kind_gives_its_pixels(void **state)
{
    (void)state;
    static const int wanted[] = { 0, 1, 3, 4 };
    for (int i = 0; i < 4; i++) {
        test_blob files[] = { make_png(3), make_png(4), make_bmp(false), make_bmp(true), make_pnm(3),
            make_png(1), make_pnm(1) };
        for (int k = 0; k < 7; k++) assert_colours(&files[k], wanted[i], k >= 5);
    }
}

static void alpha_is_kept_if_asked_for(void **state)
{
    (void)state;
    test_blob png = make_png(4);
    lathe_picture picture;
    assert_int_equal(lathe_picture_decode(png.bytes, png.size, "it", &(lathe_picture_opts){ .channels = 4 },
                         &picture),
        LATHE_OK);
    assert_int_equal(picture.pixels[3], 128);
    lathe_picture_free(&picture);
    assert_int_equal(lathe_picture_decode(png.bytes, png.size, "it", NULL, &picture), LATHE_OK);
    assert_int_equal(picture.channels, 3);
    lathe_picture_free(&picture);
}

static void pnm_samples_are_scaled(void **state)
{
    (void)state;
    static const char pgm[] = "P5 3 1 4 \0\2\4";
    lathe_picture picture;
    assert_int_equal(lathe_picture_decode(pgm, sizeof pgm - 1, "it", NULL, &picture), LATHE_OK);
    assert_memory_equal(picture.pixels, "\0\x80\xFF", 3);
    lathe_picture_free(&picture);
}

/* Which quarter a pixel belongs to: 0 red, 1 green, 2 blue, 3 white. */
static int quarter(const lathe_picture *picture, int x, int y)
{
    const uint8_t *p = picture->pixels + (y * picture->width + x) * picture->channels;
    return p[0] > 128 ? (p[1] > 128 ? 3 : 0) : p[1] > 128 ? 1 : 2;
}

static void exif_orientation_is_honoured(void **state)
{
    (void)state;
    /* the quarters from top left, by rows, after each orientation; stored: red green / blue white */
    static const int upright[9][4] = { { 0, 1, 2, 3 }, { 0, 1, 2, 3 }, { 1, 0, 3, 2 }, { 3, 2, 1, 0 },
        { 2, 3, 0, 1 }, { 0, 2, 1, 3 }, { 2, 0, 3, 1 }, { 3, 1, 2, 0 }, { 1, 3, 0, 2 } };
    for (int orientation = 0; orientation <= 10; orientation++)
        for (int big = 0; big < 2; big++) {
            test_blob jpeg = make_jpeg(48, 32, orientation, big);
            const int *want = upright[orientation <= 8 ? orientation : 0];
            lathe_picture picture;
            assert_int_equal(lathe_picture_decode(jpeg.bytes, jpeg.size, "it", NULL, &picture), LATHE_OK);
            bool turned = orientation >= 5 && orientation <= 8;
            assert_int_equal(picture.width, turned ? 32 : 48);
            assert_int_equal(picture.height, turned ? 48 : 32);
            for (int k = 0; k < 4; k++)
                assert_int_equal(quarter(&picture, k % 2 ? picture.width - 3 : 2,
                                     k / 2 ? picture.height - 3 : 2),
                    want[k]);
            lathe_picture_free(&picture);
            lathe_picture_opts as_stored = { .no_orientation = true };
            assert_int_equal(lathe_picture_decode(jpeg.bytes, jpeg.size, "it", &as_stored, &picture),
                LATHE_OK);
            assert_int_equal(picture.width, 48);
            assert_int_equal(quarter(&picture, 2, 2), 0);
            lathe_picture_free(&picture);
        }
}

static void a_jpeg_may_be_decoded_smaller(void **state)
{
    (void)state;
#ifdef LATHE_TEST_JPEG_STB
    skip(); /* stb_image has no such thing */
#endif
    static const int cases[][3] = { { 0, 200, 104 }, { 1, 25, 13 }, { 13, 25, 13 }, { 14, 50, 26 },
        { 26, 50, 26 }, { 27, 100, 52 }, { 53, 200, 104 }, { 500, 200, 104 } };
    test_blob jpeg = make_jpeg(200, 104, 0, false);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        lathe_picture picture;
        lathe_picture_opts opts = { .at_least = cases[i][0] };
        assert_int_equal(lathe_picture_decode(jpeg.bytes, jpeg.size, "it", &opts, &picture), LATHE_OK);
        assert_int_equal(picture.width, cases[i][1]);
        assert_int_equal(picture.height, cases[i][2]);
        assert_int_equal(quarter(&picture, picture.width - 2, picture.height - 2), 3);
        lathe_picture_free(&picture);
    }
}

typedef struct asked {
    int by, width, height;
} asked;

static int reduce(void *context, int width, int height)
{
    asked *a = context;
    a->width = width, a->height = height;
    return a->by;
}

/* 203 / 8 is 25.375: of 26 columns the last is filled in part, or the first if the picture is mirrored. */
static void a_caller_may_say_by_how_much(void **state)
{
    (void)state;
#ifdef LATHE_TEST_JPEG_STB
    skip(); /* stb_image has no such thing */
#endif
    for (int orientation = 1; orientation <= 8; orientation++) {
        const bool swap = orientation >= 5,
                   across = orientation == 2 || orientation == 3 || orientation == 6 || orientation == 7,
                   down = orientation == 3 || orientation == 4 || orientation == 7 || orientation == 8;
        test_blob jpeg = make_jpeg(203, 101, orientation, false);
        asked a = { .by = 8 };
        lathe_picture picture;
        const lathe_picture_opts opts = { .reduce = reduce, .context = &a };
        assert_int_equal(lathe_picture_decode(jpeg.bytes, jpeg.size, "it", &opts, &picture), LATHE_OK);
        assert_int_equal(a.width, swap ? 101 : 203);
        assert_int_equal(a.height, swap ? 203 : 101);
        assert_int_equal(picture.file_width, a.width);
        assert_int_equal(picture.file_height, a.height);
        assert_int_equal(picture.reduced, 8);
        assert_int_equal(picture.width, swap ? 13 : 26);
        assert_int_equal(picture.height, swap ? 26 : 13);
        assert_true(picture.left == (!across ? 0 : swap ? 13 - 101 / 8.0 : 26 - 203 / 8.0));
        assert_true(picture.top == (!down ? 0 : swap ? 26 - 203 / 8.0 : 13 - 101 / 8.0));
        lathe_picture_free(&picture);
    }
}

/* More than asked, if the limit of pixels demands it. */
static void the_limit_of_pixels_reduces_further(void **state)
{
    (void)state;
#ifdef LATHE_TEST_JPEG_STB
    skip();
#endif
    test_blob jpeg = make_jpeg(201, 103, 0, false);
    static const struct {
        size_t most;
        int width;
    } cases[] = { { 20703, 201 }, { 20702, 101 }, { 5252, 101 }, { 5251, 51 }, { 1325, 26 }, { 337, 0 } };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        asked a = { .by = 1 };
        lathe_picture picture;
        const lathe_picture_opts opts = { .reduce = reduce, .context = &a, .max_pixels = cases[i].most };
        lathe_picture_decode(jpeg.bytes, jpeg.size, "it", &opts, &picture);
        assert_int_equal(picture.width, cases[i].width);
        lathe_picture_free(&picture);
        lathe_error_clear();
    }
}

static void refused(const test_blob *file, const lathe_picture_opts *opts, lathe_status status,
    const char *name, const char *reason)
{
    lathe_picture picture = { .width = 1, .height = 1, .channels = 1, .pixels = NULL };
    lathe_error_clear();
    if (!lathe_picture_decode(file->bytes, file->size, "some/name", opts, &picture))
        fail_msg("%s: was accepted", name);
    assert_null(picture.pixels);
    assert_int_equal(picture.width, 0);
    if (status == LATHE_EFORMAT && strncmp(lathe_error_message(), "some/name: ", 11))
        fail_msg("%s: '%s' does not name the file", name, lathe_error_message());
    if (lathe_error() != status || !strstr(lathe_error_message(), reason))
        fail_msg("%s: '%s', expected '%s'", name, lathe_error_message(), reason);
}

static void limits_are_kept(void **state)
{
    (void)state;
    test_blob files[] = { make_png(3), make_bmp(false), make_pnm(1), make_jpeg(WIDTH, HEIGHT, 0, false) };
    for (int k = 0; k < 4; k++) {
        refused(&files[k], &(lathe_picture_opts){ .max_side = 4 }, LATHE_EFORMAT, "side",
            "5 x 3 pixels, the longest side allowed is 4");
        refused(&files[k], &(lathe_picture_opts){ .max_pixels = 14 }, LATHE_EFORMAT, "pixels",
            "5 x 3 pixels, at most 14 are allowed");
        refused(&files[k], &(lathe_picture_opts){ .max_bytes = 20 }, LATHE_EFORMAT, "bytes",
            "bytes, at most 20 are allowed");
        lathe_picture picture;
        lathe_picture_opts just = { .max_side = 5, .max_pixels = 15, .max_bytes = files[k].size };
        assert_int_equal(lathe_picture_decode(files[k].bytes, files[k].size, "it", &just, &picture),
            LATHE_OK);
        lathe_picture_free(&picture);
    }
    refused(&files[0], &(lathe_picture_opts){ .channels = 2 }, LATHE_EARG, "channels", "2 channels");
    refused(&files[0], &(lathe_picture_opts){ .channels = -1 }, LATHE_EARG, "channels", "-1 channels");
    refused(&files[0], &(lathe_picture_opts){ .max_side = 70000 }, LATHE_EARG, "side", "max_side is 70000");
    refused(&files[0], &(lathe_picture_opts){ .max_bytes = (size_t)1 << 40 }, LATHE_EARG, "bytes",
        "max_bytes");
    lathe_picture picture;
    assert_int_equal(lathe_picture_decode(NULL, 0, "it", NULL, &picture), LATHE_EARG);
    lathe_error_clear();
}

/* One thing wrong with one file: `count` bytes at `at` (from the end if negative) replaced, or the file cut
 * there. */
typedef struct defect {
    const char *name;
    char kind; /* 'p' PNG, 'b' BMP, 'n' PNM, 'j' JPEG */
    int at, count;
    const char *bytes;
    bool mend_crc; /* of the PNG's header */
    const char *reason;
} defect;

static const defect defects[] = { { "PNG: cut to nothing", 'p', 7, 0, NULL, 0, "7 bytes are not a picture" },
    { "PNG: signature", 'p', 4, 1, "\n", 0, "not a JPEG, PNG, BMP or PNM file" },
    { "PNG: signature alone", 'p', 8, 0, NULL, 0, "truncated: it has no end" },
    { "PNG: no end", 'p', -12, 0, NULL, 0, "truncated: it has no end" },
    { "PNG: half an end", 'p', -1, 0, NULL, 0, "truncated: it has no end" },
    { "PNG: cut in the data", 'p', -30, 0, NULL, 0, "a PNG chunk of" },
    { "PNG: header length", 'p', 11, 1, "\x0C", 0, "CRC" },
    { "PNG: header length 2^31", 'p', 8, 1, "\x80", 0, "a PNG chunk of 2147483661 bytes" },
    { "PNG: no width", 'p', 19, 1, "\0", 1, "0 x 3 pixels" },
    { "PNG: no height", 'p', 23, 1, "\0", 1, "5 x 0 pixels" },
    { "PNG: width 2^31", 'p', 16, 1, "\x80", 1, "2147483653 x 3 pixels" },
    { "PNG: more pixels than the data can hold", 'p', 18, 6, "\x3F\xFF\0\0\x04\0", 1,
        "16383 x 1024 pixels from" },
    { "PNG: a row more", 'p', 23, 1, "\4", 1, "not enough pixels" },
    { "PNG: 3 bits", 'p', 24, 1, "\3", 1, "PNG of 3 bits" },
    { "PNG: 16 bits said", 'p', 24, 1, "\x10", 1, "not enough pixels" },
    { "PNG: colour type 1", 'p', 25, 1, "\1", 1, "PNG colour type 1" },
    { "PNG: colour type 7", 'p', 25, 1, "\7", 1, "PNG colour type 7" },
    { "PNG: a palette that is not there", 'p', 25, 1, "\3", 1, "no PLTE" },
    { "PNG: another compression", 'p', 26, 1, "\1", 1, "bad comp method" },
    { "PNG: another filter", 'p', 27, 1, "\1", 1, "bad filter method" },
    { "PNG: interlace 2", 'p', 28, 1, "\2", 1, "bad interlace method" },
    { "PNG: header CRC", 'p', 29, 1, "\x55", 0, "PNG chunk IHDR has a wrong CRC" },
    { "PNG: a flipped bit in the data", 'p', 50, 1, "\x55", 0, "PNG chunk IDAT has a wrong CRC" },
    { "PNG: another chunk first", 'p', 12, 4, "tEXt", 1, "the PNG header is missing" },
    { "PNG: a chunk type of control bytes", 'p', 12, 1, "\x1b", 0, "a PNG chunk whose type has byte 1b" },
    { "BMP: cut in its header", 'b', 20, 0, NULL, 0, "not a JPEG, PNG, BMP or PNM file" },
    { "BMP: cut after its header", 'b', 40, 0, NULL, 0, "BMP header" },
    { "BMP: no pixels", 'b', 54, 0, NULL, 0, "the BMP is truncated: it has 54 bytes, its header needs 102" },
    { "BMP: a byte missing", 'b', -1, 0, NULL, 0,
        "the BMP is truncated: it has 101 bytes, its header needs 102" },
    { "BMP: header of 20 bytes", 'b', 14, 1, "\x14", 0, "BMP header of 20 bytes" },
    { "BMP: no width", 'b', 18, 1, "\0", 0, "0 x 3 pixels" },
    { "BMP: no height", 'b', 22, 1, "\0", 0, "5 x 0 pixels" },
    { "BMP: width 2^24", 'b', 21, 1, "\1", 0, "16777221 x 3 pixels" },
    { "BMP: height -2^31", 'b', 22, 4, "\0\0\0\x80", 0, "5 x 2147483648 pixels" },
    { "BMP: wider than its bytes", 'b', 19, 1, "\1", 0, "the BMP is truncated" },
    { "BMP: 2 bits", 'b', 28, 1, "\2", 0, "a BMP of 2 bits a pixel" },
    { "BMP: 64 bits", 'b', 28, 1, "\x40", 0, "a BMP of 64 bits a pixel" },
    { "BMP: run lengths", 'b', 30, 1, "\1", 0, "a compressed BMP (kind 1)" },
    { "BMP: a JPEG inside", 'b', 30, 1, "\4", 0, "a compressed BMP (kind 4)" },
    { "BMP: pixels begin beyond the end", 'b', 12, 1, "\1", 0, "the BMP is truncated" },
    { "PNM: header cut", 'n', 10, 0, NULL, 0, "the PNM header is not complete" },
    { "PNM: no width", 'n', 15, 1, "0", 0, "0 x 3 pixels" },
    { "PNM: a width of letters", 'n', 15, 1, "x", 0, "the PNM header is not complete" },
    { "PNM: a negative height", 'n', 16, 2, " -", 0, "the PNM header is not complete" },
    { "PNM: samples up to 0", 'n', 19, 3, "000", 0, "the PNM header is not complete" },
    { "PNM: samples up to 955", 'n', 19, 1, "9", 0, "PNM samples up to 955" },
    { "PNM: a byte missing", 'n', -1, 0, NULL, 0,
        "the PNM is truncated: 14 bytes of pixels, its header needs 15" },
    { "JPEG: cut to its first marker", 'j', 12, 0, NULL, 0, "" },
    { "JPEG: cut in its tables", 'j', 200, 0, NULL, 0, "" },
    { "JPEG: cut in its data", 'j', -20, 0, NULL, 0, "remature end" },
    { "JPEG: no end", 'j', -2, 0, NULL, 0, "remature end" } };

static void every_defect_is_refused_with_name_and_reason(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof defects / sizeof defects[0]; i++) {
        const defect *what = &defects[i];
        test_blob file = what->kind == 'p' ? make_png(3) :
            what->kind == 'b'              ? make_bmp(false) :
            what->kind == 'n'              ? make_pnm(1) :
                                             make_jpeg(40, 40, 0, false);
        size_t at = what->at < 0 ? file.size - (size_t)-what->at : (size_t)what->at;
        if (what->bytes) memcpy(file.bytes + at, what->bytes, (size_t)what->count);
        else file.size = at;
        if (what->mend_crc) {
            test_blob crc = { .size = 0 };
            test_blob_number(&crc, (uint32_t)crc32(0, file.bytes + 12, 17), 4, true);
            memcpy(file.bytes + 29, crc.bytes, 4);
        }
        refused(&file, NULL, LATHE_EFORMAT, what->name, what->reason);
    }
    lathe_error_clear();
}

static void any_cut_of_any_kind_is_refused(void **state)
{
    (void)state;
    test_blob files[] = { make_png(3), make_png(1), make_bmp(false), make_pnm(1), make_pnm(3),
        make_jpeg(40, 24, 6, true) };
    for (int k = 0; k < 6; k++)
        for (size_t size = files[k].size; size-- > 0;) {
            test_blob cut = files[k];
            cut.size = size;
            refused(&cut, NULL, LATHE_EFORMAT, "a cut file", "");
        }
    lathe_error_clear();
}

static void any_flipped_bit_does_no_harm(void **state)
{
    (void)state;
    test_blob files[] = { make_png(4), make_bmp(true), make_pnm(3), make_jpeg(24, 16, 8, false) };
    for (int k = 0; k < 4; k++)
        for (size_t bit = 0; bit < 8 * files[k].size; bit++) {
            files[k].bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
            lathe_picture picture;
            lathe_status status = lathe_picture_decode(files[k].bytes, files[k].size, "it", NULL, &picture);
            if (k == 0) assert_int_equal(status, LATHE_EFORMAT); /* PNG has a check on everything */
            lathe_picture_free(&picture);
            files[k].bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
        }
    lathe_error_clear();
}

static void files_are_read(void **state)
{
    (void)state;
    test_blob png = make_png(3);
    test_write(test_path("misnamed.jpg"), png.bytes, png.size);
    lathe_picture picture;
    assert_int_equal(lathe_picture_read(test_path("misnamed.jpg"), NULL, &picture), LATHE_OK);
    assert_int_equal(picture.width, WIDTH);
    lathe_picture_free(&picture);
    assert_int_equal(lathe_picture_read(test_path("misnamed.jpg"), &(lathe_picture_opts){ .max_bytes = 30 },
                         &picture),
        LATHE_EFORMAT);
    assert_failed(LATHE_EFORMAT, "misnamed.jpg: has ");
    test_write(test_path("empty.png"), "", 0);
    assert_int_equal(lathe_picture_read(test_path("empty.png"), NULL, &picture), LATHE_EFORMAT);
    assert_failed(LATHE_EFORMAT, "empty.png: 0 bytes are not a picture");
    assert_int_equal(mkfifo(test_path("pipe.png"), 0600), 0);
    assert_int_equal(lathe_picture_read(test_path("pipe.png"), NULL, &picture), LATHE_EIO);
    assert_failed(LATHE_EIO, "pipe.png: is not a file");
    assert_int_equal(lathe_picture_read(test_folder(), NULL, &picture), LATHE_EIO);
    assert_int_equal(lathe_picture_read(test_path("absent.png"), NULL, &picture), LATHE_EIO);
    assert_failed(LATHE_EIO, "absent.png: cannot be opened: No such file");
    assert_int_equal(lathe_picture_read(NULL, NULL, &picture), LATHE_EARG);
    lathe_error_clear();
}

static void memory_may_run_out_anywhere(void **state)
{
    (void)state;
    test_blob files[] = { make_png(4), make_bmp(true), make_pnm(3), make_jpeg(24, 16, 8, false) };
    for (int k = 0; k < 4; k++) {
        test_write(test_path("file"), files[k].bytes, files[k].size);
        lathe_picture picture;
        lathe_status status = LATHE_ENOMEM;
        size_t nth = 1;
        for (; status; nth++) {
            lathe_alloc_fail_at(nth, nth % 2);
            status = lathe_picture_read(test_path("file"), NULL, &picture);
            lathe_alloc_fail_at(0, false);
            if (status) assert_int_equal(status, LATHE_ENOMEM);
            if (status) assert_null(picture.pixels);
        }
        assert_true(nth > 3);
        lathe_picture_free(&picture);
    }
    lathe_error_clear();
}

static double now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + 1e-9 * (double)time.tv_nsec;
}

/* KiB of memory that are in use, and the most that were since the last forget_peak; 0 where the system does
 * not say. */
static long memory_kib(const char *what)
{
    char line[256];
    long kib = 0;
    FILE *status = fopen("/proc/self/status", "r");
    while (status && fgets(line, sizeof line, status))
        if (!strncmp(line, what, strlen(what))) kib = strtol(line + strlen(what), NULL, 10);
    if (status) fclose(status);
    return kib;
}

static void forget_peak(void)
{
    FILE *file = fopen("/proc/self/clear_refs", "w");
    if (file) {
        fputs("5", file);
        fclose(file);
    }
}

/* What hostile files took, and which took the most. Those accepted may be large pictures, and take what these
 * need. */
typedef struct hostile {
    int files, accepted, refused;
    double slowest;
    long largest;
    char slow[2048], large[2048];
} hostile;

static void try_hostile(hostile *all, const char *root, const char *name, const char *must)
{
    char path[4096];
    snprintf(path, sizeof path, "%s/%s", root, name);
    lathe_picture picture;
    forget_peak();
    long before = memory_kib("VmRSS:");
    double begin = now();
    lathe_status status = lathe_picture_read(path, NULL, &picture);
    double seconds = now() - begin;
    long kib = memory_kib("VmHWM:") - before;
    bool truncated = !strncmp(name, "truncated/", 10);
    if (!strcmp(must, "accept") && status) fail_msg("%s", lathe_error_message());
    if ((!strcmp(must, "refuse") || truncated) && !status) fail_msg("%s was accepted", name);
    if (status && strncmp(lathe_error_message(), path, strlen(path)))
        fail_msg("%s: '%s'", name, lathe_error_message());
    if (status && kib > 64 * 1024) fail_msg("%s: refused, after taking %ld KiB", name, kib);
    if (status && seconds > all->slowest) all->slowest = seconds, strcpy(all->slow, name);
    if (status && kib > all->largest) all->largest = kib, strcpy(all->large, name);
    all->files++;
    all->accepted += !status;
    all->refused += status != LATHE_OK;
    if (getenv("LATHE_TEST_EACH"))
        print_message("%s\t%s\t%.3f\t%ld\n", name, status ? "refused" : "accepted", 1e3 * seconds, kib);
    lathe_picture_free(&picture);
}

/* path, bytes, MD5, accept | refuse | any, ... */
static void hostile_files_are_survived(void **state)
{
    (void)state;
    static const char root[] = LATHE_TEST_SOURCE "/../shared/data/hostile";
    static hostile all;
    char line[4096];
    FILE *list = fopen(LATHE_TEST_SOURCE "/../shared/data/hostile/EXPECT.tsv", "r");
    if (!list) {
        print_message("skipped: the hostile files are not here\n");
        return;
    }
    int listed = 0;
    while (fgets(line, sizeof line, list)) {
        char name[2048], must[16];
        if (line[0] == '#') continue;
        listed++;
        if (sscanf(line, "%2047[^\t]\t%*[^\t]\t%*[^\t]\t%15[^\t]", name, must) == 2)
            try_hostile(&all, root, name, must);
    }
    fclose(list);
    lathe_error_clear();
    assert_true(all.accepted > 200);
    print_message("hostile pictures: %d/%d as expected (%d accepted, %d refused)\n", all.files, listed,
        all.accepted, all.refused);
    print_message("of those refused the slowest took %.1f ms (%s), the largest %.1f MiB (%s)\n",
        1e3 * all.slowest, all.slow, (double)all.largest / 1024, all.large);
    assert_int_equal(all.files, listed);
}

static int clean(void **state)
{
    (void)state;
    test_folder_remove();
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_kind_gives_its_pixels),
        cmocka_unit_test(alpha_is_kept_if_asked_for),
        cmocka_unit_test(pnm_samples_are_scaled),
        cmocka_unit_test(exif_orientation_is_honoured),
        cmocka_unit_test(a_jpeg_may_be_decoded_smaller),
        cmocka_unit_test(a_caller_may_say_by_how_much),
        cmocka_unit_test(the_limit_of_pixels_reduces_further),
        cmocka_unit_test(limits_are_kept),
        cmocka_unit_test(every_defect_is_refused_with_name_and_reason),
        cmocka_unit_test(any_cut_of_any_kind_is_refused),
        cmocka_unit_test(any_flipped_bit_does_no_harm),
        cmocka_unit_test(files_are_read),
        cmocka_unit_test(memory_may_run_out_anywhere),
        cmocka_unit_test(hostile_files_are_survived),
    };
    return cmocka_run_group_tests(tests, NULL, clean);
}
