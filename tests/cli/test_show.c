/* lathe show, lathe data and lathe check: what is told before anything is trained. */
#include "support/program.h"
#include "support/support.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static void told(const char *format, int code, const char *const *fragments)
{
    char arguments[512];
    program p;
    snprintf(arguments, sizeof arguments, format, folder);
    program_run(&p, LATHE_PROGRAM, arguments);
    if (p.code != code) fail_msg("%s: exit %d: %s%s", arguments, p.code, p.out, p.err);
    for (; *fragments; fragments++)
        if (!strstr(p.out, *fragments)) fail_msg("%s: no '%s' in:\n%s", arguments, *fragments, p.out);
    program_free(&p);
}

static void put(const char *name, int level, bool broken)
{
    char path[256];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    fputs("P5 8 8 255\n", file);
    for (int i = 0; i < (broken ? 9 : 64); i++) fputc(level + i % 5, file);
    fclose(file);
}

/* set/: dark and light, train and val; one picture of train is there twice, one is in val too, one is broken.
 */
static void make_set(void)
{
    static const char *const folders[] = { "set", "set/train", "set/train/dark", "set/train/light", "set/val",
        "set/val/dark", "set/val/light" };
    char path[256];
    for (size_t i = 0; i < sizeof folders / sizeof folders[0]; i++) {
        snprintf(path, sizeof path, "%s/%s", folder, folders[i]);
        assert_int_equal(mkdir(path, 0700), 0);
    }
    for (int i = 0; i < 8; i++) {
        snprintf(path, sizeof path, "set/train/dark/%d.pgm", i);
        put(path, 20 + 2 * i, i == 7);
        snprintf(path, sizeof path, "set/train/light/%d.pgm", i);
        put(path, 200 + 2 * (i == 5 ? 4 : i), false);
    }
    put("set/val/dark/a.pgm", 24, false);
    put("set/val/light/b.pgm", 190, false);
}

/* The sheet is a PNG of the size that so many pictures take. */
static void a_sheet_is_drawn(void **state)
{
    (void)state;
    char path[128];
    lathe_picture sheet;
    told("show --data shapes --augment crop:4,hflip --count 6 --columns 3 --png %s/sheet.png", 0,
        (const char *const[]){ "6 of 10000 pictures of 28 x 28, 10 classes", NULL });
    snprintf(path, sizeof path, "%s/sheet.png", folder);
    if (lathe_picture_read(path, NULL, &sheet)) fail_msg("%s", lathe_error_message());
    assert_int_equal(sheet.width, 4 + 3 * (28 * 3 + 4));
    assert_int_equal(sheet.height, 4 + 2 * (28 * 3 + 12 + 4));
    lathe_picture_free(&sheet);
    told("show --data shapes --sample 3 --count 2 --preview --png %s/sheet.png", 0,
        (const char *const[]){ "\x1b[38;2;", NULL });
    told("show --data shapes --sample 10000 --png %s/sheet.png", 2, (const char *const[]){ NULL });
    told("show --data shapes --png %s/absent/sheet.png", 1, (const char *const[]){ NULL });
}

/* Whether the sheets of two lists of transforms, of the same pictures, are the same. */
static bool same_sheet(const char *a, const char *b)
{
    char command[256], path[128];
    lathe_picture sheet[2];
    for (int i = 0; i < 2; i++) {
        snprintf(command, sizeof command, "show --data shapes --augment %s --count 4 --png %%s/sheet.png",
            i ? b : a);
        told(command, 0, (const char *const[]){ "4 of 10000 pictures", NULL });
        snprintf(path, sizeof path, "%s/sheet.png", folder);
        if (lathe_picture_read(path, NULL, &sheet[i])) fail_msg("%s", lathe_error_message());
    }
    assert_int_equal(sheet[0].width, sheet[1].width);
    const bool same = !memcmp(sheet[0].pixels, sheet[1].pixels,
        (size_t)sheet[0].width * (size_t)sheet[0].height * (size_t)sheet[0].channels);
    for (int i = 0; i < 2; i++) lathe_picture_free(&sheet[i]);
    return same;
}

/* The outlines of boxes are yellow in pictures of that seed, which have no yellow shape as pure. */
static void boxes_are_drawn(void **state)
{
    (void)state;
    char path[128];
    lathe_picture sheet;
    told(
        "show --data shapes:objects --loss binary_cross_entropy --augment hflip --count 6 --png %s/sheet.png",
        0, (const char *const[]){ "6 of 4000 pictures of 64 x 64, 10 classes", NULL });
    snprintf(path, sizeof path, "%s/sheet.png", folder);
    assert_int_equal(lathe_picture_read(path, NULL, &sheet), LATHE_OK);
    int yellow = 0;
    for (int i = 0; i < sheet.height * sheet.width; i++)
        yellow += !memcmp(sheet.pixels + 3 * i, (const uint8_t[]){ 255, 255, 0 }, 3);
    assert_true(yellow > 100);
    lathe_picture_free(&sheet);
}

static void mixed_pictures_are_shown_mixed(void **state)
{
    (void)state;
    assert_true(same_sheet("vflip:p=0", "hflip:p=0"));
    assert_false(same_sheet("vflip:p=0", "mixup:1:p=1"));
    assert_false(same_sheet("vflip:p=0", "cutmix:1:p=1"));
}

static void a_set_is_described(void **state)
{
    (void)state;
    make_set();
    told("data --data folder:%s/set --size 8 --channels 1", 0,
        (const char *const[]){ "dark       7     1", "light      8     1", "all       15     2",
            "15 files are 8 to 8 high and 8 to 8 wide", "train: 1 pictures are duplicates", "light/4.pgm",
            "train: 1 files cannot be read", "dark/7.pgm: ", "1 pictures of train are in test too", NULL });
    told("data --data folder:%s/set --size 8 --json", 0,
        (const char *const[]){ "\"in_both\":1", "\"duplicates\":1", NULL });
}

static void mistakes_are_found(void **state)
{
    (void)state;
    told("check --data folder:%s/set --size 8 --channels 1 --model mlp --batch-size 4 --val-split 0 "
         "--bad-image skip",
        0,
        (const char *const[]){ "odd    1 picture of the test part is in the training part too",
            "ok     labels: 15 training pictures, 7 to 8 a class",
            "ok     one batch: 4 of 4 pictures memorised", "0 wrong, 2 odd", NULL });
    told("check --data shapes --model mlp --batch-size 16 --max-steps 20 --json", 0,
        (const char *const[]){ "{\"verdict\":\"ok\",\"text\":\"labels: ", "\"wrong\":0", NULL });
    told("check --data shapes --model mlp --batch-size 16 --lr 20 --optim sgd --max-steps 20", 0,
        (const char *const[]){ "odd    schedule: ", NULL });
    /* one picture under two labels cannot be memorised */
    for (int i = 0; i < 8; i++) {
        char path[64];
        for (int light = 0; light < 2; light++) {
            snprintf(path, sizeof path, "set/train/%s/%d.pgm", light ? "light" : "dark", i);
            put(path, 100, false);
        }
    }
    told("check --data folder:%s/set --size 8 --channels 1 --model mlp --batch-size 16 --val-split 0", 1,
        (const char *const[]){ "WRONG  one batch: ", NULL });
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_sheet_is_drawn),
        cmocka_unit_test(boxes_are_drawn),
        cmocka_unit_test(mixed_pictures_are_shown_mixed),
        cmocka_unit_test(a_set_is_described),
        cmocka_unit_test(mistakes_are_found),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
