/*
 * Nets of the zoo on batches that processes share: after two steps the losses, the weights and the running
 * statistics of one process, bit by bit, and the same scores in evaluation.
 */
#include <stdlib.h>
#include <string.h>

#include "support/ranks.h"

enum { CLASSES = 5, STEPS = 2, MOST_RANKS = 5, BATCH = 40, MOST_BATCH = 331, MOST_SIZE = 32 };

/* A net of each family that is small enough; the others have the same layers. */
static const struct {
    const char *name;
    int size;   /* of pictures of three channels */
    bool dense; /* a class for each pixel */
} nets[] = { { "mlp", 12, false }, { "lenet5", 28, false }, { "mnistcnn", 28, false },
    { "small_cnn", 20, false }, { "cifar10-quick", 20, false }, { "cifar10-full", 20, false },
    { "resnet8", 20, false }, { "mobilenet-tiny", 20, false }, { "mobilenet_v3_small", 32, false },
    { "efficientnet-tiny", 20, false }, { "fbnetv3-tiny", 20, false }, { "squeezenet1_1", 32, false },
    { "unet", 16, true } };
enum { NETS = sizeof nets / sizeof nets[0] };

typedef struct training {
    int net, size; /* index of the net, processes */
    lathe_batch whole;
    lathe_layer *layer[MOST_RANKS];
    double loss[MOST_RANKS][STEPS];
    lathe_real *scores[MOST_RANKS];
    size_t count[MOST_RANKS]; /* of scores */
    char message[MOST_RANKS][LATHE_MESSAGE_SIZE];
} training;

static bool step(lathe_tape *tape, lathe_layer *net, const lathe_batch *batch, lathe_optim *optim,
    lathe_context *context, double *loss)
{
    lathe_tape_begin(tape, LATHE_TRAIN);
    lathe_optim_zero_grad(optim);
    lathe_tensor *value = lathe_cross_entropy(lathe_nn_forward(net, lathe_input(tape, batch)), batch->labels,
        &(lathe_cross_entropy_opts){ .label_smoothing = 0.1, .ignore_index = 3 });
    if (!value) return false;
    *loss = lathe_item(value);
    return !lathe_backward(value) && !lathe_context_reduce(context) && !lathe_optim_step(optim);
}

static bool evaluate(lathe_tape *tape, lathe_layer *net, const lathe_batch *batch, lathe_real **scores,
    size_t *count)
{
    lathe_plan *plan = lathe_plan_new(net);
    lathe_tape_begin(tape, LATHE_EVAL);
    lathe_tensor *y = lathe_plan_run(plan, lathe_input(tape, batch));
    lathe_plan_free(plan);
    if (!y) return false;
    *count = lathe_shape_count(&y->shape);
    *scores = malloc(*count * sizeof **scores);
    return !lathe_tensor_read(y, *scores, *count);
}

static void train(int rank, lathe_context *context, void *job)
{
    training *t = job;
    const lathe_batch batch = ranks_batch(&t->whole, rank, t->size);
    lathe_tape *tape = lathe_tape_new(context);
    lathe_tape_seed(tape, 2, 0);
    lathe_optim *optim =
        lathe_optim_sgd(lathe_nn_params(t->layer[rank]), &(lathe_sgd_opts){ .lr = 0.05, .momentum = 0.9 });
    lathe_optim_set_context(optim, context);
    bool fine = true;
    for (int i = 0; i < STEPS && fine; i++)
        fine = step(tape, t->layer[rank], &batch, optim, context, &t->loss[rank][i]);
    if (!fine || !evaluate(tape, t->layer[rank], &batch, &t->scores[rank], &t->count[rank]))
        snprintf(t->message[rank], sizeof t->message[rank], "failed: %s", lathe_error_message());
    lathe_error_clear();
    lathe_optim_free(optim);
    lathe_tape_free(tape);
}

/* Fail unless rank `rank` of t has what the one process has. */
static void compare(const training *t, int rank, const training *one)
{
    char what[160];
    snprintf(what, sizeof what, "%s, %s, batch %d, rank %d of %d", nets[t->net].name,
        t->whole.plain ? "plain" : "batched", t->whole.size, rank, t->size);
    if (t->message[rank][0]) fail_msg("%s: %s", what, t->message[rank]);
    if (memcmp(t->loss[rank], one->loss[0], sizeof one->loss[0]))
        fail_msg("%s: losses %.9g and %.9g, in one process %.9g and %.9g", what, t->loss[rank][0],
            t->loss[rank][1], one->loss[0][0], one->loss[0][1]);
    int count;
    lathe_tensor *const *got = lathe_nn_state(t->layer[rank], &count),
                        *const *want = lathe_nn_state(one->layer[0], &count);
    for (int i = 0; i < count; i++)
        if (memcmp(got[i]->data, want[i]->data, want[i]->stored * sizeof *want[i]->data))
            fail_msg("%s: %s differs from one process's", what, want[i]->name);
    const lathe_shard shard = lathe_shard_of(t->whole.size, rank, t->size);
    const size_t each = one->count[0] / (size_t)t->whole.size;
    assert_int_equal(t->count[rank], each * (size_t)shard.count);
    if (memcmp(t->scores[rank], one->scores[0] + each * (size_t)shard.first,
            t->count[rank] * sizeof *t->scores[rank]))
        fail_msg("%s: other scores than in one process", what);
}

static void run(training *t, lathe_model *models[MOST_RANKS])
{
    const int size = nets[t->net].size;
    for (int rank = 0; rank < t->size; rank++) {
        models[rank] = lathe_model_new();
        t->layer[rank] =
            lathe_model_build(models[rank], nets[t->net].name, &(lathe_model_spec){ 3, size, size, CLASSES });
        if (lathe_nn_init(t->layer[rank], 6)) fail_msg("%s: %s", nets[t->net].name, lathe_error_message());
    }
    ranks_run(t->size, train, t);
    if (t->size == 1 && t->message[0][0]) fail_msg("%s: %s", nets[t->net].name, t->message[0]);
}

static void finish(training *t, lathe_model *models[MOST_RANKS])
{
    for (int rank = 0; rank < t->size; rank++) {
        free(t->scores[rank]);
        lathe_model_free(models[rank]);
    }
}

/* Pictures as a loader gives them, of normal numbers. */
static lathe_real *make_images(const lathe_batch *batch)
{
    const lathe_shape shape = { 4, { batch->size, batch->channels, batch->height, batch->width } };
    const size_t count = lathe_shape_count(&shape);
    lathe_tensor images = { .shape = shape, .layout = batch->plain ? LATHE_PLAIN : LATHE_BATCHED };
    images.stored = lathe_shape_stored(&shape, images.layout);
    images.data = lathe_alloc_raw(images.stored, sizeof *images.data);
    lathe_real *values = malloc(count * sizeof *values);
    fill_normal(values, count, 8);
    assert_int_equal(lathe_tensor_write(&images, values, count), LATHE_OK);
    free(values);
    return images.data;
}

/* As many of the numbers of processes as `count` says; the nets begin at different ones. */
static void check(int net, int batch, bool plain, int count)
{
    static const int sizes[] = { 2, 3, 5 };
    static int labels[MOST_BATCH * MOST_SIZE * MOST_SIZE];
    const int size = nets[net].size;
    for (size_t i = 0; i < sizeof labels / sizeof labels[0]; i++)
        labels[i] = random_int(3, i, 0, CLASSES - 1);
    const lathe_batch whole = { .size = batch,
        .channels = 3,
        .height = size,
        .width = size,
        .plain = plain,
        .labels = labels,
        .answers = nets[net].dense ? (size_t)size * (size_t)size : 1 };
    lathe_real *images = make_images(&whole);
    lathe_model *model[MOST_RANKS], *models[MOST_RANKS];
    training one = { .net = net, .size = 1, .whole = whole };
    one.whole.images = images;
    run(&one, model);
    for (int i = 0; i < count; i++) {
        training t = { .net = net, .size = sizes[(net + i) % 3], .whole = one.whole };
        run(&t, models);
        for (int rank = 0; rank < t.size; rank++) compare(&t, rank, &one);
        finish(&t, models);
    }
    finish(&one, model);
    lathe_free(images);
}

static void nets_train_as_in_one_process(void **state)
{
    (void)state;
    for (int net = 0; net < NETS; net++)
        for (int plain = 0; plain < 2; plain++) check(net, BATCH, plain, plain ? 1 : 3);
}

/* All processes but one are silent. */
static void a_batch_may_be_too_small_for_all(void **state)
{
    (void)state;
    for (int net = 0; net < NETS; net++) check(net, 8, net % 2, 1);
}

/* Twenty-one micro-batches, the last of eleven pictures: mlp and lenet5. */
static void a_batch_may_be_large(void **state)
{
    (void)state;
    for (int net = 0; net < 2; net++) check(net, MOST_BATCH, false, 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nets_train_as_in_one_process),
        cmocka_unit_test(a_batch_may_be_too_small_for_all),
        cmocka_unit_test(a_batch_may_be_large),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
