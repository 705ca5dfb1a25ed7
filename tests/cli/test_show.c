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

/* Folders in the test's, in the order of a list ended by NULL. */
static void make_folders(const char *const *folders)
{
    char path[256];
    for (; *folders; folders++) {
        snprintf(path, sizeof path, "%s/%s", folder, *folders);
        assert_int_equal(mkdir(path, 0700), 0);
    }
}

/* set/: dark and light, train and val; one picture of train is there twice, one is in val too, one is broken.
 */
static void make_set(void)
{
    char path[256];
    make_folders((const char *const[]){ "set", "set/train", "set/train/dark", "set/train/light", "set/val",
        "set/val/dark", "set/val/light", NULL });
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
        (const char *const[]){ "\"in_train\":1", "\"duplicates\":1", NULL });
}

/* A grey JPEG of 1,104 x 1,000 equal pixels: two bits of 0 for each block of 8 x 8. */
static void put_large_jpeg(const char *name)
{
    static const uint8_t before[] = { 0xFF, 0xD8, 0xFF, 0xDB, 0, 67, 0 },
                         after[] = { 0xFF, 0xC0, 0, 11, 8, 1000 >> 8, 1000 & 255, 1104 >> 8, 1104 & 255, 1, 1,
                             0x11, 0, 0xFF, 0xC4, 0, 20, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
                             0xFF, 0xC4, 0, 20, 0x10, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF,
                             0xDA, 0, 8, 1, 1, 0, 0, 63, 0 };
    char path[256];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    fwrite(before, 1, sizeof before, file);
    for (int i = 0; i < 64; i++) fputc(1, file);
    fwrite(after, 1, sizeof after, file);
    for (int i = 0; i < (138 * 125 * 2 + 7) / 8; i++) fputc(0, file);
    fwrite((const uint8_t[]){ 0xFF, 0xD9 }, 1, 2, file);
    fclose(file);
}

/* A JPEG above the limit that training decodes smaller does not end the command. */
static void a_large_jpeg_is_described(void **state)
{
    (void)state;
    make_folders((const char *const[]){ "jpeg", "jpeg/a", "jpeg/b", NULL });
    put_large_jpeg("jpeg/a/1.jpg");
    put("jpeg/a/2.pgm", 20, false);
    put("jpeg/b/1.pgm", 60, false);
    put("jpeg/b/2.pgm", 80, false);
    told("train --data folder:%s/jpeg --size 8 --max-megapixels 1 --model mlp --epochs 1 --quiet --val-split "
         "0",
        0, (const char *const[]){ "pictures      train 2, test 2\n", NULL });
    told("data --data folder:%s/jpeg --size 8 --max-megapixels 1", 0,
        (const char *const[]){ "every picture can be read", NULL });
}

/* Each head has its counts. */
static void a_table_of_several_columns_is_counted(void **state)
{
    (void)state;
    char path[256];
    make_folders((const char *const[]){ "heads", NULL });
    snprintf(path, sizeof path, "%s/heads/t.csv", folder);
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    fputs("path,tone,half,split\n", file);
    for (int i = 0; i < 14; i++) {
        fprintf(file, "%d.pgm,%s,%s,%s\n", i, i % 2 ? "light" : "dark", i < 9 ? "low" : "high",
            i > 11 ? "test" : "train");
        snprintf(path, sizeof path, "heads/%d.pgm", i);
        put(path, 10 * i, false);
    }
    fclose(file);
    told("data --data csv:%s/heads/t.csv --size 8 --channels 1", 0,
        (const char *const[]){ "tone=dark       6     1\n", "tone=light      6     1\n",
            "half=low        9     0\n", "half=high       3     2\n", "all            12     2\n", NULL });
}

/* train/, valid/ and test/: each command lists the three, and each pair is searched for duplicates. */
static void a_set_with_its_own_validation_has_three_splits(void **state)
{
    (void)state;
    char path[64];
    make_folders((const char *const[]){ "three", "three/train", "three/train/dark", "three/train/light",
        "three/valid", "three/valid/dark", "three/valid/light", "three/test", "three/test/dark",
        "three/test/light", NULL });
    for (int i = 0; i < 6; i++) {
        snprintf(path, sizeof path, "three/train/%s/%d.pgm", i % 2 ? "light" : "dark", i);
        put(path, 20 + 160 * (i % 2) + i, false);
    }
    put("three/valid/dark/a.pgm", 20, false); /* in train too */
    put("three/valid/dark/b.pgm", 40, false);
    put("three/valid/light/c.pgm", 240, false);
    put("three/test/dark/d.pgm", 50, false);
    put("three/test/light/e.pgm", 250, false);
    told("data --data folder:%s/three --size 8 --channels 1", 0,
        (const char *const[]){ "class  train  val  test\n", "dark       3    2     1\n",
            "light      3    1     1\n", "all        6    3     2\n", "\nval: given as 8 x 8",
            "1 pictures of train are in val too, so the validation is too easy", "valid/dark/a.pgm", NULL });
    told("data --data folder:%s/three --size 8 --json", 0,
        (const char *const[]){ "\"val\":{\"count\":3", "\"in_train\":1", "\"in_train\":0", NULL });
    told("train --data folder:%s/three --size 8 --model mlp --epochs 1 --quiet", 0,
        (const char *const[]){ "pictures      train 6, val 3, test 2\n", NULL });
    told("check --data folder:%s/three --size 8 --channels 1 --model mlp --batch-size 6", 0,
        (const char *const[]){ "ok     labels: 3 validation pictures, 1 to 2 a class",
            "ok     labels: 2 test pictures, 1 to 1 a class", NULL });
}

/* A last batch of one picture, and a class without validation pictures, are told before training. */
static void what_an_epoch_would_end_with_is_told(void **state)
{
    (void)state;
    char path[64], arguments[256];
    program p;
    make_folders((const char *const[]){ "odd", "odd/train", "odd/train/dark", "odd/train/light", "odd/val",
        "odd/val/dark", "odd/test", "odd/test/dark", "odd/test/light", NULL });
    for (int i = 0; i < 17; i++) {
        snprintf(path, sizeof path, "odd/train/%s/%d.pgm", i % 2 ? "light" : "dark", i);
        put(path, 20 + 160 * (i % 2) + i, false);
    }
    put("odd/val/dark/a.pgm", 60, false);
    put("odd/test/dark/d.pgm", 70, false);
    put("odd/test/light/e.pgm", 250, false);
    static const char command[] =
        "%s --data folder:%s/odd --size 4 --model resnet8 --batch-size 8 --epochs 1 %s";
    static const char remedy[] =
        "17 training pictures in batches of 8: the last batch has one, and batch norm "
        "'7.body.1' cannot train on one number a channel; leave that batch out "
        "(--drop-last)";
    snprintf(arguments, sizeof arguments, command, "check", folder, "");
    program_run(&p, LATHE_PROGRAM, arguments);
    assert_int_equal(p.code, 1);
    assert_non_null(strstr(p.out, "odd    class 'light' has no validation picture\n"));
    assert_non_null(strstr(p.out, remedy));
    program_free(&p);
    snprintf(arguments, sizeof arguments, command, "train", folder, "--quiet");
    program_run(&p, LATHE_PROGRAM, arguments);
    assert_refused(&p, 2, remedy);
    program_free(&p);
    static const char *const fine[] = { "--drop-last", "--batch-size 6", "--max-steps 2", "--size 16" };
    for (size_t i = 0; i < sizeof fine / sizeof fine[0]; i++) {
        snprintf(arguments, sizeof arguments, command, "train", folder, fine[i]);
        program_run(&p, LATHE_PROGRAM, arguments);
        if (p.code) fail_msg("%s: %s", fine[i], p.err);
        assert_non_null(strstr(p.err, "note: class 'light' has no validation picture\n"));
        program_free(&p);
    }
    snprintf(arguments, sizeof arguments, command, "train", folder, "--quiet --batch-size 1");
    program_run(&p, LATHE_PROGRAM, arguments);
    assert_refused(&p, 2, "batches of at least two pictures are needed");
    program_free(&p);
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
        cmocka_unit_test(a_large_jpeg_is_described),
        cmocka_unit_test(a_table_of_several_columns_is_counted),
        cmocka_unit_test(a_set_with_its_own_validation_has_three_splits),
        cmocka_unit_test(what_an_epoch_would_end_with_is_told),
        cmocka_unit_test(mistakes_are_found),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
