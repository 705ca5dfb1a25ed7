#include "support/program_json.h"
#include "support/support.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <cjson/cJSON.h>

/* A grey PGM, 8 x 8: a level, brighter to the right by `slope` a column. */
static void put(const char *name, int level, int slope)
{
    char path[256];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    fputs("P5 8 8 255\n", file);
    for (int i = 0; i < 64; i++) fputc(level + slope * (i % 8), file);
    fclose(file);
}

static void make_folders(void)
{
    static const char *const folders[] = { "set", "set/train", "set/val", "set/train/dark",
        "set/train/=light", "set/val/dark", "set/val/=light", "other" };
    for (size_t i = 0; i < sizeof folders / sizeof folders[0]; i++) {
        char path[256];
        snprintf(path, sizeof path, "%s/%s", folder, folders[i]);
        assert_int_equal(mkdir(path, 0700), 0);
    }
}

/* Dark and light ones whose levels overlap, so that no model is always right; a short run on them. */
static int make_run(void **state)
{
    (void)state;
    folder_make(folder);
    make_folders();
    for (int i = 0; i < 60; i++) {
        char name[64];
        for (int light = 0; light < 2; light++) {
            snprintf(name, sizeof name, "set/%s/%s/%02d.pgm", i < 40 ? "train" : "val",
                light ? "=light" : "dark", i);
            put(name, random_int(1 + (uint64_t)light, (uint64_t)i, light ? 90 : 50, light ? 170 : 130),
                i % 3);
        }
    }
    put("other/left.pgm", 60, 15);
    put("other/right.pgm", 165, -15);
    char arguments[512];
    program p;
    snprintf(arguments, sizeof arguments,
        "train --data folder:%s/set --size 8 --channels 1 --model mlp --epochs 4 --batch-size 16 --lr 1e-3 "
        "--out %s/run --quiet",
        folder, folder);
    program_run(&p, LATHE_PROGRAM, arguments);
    if (p.code) fail_msg("%s", p.err);
    program_free(&p);
    return 0;
}

static cJSON *run_json(const char *format)
{
    char arguments[512];
    snprintf(arguments, sizeof arguments, format, folder, folder, folder);
    return program_json(LATHE_PROGRAM, arguments);
}

/* Each command that reads pictures has the switch of their limit: 1,100,000 pixels are above 1 mebi. */
static void the_limit_of_pixels_has_a_switch(void **state)
{
    (void)state;
    static const char *const commands[] = { "predict %s/run %s/large/val",
        "eval %s/run --data folder:%s/large", "show --size 8 --png %s/sheet.png --data folder:%s/large",
        "data --size 8 --seed 3%.0s --data folder:%s/large" };
    static const char *const names[] = { "large", "large/train", "large/val", "large/train/dark",
        "large/train/=light", "large/val/dark", "large/val/=light" };
    char path[256], arguments[512];
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        snprintf(path, sizeof path, "%s/%s", folder, names[i]);
        assert_int_equal(mkdir(path, 0700), 0);
        for (int k = 0; k < 8 && i > 2; k++) {
            snprintf(path, sizeof path, "%s/%d.pgm", names[i], k);
            put(path, 40 + 20 * (int)i + k, 2);
        }
    }
    for (int i = 0; i < 2; i++) {
        snprintf(path, sizeof path, "%s/large/%s/dark/large.pgm", folder, i ? "train" : "val");
        FILE *file = fopen(path, "wb");
        assert_non_null(file);
        fputs("P5 1100 1000 255\n", file);
        for (int k = 0; k < 1100 * 1000; k++) fputc(60 + i, file);
        fclose(file);
    }
    for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++)
        for (int limit = 1; limit <= 2; limit++) {
            program p;
            int used = snprintf(arguments, sizeof arguments, commands[i], folder, folder);
            snprintf(arguments + used, sizeof arguments - (size_t)used, " --max-megapixels %d", limit);
            program_run(&p, LATHE_PROGRAM, arguments);
            bool refused = strstr(p.err, "1100 x 1000 pixels, at most 1048576 are allowed") ||
                strstr(p.out, "1100 x 1000 pixels, at most 1048576 are allowed");
            if (refused != (limit == 1) || (limit == 2 && p.code))
                fail_msg("%s: exit %d: %s%s", arguments, p.code, p.out, p.err);
            program_free(&p);
        }
}

/* Readers of CSV expect UTF-8: other bytes of a name are written as in tables. */
static void a_name_that_is_not_utf8_is_written_in_utf8(void **state)
{
    (void)state;
    char path[256], arguments[512];
    program p;
    snprintf(path, sizeof path, "%s/raw", folder);
    assert_int_equal(mkdir(path, 0700), 0);
    put("raw/caf\xe9,\xff.pgm", 60, 3);
    put("raw/caf\xc3\xa9.pgm", 60, 3);
    snprintf(arguments, sizeof arguments, "predict %s/run %s/raw --csv", folder, folder);
    program_run(&p, LATHE_PROGRAM, arguments);
    assert_int_equal(p.code, 0);
    assert_non_null(strstr(p.out, "raw/caf\\xE9,\\xFF.pgm\","));
    assert_non_null(strstr(p.out, "raw/caf\xc3\xa9.pgm,"));
    for (const char *c = p.out; *c; c += lathe_utf8_length(c)) assert_true(lathe_utf8_length(c) > 0);
    program_free(&p);
}

static void predict_is_as_right_as_eval(void **state)
{
    (void)state;
    cJSON *predicted = run_json("predict %s/run %s/set/val --json"),
          *evaluated = run_json("eval %s/run --json");
    assert_int_equal(cJSON_GetArraySize(cJSON_GetObjectItem(predicted, "pictures")), 40);
    assert_true(json_number(predicted, "accuracy") == json_number(evaluated, "accuracy"));
    assert_true(json_number(predicted, "accuracy") > 0.5);
    assert_true(json_number(predicted, "accuracy") < 1);
    cJSON *row;
    cJSON_ArrayForEach(row, cJSON_GetObjectItem(predicted, "pictures"))
    {
        const cJSON *all = cJSON_GetObjectItem(row, "probabilities");
        double sum = cJSON_GetArrayItem(all, 0)->valuedouble + cJSON_GetArrayItem(all, 1)->valuedouble;
        assert_true(sum > 1 - 1e-12 && sum < 1 + 1e-12);
        assert_true(json_number(row, "probability") >= 0.5);
    }
    cJSON_Delete(predicted);
    cJSON_Delete(evaluated);
}

/* A picture and its mirror image are told apart without a test-time flip, and not with it. */
static void a_flip_makes_mirror_images_equal(void **state)
{
    (void)state;
    for (int flip = 0; flip < 2; flip++) {
        cJSON *told =
            run_json(flip ? "predict %s/run %s/other --tta hflip --json" : "predict %s/run %s/other --json");
        const cJSON *rows = cJSON_GetObjectItem(told, "pictures");
        assert_int_equal(cJSON_GetArraySize(rows), 2);
        assert_null(cJSON_GetObjectItem(told, "accuracy")); /* "other" is no class */
        double left = cJSON_GetArrayItem(cJSON_GetObjectItem(cJSON_GetArrayItem(rows, 0), "probabilities"), 0)
                          ->valuedouble;
        double right =
            cJSON_GetArrayItem(cJSON_GetObjectItem(cJSON_GetArrayItem(rows, 1), "probabilities"), 0)
                ->valuedouble;
        double difference = left > right ? left - right : right - left;
        if (flip) assert_true(difference < 1e-9);
        else assert_true(difference > 1e-6);
        cJSON_Delete(told);
    }
}

static void predicted_text(const char *format, int code, const char *const *fragments, const char *error)
{
    char arguments[512];
    program p;
    snprintf(arguments, sizeof arguments, format, folder, folder, folder);
    program_run(&p, LATHE_PROGRAM, arguments);
    if (p.code != code) fail_msg("%s: exit %d: %s", arguments, p.code, p.err);
    for (; *fragments; fragments++)
        if (!strstr(p.out, *fragments)) fail_msg("%s: no '%s' in:\n%s", arguments, *fragments, p.out);
    if (!strstr(p.err, error)) fail_msg("%s: no '%s' in: %s", arguments, error, p.err);
    program_free(&p);
}

static void tables_name_pictures_and_classes(void **state)
{
    (void)state;
    predicted_text("predict %s/run %s/set/val/dark/41.pgm", 0,
        (const char *const[]){ "picture", "class and its probability", "val/dark/41.pgm  dark ",
            "accuracy 100.00 %: 1 of the 1", NULL },
        "");
    predicted_text("predict %s/run %s/other --top 2", 0,
        (const char *const[]){ "classes and their probabilities", "=light 0.", NULL }, "");
    /* a class that a spreadsheet would take for a formula */
    predicted_text("predict %s/run %s/other/left.pgm --csv --top 2", 0,
        (const char *const[]){ "picture,class,probability,class_2,probability_2,\"'=light\",dark\n",
            "other/left.pgm,", NULL },
        "");
}

static void what_is_wrong_is_named(void **state)
{
    (void)state;
    char path[128];
    snprintf(path, sizeof path, "%s/other/broken.pgm", folder);
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    fputs("P5 8 8 255\nshort", file);
    fclose(file);
    predicted_text("predict %s/run %s/other --csv", 1,
        (const char *const[]){ "other/left.pgm,", "other/right.pgm,", NULL }, "other/broken.pgm: ");
    remove(path);
    predicted_text("predict %s/run %s/absent.png", 1, (const char *const[]){ NULL },
        "absent.png: No such file");
    predicted_text("predict %s/run %s/set/val --tta vflip", 2, (const char *const[]){ NULL },
        "--tta 'vflip' is not known; hflip is");
    predicted_text("predict %s/other %s/other", 1, (const char *const[]){ NULL }, "other");
    predicted_text("predict %s/run", 2, (const char *const[]){ NULL }, "predict");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_limit_of_pixels_has_a_switch),
        cmocka_unit_test(a_name_that_is_not_utf8_is_written_in_utf8),
        cmocka_unit_test(predict_is_as_right_as_eval),
        cmocka_unit_test(a_flip_makes_mirror_images_equal),
        cmocka_unit_test(tables_name_pictures_and_classes),
        cmocka_unit_test(what_is_wrong_is_named),
    };
    return cmocka_run_group_tests(tests, make_run, remove_folder);
}
