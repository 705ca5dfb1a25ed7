/* The learner: what on_gradients sees and may do, accumulation, options that are refused. */
#include "support/tiny.h"

#include <math.h>
#include <string.h>

const lathe_model_type *lathe_model_type_at(int index) { return index ? NULL : &tiny_model; }

/* All that a learner needs, with plain SGD at a rate of 1: a step moves the weights by their gradients. */
typedef struct bench {
    lathe_feed *feed;
    lathe_model *model;
    lathe_layer *net;
    lathe_optim *optim;
    lathe_task *task;
    lathe_learner *learner;
    lathe_real before[512];
} bench;

static void set_up(bench *b, const lathe_learner_opts *opts)
{
    lathe_settings settings = tiny_settings(NULL, NULL);
    b->feed = lathe_feed_new(&(lathe_feed_opts){ .data = settings.data, .batch_size = 8, .seed = 1 });
    b->model = lathe_model_new();
    b->net = lathe_model_build(b->model, "tiny", &(lathe_model_spec){ 1, 6, 6, 10 });
    assert_int_equal(lathe_nn_init(b->net, 1), LATHE_OK);
    b->optim = lathe_optim_sgd(lathe_nn_params(b->net), &(lathe_sgd_opts){ .lr = 1 });
    b->task =
        lathe_task_new(&(lathe_task_opts){ .data = b->feed->data, .loss = lathe_loss_find("cross_entropy") });
    b->learner = lathe_learner_new(b->net, b->optim, NULL, b->task, opts);
    assert_non_null(b->learner);
    const lathe_params *params = lathe_nn_params(b->net);
    assert_true(params->size <= 512);
    memcpy(b->before, params->data, params->size * sizeof *b->before);
}

static void tear_down(bench *b)
{
    lathe_learner_free(b->learner);
    lathe_task_free(b->task);
    lathe_optim_free(b->optim);
    lathe_model_free(b->model);
    lathe_feed_free(b->feed);
}

/* How far the weights have moved. */
static double moved(const bench *b)
{
    double squares = 0;
    const lathe_params *params = lathe_nn_params(b->net);
    for (size_t i = 0; i < params->size; i++) {
        double by = (double)params->data[i] - (double)b->before[i];
        squares += by * by;
    }
    return sqrt(squares);
}

static lathe_status one_step(bench *b, lathe_step_row *row)
{
    lathe_batch batch;
    assert_true(lathe_feed_next(b->feed, &batch));
    return lathe_learner_step(b->learner, &batch, row);
}

/* What on_gradients does, and how often it was called. */
typedef struct other {
    double factor;
    bool refuses, fails;
    int calls;
} other;

static lathe_status on_gradients(void *context, const lathe_params *params, bool *good)
{
    other *o = context;
    o->calls++;
    assert_true(*good);
    for (size_t i = 0; i < params->size; i++) params->grad[i] *= (lathe_real)o->factor;
    if (o->refuses) *good = false;
    return o->fails ? lathe_fail(LATHE_EIO, "the other machine is gone") : LATHE_OK;
}

static double step_with(other *o, double clip_norm, lathe_status expected)
{
    bench b;
    lathe_step_row row;
    set_up(&b,
        &(lathe_learner_opts){ .clip_norm = clip_norm,
            .gradients_context = o,
            .on_gradients = o ? on_gradients : NULL });
    assert_int_equal(one_step(&b, &row), expected);
    assert_int_equal(b.learner->step, expected ? 0 : 1);
    double by = moved(&b);
    tear_down(&b);
    return by;
}

static void gradients_may_be_changed_before_they_are_clipped(void **state)
{
    (void)state;
    const double plain = step_with(NULL, 0, LATHE_OK);
    other twice = { .factor = 2 }, large = { .factor = 1000 };
    assert_true(plain > 0);
    assert_true(fabs(step_with(&twice, 0, LATHE_OK) / plain - 2) < 1e-3);
    assert_int_equal(twice.calls, 1);
    assert_true(fabs(step_with(&large, 1e-2, LATHE_OK) / 1e-2 - 1) < 1e-3);
}

static void a_step_may_be_refused_or_fail(void **state)
{
    (void)state;
    other refuses = { .factor = 1, .refuses = true }, fails = { .factor = 1, .fails = true };
    assert_true(step_with(&refuses, 0, LATHE_OK) == 0);
    assert_true(step_with(&fails, 0, LATHE_EIO) == 0);
    assert_failed(LATHE_EIO, "the other machine is gone");
}

/* The row's loss is that of all samples, and on_gradients is called once for all batches of a step. */
static void batches_add_up_to_one_step(void **state)
{
    (void)state;
    bench b;
    bool more;
    lathe_step_row row;
    other o = { .factor = 1 };
    set_up(&b, &(lathe_learner_opts){ .gradients_context = &o, .on_gradients = on_gradients });
    assert_int_equal(lathe_train_step(b.feed, b.learner, 3, &row, &more), LATHE_OK);
    assert_true(more && o.calls == 1 && b.learner->step == 1 && b.learner->batches == 3);
    assert_int_equal(b.learner->images, 24);
    lathe_epoch_row epoch;
    lathe_learner_epoch(b.learner, &epoch);
    assert_true(fabs(epoch.train_loss / row.loss - 1) < 1e-6);
    assert_true(epoch.train[0] >= 0 && epoch.train[0] <= 1);
    lathe_learner_epoch(b.learner, &epoch);
    assert_true(isnan(epoch.train_loss)); /* the sums were taken */
    tear_down(&b);
}

static void bad_options_are_told(void **state)
{
    (void)state;
    bench b;
    set_up(&b, NULL);
    assert_null(lathe_learner_new(b.net, b.optim, NULL, b.task, &(lathe_learner_opts){ .clip_norm = -1 }));
    assert_failed(LATHE_EARG, "clip_norm");
    assert_null(
        lathe_learner_new(b.net, b.optim, NULL, b.task, &(lathe_learner_opts){ .ema = 0.9, .swa_every = 2 }));
    assert_failed(LATHE_EARG, "two averages");
    lathe_step_row row;
    assert_int_equal(lathe_learner_finish(b.learner, &row), LATHE_ESTATE);
    assert_failed(LATHE_ESTATE, "no batch");
    tear_down(&b);
}

static int clean(void **state)
{
    (void)state;
    test_folder_remove();
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(gradients_may_be_changed_before_they_are_clipped),
        cmocka_unit_test(a_step_may_be_refused_or_fail), cmocka_unit_test(batches_add_up_to_one_step),
        cmocka_unit_test(bad_options_are_told) };
    return cmocka_run_group_tests(tests, NULL, clean);
}
