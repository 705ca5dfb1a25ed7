#include "support/support.h"

#include <stdlib.h>
#include <string.h>

#include <jpeglib.h>

enum { WIDTH = 64, HEIGHT = 48, ROOM = 1 << 20 };

typedef struct blob {
    uint8_t bytes[ROOM];
    size_t size;
} blob;

/* How a file is made. */
typedef struct recipe {
    int width, height, components;
    bool no_mark;                 /* without Adobe's mark */
    const jpeg_scan_info *script; /* of a progressive file */
    int scans;
    void (*pixel)(int x, int y, uint8_t *samples);
} recipe;

static void coloured(int x, int y, uint8_t *samples)
{
    samples[0] = (uint8_t)(4 * x), samples[1] = (uint8_t)(5 * y), samples[2] = (uint8_t)(255 - 2 * (x + y));
}

static void flat(int x, int y, uint8_t *samples)
{
    (void)x, (void)y;
    samples[0] = 200;
}

/* Stored as Adobe stores it: 255 is no ink. Quarters of white, red, green and black. */
static void inked(int x, int y, uint8_t *samples)
{
    static const uint8_t quarters[4][4] = { { 255, 255, 255, 255 }, { 255, 0, 0, 255 }, { 0, 255, 0, 255 },
        { 255, 255, 255, 0 } };
    memcpy(samples, quarters[(x >= WIDTH / 2) + 2 * (y >= HEIGHT / 2)], 4);
}

static void make(blob *out, const recipe *how)
{
    struct jpeg_compress_struct info;
    struct jpeg_error_mgr errors;
    unsigned char *packed = NULL;
    unsigned long size = 0;
    info.err = jpeg_std_error(&errors);
    jpeg_create_compress(&info);
    jpeg_mem_dest(&info, &packed, &size);
    info.image_width = (JDIMENSION)how->width, info.image_height = (JDIMENSION)how->height;
    info.input_components = how->components;
    info.in_color_space = how->components == 1 ? JCS_GRAYSCALE : how->components == 3 ? JCS_RGB : JCS_CMYK;
    jpeg_set_defaults(&info);
    jpeg_set_quality(&info, 95, TRUE);
    if (how->no_mark) info.write_Adobe_marker = FALSE;
    info.scan_info = how->script, info.num_scans = how->scans;
    jpeg_start_compress(&info, TRUE);
    uint8_t *row = malloc((size_t)(how->width * how->components));
    for (int y = 0; y < how->height; y++) {
        for (int x = 0; x < how->width; x++) how->pixel(x, y, row + x * how->components);
        jpeg_write_scanlines(&info, &row, 1);
    }
    jpeg_finish_compress(&info);
    jpeg_destroy_compress(&info);
    assert_true(size <= ROOM);
    memcpy(out->bytes, packed, size);
    out->size = size;
    free(row), free(packed);
}

static const recipe ordinary = { .width = WIDTH, .height = HEIGHT, .components = 3, .pixel = coloured };

static lathe_picture decoded(const blob *file, const lathe_picture_opts *opts)
{
    lathe_picture picture;
    if (lathe_picture_decode(file->bytes, file->size, "a.jpg", opts, &picture))
        fail_msg("%s", lathe_error_message());
    return picture;
}

static void insert(blob *file, size_t at, const void *bytes, size_t size)
{
    memmove(file->bytes + at + size, file->bytes + at, file->size - at);
    memcpy(file->bytes + at, bytes, size);
    file->size += size;
}

static size_t find(const blob *file, const char *bytes, size_t size)
{
    size_t at = 0;
    while (memcmp(file->bytes + at, bytes, size)) at++;
    return at;
}

/* What libjpeg warns of without losing a pixel. */
static void harmless_warnings_change_nothing(void **state)
{
    (void)state;
    static blob plain, file;
    make(&plain, &ordinary);
    lathe_picture want = decoded(&plain, NULL);
    for (int kind = 0; kind < 6; kind++) {
        file = plain;
        if (kind == 0) insert(&file, file.size - 2, "\x00\x11\x22", 3);              /* before the end */
        if (kind == 1) insert(&file, find(&file, "\xFF\xDB", 2), "\0\0", 2);         /* before the tables */
        if (kind == 2) insert(&file, find(&file, "\xFF\xC4", 2), "stray bytes", 11); /* before others */
        if (kind == 3) memset(file.bytes + find(&file, "JFIF", 5) + 5, 0, 2);        /* version 0.00 */
        if (kind == 4) file.bytes[find(&file, "JFIF", 5) + 5] = 9;                   /* version 9 */
        if (kind == 5) /* colours coded in a way that nobody knows */
            insert(&file, find(&file, "\xFF\xDB", 2),
                "\xFF\xEE\0\x0E"
                "Adobe\0\x64\0\0\0\0\x07",
                16);
        lathe_picture got = decoded(&file, NULL);
        assert_int_equal(got.width, WIDTH);
        assert_memory_equal(got.pixels, want.pixels, WIDTH * HEIGHT * 3);
        lathe_picture_free(&got);
    }
    lathe_picture_free(&want);
}

static void an_orientation_is_found_behind_stray_bytes(void **state)
{
    (void)state;
    static blob file;
    make(&file, &ordinary);
    insert(&file, find(&file, "\xFF\xDB", 2),
        "\0\xFF\0\xFF\xE1\0\x22"
        "Exif\0\0MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0",
        39);
    lathe_picture got = decoded(&file, NULL);
    assert_int_equal(got.width, HEIGHT);
    assert_int_equal(got.height, WIDTH);
    lathe_picture_free(&got);
}

/* Adobe's inverted ink is read with its mark and, as other programs do, without. */
static void cmyk_is_inverted_with_and_without_the_mark(void **state)
{
    (void)state;
    static const uint8_t quarters[4][3] = { { 255, 255, 255 }, { 255, 0, 0 }, { 0, 255, 0 }, { 0, 0, 0 } };
    for (int no_mark = 0; no_mark < 2; no_mark++) {
        static blob file;
        make(&file, &(recipe){ WIDTH, HEIGHT, 4, .no_mark = no_mark, .pixel = inked });
        lathe_picture got = decoded(&file, NULL);
        assert_int_equal(got.channels, 3);
        for (int q = 0; q < 4; q++) {
            int x = (q & 1 ? 3 : 1) * WIDTH / 4, y = (q & 2 ? 3 : 1) * HEIGHT / 4;
            for (int c = 0; c < 3; c++)
                assert_in_range(got.pixels[(y * WIDTH + x) * 3 + c] + 4, quarters[q][c], quarters[q][c] + 8);
        }
        lathe_picture_free(&got);
    }
}

static const jpeg_scan_info usual[] = { { 3, { 0, 1, 2 }, 0, 0, 0, 1 }, { 1, { 0 }, 1, 63, 0, 0 },
    { 1, { 1 }, 1, 63, 0, 0 }, { 1, { 2 }, 1, 63, 0, 0 }, { 3, { 0, 1, 2 }, 0, 0, 1, 0 } };

static void a_progressive_file_has_the_same_pixels(void **state)
{
    (void)state;
    static blob plain, file;
    recipe progressive = ordinary;
    progressive.script = usual, progressive.scans = 5;
    make(&plain, &ordinary);
    make(&file, &progressive);
    lathe_picture want = decoded(&plain, NULL), got = decoded(&file, NULL);
    assert_memory_equal(got.pixels, want.pixels, WIDTH * HEIGHT * 3);
    lathe_picture_free(&want), lathe_picture_free(&got);
}

/* 2^22 pixels: 128 scans are allowed. Each coefficient has two, for its upper bits and the lowest. */
static void many_scans_of_many_pixels_are_refused(void **state)
{
    (void)state;
    static blob file;
    static jpeg_scan_info script[129];
    int scans = 0;
    script[scans++] = (jpeg_scan_info){ 1, { 0 }, 0, 0, 0, 1 };
    for (int k = 1; k < 64; k++) script[scans++] = (jpeg_scan_info){ 1, { 0 }, k, k, 0, 1 };
    script[scans++] = (jpeg_scan_info){ 1, { 0 }, 0, 0, 1, 0 };
    for (int k = 1; k < 64; k++) script[scans++] = (jpeg_scan_info){ 1, { 0 }, k, k, 1, 0 };
    recipe how = { 2048, 2048, 1, .script = script, .scans = scans, .pixel = flat };
    lathe_picture picture;
    assert_int_equal(scans, 128);
    make(&file, &how);
    picture = decoded(&file, NULL);
    assert_int_equal(picture.pixels[12345], 200);
    lathe_picture_free(&picture);
    how.height = 2064;
    make(&file, &how);
    assert_int_equal(lathe_picture_decode(file.bytes, file.size, "slow.jpg", NULL, &picture), LATHE_EFORMAT);
    assert_string_equal(lathe_error_message(), "slow.jpg: 2048 x 2064 pixels in more than 127 scans");
    lathe_error_clear();
}

/* Pixels are counted as they are decoded; a progressive file is held whole. */
static void the_limit_counts_what_is_decoded(void **state)
{
    (void)state;
    static blob plain, file;
    recipe progressive = ordinary;
    progressive.script = usual, progressive.scans = 5;
    make(&plain, &ordinary);
    make(&file, &progressive);
    lathe_picture_opts opts = { .max_pixels = WIDTH * HEIGHT / 16 };
    lathe_picture picture;
    assert_int_equal(lathe_picture_decode(plain.bytes, plain.size, "a.jpg", &opts, &picture), LATHE_EFORMAT);
    assert_non_null(strstr(lathe_error_message(), "64 x 48 pixels, at most 192 are allowed"));
    lathe_error_clear();
    opts.at_least = 12;
    picture = decoded(&plain, &opts);
    assert_int_equal(picture.width, WIDTH / 4);
    assert_int_equal(picture.height, HEIGHT / 4);
    lathe_picture_free(&picture);
    assert_int_equal(lathe_picture_decode(file.bytes, file.size, "b.jpg", &opts, &picture), LATHE_EFORMAT);
    lathe_error_clear();
    opts.max_side = WIDTH - 1;
    assert_int_equal(lathe_picture_decode(plain.bytes, plain.size, "a.jpg", &opts, &picture), LATHE_EFORMAT);
    assert_non_null(strstr(lathe_error_message(), "the longest side allowed is 63"));
    lathe_error_clear();
}

int main(void)
{
#ifdef LATHE_TEST_JPEG_STB
    return 0; /* stb_image has rules of its own */
#endif
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(harmless_warnings_change_nothing),
        cmocka_unit_test(an_orientation_is_found_behind_stray_bytes),
        cmocka_unit_test(cmyk_is_inverted_with_and_without_the_mark),
        cmocka_unit_test(a_progressive_file_has_the_same_pixels),
        cmocka_unit_test(many_scans_of_many_pixels_are_refused),
        cmocka_unit_test(the_limit_counts_what_is_decoded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
