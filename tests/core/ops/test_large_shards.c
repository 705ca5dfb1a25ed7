/*
 * Layers of much work on a batch that processes share: micro-batches are cut into chunks, linear layers sum
 * runs of many blocks, and gradients are added to those of the step before. The bits are those of one
 * process.
 */
#include <stdlib.h>
#include <string.h>

#include "support/ranks.h"

enum { MOST_RANKS = 5, STEPS = 2 };

typedef struct layer_case {
    const char *name;
    int batch, channels, size, outputs, kernel, stride, groups; /* kernel 0: fully connected */
    lathe_layout layout;
} layer_case;

static const layer_case cases[] = {
    { "few channels, chunks of a micro-batch", 17, 3, 40, 16, 3, 1, 1, LATHE_CHANNELS },
    { "one micro-batch", 5, 3, 64, 20, 5, 2, 1, LATHE_CHANNELS },
    { "windows of several images", 40, 48, 4, 70, 3, 1, 1, LATHE_CHANNELS },
    { "no panel", 37, 32, 12, 64, 1, 1, 1, LATHE_CHANNELS },
    { "groups", 33, 32, 14, 32, 3, 1, 2, LATHE_CHANNELS },
    { "depthwise", 50, 20, 24, 20, 3, 1, 20, LATHE_CHANNELS },
    { "fully connected, one picture", 1, 40, 2, 30, 0, 1, 1, LATHE_BATCHED },
    { "fully connected, a few pictures", 18, 60, 1, 70, 0, 1, 1, LATHE_BATCHED },
    { "fully connected, three runs of blocks", 600, 53, 1, 11, 0, 1, 1, LATHE_BATCHED },
    { "fully connected, more runs", 1100, 20, 1, 5, 0, 1, 1, LATHE_BATCHED },
};

typedef struct shared_job {
    const layer_case *what;
    int size;
    const lathe_real *images, *gy;
    lathe_real *grad[MOST_RANKS], *y[MOST_RANKS];
    size_t params;
    lathe_status status[MOST_RANKS];
} shared_job;

static lathe_layer *net_of(const layer_case *c, lathe_model *model)
{
    if (!c->kernel)
        return lathe_nn_sequential(model, lathe_nn_flatten(model),
            lathe_nn_linear(model, c->channels * c->size * c->size, c->outputs, NULL), NULL);
    return lathe_nn_conv2d(model, c->channels, c->outputs, c->kernel,
        &(lathe_nn_conv2d_opts){ .stride = c->stride, .padding = c->kernel / 2, .groups = c->groups });
}

static int results_of(const layer_case *c)
{
    return c->kernel ? (c->size + 2 * (c->kernel / 2) - c->kernel) / c->stride + 1 : 1;
}

static size_t results_of_image(const layer_case *c)
{
    return (size_t)c->outputs * (size_t)results_of(c) * (size_t)results_of(c);
}

static void train(int rank, lathe_context *context, void *of)
{
    shared_job *job = of;
    const layer_case *c = job->what;
    lathe_batch all = { .size = c->batch,
        .channels = c->channels,
        .height = c->size,
        .width = c->size,
        .images = job->images,
        .plain = c->layout == LATHE_CHANNELS };
    lathe_batch mine = ranks_batch(&all, rank, job->size);
    size_t per = results_of_image(c), count = per * (size_t)mine.size;
    lathe_model *model = lathe_model_new();
    lathe_layer *net = net_of(c, model);
    lathe_nn_init(net, 4);
    lathe_tape *tape = lathe_tape_new(context);
    for (int step = 0; step < STEPS; step++) {
        lathe_tape_begin(tape, LATHE_TRAIN);
        lathe_tensor *y = lathe_nn_forward(net, lathe_input(tape, &mine));
        if (!job->y[rank]) job->y[rank] = calloc(count, sizeof *job->y[rank]);
        lathe_tensor_read(y, job->y[rank], count);
        lathe_backward_from(y, job->gy + per * (size_t)mine.first, count);
        lathe_status status = lathe_context_reduce(context);
        if (!job->status[rank]) job->status[rank] = status ? status : lathe_tape_status(tape);
    }
    const lathe_params *params = lathe_nn_params(net);
    job->grad[rank] = malloc(params->size * sizeof *job->grad[rank]);
    memcpy(job->grad[rank], params->grad, params->size * sizeof *job->grad[rank]);
    job->params = params->size;
    lathe_tape_free(tape);
    lathe_model_free(model);
}

static void forget(shared_job *job)
{
    for (int r = 0; r < job->size; r++) free(job->grad[r]), free(job->y[r]);
}

static lathe_real *pictures_of(const layer_case *c)
{
    lathe_tensor images = { .layout = c->layout == LATHE_CHANNELS ? LATHE_PLAIN : LATHE_BATCHED,
        .shape = { 4, { c->batch, c->channels, c->size, c->size } } };
    images.stored = lathe_shape_stored(&images.shape, images.layout);
    images.data = lathe_alloc(images.stored, sizeof *images.data);
    size_t count = lathe_shape_count(&images.shape);
    lathe_real *numbers = malloc(count * sizeof *numbers);
    fill_normal(numbers, count, 8);
    assert_int_equal(lathe_tensor_write(&images, numbers, count), LATHE_OK);
    free(numbers);
    return images.data;
}

static void check(const shared_job *job, const shared_job *one)
{
    for (int rank = 0; rank < job->size; rank++) {
        const lathe_shard shard = lathe_shard_of(job->what->batch, rank, job->size);
        size_t per = results_of_image(job->what);
        assert_int_equal(job->status[rank], LATHE_OK);
        if (memcmp(job->grad[rank], one->grad[0], job->params * sizeof *one->grad[0]))
            fail_msg("%s: the gradient of rank %d of %d has other bits", job->what->name, rank, job->size);
        if (memcmp(job->y[rank], one->y[0] + per * (size_t)shard.first,
                per * (size_t)shard.count * sizeof *one->y[0]))
            fail_msg("%s: the result of rank %d of %d has other bits", job->what->name, rank, job->size);
    }
}

static void any_processes_find_the_bits_of_one(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const layer_case *c = &cases[i];
        size_t results = results_of_image(c) * (size_t)c->batch;
        lathe_real *images = pictures_of(c), *gy = malloc(results * sizeof *gy);
        fill_normal(gy, results, 9);
        shared_job one = { .what = c, .size = 1, .images = images, .gy = gy };
        ranks_run(1, train, &one);
        assert_int_equal(one.status[0], LATHE_OK);
        for (int size = 2; size <= MOST_RANKS; size++) {
            shared_job many = { .what = c, .size = size, .images = images, .gy = gy };
            ranks_run(size, train, &many);
            check(&many, &one);
            forget(&many);
        }
        forget(&one);
        free(gy);
        lathe_free(images);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(any_processes_find_the_bits_of_one) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
