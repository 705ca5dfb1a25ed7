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
        cmocka_unit_test(memory_is_bounded_by_the_limit_of_pixels),
        cmocka_unit_test(large_pictures_take_turns),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
