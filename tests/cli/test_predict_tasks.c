/* What `lathe predict` and `lathe eval` say for other tasks than one class a picture. */
#include "support/program_json.h"
#include "support/support.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <cjson/cJSON.h>

/* A grey PGM, 8 x 8: `left` on the left half, `right` on the right. */
static void put(const char *name, int left, int right)
{
    char path[256];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    fputs("P5 8 8 255\n", file);
    for (int i = 0; i < 64; i++) fputc(i % 8 < 4 ? left : right, file);
    fclose(file);
}

static FILE *table(const char *name)
{
    char path[256];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    return file;
}

/* Train on `data` into the folder `run`; the data is so easy that the net knows it. */
static void train(const char *data, const char *model, const char *loss, const char *run)
{
    char arguments[512];
    program p;
    snprintf(arguments, sizeof arguments,
        "train --data %s --size 8 --channels 1 --model %s --loss %s --epochs 12 --batch-size 8 --lr 5e-3 "
        "--val-split 0.2 --out %s/%s --quiet",
        data, model, loss, folder, run);
    program_run(&p, LATHE_PROGRAM, arguments);
    if (p.code) fail_msg("%s", p.err);
    program_free(&p);
}

static int make_runs(void **state)
{
    (void)state;
    folder_make(folder);
    static const char *const folders[] = { "images", "masks" };
    for (int i = 0; i < 2; i++) {
        char path[256];
        snprintf(path, sizeof path, "%s/%s", folder, folders[i]);
        assert_int_equal(mkdir(path, 0700), 0);
    }
    FILE *heads = table("heads.csv"), *tags = table("tags.csv");
    fputs("path,left,right\n", heads);
    fputs("path,left,right\n", tags);
    for (int i = 0; i < 40; i++) {
        char name[64];
        int left = i % 2, right = i / 2 % 2;
        snprintf(name, sizeof name, "images/%02d.pgm", i);
        put(name, 200 * left + i % 5, 200 * right + i % 5);
        snprintf(name, sizeof name, "masks/%02d.pgm", i);
        put(name, 255 * left, 255 * right);
        fprintf(heads, "images/%02d.pgm,%s,%s\n", i, left ? "lit" : "dark", right ? "white" : "black");
        fprintf(tags, "images/%02d.pgm,%d,%d\n", i, left, right);
    }
    fclose(heads);
    fclose(tags);
    char data[256];
    snprintf(data, sizeof data, "csv:%s/heads.csv", folder);
    train(data, "mlp", "cross_entropy", "of_heads");
    snprintf(data, sizeof data, "csv:%s/tags.csv", folder);
    train(data, "mlp", "binary_cross_entropy", "of_tags");
    snprintf(data, sizeof data, "masks:%s", folder);
    train(data, "unet", "cross_entropy", "of_masks");
    put("both.pgm", 200, 200);
    put("left.pgm", 200, 0);
    return 0;
}

/* What is found in a picture of the folder: "a,b". */
static void assert_found(const char *run, const char *task, const char *picture, const char *want)
{
    char arguments[512], found[256] = "";
    program p;
    snprintf(arguments, sizeof arguments, "predict %s/%s %s/%s --json", folder, run, folder, picture);
    program_run(&p, LATHE_PROGRAM, arguments);
    if (p.code) fail_msg("%s", p.err);
    cJSON *object = cJSON_Parse(p.out);
    assert_non_null(object);
    assert_string_equal(cJSON_GetObjectItem(object, "task")->valuestring, task);
    const cJSON *one,
        *all = cJSON_GetObjectItem(cJSON_GetArrayItem(cJSON_GetObjectItem(object, "pictures"), 0), "found");
    cJSON_ArrayForEach(one, all)
    {
        size_t used = strlen(found);
        snprintf(found + used, sizeof found - used, "%s%s", used ? "," : "",
            cJSON_GetObjectItem(one, "class")->valuestring);
        assert_true(cJSON_GetObjectItem(one, "probability")->valuedouble > 0.4);
    }
    assert_string_equal(found, want);
    cJSON_Delete(object);
    program_free(&p);
}

static void each_task_says_what_it_found(void **state)
{
    (void)state;
    assert_found("of_heads", "heads", "left.pgm", "left=lit,right=black");
    assert_found("of_heads", "heads", "both.pgm", "left=lit,right=white");
    assert_found("of_tags", "tags", "left.pgm", "left");
    assert_found("of_masks", "pixels", "both.pgm", "level 255");
}

static void masks_are_written_and_not_overwritten(void **state)
{
    (void)state;
    char arguments[512], path[256];
    program p;
    snprintf(arguments, sizeof arguments, "predict %s/of_masks %s/left.pgm --masks %s/made", folder, folder,
        folder);
    program_run(&p, LATHE_PROGRAM, arguments);
    if (p.code) fail_msg("%s", p.err);
    assert_non_null(strstr(p.out, "parts of the picture"));
    program_free(&p);
    snprintf(path, sizeof path, "%s/made/left.pgm", folder);
    lathe_picture picture;
    assert_int_equal(lathe_picture_read(path, &(lathe_picture_opts){ .channels = 1 }, &picture), LATHE_OK);
    assert_true(picture.width == 8 && picture.height == 8);
    int right = 0;
    for (int i = 0; i < 64; i++) right += picture.pixels[i] == (i % 8 < 4);
    if (right < 56) fail_msg("%d of 64 pixels are right", right);
    lathe_picture_free(&picture);

    program_run(&p, LATHE_PROGRAM, arguments);
    assert_refused(&p, 2, "left.pgm exists");
    program_free(&p);
    snprintf(arguments, sizeof arguments, "predict %s/of_tags %s/left.pgm --masks %s/none", folder, folder,
        folder);
    program_run(&p, LATHE_PROGRAM, arguments);
    assert_refused(&p, 2, "the task tags has none");
    program_free(&p);
}

static void eval_names_the_metrics_of_the_task(void **state)
{
    (void)state;
    static const struct {
        const char *run, *metrics[4];
    } cases[] = { { "of_heads", { "accuracy", "left.accuracy", "right.fbeta" } },
        { "of_tags", { "accuracy", "hamming_score", "recall" } },
        { "of_masks", { "accuracy", "mean_iou", "iou" } } };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char arguments[512];
        program p;
        snprintf(arguments, sizeof arguments, "eval %s/%s --json", folder, cases[i].run);
        program_run(&p, LATHE_PROGRAM, arguments);
        if (p.code) fail_msg("%s", p.err);
        cJSON *object = cJSON_Parse(p.out), *metrics = cJSON_GetObjectItem(object, "metrics");
        for (int k = 0; cases[i].metrics[k]; k++) {
            const cJSON *value = cJSON_GetObjectItem(metrics, cases[i].metrics[k]);
            if (!cJSON_IsNumber(value)) fail_msg("%s has no %s", cases[i].run, cases[i].metrics[k]);
        }
        assert_true(cJSON_GetObjectItem(object, "accuracy")->valuedouble ==
            cJSON_GetObjectItem(metrics, "accuracy")->valuedouble);
        cJSON_Delete(object);
        program_free(&p);
        snprintf(arguments, sizeof arguments, "eval %s/%s", folder, cases[i].run);
        program_run(&p, LATHE_PROGRAM, arguments);
        assert_int_equal(p.code, 0);
        assert_true(!strncmp(p.out, "test accuracy ", 14));
        assert_int_equal(strstr(p.out, "%, mean IoU 0.") || strstr(p.out, "%, mean IoU 1."), i == 2);
        program_free(&p);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_task_says_what_it_found),
        cmocka_unit_test(masks_are_written_and_not_overwritten),
        cmocka_unit_test(eval_names_the_metrics_of_the_task),
    };
    return cmocka_run_group_tests(tests, make_runs, remove_folder);
}
