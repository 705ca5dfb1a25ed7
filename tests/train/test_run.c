#include "support/folder.h"
#include "support/support.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* A small run on generated pictures: 12 steps of 16 pictures with a cyclic schedule, without validation. */
static lathe_settings small_settings(const char *out)
{
    static const char *const pairs[][2] = { { "data", "shapes" }, { "size", "16" }, { "model", "mlp" },
        { "optim", "sgd" }, { "momentum", "0.9" }, { "sched", "cyclic:triangular2" }, { "base_lr", "0.001" },
        { "max_lr", "0.05" }, { "step_size_up", "3" }, { "val_split", "0" }, { "max_steps", "12" },
        { "batch_size", "16" } };
    lathe_settings settings = lathe_settings_default();
    for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++)
        if (lathe_settings_set(&settings, pairs[i][0], pairs[i][1])) fail_msg("%s", lathe_error_message());
    if (out) assert_int_equal(lathe_settings_set(&settings, "out", test_path(out)), LATHE_OK);
    return settings;
}

static lathe_run *open_run(const lathe_settings *settings, const lathe_run_hooks *hooks)
{
    lathe_run *run = lathe_run_new(settings, hooks);
    if (!run) fail_msg("%s", lathe_error_message());
    return run;
}

static lathe_run *train_run(const lathe_settings *settings, const lathe_run_hooks *hooks)
{
    lathe_run *run = open_run(settings, hooks);
    if (lathe_run_train(run)) fail_msg("%s", lathe_error_message());
    return run;
}

static void assert_same_file(const char *a, const char *b)
{
    size_t size_a, size_b;
    char *bytes_a = test_bytes(test_path(a), &size_a), *bytes_b = test_bytes(test_path(b), &size_b);
    assert_int_equal(size_a, size_b);
    assert_memory_equal(bytes_a, bytes_b, size_a);
    free(bytes_a);
    free(bytes_b);
}

static void a_run_learns_and_writes_its_folder(void **state)
{
    (void)state;
    lathe_settings settings = lathe_settings_default();
    static const char *const pairs[][2] = { { "data", "shapes" }, { "model", "lenet5" }, { "lr", "3e-3" },
        { "val_split", "0" }, { "max_steps", "120" }, { "batch_size", "32" }, { "out", NULL } };
    for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++)
        assert_int_equal(lathe_settings_set(&settings, pairs[i][0],
                             pairs[i][1] ? pairs[i][1] : test_path("learns")),
            LATHE_OK);
    lathe_run *run = train_run(&settings, NULL);
    assert_int_equal(run->end, LATHE_RUN_COMPLETE);
    assert_int_equal(run->learner->step, 120);
    assert_int_equal(run->keeper->history.steps, 120);
    assert_int_equal(run->keeper->history.epochs, 1);
    double early = 0, late = 0;
    for (int i = 0; i < 10; i++)
        early += run->keeper->history.step[i].loss, late += run->keeper->history.step[110 + i].loss;
    if (!(late < 0.7 * early)) fail_msg("the loss went from %g to %g", early / 10, late / 10);
    assert_int_equal(run->test_score.count, 2000);
    assert_true(run->test_score.metric[0] > 0.4);

    lathe_history back = { 0 };
    assert_int_equal(lathe_history_read(&back, settings.out), LATHE_OK);
    assert_int_equal(back.steps, 120);
    assert_memory_equal(back.step, run->keeper->history.step, 120 * sizeof *back.step);
    assert_int_equal(back.epochs, 1);
    assert_true(back.epoch[0].train_loss == run->keeper->history.epoch[0].train_loss &&
        isnan(back.epoch[0].val_loss));
    lathe_history_free(&back);

    lathe_settings read = lathe_settings_default();
    assert_int_equal(lathe_settings_read(&read, test_path("learns/config.ini")), LATHE_OK);
    char *one = lathe_settings_text(&settings), *two = lathe_settings_text(&read);
    assert_string_equal(one, two);
    lathe_free(one);
    lathe_free(two);

    /* The weights in the file are those of the run. */
    lathe_score before, after;
    assert_int_equal(lathe_run_evaluate(run, run->feed->test, NULL, &before), LATHE_OK);
    assert_true(before.loss == run->test_score.loss);
    lathe_run_free(run);
    settings.out[0] = '\0';
    run = open_run(&settings, NULL);
    assert_int_equal(lathe_run_load(run, test_path("learns/last.safetensors")), LATHE_OK);
    assert_int_equal(lathe_run_evaluate(run, run->feed->test, NULL, &after), LATHE_OK);
    assert_true(after.loss == before.loss && after.metric[0] == before.metric[0]);
    lathe_run_free(run);
}

/* Training pictures are cut out at random, those of tests in the middle; the model is built for what comes
 * out. */
static void transforms_may_change_the_size(void **state)
{
    (void)state;
    lathe_settings settings = small_settings(NULL);
    assert_int_equal(lathe_settings_set(&settings, "augment", "random_resized_crop:20,hflip"), LATHE_OK);
    assert_int_equal(lathe_settings_set(&settings, "size", "32"), LATHE_OK);
    lathe_run *run = train_run(&settings, NULL);
    assert_int_equal(run->feed->data->height, 32);
    lathe_loader *loader = lathe_feed_loader(run->feed, run->feed->test, false);
    lathe_batch first[2];
    for (int epoch = 0; epoch < 2; epoch++) {
        assert_true(lathe_loader_next(loader, &first[epoch]));
        assert_int_equal(first[epoch].height, 20);
        double sum = 0;
        static double sums[2];
        for (int i = 0; i < 16 * 400; i++) sum += (double)first[epoch].images[i];
        sums[epoch] = sum;
        assert_true(sums[epoch] == sums[0]); /* nothing is left to chance */
        lathe_loader_seek(loader, 1, 0);
    }
    lathe_loader_free(loader);
    lathe_run_free(run);
    assert_int_equal(lathe_settings_set(&settings, "augment", "center_crop:40"), LATHE_OK);
    assert_null(lathe_run_new(&settings, NULL));
    assert_failed(LATHE_ESHAPE, "center_crop: size 40 x 40 of pictures of 32 x 32");
    assert_int_equal(lathe_settings_set(&settings, "augment", "hflop"), LATHE_OK);
    assert_null(lathe_run_new(&settings, NULL));
    assert_failed(LATHE_ENAME, "unknown transform 'hflop'");
}

static void same_seed_same_bytes(void **state)
{
    (void)state;
    static const char *const names[] = { "same1", "same2", "same3", "same4" };
    static const char *const threads[] = { "1", "1", "2", "3" }, *const workers[] = { "0", "1", "2", "4" };
    for (int i = 0; i < 4; i++) {
        lathe_settings settings = small_settings(names[i]);
        assert_int_equal(lathe_settings_set(&settings, "threads", threads[i]), LATHE_OK);
        assert_int_equal(lathe_settings_set(&settings, "workers", workers[i]), LATHE_OK);
        assert_int_equal(lathe_settings_set(&settings, "augment",
                             "crop:3,hflip,one_of(rotate:10,gauss_noise:0.1):0.7"),
            LATHE_OK);
        lathe_run_free(train_run(&settings, NULL));
        static const char *const files[] = { "steps.csv", "last.safetensors", "best.safetensors" };
        for (size_t f = 0; f < 3 && i; f++) {
            char first[64], other[64];
            snprintf(first, sizeof first, "%s/%s", names[0], files[f]);
            snprintf(other, sizeof other, "%s/%s", names[i], files[f]);
            assert_same_file(first, other);
        }
    }
    lathe_settings settings = small_settings("other");
    assert_int_equal(lathe_settings_set(&settings, "seed", "2"), LATHE_OK);
    lathe_run *run = train_run(&settings, NULL);
    lathe_history first = { 0 };
    assert_int_equal(lathe_history_read(&first, test_path("same1")), LATHE_OK);
    assert_true(first.step[0].loss != run->keeper->history.step[0].loss);
    lathe_history_free(&first);
    lathe_run_free(run);
    assert_int_equal(lathe_threads_set(NULL, 0), LATHE_OK);
}

/* By hand: 12 steps of triangular2 between 0.001 and 0.05 with 3 steps up and 3 down. */
static void the_log_is_the_schedule(void **state)
{
    (void)state;
    lathe_settings settings = small_settings(NULL);
    lathe_run *run = train_run(&settings, NULL);
    lathe_step_row rows[12];
    assert_int_equal(lathe_run_preview(&settings, run->steps_per_epoch, 12, NULL, rows), LATHE_OK);
    static const int height[] = { 0, 1, 2, 3, 2, 1 };
    for (int t = 0; t < 12; t++) {
        const lathe_step_row *row = &run->keeper->history.step[t];
        double expected = 0.001 + 0.049 * height[t % 6] / 3 / (t < 6 ? 1 : 2);
        assert_close_double("lr", &row->lr, &expected, 1, 1e-14, 0);
        assert_true(row->lr == rows[t].lr && row->momentum == rows[t].momentum);
        assert_int_equal(row->step, t);
        assert_int_equal(rows[t].step, t);
    }
    assert_true(run->keeper->history.step[0].momentum == 0.9 && run->keeper->history.step[3].momentum == 0.8);
    lathe_run_free(run);
}

/* Nothing is ever better by nine tenths, so that with no patience each epoch after the first drops the rate.
 */
static void a_plateau_is_noticed(void **state)
{
    (void)state;
    static const char *const pairs[][2] = { { "sched", "plateau" }, { "sched.patience", "0" },
        { "threshold", "0.9" }, { "factor", "0.5" }, { "lr", "0.1" }, { "max_steps", "0" }, { "epochs", "3" },
        { "batch_size", "500" } };
    lathe_settings settings = small_settings(NULL);
    settings.options = 0;
    for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++)
        assert_int_equal(lathe_settings_set(&settings, pairs[i][0], pairs[i][1]), LATHE_OK);
    lathe_run *run = train_run(&settings, NULL);
    assert_int_equal(run->keeper->history.steps, 60);
    for (size_t t = 0; t < 60; t++) assert_true(run->keeper->history.step[t].lr == (t < 40 ? 0.1 : 0.05));
    lathe_run_free(run);
}

/* Loss and accuracy counted once more, picture by picture. */
static void evaluation_equals_a_count_by_hand(void **state)
{
    (void)state;
    lathe_settings settings = small_settings(NULL);
    assert_int_equal(lathe_settings_set(&settings, "batch_size", "48"),
        LATHE_OK); /* 2000 is no multiple of it */
    lathe_run *run = train_run(&settings, NULL);
    lathe_loader *loader = lathe_loader_new(run->feed->test,
        &(lathe_loader_opts){ .batch_size = 1, .mean = run->feed->data->mean, .std = run->feed->data->std });
    double loss = 0;
    size_t right = 0;
    for (lathe_batch batch; lathe_loader_next(loader, &batch);) {
        lathe_real scores[10];
        lathe_tape_begin(run->learner->tape, LATHE_EVAL);
        lathe_tensor *output = lathe_nn_forward(run->learner->net, lathe_input(run->learner->tape, &batch));
        assert_int_equal(lathe_tensor_read(output, scores, 10), LATHE_OK);
        double sum = 0;
        int best = 0;
        for (int k = 0; k < 10; k++) {
            sum += exp((double)scores[k]);
            if (scores[k] > scores[best]) best = k;
        }
        loss += log(sum) - (double)scores[batch.labels[0]];
        right += best == batch.labels[0];
    }
    lathe_loader_free(loader);
    loss /= 2000;
    assert_close_double("loss", &run->test_score.loss, &loss, 1, 1e-5, 0);
    assert_true(run->test_score.metric[0] == (double)right / 2000);
    lathe_run_free(run);
}

static void fractions_of_epochs_are_whole_steps(void **state)
{
    (void)state;
    lathe_settings settings = small_settings(NULL);
    static const char *const pairs[][2] = { { "batch_size", "1000" }, { "epochs", "1.25" },
        { "max_steps", "0" }, { "val_split", "0.2" } };
    for (size_t i = 0; i < 4; i++)
        assert_int_equal(lathe_settings_set(&settings, pairs[i][0], pairs[i][1]), LATHE_OK);
    lathe_run *run = train_run(&settings, NULL);
    assert_true(run->steps_per_epoch == 8);
    assert_int_equal(run->total_steps, 10);
    assert_int_equal(run->keeper->history.epochs, 2);
    assert_int_equal(run->keeper->history.epoch[0].step, 8);
    assert_int_equal(run->keeper->history.epoch[1].step, 10);
    assert_int_equal(run->keeper->history.step[8].epoch, 1);
    assert_true(run->feed->val->count == 2000 && run->feed->train->count == 8000);
    assert_true(isfinite(run->keeper->history.epoch[0].val_loss) && run->keeper->best_epoch <= 1);
    assert_int_equal(run->learner->images, 10000);
    double mean = 0;
    for (int i = 0; i < 8; i++) mean += run->keeper->history.step[i].loss / 8;
    assert_close_double("train_loss", &run->keeper->history.epoch[0].train_loss, &mean, 1, 1e-12, 0);
    lathe_run_free(run);
}

/* A short last batch counts no more than its share: batches of 3000 and one of 1000, with the mean and with
 * the sum over a batch. */
static void the_average_loss_is_weighted_by_samples(void **state)
{
    (void)state;
    for (int sums = 0; sums < 2; sums++) {
        lathe_settings settings = small_settings(NULL);
        static const char *const pairs[][2] = { { "batch_size", "3000" }, { "epochs", "1" },
            { "max_steps", "0" } };
        for (size_t i = 0; i < 3; i++)
            assert_int_equal(lathe_settings_set(&settings, pairs[i][0], pairs[i][1]), LATHE_OK);
        assert_int_equal(lathe_settings_set(&settings, "reduction", sums ? "sum" : "mean"), LATHE_OK);
        assert_int_equal(lathe_settings_set(&settings, "max_lr", sums ? "1e-6" : "0.05"), LATHE_OK);
        assert_int_equal(lathe_settings_set(&settings, "base_lr", "1e-7"), LATHE_OK);
        lathe_run *run = train_run(&settings, NULL);
        assert_int_equal(run->keeper->history.steps, 4);
        double total = 0;
        for (int i = 0; i < 4; i++)
            total += run->keeper->history.step[i].loss * (sums ? 1 : i < 3 ? 3000 : 1000);
        total /= 10000;
        assert_close_double("train_loss", &run->keeper->history.epoch[0].train_loss, &total, 1, 1e-12, 0);
        assert_true(run->keeper->history.step[0].loss > (sums ? 3000 : 1) && run->test_score.loss < 10);
        lathe_run_free(run);
    }
}

/* Every loss that is made for labels trains from its name alone, and evaluation measures the same one. */
static void each_loss_trains(void **state)
{
    (void)state;
    int trained = 0;
    for (int i = 0; lathe_loss_at(i); i++) {
        const lathe_loss_type *type = lathe_loss_at(i);
        if (!type->classify) continue;
        lathe_settings settings = lathe_settings_default();
        const char *const pairs[][2] = { { "data", "shapes" }, { "size", "16" }, { "model", "mlp" },
            { "lr", "1e-3" }, { "val_split", "0" }, { "max_steps", "160" }, { "batch_size", "64" },
            { "loss", type->name } };
        for (size_t k = 0; k < sizeof pairs / sizeof pairs[0]; k++)
            assert_int_equal(lathe_settings_set(&settings, pairs[k][0], pairs[k][1]), LATHE_OK);
        lathe_run *run = train_run(&settings, NULL);
        double early = 0, late = 0;
        for (int k = 0; k < 10; k++)
            early += run->keeper->history.step[k].loss / 10,
                late += run->keeper->history.step[150 + k].loss / 10;
        if (!(late < 0.97 * early)) fail_msg("%s: the loss went from %g to %g", type->name, early, late);
        if (!(fabs(run->test_score.loss - late) < 0.3 * early))
            fail_msg("%s: %g while training, %g in evaluation", type->name, late, run->test_score.loss);
        /* l1 draws scores to their median, which is 0 where nine of ten targets are. */
        if (strcmp(type->name, "l1") && !(run->test_score.metric[0] > 0.15))
            fail_msg("%s: accuracy %g", type->name, run->test_score.metric[0]);
        lathe_run_free(run);
        trained++;
    }
    assert_int_equal(trained, 12);
}

/* What the hooks have seen. */
typedef struct heard {
    uint64_t steps, epochs, stop_after;
    char message[512];
} heard;

static bool hear_step(void *context, const lathe_run *run, const lathe_step_row *row)
{
    heard *h = context;
    assert_int_equal(run->learner->step, row->step + 1);
    return ++h->steps != h->stop_after;
}

static void hear_epoch(void *context, const lathe_run *run, const lathe_epoch_row *row)
{
    assert_int_equal(run->learner->step, row->step);
    ((heard *)context)->epochs++;
}

static void hear_message(void *context, const char *line)
{
    snprintf(((heard *)context)->message, 512, "%s", line);
}

static lathe_run_hooks hooks_of(heard *h)
{
    return (lathe_run_hooks){ .context = h,
        .on_step = hear_step,
        .on_epoch = hear_epoch,
        .on_message = hear_message };
}

static void hooks_hear_and_may_stop(void **state)
{
    (void)state;
    lathe_settings settings = small_settings("stopped");
    heard h = { .stop_after = 5 };
    lathe_run_hooks hooks = hooks_of(&h);
    lathe_run *run = train_run(&settings, &hooks);
    assert_int_equal(run->end, LATHE_RUN_INTERRUPTED);
    assert_int_equal(run->learner->step, 5);
    assert_int_equal(h.epochs, 0);
    assert_int_equal(run->test_score.count, 0);
    assert_true(lathe_file_exists(test_path("stopped/last.safetensors")));
    /* And on to the end. */
    h.stop_after = 0;
    assert_int_equal(lathe_run_train(run), LATHE_OK);
    assert_int_equal(run->end, LATHE_RUN_COMPLETE);
    assert_true(h.steps == 12 && h.epochs == 1);
    lathe_run_free(run);
    settings = small_settings("whole");
    lathe_run_free(train_run(&settings, NULL));
    assert_same_file("stopped/steps.csv", "whole/steps.csv");
    assert_same_file("stopped/last.safetensors", "whole/last.safetensors");
}

static void a_loss_that_is_no_number_is_noticed(void **state)
{
    (void)state;
    static const char *const policies[] = { "stop", "skip", "ignore" };
    static const lathe_run_end ends[] = { LATHE_RUN_NAN, LATHE_RUN_COMPLETE, LATHE_RUN_COMPLETE };
    for (int i = 0; i < 3; i++) {
        lathe_settings settings = small_settings(NULL);
        assert_int_equal(lathe_settings_set(&settings, "max_lr", "1e30"), LATHE_OK);
        assert_int_equal(lathe_settings_set(&settings, "on_nan", policies[i]), LATHE_OK);
        heard h = { 0 };
        lathe_run_hooks hooks = hooks_of(&h);
        lathe_run *run = train_run(&settings, &hooks);
        assert_int_equal(run->end, ends[i]);
        if (i == 0)
            assert_true(
                run->learner->step < 12 && !isfinite(run->keeper->history.step[run->learner->step - 1].loss));
        else assert_int_equal(run->learner->step, 12);
        if (i < 2 && !strstr(h.message, "first in ")) fail_msg("%s", h.message);
        lathe_run_free(run);
    }
}

/* With batches Rprop is not what it is meant to be, and the run says so; with the whole data set in a step
 * there is nothing to say. */
static void an_optimizer_for_whole_data_sets_warns(void **state)
{
    (void)state;
    static const char *const sizes[] = { "16", "10000" };
    for (int i = 0; i < 2; i++) {
        lathe_settings settings = lathe_settings_default();
        const char *const pairs[][2] = { { "data", "shapes" }, { "model", "mlp" }, { "optim", "rprop" },
            { "val_split", "0" }, { "max_steps", "1" }, { "batch_size", sizes[i] } };
        for (size_t k = 0; k < sizeof pairs / sizeof pairs[0]; k++)
            assert_int_equal(lathe_settings_set(&settings, pairs[k][0], pairs[k][1]), LATHE_OK);
        heard h = { 0 };
        lathe_run_hooks hooks = hooks_of(&h);
        lathe_run_free(train_run(&settings, &hooks));
        bool told = strstr(h.message,
            "rprop is meant for the gradient of the whole data set; here a step sees 16 of 10000 samples");
        assert_int_equal(told, i == 0);
    }
}

static void early_stop_stops(void **state)
{
    (void)state;
    lathe_settings settings = small_settings(NULL);
    static const char *const pairs[][2] = { { "batch_size", "2000" }, { "epochs", "20" },
        { "max_steps", "0" }, { "val_split", "0.2" }, { "early_stop", "val_loss" }, { "patience", "2" },
        { "min_delta", "100" } };
    for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++)
        assert_int_equal(lathe_settings_set(&settings, pairs[i][0], pairs[i][1]), LATHE_OK);
    heard h = { 0 };
    lathe_run_hooks hooks = hooks_of(&h);
    lathe_run *run = train_run(&settings, &hooks);
    assert_int_equal(run->end, LATHE_RUN_EARLY_STOP);
    assert_int_equal(run->keeper->history.epochs, 3); /* the first sets the mark, two do not beat it by 100 */
    assert_string_equal(h.message, "early stop after epoch 3: no improvement for 2 epochs");
    assert_true(run->test_score.count > 0);
    lathe_run_free(run);
}

static void saves_are_kept_and_removed(void **state)
{
    (void)state;
    lathe_settings settings = small_settings("saves");
    assert_int_equal(lathe_settings_set(&settings, "save_every", "2"), LATHE_OK);
    assert_int_equal(lathe_settings_set(&settings, "keep", "2"), LATHE_OK);
    lathe_run_free(train_run(&settings, NULL));
    static const struct {
        const char *name;
        bool there;
    } files[] = { { "saves/step-00000008.safetensors", false }, { "saves/step-00000010.safetensors", true },
        { "saves/step-00000012.safetensors", true }, { "saves/last.safetensors", true } };
    for (size_t i = 0; i < 4; i++)
        if (lathe_file_exists(test_path(files[i].name)) != files[i].there) fail_msg("%s", files[i].name);
}

static void mistakes_are_named(void **state)
{
    (void)state;
    static const struct {
        const char *const pairs[2][2];
        const char *message;
    } cases[] = {
        { { { "data", "mnist:/nowhere" }, { "size", "28" } }, "/nowhere" },
        { { { "data", "nonsense" }, { NULL, NULL } }, "nonsense" },
        { { { "model", "lenet6" }, { NULL, NULL } }, "lenet5" },
        { { { "base_lr", "1" }, { NULL, NULL } }, "base_lr = 1 is above max_lr = 0.05" },
        { { { "val_split", "0.00001" }, { NULL, NULL } }, "lathe_data_split" },
        { { { "out", "/dev/null/x" }, { NULL, NULL } }, "/dev/null" },
        { { { "out", "" }, { "nesterov", "maybe" } }, "nesterov = 'maybe'" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        lathe_settings settings = small_settings(NULL);
        for (int k = 0; k < 2 && cases[i].pairs[k][0]; k++)
            assert_int_equal(lathe_settings_set(&settings, cases[i].pairs[k][0], cases[i].pairs[k][1]),
                LATHE_OK);
        assert_null(lathe_run_new(&settings, NULL));
        assert_failed(lathe_error(), cases[i].message);
    }
    assert_null(lathe_run_new(NULL, NULL));
    assert_failed(LATHE_EARG, "settings is NULL");
}

static void results_are_json(void **state)
{
    (void)state;
    lathe_settings settings = small_settings(NULL);
    lathe_run *run = train_run(&settings, NULL);
    char *text = lathe_run_json(run);
    assert_non_null(text);
    assert_null(strchr(text, '\n'));
    static const char *const parts[] = {
        "{\"model\":\"mlp\",\"data\":\"shapes\",\"epochs\":1,\"steps\":12,\"train_loss\":",
        ",\"val_accuracy\":null,", "\"test_accuracy\":0.",
        "\"seconds_to_first_step\":", "\"peak_rss_mib\":", "\"blas_core\":\"", ",\"run\":\"\"}"
    };
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++)
        if (!strstr(text, parts[i])) fail_msg("no %s in %s", parts[i], text);
    lathe_free(text);
    lathe_run_free(run);
}

static void folders_are_numbered(void **state)
{
    (void)state;
    char folder[LATHE_SETTING_LONG];
    lathe_settings settings = small_settings(NULL);
    assert_int_equal(lathe_settings_set(&settings, "data", "mnist:/a/b"), LATHE_OK);
    assert_int_equal(lathe_run_next_folder(&settings, test_folder(), folder), LATHE_OK);
    assert_string_equal(folder, test_path("mlp-mnist-1"));
    assert_true(lathe_file_exists(folder)); /* the number is taken */
    assert_int_equal(lathe_run_next_folder(&settings, test_folder(), folder), LATHE_OK);
    assert_string_equal(folder, test_path("mlp-mnist-2"));
}

static int clean(void **state)
{
    (void)state;
    test_folder_remove();
    return 0;
}

static void save_too_much(void *object, lathe_notes *notes, bool whole)
{
    if (whole) lathe_notes_text(notes, "names", object);
}

/* A run whose checkpoint could not be written is refused before its first step, and changes nothing. */
static void limits_of_saving_come_before_training(void **state)
{
    (void)state;
    enum { LENGTH = 60 * 1000 * 1000 };
    char *text = malloc(LENGTH + 1), folder[512];
    assert_non_null(text);
    memset(text, 'a', LENGTH);
    text[LENGTH] = '\0';
    snprintf(folder, sizeof folder, "%s", test_path("refused"));
    lathe_keeper *keeper = lathe_keeper_new(&(lathe_keeper_opts){ .folder = folder });
    assert_int_equal(lathe_keeper_add(keeper,
                         (lathe_state){ .name = "much", .object = text, .save = save_too_much }),
        LATHE_OK);
    assert_int_equal(lathe_keeper_open(keeper), LATHE_EARG);
    assert_failed(LATHE_EARG, "the names and texts of the file have 60");
    assert_false(lathe_file_exists(folder));
    lathe_keeper_free(keeper);
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(limits_of_saving_come_before_training),
        cmocka_unit_test(a_run_learns_and_writes_its_folder),
        cmocka_unit_test(transforms_may_change_the_size),
        cmocka_unit_test(same_seed_same_bytes),
        cmocka_unit_test(the_log_is_the_schedule),
        cmocka_unit_test(a_plateau_is_noticed),
        cmocka_unit_test(evaluation_equals_a_count_by_hand),
        cmocka_unit_test(fractions_of_epochs_are_whole_steps),
        cmocka_unit_test(the_average_loss_is_weighted_by_samples),
        cmocka_unit_test(each_loss_trains),
        cmocka_unit_test(hooks_hear_and_may_stop),
        cmocka_unit_test(a_loss_that_is_no_number_is_noticed),
        cmocka_unit_test(an_optimizer_for_whole_data_sets_warns),
        cmocka_unit_test(early_stop_stops),
        cmocka_unit_test(saves_are_kept_and_removed),
        cmocka_unit_test(mistakes_are_named),
        cmocka_unit_test(results_are_json),
        cmocka_unit_test(folders_are_numbered),
    };
    return cmocka_run_group_tests(tests, NULL, clean);
}
