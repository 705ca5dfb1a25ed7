/* What is learned beside one class a picture: any number of classes, several heads, masks. */
#include "support/support.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "support/folder.h"
#include "support/pictures.h"

/* Pictures dark or bright on the left (a, b) and on the right (c, d); their masks say where it is bright. */
static void make_pictures(void)
{
    lathe_text many = { 0 }, heads = { 0 }, tags = { 0 };
    lathe_text_put(&many, "path,left,right\n");
    lathe_text_put(&heads, "path,left,right\n");
    lathe_text_put(&tags, "path,bright\n");
    for (int i = 0; i < 40; i++) {
        char name[64], bytes[64 + 13], mask[64 + 13];
        const char *left[] = { "dark", "mid", "bright" };
        int a = i % 3, b = i / 2 % 2;
        memcpy(bytes, "P5 08 08 255\n", 13);
        memcpy(mask, bytes, 13);
        for (int p = 0; p < 64; p++) {
            int level = p % 8 < 4 ? 100 * a : 200 * b;
            bytes[13 + p] = (char)(level + i % 5);
            mask[13 + p] = (char)(level > 50 ? 255 : 0);
        }
        snprintf(name, sizeof name, "images/%02d.pgm", i);
        test_make_folders(name);
        test_write(test_path(name), bytes, sizeof bytes);
        lathe_text_add(&many, "%s,%d,%d\n", name, a > 0, b);
        lathe_text_add(&heads, "%s,%s,%s\n", name, left[a], b ? "bright" : "dark");
        lathe_text_add(&tags, "%s,%s%s%s\n", name, a ? "left" : "", a && b ? "|" : "", b ? "right" : "");
        snprintf(name, sizeof name, "masks/%02d.pgm", i);
        test_make_folders(name);
        test_write(test_path(name), mask, sizeof mask);
    }
    lathe_text *texts[] = { &many, &heads, &tags };
    static const char *const files[] = { "many.csv", "heads.csv", "tags.csv" };
    for (int i = 0; i < 3; i++) {
        char *text = lathe_text_take(texts[i]);
        test_put_text(files[i], text);
        lathe_free(text);
    }
}

static lathe_settings settings_for(const char *kind, const char *file, const char *model, const char *loss)
{
    char data[1200];
    lathe_settings settings = lathe_settings_default();
    snprintf(data, sizeof data, "%s:%s", kind, *file ? test_path(file) : test_folder());
    const char *const pairs[][2] = { { "data", data }, { "model", model }, { "loss", loss }, { "size", "8" },
        { "channels", "1" }, { "lr", "5e-3" }, { "batch_size", "8" }, { "epochs", "12" },
        { "val_split", "0.2" } };
    for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++)
        if (lathe_settings_set(&settings, pairs[i][0], pairs[i][1])) fail_msg("%s", lathe_error_message());
    return settings;
}

static lathe_run *train(const lathe_settings *settings)
{
    lathe_run *run = lathe_run_new(settings, NULL);
    if (!run || lathe_run_train(run)) fail_msg("%s", lathe_error_message());
    return run;
}

static void each_task_is_learned(void **state)
{
    (void)state;
    static const struct {
        const char *kind, *file, *model, *loss, *task;
    } cases[] = {
        { "csv", "many.csv", "mlp", "binary_cross_entropy", "tags" },
        { "csv", "tags.csv", "mlp", "sigmoid_focal", "tags" },
        { "csv", "heads.csv", "mlp", "cross_entropy", "heads" },
        { "masks", "", "unet", "cross_entropy", "pixels" },
        { "masks", "", "unet", "dice", "pixels" },
        { "masks", "", "unet", "cross_entropy_iou", "pixels" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        lathe_settings settings = settings_for(cases[i].kind, cases[i].file, cases[i].model, cases[i].loss);
        lathe_run *run = train(&settings);
        assert_string_equal(run->feed->data->task, cases[i].task);
        bool masks = !strcmp(cases[i].task, "pixels");
        const lathe_epoch_row *last = &run->keeper->history.epoch[run->keeper->history.epochs - 1];
        if (!(run->test_score.metric[0] > 0.9 && last->train[0] > 0.8 && last->train[0] <= 1))
            fail_msg("%s %s: accuracy %g, of training %g", cases[i].file, cases[i].loss,
                run->test_score.metric[0], last->train[0]);
        assert_int_equal(isnan(run->test_score.metric[1]), !masks);
        if (masks) assert_true(run->test_score.metric[1] > 0.8 && run->test_score.metric[1] <= 1);
        lathe_run_free(run);
    }
}

/* Each loss, by its name alone, on each task that it is for. */
static void each_loss_trains_where_it_is_listed(void **state)
{
    (void)state;
    static const struct {
        const char *kind, *file, *model;
        bool tags;
    } tasks[] = { { "csv", "heads.csv", "mlp", false }, { "masks", "", "unet", false },
        { "csv", "tags.csv", "mlp", true } };
    int trained = 0, refused = 0;
    for (int i = 0; lathe_loss_at(i); i++)
        for (size_t t = 0; t < sizeof tasks / sizeof tasks[0]; t++) {
            const lathe_loss_type *type = lathe_loss_at(i);
            lathe_settings settings = settings_for(tasks[t].kind, tasks[t].file, tasks[t].model, type->name);
            lathe_settings_set(&settings, "max_steps", "8");
            lathe_settings_set(&settings, "val_split", "0");
            if (tasks[t].tags ? type->many != NULL : type->classify != NULL) {
                lathe_run *run = train(&settings);
                if (!isfinite(run->test_score.loss)) fail_msg("%s: %g", type->name, run->test_score.loss);
                lathe_run_free(run);
                trained++;
            } else {
                assert_null(lathe_run_new(&settings, NULL));
                assert_failed(LATHE_EARG, type->name);
                refused++;
            }
        }
    assert_int_equal(trained + refused, 3 * 16);
    assert_true(trained >= 2 * 12);
}

/* Mean IoU is a column, stops a run and chooses the best weights; another task's column is refused. */
static void mean_iou_is_watched(void **state)
{
    (void)state;
    lathe_settings settings = settings_for("masks", "", "unet", "cross_entropy");
    lathe_settings_set(&settings, "early_stop", "val_mean_iou");
    lathe_settings_set(&settings, "epochs", "40");
    lathe_settings_set(&settings, "patience", "2");
    lathe_settings_set(&settings, "out", test_path("watched"));
    lathe_run *run = train(&settings);
    const lathe_history *history = &run->keeper->history;
    assert_int_equal(run->end, LATHE_RUN_EARLY_STOP);
    size_t best = 0, first = 0;
    for (size_t i = 1; i < history->epochs; i++)
        if (history->epoch[i].val[1] > history->epoch[best].val[1]) best = i;
    while (history->epoch[first].val[1] < history->epoch[best].val[1]) first++;
    assert_int_equal(run->keeper->best_epoch, first);
    assert_int_equal(history->epochs, first + 3); /* and two without improvement */
    assert_true(run->keeper->best == history->epoch[first].val[1]);
    char *text = lathe_file_read(test_path("watched/epochs.csv"), 1 << 20, &(size_t){ 0 });
    assert_non_null(text);
    assert_int_equal(
        strncmp(text,
            "epoch,step,train_loss,train_accuracy,train_mean_iou,val_loss,val_accuracy,val_mean_iou,"
            "seconds,images_per_second\n",
            111),
        0);
    lathe_free(text);
    lathe_run_free(run);
    settings = settings_for("csv", "heads.csv", "mlp", "cross_entropy");
    lathe_settings_set(&settings, "early_stop", "val_mean_iou");
    assert_null(lathe_run_new(&settings, NULL));
    assert_failed(LATHE_ENAME, "train_loss, val_loss, train_accuracy, val_accuracy");
}

static void a_checkpoint_says_the_task(void **state)
{
    (void)state;
    lathe_settings settings = settings_for("csv", "heads.csv", "mlp", "cross_entropy");
    lathe_settings_set(&settings, "max_steps", "2");
    lathe_settings_set(&settings, "out", test_path("run"));
    lathe_run_free(train(&settings));
    lathe_trained *trained = lathe_trained_open(test_path("run"), NULL);
    if (!trained) fail_msg("%s", lathe_error_message());
    assert_string_equal(trained->data.task, "heads");
    assert_int_equal(trained->data.heads, 2);
    assert_string_equal(trained->data.head[0].name, "left");
    assert_int_equal(trained->data.head[0].classes, 3);
    assert_int_equal(trained->data.head[1].first, 3);
    assert_string_equal(trained->data.class_names[4], "right=dark");
    lathe_trained_free(trained);
}

static void what_does_not_fit_is_refused(void **state)
{
    (void)state;
    lathe_settings settings = settings_for("csv", "many.csv", "mlp", "cross_entropy");
    assert_null(lathe_run_new(&settings, NULL));
    assert_failed(LATHE_EARG, "loss cross_entropy is for one class a picture");
    settings = settings_for("csv", "heads.csv", "mlp", "cross_entropy");
    lathe_settings_set(&settings, "class_weights", "balanced");
    assert_null(lathe_run_new(&settings, NULL));
    assert_failed(LATHE_EARG, "several heads");
    static const char *const wrong[][3] = { { "masks", "", "mlp" }, { "csv", "heads.csv", "unet" } };
    for (int i = 0; i < 2; i++) {
        settings = settings_for(wrong[i][0], wrong[i][1], wrong[i][2], "cross_entropy");
        lathe_run *run = lathe_run_new(&settings, NULL);
        if (!run) fail_msg("%s", lathe_error_message());
        assert_int_equal(lathe_run_train(run), LATHE_ESHAPE);
        assert_failed(LATHE_ESHAPE, i ? "a net for masks" : "as unet gives");
        lathe_run_free(run);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_task_is_learned),
        cmocka_unit_test(each_loss_trains_where_it_is_listed),
        cmocka_unit_test(mean_iou_is_watched),
        cmocka_unit_test(a_checkpoint_says_the_task),
        cmocka_unit_test(what_does_not_fit_is_refused),
    };
    test_folder();
    make_pictures();
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    test_folder_remove();
    return failed;
}
