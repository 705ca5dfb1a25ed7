#include "support/folder.h"
#include "support/support.h"

#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>

/* A grey PGM of about one level in a folder of one level: how it is scaled and cut out can be seen. */
static void put_picture(const char *folder, const char *name, int level)
{
    char path[256], bytes[32 + 64];
    mkdir(test_path(folder), 0700);
    snprintf(path, sizeof path, "%s/%s", folder, name);
    int header = sprintf(bytes, "P5 8 8 255\n");
    for (int i = 0; i < 64; i++) bytes[header + i] = (char)(level + i % 8 * (i / 8));
    test_write(test_path(path), bytes, (size_t)header + 64);
}

static void make_pictures(void)
{
    mkdir(test_path("set"), 0700);
    for (int i = 0; i < 6; i++) {
        char name[16];
        snprintf(name, sizeof name, "%d.pgm", i);
        put_picture("set/dark", name, 10 + i);
        put_picture("set/li\\gh\nt\xff", name,
            200 + i); /* a name of a backslash, a line's end and no UTF-8 */
    }
}

static lathe_run *train(const char *out)
{
    char data[1024];
    lathe_settings settings = lathe_settings_default();
    snprintf(data, sizeof data, "folder:%s", test_path("set"));
    const char *const pairs[][2] = { { "data", data }, { "model", "mlp" }, { "size", "10" },
        { "channels", "1" }, { "crop_ratio", "0.625" }, { "interpolation", "lanczos" },
        { "augment", "crop:2,hflip" }, { "val_split", "0.2" }, { "max_steps", "4" }, { "batch_size", "4" },
        { "out", test_path(out) } };
    for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++)
        if (lathe_settings_set(&settings, pairs[i][0], pairs[i][1])) fail_msg("%s", lathe_error_message());
    lathe_run *run = lathe_run_new(&settings, NULL);
    if (!run || lathe_run_train(run)) fail_msg("%s", lathe_error_message());
    return run;
}

/* The scores of a loader's samples, [count, classes]. */
static lathe_real *scores_of(lathe_layer *net, lathe_loader *loader, size_t count, int classes)
{
    lathe_tape *tape = lathe_tape_new(NULL);
    lathe_real *scores = malloc(count * (size_t)classes * sizeof *scores), *next = scores;
    for (lathe_batch batch; lathe_loader_next(loader, &batch); next += batch.size * classes) {
        lathe_tape_begin(tape, LATHE_EVAL);
        lathe_tensor *output = lathe_nn_forward(net, lathe_input(tape, &batch));
        assert_int_equal(lathe_tensor_read(output, next, (size_t)(batch.size * classes)), LATHE_OK);
    }
    lathe_loader_free(loader);
    lathe_tape_free(tape);
    return scores;
}

static void a_model_needs_nothing_but_its_checkpoint(void **state)
{
    (void)state;
    make_pictures();
    lathe_run *run = train("run");
    assert_int_equal(remove(test_path("run/config.ini")), 0);
    lathe_trained *trained = lathe_trained_open(test_path("run"), "last");
    if (!trained) fail_msg("%s", lathe_error_message());
    assert_int_equal(trained->data.classes, 2);
    assert_string_equal(trained->data.class_names[0], "dark");
    assert_string_equal(trained->data.class_names[1], "li\\gh\nt\xff");
    assert_int_equal(trained->class_counts[0], 5); /* one of six is held out for testing */
    assert_int_equal(trained->class_counts[1], 5);
    assert_string_equal(trained->data.task, "classify");
    assert_int_equal(trained->data.channels, 1);
    assert_int_equal(trained->data.height, 10);
    assert_int_equal(trained->task->width, 10);
    assert_int_equal(trained->step, 4);
    assert_string_equal(trained->model_name, "mlp");
    assert_true(trained->crop_ratio == 0.625);
    assert_int_equal(trained->interpolation, LATHE_LANCZOS);
    assert_int_equal(strspn(trained->settings_hash, "0123456789abcdef"), 8);
    assert_int_equal(strspn(trained->weights_hash, "0123456789abcdef"), 8);
    assert_memory_equal(trained->data.mean, run->feed->data->mean, sizeof(double));
    assert_memory_equal(trained->data.std, run->feed->data->std, sizeof(double));

    /* The same files through it get the same scores as in the run. */
    const char *files[12];
    for (size_t i = 0; i < run->feed->test->count; i++) files[i] = lathe_data_sample_file(run->feed->test, i);
    lathe_dataset *data = lathe_trained_files(trained, files, run->feed->test->count, false, 0);
    lathe_real *a = scores_of(run->learner->net, lathe_feed_loader(run->feed, run->feed->test, false),
        run->feed->test->count, 2);
    lathe_real *b = scores_of(trained->net, lathe_trained_loader(trained, data, 3, 1), data->count, 2);
    assert_memory_equal(a, b, data->count * 2 * sizeof *a);
    assert_string_equal(lathe_data_sample_file(data, 0), files[0]);
    free(a);
    free(b);
    lathe_data_free(data);
    lathe_run_free(run);

    lathe_trained *best = lathe_trained_open(test_path("run"), NULL); /* as there was validation */
    assert_non_null(strstr(best->path, "best"));
    lathe_trained_free(best);
    lathe_trained *last = lathe_trained_open(test_path("run/last.safetensors"), NULL);
    assert_non_null(strstr(last->path, "last"));
    assert_string_equal(last->settings_hash, trained->settings_hash);
    assert_string_equal(last->weights_hash, trained->weights_hash);
    lathe_trained_free(last);
    lathe_trained_free(trained);
}

static void pictures_that_cannot_be_read_are_named(void **state)
{
    (void)state;
    test_write(test_path("broken.png"), "no picture", 10);
    lathe_trained *trained = lathe_trained_open(test_path("run"), NULL);
    char good[1024], bad[1024];
    snprintf(good, sizeof good, "%s", test_path("set/dark/1.pgm"));
    snprintf(bad, sizeof bad, "%s", test_path("broken.png"));
    lathe_dataset *data = lathe_trained_files(trained, (const char *const[]){ bad, good }, 2, true, 0);
    assert_int_equal(data->count, 1);
    assert_int_equal(data->skipped, 1);
    assert_non_null(strstr(data->skipped_why[0], "broken.png"));
    assert_string_equal(lathe_data_sample_file(data, 0), good);
    lathe_data_free(data);
    assert_null(lathe_trained_files(trained, (const char *const[]){ bad, good }, 2, false, 0));
    assert_failed(LATHE_EFORMAT, "broken.png");
    assert_null(lathe_trained_files(trained, (const char *const[]){ good }, 0, false, 0));
    assert_failed(LATHE_EARG, "0 files");
    lathe_trained_free(trained);
}

static void what_is_no_trained_model_is_refused(void **state)
{
    (void)state;
    assert_null(lathe_trained_open(NULL, NULL));
    assert_failed(LATHE_EARG, "run is NULL");
    assert_null(lathe_trained_open(test_path("set"), NULL));
    assert_failed(LATHE_EIO, "not a run folder");
    assert_null(lathe_trained_open(test_path("none"), "best"));
    assert_failed(LATHE_EIO, "none/best.safetensors");
    lathe_real one = 1;
    lathe_saved tensor = { NULL, "a", { 1, { 1 } }, &one };
    assert_int_equal(lathe_safetensors_write(test_path("plain.safetensors"), &tensor, 1, NULL, 0), LATHE_OK);
    assert_null(lathe_trained_open(test_path("plain.safetensors"), NULL));
    assert_failed(LATHE_EFORMAT, "plain.safetensors: has no lathe.settings");

    static const char *const wrong[][2] = { { "lathe.input", "1,10" }, { "lathe.input", "1,0,10" },
        { "lathe.input", "1,10,99999" }, { "lathe.mean", "x" }, { "lathe.std", "1,2" },
        { "lathe.class_names", "" }, { "lathe.class_names", "a\\q\nb" }, { "lathe.task", "sleep" },
        { "lathe.class_counts", "1" }, { "lathe.class_counts", "1,-1" }, { "lathe.step", "" },
        { "lathe.settings", "nonsense" }, { "lathe.class_names", "a\nb\nc" } };
    lathe_safetensors *file = lathe_safetensors_read(test_path("run/last.safetensors"));
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        lathe_metadata notes[64];
        int count = 0;
        for (size_t k = 0; k < file->metadata_count; k++) {
            if (strstr(file->metadata[k].key, "crc32")) continue;
            notes[count] = file->metadata[k];
            if (!strcmp(notes[count].key, wrong[i][0])) notes[count].text = wrong[i][1];
            count++;
        }
        assert_int_equal(lathe_safetensors_write(test_path("wrong.safetensors"), &tensor, 1, notes, count),
            LATHE_OK);
        if (lathe_trained_open(test_path("wrong.safetensors"), NULL))
            fail_msg("%s = '%s' is taken", wrong[i][0], wrong[i][1]);
        assert_true(lathe_error() != LATHE_OK);
        lathe_error_clear();
    }
    lathe_safetensors_free(file);
}

/* A checkpoint of the run with one text changed. */
static lathe_trained *open_changed(const char *key, const char *text)
{
    lathe_safetensors *file = lathe_safetensors_read(test_path("run/last.safetensors"));
    lathe_metadata notes[64];
    lathe_saved saved[64];
    lathe_real *values[64];
    int count = 0, tensors = 0;
    for (size_t k = 0; k < file->metadata_count; k++) {
        if (strstr(file->metadata[k].key, "crc32")) continue;
        notes[count] = file->metadata[k];
        if (!strcmp(notes[count].key, key)) notes[count].text = text;
        count++;
    }
    for (size_t k = 0; k < file->tensors; k++) {
        const lathe_safetensor *tensor = &file->tensor[k];
        if (!strncmp(tensor->name, "optimizer.", 10)) continue;
        lathe_saved *s = &saved[tensors];
        *s = (lathe_saved){ NULL, tensor->name, { .rank = tensor->rank }, NULL };
        for (int i = 0; i < tensor->rank; i++) s->shape.dim[i] = (int)tensor->dim[i];
        s->values = values[tensors++] = malloc(tensor->count * sizeof *values[0]);
        assert_int_equal(lathe_safetensors_get(file, tensor, values[tensors - 1], tensor->count), LATHE_OK);
    }
    assert_int_equal(lathe_safetensors_write(test_path("changed.safetensors"), saved, tensors, notes, count),
        LATHE_OK);
    while (tensors) free(values[--tensors]);
    lathe_safetensors_free(file);
    return lathe_trained_open(test_path("changed.safetensors"), NULL);
}

/* The settings of the run with other transforms. */
static const char *with_augment(const char *augment)
{
    static char text[1 << 14];
    lathe_safetensors *file = lathe_safetensors_read(test_path("run/last.safetensors"));
    const char *settings = lathe_safetensors_text(file, "lathe.settings"),
               *line = strstr(settings, "augment");
    snprintf(text, sizeof text, "%.*saugment = %s%s", (int)(line - settings), settings, augment,
        strchr(line, '\n'));
    lathe_safetensors_free(file);
    return text;
}

/* The most memory that the process has had, in MiB. */
static long peak(void)
{
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return usage.ru_maxrss >> 10;
}

static void a_checkpoint_cannot_ask_for_memory(void **state)
{
    (void)state;
    const long before = peak();
    lathe_trained *trained = open_changed("lathe.step", "7");
    if (!trained) fail_msg("%s", lathe_error_message());
    lathe_trained_free(trained);
    assert_null(open_changed("lathe.std", "0"));
    assert_failed(LATHE_EFORMAT, "mean 0.");
    /* With the run's mlp, 16384 x 16384 would be weights of 256 GiB, and 1000 x 1000 weights of 1 GiB. */
    assert_null(open_changed("lathe.input", "1,16384,16384"));
    assert_failed(LATHE_ESHAPE, "at most 67108864 bytes");
    assert_null(open_changed("lathe.input", "1,1000,1000"));
    assert_failed(LATHE_ESHAPE, "does not fit the model");
    assert_null(open_changed("lathe.heads", "999999 a\n999999 b"));
    assert_failed(LATHE_EFORMAT, "lathe.heads");
    assert_null(open_changed("lathe.settings", with_augment("resize:1000")));
    assert_failed(LATHE_ESHAPE, "does not fit the model");
    assert_null(open_changed("lathe.settings", with_augment("resize:16384,resize:10")));
    assert_failed(LATHE_ESHAPE, "at most 67108864 bytes");
    char many[1 << 13] = "to_gray";
    for (int i = 0; i < 100; i++) strcat(many, ",to_gray");
    assert_null(open_changed("lathe.settings", with_augment(many)));
    assert_failed(LATHE_EARG, "101 transforms");
    assert_true(peak() - before < 64);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_model_needs_nothing_but_its_checkpoint),
        cmocka_unit_test(pictures_that_cannot_be_read_are_named),
        cmocka_unit_test(what_is_no_trained_model_is_refused),
        cmocka_unit_test(a_checkpoint_cannot_ask_for_memory),
    };
    test_folder();
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    test_folder_remove();
    return failed;
}
