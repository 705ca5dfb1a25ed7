/*
 * A program's own task, registered at run time, is trained, evaluated, saved and predicted with like the
 * library's. "rank" learns a level of 0 ... 9 from a picture. An answer that is one off is right. Its second
 * metric is the mean distance, of which less is better.
 */
#include "support/folder.h"
#include "support/task.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { LEVELS = 10, SIDE = 6 };

static lathe_shape output(const lathe_task *task) { return (lathe_shape){ 2, { 0, task->data->classes } }; }

static lathe_tensor *loss(lathe_task *task, lathe_tensor *output, const lathe_batch *batch, const void *opts)
{
    return task->loss->classify(output, batch->labels, opts);
}

/* Right answers, answers, and how far off all of them are together. */
static size_t numbers(const lathe_task *task)
{
    (void)task;
    return 3;
}

static void update(const lathe_task *task, const lathe_real *scores, const lathe_batch *batch, double *sums)
{
    for (int i = 0; i < batch->size; i++) {
        int level = lathe_argmax(scores + i * task->data->classes, task->data->classes);
        int off = abs(level - batch->labels[i]);
        sums[0] += off <= 1;
        sums[1] += 1;
        sums[2] += off;
    }
}

static void compute(const lathe_task *task, const double *sums, double *values)
{
    (void)task;
    values[0] = sums[0] / sums[1];
    values[1] = sums[2] / sums[1];
}

static bool view(lathe_task *task, int index, const lathe_real *scores, const lathe_batch *batch,
    lathe_task_view *view)
{
    *view = (lathe_task_view){ .classes = task->data->classes,
        .count = (size_t)batch->size,
        .scores = scores,
        .labels = batch->labels };
    return index == 0;
}

static void probabilities(const lathe_task *task, const lathe_real *scores, double share, double *p)
{
    p[lathe_argmax(scores, task->data->classes)] += share;
}

static int decode(const lathe_task *task, const double *p, int top, lathe_finding *found, int room)
{
    return lathe_findings_rank(p, task->data->classes, top < room ? top : room, found);
}

static void describe(const lathe_task *task, char *line, size_t size)
{
    snprintf(line, size, "a level of %d", task->data->classes);
}

static const lathe_task_metric metrics[] = { { "near", "at most one off", false, true },
    { "distance", "mean distance", true, false }, { .name = NULL } };

static const lathe_task_type rank_task = { .name = "rank",
    .summary = "a level",
    .metrics = metrics,
    .output = output,
    .loss = loss,
    .numbers = numbers,
    .update = update,
    .compute = compute,
    .view = view,
    .probabilities = probabilities,
    .decode = decode,
    .describe = describe };

/* "levels": pictures of an even grey, lighter with their level. */
static lathe_dataset *open_levels(const char *argument, lathe_split split, const lathe_data_opts *opts)
{
    enum { COUNT = 20 * LEVELS };
    static uint8_t pixels[COUNT][SIDE * SIDE];
    static int labels[COUNT];
    (void)argument, (void)opts;
    if (split == LATHE_SPLIT_VAL) return lathe_fail(LATHE_ESTATE, "levels: no validation set"), NULL;
    for (int i = 0; i < COUNT; i++) {
        labels[i] = i % LEVELS;
        memset(pixels[i], 25 * labels[i] + i / LEVELS, sizeof pixels[i]);
    }
    return lathe_data_memory(&pixels[0][0], labels,
        &(lathe_memory_opts){ .name = "levels",
            .count = COUNT,
            .channels = 1,
            .height = SIDE,
            .width = SIDE,
            .task = "rank" });
}

static const lathe_data_source levels_source = { .name = "levels", .help = "greys", .open = open_levels };

static lathe_run *train(void)
{
    lathe_settings settings = lathe_settings_default();
    static const char *const pairs[][2] = { { "data", "levels" }, { "model", "mlp" }, { "epochs", "6" },
        { "batch_size", "16" }, { "lr", "3e-3" }, { "val_split", "0.25" }, { "early_stop", "val_distance" },
        { "patience", "50" } };
    for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++)
        if (lathe_settings_set(&settings, pairs[i][0], pairs[i][1])) fail_msg("%s", lathe_error_message());
    assert_int_equal(lathe_settings_set(&settings, "out", test_path("run")), LATHE_OK);
    lathe_run *run = lathe_run_new(&settings, NULL);
    if (!run || lathe_run_train(run)) fail_msg("%s", lathe_error_message());
    return run;
}

static void a_task_of_a_program_is_trained(void **state)
{
    (void)state;
    assert_int_equal(lathe_task_register(&rank_task), LATHE_OK);
    assert_int_equal(lathe_data_source_register(&levels_source), LATHE_OK);
    assert_ptr_equal(lathe_task_find("rank"), &rank_task);
    lathe_run *run = train();
    const lathe_score *score = &run->test_score;
    if (!(score->count == 200 && score->metric[0] > 0.9 && score->metric[1] >= 0 && score->metric[1] < 0.7))
        fail_msg("%zu pictures, near %g, distance %g", score->count, score->metric[0], score->metric[1]);
    const lathe_history *history = &run->keeper->history;
    double least = HUGE_VAL;
    for (size_t i = 0; i < history->epochs; i++) least = fmin(least, history->epoch[i].val[1]);
    assert_true(run->keeper->best == least && history->epoch[run->keeper->best_epoch].val[1] == least);
    char *json = lathe_run_json(run);
    assert_non_null(strstr(json, "\"metrics\":{\"near\":"));
    assert_non_null(strstr(json, ",\"distance\":"));
    lathe_free(json);
    lathe_run_free(run);
}

static void its_checkpoint_is_read_by_its_name(void **state)
{
    (void)state;
    lathe_trained *trained = lathe_trained_open(test_path("run"), NULL);
    if (!trained) fail_msg("%s", lathe_error_message());
    assert_ptr_equal(trained->task->type, &rank_task);
    lathe_dataset *data = lathe_data_open("levels", LATHE_SPLIT_TEST, &(lathe_data_opts){ .seed = 1 });
    double *p = calloc(data->count * LEVELS, sizeof *p);
    assert_int_equal(lathe_trained_predict(trained, data, &(lathe_predict_opts){ .hflip = true }, p),
        LATHE_OK);
    for (size_t i = 0; i < data->count; i++) {
        double sum = 0;
        for (int k = 0; k < LEVELS; k++) sum += p[i * LEVELS + (size_t)k];
        assert_near(sum, 1, 1e-12);
    }
    free(p);
    lathe_data_free(data);
    lathe_trained_free(trained);
}

static void what_is_not_whole_is_refused(void **state)
{
    (void)state;
    lathe_task_type taken = rank_task, part = rank_task;
    taken.word = "many";
    taken.name = "another";
    assert_int_equal(lathe_task_register(&taken), LATHE_ENAME);
    assert_failed(LATHE_ENAME, "many");
    part.name = "part";
    part.update = NULL;
    assert_int_equal(lathe_task_register(&part), LATHE_EARG);
    assert_failed(LATHE_EARG, "update");
    assert_null(lathe_task_find("part"));
    assert_failed(LATHE_ENAME, "rank");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_task_of_a_program_is_trained),
        cmocka_unit_test(its_checkpoint_is_read_by_its_name),
        cmocka_unit_test(what_is_not_whole_is_refused),
    };
    test_folder();
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    test_folder_remove();
    return failed;
}
