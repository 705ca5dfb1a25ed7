/* Work that waits (core/chain_impl.h) changes no bit: a tape that is watched does all at once. */
#include <stdlib.h>
#include <string.h>

#include "support/support.h"

enum { STEPS = 2 };

typedef struct way {
    int threads, batch;
    bool watched;
} way;

static void watch(void *context, const lathe_node *node)
{
    (void)node;
    ++*(int *)context;
}

/* Pictures and labels for a net. */
static lathe_real *make_batch(const lathe_model_spec *spec, int batch, lathe_shape *shape, int *labels)
{
    *shape = (lathe_shape){ 4, { batch, spec->channels, spec->height, spec->width } };
    lathe_real *pixels = malloc(lathe_shape_count(shape) * sizeof *pixels);
    fill_normal(pixels, lathe_shape_count(shape), 4);
    for (int i = 0; i < batch; i++) labels[i] = i % spec->classes;
    return pixels;
}

static void step_down(const lathe_params *params)
{
    for (size_t i = 0; i < params->size; i++) params->data[i] -= (lathe_real)0.01 * params->grad[i];
    for (int i = 0; i < params->count; i++) params->tensor[i]->has_grad = false;
}

/* The parameters after some steps of gradient descent. */
static lathe_real *train(const char *name, way how, size_t *size)
{
    int calls = 0, labels[128];
    lathe_context *context = lathe_context_new(&(lathe_context_opts){ .threads = how.threads });
    lathe_model *model = lathe_model_new();
    lathe_layer *net = lathe_model_build(model, name, NULL);
    assert_int_equal(lathe_nn_init(net, 3), LATHE_OK);
    lathe_model_spec spec = lathe_model_find(name)->native;
    lathe_shape shape;
    lathe_real *pixels = make_batch(&spec, how.batch, &shape, labels);
    const lathe_params *params = lathe_nn_params(net);
    lathe_tape *tape = lathe_tape_new(context);
    if (how.watched) lathe_tape_on_record(tape, watch, &calls);
    if (how.watched) lathe_tape_on_backward(tape, watch, &calls);
    for (int step = 0; step < STEPS; step++) {
        lathe_tape_begin(tape, LATHE_TRAIN);
        lathe_tensor *x = lathe_tape_leaf(tape, LATHE_BATCHED, shape, pixels);
        lathe_tensor *loss = lathe_cross_entropy(lathe_nn_forward(net, x), labels, NULL);
        if (lathe_backward(loss)) fail_msg("%s: %s", name, lathe_error_message());
        step_down(params);
    }
    assert_true(how.watched == (calls > 0));
    *size = params->size;
    lathe_real *numbers = malloc(*size * sizeof *numbers);
    memcpy(numbers, params->data, *size * sizeof *numbers);
    free(pixels);
    lathe_tape_free(tape);
    lathe_model_free(model);
    lathe_context_free(context);
    return numbers;
}

static void work_that_waits_changes_no_bit(void **state)
{
    (void)state;
    static const char *const names[] = { "lenet5", "mnistcnn", "cifar10-full", "resnet8", "mobilenet-tiny" };
    static const way ways[] = { { 1, 16, false }, { 2, 18, false }, { 2, 50, false }, { 3, 100, false } };
    for (size_t n = 0; n < sizeof names / sizeof names[0]; n++)
        for (size_t w = 0; w < sizeof ways / sizeof ways[0]; w++) {
            size_t size, again;
            way watched = ways[w];
            watched.watched = true;
            lathe_real *want = train(names[n], watched, &size), *got = train(names[n], ways[w], &again);
            assert_int_equal(again, size);
            for (size_t i = 0; i < size; i++)
                if (memcmp(&got[i], &want[i], sizeof *got))
                    fail_msg("%s, %d threads, batch %d: number %zu is %.9g, expected %.9g", names[n],
                        ways[w].threads, ways[w].batch, i, (double)got[i], (double)want[i]);
            free(got);
            free(want);
        }
}

/* ---- an operation of the program ----------------------------------------------------------------------- */

/* y = x - the mean of all of x: it reads numbers of all pictures on the calling thread. */
static void less_mean(const lathe_tensor *like, const lathe_real *x, lathe_real *y)
{
    double sum = 0;
    size_t count = lathe_shape_count(&like->shape);
    for (size_t i = 0; i < count; i++) sum += (double)x[lathe_tensor_place(like, i)];
    for (size_t i = 0; i < like->stored; i++) y[i] = x[i] - (lathe_real)(sum / (double)count);
}

static void less_mean_forward(lathe_node *node) { less_mean(node->out, node->in[0]->data, node->out->data); }

static void less_mean_backward(lathe_node *node)
{
    bool add;
    lathe_real *gx = lathe_grad_target(node->tape, node->in[0], &add);
    assert_false(add);
    if (gx) less_mean(node->out, node->out->grad, gx);
}

static const lathe_op less_mean_op = {
    .name = "less_mean",
    .in = { { .name = "x" } },
    .forward = less_mean_forward,
    .backward = less_mean_backward,
};

static lathe_tensor *forward_less_mean(lathe_layer *layer, lathe_tensor *x)
{
    (void)layer;
    return lathe_apply(&less_mean_op, &x, 1, NULL);
}

static const lathe_layer_type less_mean_layer = {
    .name = "less_mean",
    .size = sizeof(lathe_layer),
    .forward = forward_less_mean,
};

/* ---- layers that read numbers -------------------------------------------------------------------------- */

/* y = x, or x + x if x's first number is above 0. */
static lathe_tensor *one_or_two(lathe_tensor *x, double first) { return first > 0 ? lathe_add(x, x) : x; }

static lathe_tensor *forward_reading(lathe_layer *layer, lathe_tensor *x)
{
    (void)layer;
    size_t count = lathe_shape_count(&x->shape);
    lathe_real *numbers = malloc(count * sizeof *numbers);
    assert_int_equal(lathe_tensor_read(x, numbers, count), LATHE_OK);
    double sum = 0;
    for (size_t i = 0; i < count; i++) sum += (double)numbers[i];
    free(numbers);
    return one_or_two(x, sum - 0.1);
}

static const lathe_layer_type reading_layer = {
    .name = "reading",
    .size = sizeof(lathe_layer),
    .forward = forward_reading,
};

static lathe_tensor *forward_dynamic(lathe_layer *layer, lathe_tensor *x)
{
    (void)layer;
    lathe_tensor *y = lathe_relu(x);
    double sum = 0;
    for (size_t i = 0; i < y->stored; i++) sum += (double)y->data[i];
    return one_or_two(y, sum - 0.1);
}

static const lathe_layer_type dynamic_layer = {
    .name = "dynamic",
    .size = sizeof(lathe_layer),
    .forward = forward_dynamic,
    .dynamic = true,
};

/* ---- a weight that is computed ------------------------------------------------------------------------- */

/* y = conv2d(x, relu(weight + 0.1)) */
static lathe_tensor *forward_computed(lathe_layer *layer, lathe_tensor *x)
{
    lathe_tensor *weight = layer->tensor[0];
    lathe_real more[8 * 8 * 3 * 3];
    for (size_t i = 0; i < sizeof more / sizeof *more; i++) more[i] = (lathe_real)0.1;
    lathe_tensor *leaf = lathe_tape_leaf(x->tape, LATHE_PLAIN, weight->shape, more);
    return lathe_conv2d(x, lathe_relu(lathe_add(leaf, weight)), NULL, &(lathe_conv2d_opts){ .padding = 1 });
}

static const lathe_layer_type computed_layer = {
    .name = "computed",
    .size = sizeof(lathe_layer),
    .forward = forward_computed,
};

/* ---- in a net ------------------------------------------------------------------------------------------ */

typedef struct setting {
    const lathe_layer_type *middle;
    int batch, threads;
} setting;

/* The gradients of a net that has the layer in its middle. */
static lathe_real *gradients(setting s, bool watched, size_t *size)
{
    enum { SIDE = 12 };
    int calls = 0, labels[128];
    lathe_context *context = lathe_context_new(&(lathe_context_opts){ .threads = s.threads });
    lathe_model *model = lathe_model_new();
    lathe_layer *middle = lathe_layer_new(model, s.middle);
    if (s.middle == &computed_layer)
        lathe_layer_param(middle, "weight", (lathe_shape){ 4, { 8, 8, 3, 3 } }, (lathe_init){ 0 });
    lathe_layer *net = lathe_nn_sequential(model, lathe_nn_conv2d(model, 2, 8, 3, NULL), lathe_nn_relu(model),
        middle, lathe_nn_conv2d(model, 8, 4, 3, NULL), lathe_nn_flatten(model),
        lathe_nn_linear(model, 4 * 8 * 8, 3, NULL), NULL);
    assert_int_equal(lathe_nn_init(net, 5), LATHE_OK);
    lathe_model_spec spec = { .channels = 2, .height = SIDE, .width = SIDE, .classes = 3 };
    lathe_shape shape;
    lathe_real *pixels = make_batch(&spec, s.batch, &shape, labels);
    lathe_tape *tape = lathe_tape_new(context);
    if (watched) lathe_tape_on_record(tape, watch, &calls);
    if (watched) lathe_tape_on_backward(tape, watch, &calls);
    lathe_tape_begin(tape, LATHE_TRAIN);
    lathe_tensor *x = lathe_tape_leaf(tape, LATHE_BATCHED, shape, pixels);
    lathe_tensor *loss = lathe_cross_entropy(lathe_nn_forward(net, x), labels, NULL);
    if (lathe_backward(loss)) fail_msg("%s", lathe_error_message());
    const lathe_params *params = lathe_nn_params(net);
    *size = params->size;
    lathe_real *numbers = malloc(*size * sizeof *numbers);
    memcpy(numbers, params->grad, *size * sizeof *numbers);
    free(pixels);
    lathe_tape_free(tape);
    lathe_model_free(model);
    lathe_context_free(context);
    return numbers;
}

static void assert_same_gradients(const lathe_layer_type *middle)
{
    static const int batches[] = { 16, 40 };
    for (int i = 0; i < 6; i++) {
        size_t size, again;
        setting s = { middle, batches[i % 2], 1 + i / 2 };
        lathe_real *want = gradients(s, true, &size), *got = gradients(s, false, &again);
        assert_int_equal(again, size);
        assert_memory_equal(got, want, size * sizeof *got);
        free(got);
        free(want);
    }
}

static void an_operation_of_the_program_finds_all_numbers(void **state)
{
    (void)state;
    assert_same_gradients(&less_mean_layer);
}

static void a_layer_may_read_numbers(void **state)
{
    (void)state;
    assert_same_gradients(&reading_layer);
    assert_same_gradients(&dynamic_layer);
}

static void a_computed_weight_is_there_in_time(void **state)
{
    (void)state;
    assert_same_gradients(&computed_layer);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(work_that_waits_changes_no_bit),
        cmocka_unit_test(an_operation_of_the_program_finds_all_numbers),
        cmocka_unit_test(a_layer_may_read_numbers),
        cmocka_unit_test(a_computed_weight_is_there_in_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
