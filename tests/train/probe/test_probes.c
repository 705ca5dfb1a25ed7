/* Probes: numbers that are known by hand, and that no probe changes a bit of the training. */
#include "support/tiny.h"

#include <math.h>
#include <string.h>

enum { SIDE = 6, INPUTS = SIDE * SIDE, CLASSES = 10, HIDDEN = 4 };

/* ---- nets ---------------------------------------------------------------------------------------------- */

static lathe_layer *build_linear(lathe_model *model, const lathe_model_spec *spec)
{
    return lathe_nn_sequential(model, lathe_nn_flatten(model),
        lathe_nn_linear(model, INPUTS, spec->classes, &(lathe_nn_linear_opts){ .no_bias = true }), NULL);
}

static lathe_layer *build_hidden(lathe_model *model, const lathe_model_spec *spec)
{
    return lathe_nn_sequential(model, lathe_nn_flatten(model), lathe_nn_linear(model, INPUTS, HIDDEN, NULL),
        lathe_nn_relu(model), lathe_nn_linear(model, HIDDEN, spec->classes, NULL), NULL);
}

static const lathe_model_type linear = { .name = "probe_linear",
    .summary = "a matrix",
    .native = { 1, SIDE, SIDE, CLASSES },
    .build = build_linear };
static const lathe_model_type hidden = { .name = "probe_hidden",
    .summary = "two matrices and a ReLU",
    .native = { 1, SIDE, SIDE, CLASSES },
    .build = build_hidden };

typedef struct bench {
    lathe_feed *feed;
    lathe_model *model;
    lathe_layer *net;
    lathe_optim *optim;
    lathe_task *task;
    lathe_learner *learner;
    lathe_probes *probes;
} bench;

static void set_up(bench *b, const char *model, const char *loss, const char *list, double lr, double clip)
{
    lathe_settings settings = tiny_settings(NULL, NULL);
    assert_int_equal(lathe_model_register(&linear), LATHE_OK);
    assert_int_equal(lathe_model_register(&hidden), LATHE_OK);
    b->feed = lathe_feed_new(&(lathe_feed_opts){ .data = settings.data, .batch_size = 16, .seed = 1 });
    b->model = lathe_model_new();
    b->net = lathe_model_build(b->model, model, &(lathe_model_spec){ 1, SIDE, SIDE, CLASSES });
    assert_int_equal(lathe_nn_init(b->net, 1), LATHE_OK);
    b->optim = lathe_optim_sgd(lathe_nn_params(b->net), &(lathe_sgd_opts){ .lr = lr });
    b->task = lathe_task_new(&(lathe_task_opts){ .data = b->feed->data, .loss = lathe_loss_find(loss) });
    b->learner =
        lathe_learner_new(b->net, b->optim, NULL, b->task, &(lathe_learner_opts){ .clip_norm = clip });
    assert_non_null(b->learner);
    b->probes = lathe_probes_new(list, b->learner, b->feed, 3);
    if (!b->probes) fail_msg("%s", lathe_error_message());
}

static void tear_down(bench *b)
{
    lathe_probes_free(b->probes);
    lathe_learner_free(b->learner);
    lathe_task_free(b->task);
    lathe_optim_free(b->optim);
    lathe_model_free(b->model);
    lathe_feed_free(b->feed);
}

/* Make a step that is looked at. */
static const double *step(bench *b, const lathe_batch *batch)
{
    lathe_step_row row;
    const double *values;
    assert_int_equal(lathe_probes_begin(b->probes), LATHE_OK);
    assert_int_equal(lathe_learner_step(b->learner, batch, &row), LATHE_OK);
    assert_int_equal(lathe_probes_end(b->probes, &values), LATHE_OK);
    return values;
}

static double norm(const lathe_real *numbers, size_t count)
{
    double sum = 0;
    for (size_t i = 0; i < count; i++) sum += (double)numbers[i] * (double)numbers[i];
    return sqrt(sum);
}

static void assert_near(double a, double b, double part)
{
    if (!(fabs(a - b) <= part * fabs(b))) fail_msg("%.9g is not near %.9g", a, b);
}

/* ---- norms --------------------------------------------------------------------------------------------- */

static void norms_and_steps_are_those_of_sgd(void **state)
{
    (void)state;
    bench b;
    lathe_batch batch;
    set_up(&b, "probe_hidden", "cross_entropy", "grad_norm,weight_norm,update_ratio", 0.25, 0);
    const lathe_params *params = lathe_nn_params(b.net);
    const double before = norm(params->data, params->size);
    assert_string_equal(lathe_probes_header(b.probes), "step,grad_norm,weight_norm,update_ratio");
    assert_true(lathe_feed_next(b.feed, &batch));
    const double *values = step(&b, &batch), gradient = norm(params->grad, params->size);
    assert_near(values[0], gradient, 1e-6);
    assert_near(values[1], norm(params->data, params->size), 1e-6);
    assert_near(values[2], 0.25 * gradient / before, 1e-4);
    tear_down(&b);
}

static void the_gradient_is_measured_before_it_is_clipped(void **state)
{
    (void)state;
    bench b;
    lathe_batch batch;
    set_up(&b, "probe_hidden", "cross_entropy", "grad_norm", 0.25, 0.01);
    const lathe_params *params = lathe_nn_params(b.net);
    assert_true(lathe_feed_next(b.feed, &batch));
    assert_true(step(&b, &batch)[0] > 0.1);
    assert_near(norm(params->grad, params->size), 0.01, 1e-3);
    tear_down(&b);
}

static void each_layer_has_its_own_ratio(void **state)
{
    (void)state;
    bench b;
    lathe_batch batch;
    lathe_real before[1024];
    set_up(&b, "probe_hidden", "cross_entropy", "update_ratio:layers", 0.25, 0);
    const lathe_params *params = lathe_nn_params(b.net);
    assert_string_equal(lathe_probes_header(b.probes), "step,update_ratio.1,update_ratio.3");
    assert_true(params->count == 4 && params->size <= 1024);
    memcpy(before, params->data, params->size * sizeof *before);
    assert_true(lathe_feed_next(b.feed, &batch));
    const double *values = step(&b, &batch);
    for (int layer = 0; layer < 2; layer++) {
        double change = 0, weights = 0;
        for (int i = 2 * layer; i < 2 * layer + 2; i++)
            for (size_t k = 0; k < params->tensor[i]->stored; k++) {
                const double moved = 0.25 * (double)params->tensor[i]->grad[k],
                             weight = (double)before[params->tensor[i]->data - params->data + (long)k];
                change += moved * moved;
                weights += weight * weight;
            }
        assert_near(values[layer], sqrt(change / weights), 1e-4);
    }
    tear_down(&b);
}

/* ---- dead ReLUs ---------------------------------------------------------------------------------------- */

static void a_relu_that_is_never_above_0_is_dead(void **state)
{
    (void)state;
    static const lathe_real zeros[HIDDEN * INPUTS], biases[HIDDEN] = { -1, 1, -1, -1 };
    bench b;
    lathe_batch batch;
    set_up(&b, "probe_hidden", "cross_entropy", "dead_relu", 1e-30, 0);
    const lathe_params *params = lathe_nn_params(b.net);
    assert_int_equal(lathe_tensor_write(params->tensor[0], zeros, HIDDEN * INPUTS), LATHE_OK);
    assert_int_equal(lathe_tensor_write(params->tensor[1], biases, HIDDEN), LATHE_OK);
    while (lathe_feed_next(b.feed, &batch)) /* the last one has 2 pictures and tail lanes */
        assert_true(step(&b, &batch)[0] == 0.75);
    tear_down(&b);
}

/* ---- gradient noise ------------------------------------------------------------------------------------ */

/* Two batches of 16 as one step: the formula with their own gradients. */
static void noise_follows_from_the_batches_of_a_step(void **state)
{
    (void)state;
    bench b;
    lathe_batch batch;
    lathe_step_row row;
    const double *values;
    lathe_real own[2][512];
    set_up(&b, "probe_linear", "cross_entropy", "grad_noise", 1e-30, 0);
    const lathe_params *params = lathe_nn_params(b.net);
    assert_true(params->size <= 512);
    for (int i = 0; i < 2; i++) {
        assert_true(lathe_feed_next(b.feed, &batch));
        assert_int_equal(lathe_learner_step(b.learner, &batch, &row), LATHE_OK);
        memcpy(own[i], params->grad, params->size * sizeof(lathe_real));
    }
    assert_int_equal(lathe_feed_seek(b.feed, 0), LATHE_OK);
    assert_int_equal(lathe_probes_begin(b.probes), LATHE_OK);
    assert_int_equal(lathe_learner_begin(b.learner, 32), LATHE_OK);
    for (int i = 0; i < 2; i++) {
        assert_true(lathe_feed_next(b.feed, &batch));
        assert_int_equal(lathe_learner_add(b.learner, &batch), LATHE_OK);
    }
    assert_int_equal(lathe_learner_finish(b.learner, &row), LATHE_OK);
    assert_int_equal(lathe_probes_end(b.probes, &values), LATHE_OK);
    double small = 0, large = 0;
    for (size_t k = 0; k < params->size; k++) {
        const double g[] = { (double)own[0][k], (double)own[1][k] }, mean = (g[0] + g[1]) / 2;
        small += (g[0] * g[0] + g[1] * g[1]) / 2;
        large += mean * mean;
    }
    /* appendix A.1: |G|^2 = (B large - b small) / (B - b), tr(S) = (small - large) / (1 / b - 1 / B) */
    const double square = (32 * large - 16 * small) / 16, trace = (small - large) / (1 / 16.0 - 1 / 32.0);
    assert_true(square > 0);
    assert_near(values[0], trace / square, 1e-3);
    tear_down(&b);
}

/* A step of one batch of 32 gives the same as its halves would. */
static void a_single_batch_is_split_into_halves(void **state)
{
    (void)state;
    double whole[2];
    for (int split = 0; split < 2; split++) {
        bench b;
        lathe_batch batch;
        set_up(&b, "probe_linear", "cross_entropy", "grad_noise", 1e-30, 0);
        lathe_loader *loader =
            lathe_loader_new(b.feed->train, &(lathe_loader_opts){ .batch_size = split ? 16 : 32, .seed = 1 });
        lathe_step_row row;
        const double *values;
        assert_int_equal(lathe_probes_begin(b.probes), LATHE_OK);
        assert_int_equal(lathe_learner_begin(b.learner, 32), LATHE_OK);
        for (int i = 0; i <= split; i++) {
            assert_true(lathe_loader_next(loader, &batch));
            assert_int_equal(lathe_learner_add(b.learner, &batch), LATHE_OK);
        }
        assert_int_equal(lathe_learner_finish(b.learner, &row), LATHE_OK);
        assert_int_equal(lathe_probes_end(b.probes, &values), LATHE_OK);
        whole[split] = values[0];
        lathe_loader_free(loader);
        tear_down(&b);
    }
    assert_true(isfinite(whole[0]));
    assert_near(whole[0], whole[1], 1e-3);
}

/* ---- sharpness ----------------------------------------------------------------------------------------- */

/* The largest eigenvalue of X'X over the feed's training pictures, in double. */
static double largest_of(const lathe_feed *feed)
{
    double v[INPUTS], product[INPUTS], value = 0;
    static double x[64][INPUTS];
    size_t count = 0;
    lathe_loader *loader = lathe_feed_loader(feed, feed->train, false);
    for (lathe_batch batch; lathe_loader_next(loader, &batch);)
        for (int i = 0; i < batch.size; i++, count++)
            for (int k = 0; k < INPUTS; k++)
                x[count][k] = (double)batch.images[(size_t)(i / 16 * INPUTS + k) * 16 + (size_t)(i % 16)];
    lathe_loader_free(loader);
    assert_int_equal(count, feed->train->count);
    for (int k = 0; k < INPUTS; k++) v[k] = 1 + 0.1 * k;
    for (int round = 0; round < 2000; round++) {
        double length = 0;
        memset(product, 0, sizeof product);
        for (size_t n = 0; n < count; n++) {
            double along = 0;
            for (int k = 0; k < INPUTS; k++) along += x[n][k] * v[k];
            for (int k = 0; k < INPUTS; k++) product[k] += along * x[n][k];
        }
        for (int k = 0; k < INPUTS; k++) length += product[k] * product[k];
        value = sqrt(length);
        for (int k = 0; k < INPUTS; k++) v[k] = product[k] / value;
    }
    return value;
}

/* Least squares: the loss is the mean over 10 outputs of N pictures, so its Hessian is 2 / 10 N X'X. */
static void the_sharpness_of_least_squares_is_its_eigenvalue(void **state)
{
    (void)state;
    bench b;
    lathe_batch batch;
    set_up(&b, "probe_linear", "mse", "sharpness", 0.01, 0);
    const double pictures = (double)b.feed->train->count,
                 expected = 2 * largest_of(b.feed) / (CLASSES * pictures);
    for (int i = 0; i < 2; i++) {
        assert_true(lathe_feed_next(b.feed, &batch));
        assert_near(step(&b, &batch)[0], expected, 0.02);
    }
    tear_down(&b);
}

/* ---- the same bits ------------------------------------------------------------------------------------- */

static const char *const lists[] = { "grad_norm", "weight_norm", "update_ratio", "update_ratio:layers",
    "dead_relu", "grad_noise", "sharpness:20",
    "dead_relu,sharpness,grad_noise,update_ratio:layers,grad_norm" };

static void no_probe_changes_the_training(void **state)
{
    (void)state;
    static const char *const files[] = { "steps.csv", "epochs.csv", "last.safetensors", "best.safetensors" };
    static const tiny_pair kinds[][5] = { { { "epochs", "3" }, { NULL, NULL } },
        { { "epochs", "3" }, { "accumulate", "3" }, { "clip_norm", "0.5" }, { "ema", "0.9" },
            { NULL, NULL } },
        { { "epochs", "3" }, { "batch_size", "20" }, { "on_nan", "skip" }, { "optim", "muon" },
            { NULL, NULL } } };
    for (size_t k = 0; k < sizeof kinds / sizeof kinds[0]; k++) {
        lathe_settings without = tiny_settings("without", kinds[k]);
        lathe_run_free(tiny_train(&without));
        for (size_t i = 0; i < sizeof lists / sizeof lists[0]; i++) {
            lathe_settings with = tiny_settings("with", kinds[k]);
            tiny_set(&with, "probe", lists[i]);
            tiny_set(&with, "probe_every", "0.3ep");
            lathe_run *run = tiny_train(&with);
            assert_true(run->keeper->history.probe.rows >= 3);
            lathe_run_free(run);
            for (size_t f = 0; f < sizeof files / sizeof files[0]; f++)
                tiny_assert_same(lists[i], "without", "with", files[f]);
        }
    }
}

static void every_probe_is_in_these_lists(void **state)
{
    (void)state;
    for (int i = 0; lathe_probe_at(i); i++) {
        bool found = false;
        for (size_t k = 0; k < sizeof lists / sizeof lists[0]; k++)
            found = found || !strncmp(lists[k], lathe_probe_at(i)->name, strlen(lathe_probe_at(i)->name));
        if (!found) fail_msg("%s", lathe_probe_at(i)->name);
    }
}

static void a_resumed_run_has_the_same_rows(void **state)
{
    (void)state;
    lathe_settings whole = tiny_settings("whole",
        (const tiny_pair[]){ { "epochs", "3" }, { "probe", lists[7] }, { "probe_every", "0.2ep" },
            { NULL, NULL } });
    lathe_run_free(tiny_train(&whole));
    for (uint64_t stop = 1; stop < 30; stop += 7) {
        lathe_settings parts = whole;
        tiny_set(&parts, "out", test_path("parts"));
        tiny_train_until(&parts, stop);
        FILE *file = fopen(test_path("parts/probes.csv"), "ab"); /* half a row, when it was killed */
        assert_true(file && fputs("2", file) >= 0);
        fclose(file);
        tiny_set(&parts, "resume", test_path("parts"));
        lathe_run_free(tiny_train(&parts));
        tiny_assert_same_runs("resumed", "whole", "parts");
        tiny_assert_same("resumed", "whole", "parts", "probes.csv");
    }
    lathe_history back = { 0 };
    assert_int_equal(lathe_history_read(&back, test_path("whole")), LATHE_OK);
    assert_int_equal(back.probe.rows, 15);
    assert_int_equal(back.probe.step[14], 30);
    assert_true(back.probe.columns == 7 && isfinite(back.probe.value[0]));
    lathe_history_free(&back);
    tiny_set(&whole, "resume", test_path("whole"));
    tiny_set(&whole, "probe", "grad_norm");
    assert_null(lathe_run_new(&whole, NULL));
    assert_non_null(strstr(lathe_error_message(), "name the same probes, or move the file away"));
}

/* ---- the list ------------------------------------------------------------------------------------------ */

static void senseless_lists_are_refused(void **state)
{
    (void)state;
    static const char *const cases[][2] = { { "grad_nrm", "unknown probe 'grad_nrm'" },
        { "grad_norm, grad_norm", "probe names grad_norm more than once" },
        { "grad_norm:layers", "takes nothing after a colon" },
        { "update_ratio:", "expected layers after the colon" } };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_int_not_equal(lathe_probes_check(cases[i][0]), LATHE_OK);
        if (!strstr(lathe_error_message(), cases[i][1])) fail_msg("%s", lathe_error_message());
    }
    lathe_settings settings = tiny_settings(NULL, NULL);
    tiny_set(&settings, "probe", "sharpness:few");
    assert_null(lathe_run_new(&settings, NULL));
    assert_non_null(strstr(lathe_error_message(), "sharpness:few, expected a number of pictures"));
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
        cmocka_unit_test(norms_and_steps_are_those_of_sgd),
        cmocka_unit_test(the_gradient_is_measured_before_it_is_clipped),
        cmocka_unit_test(each_layer_has_its_own_ratio),
        cmocka_unit_test(a_relu_that_is_never_above_0_is_dead),
        cmocka_unit_test(noise_follows_from_the_batches_of_a_step),
        cmocka_unit_test(a_single_batch_is_split_into_halves),
        cmocka_unit_test(the_sharpness_of_least_squares_is_its_eigenvalue),
        cmocka_unit_test(no_probe_changes_the_training),
        cmocka_unit_test(every_probe_is_in_these_lists),
        cmocka_unit_test(a_resumed_run_has_the_same_rows),
        cmocka_unit_test(senseless_lists_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, clean);
}
