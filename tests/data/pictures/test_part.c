#include "support/support.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "support/folder.h"

/* As in tests/golden/make_preset.py. */
static int made(int x, int y, int c)
{
    return ((x * x * 7 + y * 31 + x * y * 13 + x / 3 * 90) % 256) ^ c * 85;
}

/* The data set of one picture: a file of tests/golden, or made as a PPM. */
static lathe_dataset *open_picture(const char *name, int width, int height, const lathe_files_opts *opts)
{
    char path[1024];
    if (width) {
        char *bytes = malloc((size_t)(3 * width * height) + 64);
        int size = sprintf(bytes, "P6 %d %d 255\n", width, height);
        for (int i = 0; i < 3 * width * height; i++)
            bytes[size++] = (char)made(i / 3 % width, i / 3 / width, i % 3);
        snprintf(path, sizeof path, "%s", test_path(name));
        test_write(path, bytes, (size_t)size);
        free(bytes);
    } else snprintf(path, sizeof path, "%s/tests/golden/%s", LATHE_TEST_SOURCE, name);
    lathe_dataset *data = lathe_data_files((const char *[]){ path }, 1, opts);
    if (!data) fail_msg("%s", lathe_error_message());
    return data;
}

static const struct {
    const char *name, *file;
    int width, height, size, short_side;
} cases[] = { { "wide", "wide.ppm", 61, 40, 16, 18 }, { "tall", "tall.ppm", 33, 75, 12, 15 },
    { "square", "square.ppm", 50, 50, 28, 32 }, { "thin", "thin.ppm", 90, 20, 24, 27 },
    { "jpeg", "preset.jpg", 0, 0, 21, 24 }, { "turned", "preset_turned.jpg", 0, 0, 21, 24 } };
enum { JPEGS = 4 };
#ifdef LATHE_TEST_JPEG_STB
enum { CASES = JPEGS }; /* stb_image decodes a JPEG to other pixels */
#else
enum { CASES = sizeof cases / sizeof cases[0] };
#endif
static const lathe_filter filters[] = { LATHE_BILINEAR, LATHE_BICUBIC, LATHE_LANCZOS };

static lathe_files_opts opts_of(size_t k, lathe_filter filter, bool full_size)
{
    return (lathe_files_opts){ .height = cases[k].size,
        .width = cases[k].size,
        .crop_ratio = (double)cases[k].size / cases[k].short_side,
        .interpolation = filter,
        .full_size = full_size };
}

/* Fail unless pixels are the golden ones from number `skip` on. Returns the mean difference. */
static double compare(const char *name, const double *want, const uint8_t *pixels, size_t count, double most)
{
    double sum = 0;
    for (size_t i = 0; i < count; i++) {
        const double differs = fabs(want[i] - pixels[i]);
        if (differs > most) fail_msg("%s: number %zu is %d, not %g", name, i, pixels[i], want[i]);
        sum += differs;
    }
    return sum / (double)count;
}

static double *golden_of(size_t k, int f, const char *kind, char name[64], size_t *count)
{
    snprintf(name, 64, "%s_%s_%s", cases[k].name, lathe_filter_names[filters[f]], kind);
    return golden("preset.txt", name, count);
}

/* At full size to one level. A JPEG decoded smaller differs by less than a level in the mean. */
static void the_middle_is_that_of_torchvision(void **state)
{
    (void)state;
    for (size_t k = 0; k < CASES; k++)
        for (int f = 0; f < 3; f++)
            for (int full = 0; full < 2; full++) {
                char name[64];
                size_t count;
                double *want = golden_of(k, f, "middle", name, &count);
                const lathe_files_opts opts = opts_of(k, filters[f], full);
                lathe_dataset *data = open_picture(cases[k].file, cases[k].width, cases[k].height, &opts);
                lathe_sample sample;
                assert_int_equal(lathe_data_read(data, 0, NULL, &sample), LATHE_OK);
                assert_int_equal(count, 3 * sample.height * sample.width);
                const bool exact = full || k < JPEGS;
                assert_true(compare(name, want, sample.pixels, count, exact ? 1 : 12) < 1);
                free(want);
                lathe_data_free(data);
            }
}

static lathe_box box_of(const lathe_part *part, int height, int width)
{
    const double *box = part->context;
    assert_true(box[2] <= width && box[3] <= height);
    return (lathe_box){ box[0], box[1], box[2], box[3] };
}

static void a_crop_is_that_of_torchvision(void **state)
{
    (void)state;
    for (size_t k = 0; k < CASES; k++)
        for (int f = 0; f < 3; f++)
            for (int full = 0; full < 2; full++) {
                char name[64];
                size_t count;
                double *want = golden_of(k, f, "box", name, &count);
                const lathe_files_opts opts = opts_of(k, LATHE_BILINEAR, full);
                lathe_dataset *data = open_picture(cases[k].file, cases[k].width, cases[k].height, &opts);
                const lathe_part part = { cases[k].size, cases[k].size, filters[f], true, box_of, want };
                uint8_t *scratch = malloc(count);
                lathe_sample sample;
                if (data->type->read_part(data, 0, &part, scratch, &sample))
                    fail_msg("%s", lathe_error_message());
                const bool exact = full || k < JPEGS;
                assert_true(compare(name, want + 4, scratch, count - 4, exact ? 1 : 12) < 1);
                free(scratch);
                free(want);
                lathe_data_free(data);
            }
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
        cmocka_unit_test(the_middle_is_that_of_torchvision),
        cmocka_unit_test(a_crop_is_that_of_torchvision),
    };
    return cmocka_run_group_tests(tests, NULL, clean);
}
