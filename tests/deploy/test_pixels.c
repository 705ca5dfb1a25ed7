#include "support/blob.h"
#include "support/folder.h"
#include "support/pictures.h"
#include "support/support.h"

#include <stdlib.h>
#include <string.h>

#include <zlib.h>

enum { WIDTH = 23, HEIGHT = 17, SIZE = 10, KINDS = 4 };

/* Pixels of `channels` channels that differ in all of them. */
static const uint8_t *pixels_of(int channels)
{
    static uint8_t pixels[KINDS][4 * WIDTH * HEIGHT];
    for (int i = 0; i < channels * WIDTH * HEIGHT; i++)
        pixels[channels - 1][i] = (uint8_t)random_int(3, (uint64_t)(channels * 4096 + i), 0, 255);
    return pixels[channels - 1];
}

static test_blob make_png(int channels)
{
    static const uint8_t kinds[KINDS] = { 0, 4, 2, 6 };
    const size_t row = (size_t)channels * WIDTH;
    uint8_t rows[HEIGHT * (1 + 4 * WIDTH)] = { 0 };
    uint8_t header[13] = { 0, 0, 0, WIDTH, 0, 0, 0, HEIGHT, 8, kinds[channels - 1] }, packed[4096];
    for (size_t y = 0; y < HEIGHT; y++) memcpy(rows + y * (row + 1) + 1, pixels_of(channels) + y * row, row);
    uLongf size = sizeof packed;
    assert_int_equal(compress(packed, &size, rows, HEIGHT * (row + 1)), Z_OK);
    test_blob png = { .size = 0 };
    test_blob_put(&png, "\x89PNG\r\n\x1a\n", 8);
    test_blob_chunk(&png, "IHDR", header, 13);
    test_blob_chunk(&png, "IDAT", packed, size);
    test_blob_chunk(&png, "IEND", "", 0);
    return png;
}

/* A model of few steps on pictures of 1 or 3 channels. */
static lathe_trained *train(const char *channels)
{
    char data[1024], out[32];
    lathe_settings settings = lathe_settings_default();
    for (int i = 0; i < 12; i++) {
        char name[32];
        snprintf(name, sizeof name, "set/%s/%d.pgm", i % 2 ? "a" : "b", i);
        test_put_picture(name, 8, 8, 20 * i, 1);
    }
    snprintf(data, sizeof data, "folder:%s", test_path("set"));
    static int runs;
    snprintf(out, sizeof out, "run%d", runs++);
    const char *const pairs[][2] = { { "data", data }, { "model", "mlp" }, { "size", "10" },
        { "channels", channels }, { "augment", "crop:2,hflip" }, { "max_steps", "2" }, { "batch_size", "4" },
        { "out", test_path(out) } };
    for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++)
        if (lathe_settings_set(&settings, pairs[i][0], pairs[i][1])) fail_msg("%s", lathe_error_message());
    lathe_run *run = lathe_run_new(&settings, NULL);
    if (!run || lathe_run_train(run)) fail_msg("%s", lathe_error_message());
    lathe_run_free(run);
    lathe_trained *trained = lathe_trained_open(test_path(out), "last");
    if (!trained) fail_msg("%s", lathe_error_message());
    return trained;
}

/* One picture: as a file, as the file's bytes, and as its pixels. */
static void compare(const lathe_trained *trained, int channels)
{
    const test_blob png = make_png(channels);
    const char *path = test_path("picture.png");
    const size_t bytes = (size_t)trained->data.channels * SIZE * SIZE;
    uint8_t by_bytes[3 * SIZE * SIZE], by_pixels[3 * SIZE * SIZE];
    double by_file[2], in_memory[2];
    lathe_sample sample;
    test_write(path, png.bytes, png.size);
    lathe_dataset *data = lathe_trained_files(trained, &path, 1, false, 0);
    uint8_t *scratch = data ? malloc(lathe_data_scratch(data)) : NULL;
    if (!scratch || lathe_data_read(data, 0, scratch, &sample) ||
        lathe_trained_picture(trained, png.bytes, png.size, 0, by_bytes) ||
        lathe_trained_pixels(trained, pixels_of(channels), HEIGHT, WIDTH, channels, by_pixels) ||
        lathe_trained_predict(trained, data, &(lathe_predict_opts){ .batch_size = 1 }, by_file) ||
        lathe_predict_pixels(trained, pixels_of(channels), HEIGHT, WIDTH, channels, in_memory))
        fail_msg("%s", lathe_error_message());
    assert_memory_equal(by_bytes, sample.pixels, bytes);
    assert_memory_equal(by_pixels, sample.pixels, bytes);
    assert_memory_equal(in_memory, by_file, sizeof by_file);
    free(scratch);
    lathe_data_free(data);
}

/* Every kind of pixel, way to fit, and background. */
static void a_picture_in_memory_is_as_a_file(void **state)
{
    static const char *const backgrounds[] = { NULL, "white", "#123456" };
    static const double ratios[] = { 0, 0.625, 1 };
    (void)state;
    for (int of = 1; of <= 3; of += 2) {
        lathe_trained *trained = train(of == 1 ? "1" : "3");
        char *own = trained->background;
        for (int i = 0; i < 3 * 3 * KINDS; i++) {
            trained->background = (char *)(uintptr_t)backgrounds[i / 3 % 3];
            trained->crop_ratio = ratios[i % 3];
            trained->interpolation = i % 2 ? LATHE_LANCZOS : LATHE_BILINEAR;
            compare(trained, i / 9 + 1);
        }
        trained->background = own;
        lathe_trained_free(trained);
    }
}

static void pictures_are_answered_together(void **state)
{
    enum { COUNT = 7 };
    (void)state;
    lathe_trained *trained = train("3");
    const char *files[COUNT];
    char paths[COUNT][1024];
    static uint8_t prepared[COUNT][3 * SIZE * SIZE];
    double together[COUNT][2], by_files[COUNT][2];
    for (int i = 0; i < COUNT; i++) {
        const test_blob png = make_png(i % KINDS + 1);
        char name[16];
        snprintf(name, sizeof name, "%d.png", i);
        snprintf(paths[i], sizeof paths[i], "%s", test_path(name));
        test_write(files[i] = paths[i], png.bytes, png.size);
        assert_int_equal(lathe_trained_picture(trained, png.bytes, png.size, 0, prepared[i]), LATHE_OK);
    }
    lathe_dataset *data = lathe_trained_files(trained, files, COUNT, false, 0);
    assert_int_equal(lathe_trained_predict(trained, data, &(lathe_predict_opts){ .batch_size = COUNT },
                         by_files[0]),
        LATHE_OK);
    assert_int_equal(lathe_trained_answer(trained, prepared[0], COUNT, together[0]), LATHE_OK);
    assert_memory_equal(together, by_files, sizeof by_files);
    lathe_data_free(data);
    lathe_trained_free(trained);
}

static void what_is_no_picture_is_refused(void **state)
{
    (void)state;
    lathe_trained *trained = train("1");
    const test_blob png = make_png(3);
    uint8_t prepared[SIZE * SIZE];
    double p[2];
    assert_int_equal(lathe_trained_picture(trained, "no picture", 10, 0, prepared), LATHE_EFORMAT);
    assert_failed(LATHE_EFORMAT, "picture: not a JPEG");
    assert_int_equal(lathe_trained_picture(trained, png.bytes, png.size - 20, 0, prepared), LATHE_EFORMAT);
    assert_failed(LATHE_EFORMAT, "picture: ");
    assert_int_equal(lathe_trained_picture(trained, png.bytes, png.size, 390, prepared), LATHE_EFORMAT);
    assert_failed(LATHE_EFORMAT, "23 x 17 pixels, at most 390");
    assert_int_equal(lathe_trained_picture(trained, png.bytes, png.size, 391, prepared), LATHE_OK);
    assert_int_equal(lathe_trained_pixels(trained, prepared, 5, 5, 5, prepared), LATHE_EARG);
    assert_failed(LATHE_EARG, "5 channels, expected 1 to 4");
    assert_int_equal(lathe_trained_pixels(trained, prepared, 0, 5, 1, prepared), LATHE_EARG);
    assert_failed(LATHE_EARG, "0 x 5");
    assert_int_equal(lathe_trained_pixels(trained, prepared, 1, 20000, 1, prepared), LATHE_EFORMAT);
    assert_failed(LATHE_EFORMAT, "longest side allowed is 16384");
    assert_int_equal(lathe_trained_answer(trained, prepared, 0, p), LATHE_EARG);
    assert_failed(LATHE_EARG, "count is 0");
    assert_null(lathe_trained_prepared(trained, prepared, 0));
    assert_failed(LATHE_EARG, "count is 0");
    trained->data.channels = 2;
    assert_int_equal(lathe_trained_picture(trained, png.bytes, png.size, 0, prepared), LATHE_ESHAPE);
    assert_failed(LATHE_ESHAPE, "2 channels");
    lathe_trained_free(trained);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_picture_in_memory_is_as_a_file),
        cmocka_unit_test(pictures_are_answered_together),
        cmocka_unit_test(what_is_no_picture_is_refused),
    };
    test_folder();
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    test_folder_remove();
    return failed;
}
