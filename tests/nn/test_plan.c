#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "support/support.h"

/* ---- nets ---------------------------------------------------------------------------------------------- */

/* In which layout `results` computes. */
static lathe_layout layout = LATHE_BATCHED;

/* The numbers of net(x), by the plan, or by the ordinary forward if it is NULL. The caller frees them. */
static lathe_real *results(lathe_layer *net, lathe_plan *plan, lathe_context *context, lathe_shape shape,
    uint64_t seed, size_t *count)
{
    lathe_tape *tape = lathe_tape_new(context);
    lathe_tape_begin(tape, LATHE_EVAL);
    lathe_tape_layout(tape, layout);
    size_t numbers = lathe_shape_count(&shape);
    lathe_real *values = malloc(numbers * sizeof *values);
    fill_normal(values, numbers, seed);
    bool pictures = layout == LATHE_CHANNELS && shape.rank == 4;
    lathe_tensor *x = lathe_tape_leaf(tape, pictures ? LATHE_PLAIN : LATHE_BATCHED, shape, values);
    x->pictures = pictures;
    free(values);
    lathe_tensor *y = plan ? lathe_plan_run(plan, x) : lathe_nn_forward(net, x);
    if (!y) fail_msg("%s", lathe_tape_message(tape));
    assert_ptr_equal(y->tape, tape);
    *count = lathe_shape_count(&y->shape);
    lathe_real *out = malloc(*count * sizeof *out);
    assert_int_equal(lathe_tensor_read(y, out, *count), LATHE_OK);
    lathe_tape_free(tape);
    return out;
}

/* The largest difference of two results by the standard deviation of the first. */
static double difference(const lathe_real *a, const lathe_real *b, size_t count)
{
    double mean = 0, square = 0, largest = 0;
    for (size_t i = 0; i < count; i++) mean += (double)a[i] / (double)count;
    for (size_t i = 0; i < count; i++) {
        square += ((double)a[i] - mean) * ((double)a[i] - mean) / (double)count;
        double d = fabs((double)a[i] - (double)b[i]);
        if (!(d <= largest)) largest = d;
    }
    return largest / (square > 0 ? sqrt(square) : 1);
}

static void assert_plan_agrees(lathe_layer *net, lathe_plan *plan, lathe_shape shape, uint64_t seed)
{
    size_t count, planned;
    lathe_real *want = results(net, NULL, NULL, shape, seed, &count),
               *got = results(net, plan, NULL, shape, seed, &planned);
    assert_int_equal(planned, count);
    double d = difference(want, got, count);
    if (!(d < 1e-5)) fail_msg("batch %d: the plan's results are %g standard deviations off", shape.dim[0], d);
    free(want);
    free(got);
}

static void assert_plans(lathe_model *model, lathe_layer *net, lathe_shape image)
{
    static const int batches[] = { 40, 1, 17, 3, 16, 17 };
    assert_non_null(net);
    init_odd(net, 3);
    lathe_plan *plan = lathe_plan_new(net);
    for (int i = 0; i < 12; i++) {
        lathe_shape shape = { image.rank + 1, { batches[i % 6] } };
        memcpy(shape.dim + 1, image.dim, (size_t)image.rank * sizeof image.dim[0]);
        layout = i < 6 ? LATHE_BATCHED : LATHE_CHANNELS;
        assert_plan_agrees(net, plan, shape, (uint64_t)i);
    }
    layout = LATHE_BATCHED;
    assert_true(lathe_plan_bytes(plan) > 0); /* it was no ordinary forward */
    lathe_plan_free(plan);
    lathe_model_free(model);
}

/* ---- results ------------------------------------------------------------------------------------------- */

static void every_model_of_the_zoo(void **state)
{
    (void)state;
    for (int i = 0; lathe_model_at(i); i++) {
        lathe_model_spec spec = lathe_model_at(i)->native;
        if (spec.height > 64) spec.height = spec.width = 64;
        lathe_model *model = lathe_model_new();
        lathe_layer *net = lathe_model_build(model, lathe_model_at(i)->name, &spec);
        if (model_is_tried(lathe_model_at(i), net))
            assert_plans(model, net, (lathe_shape){ 3, { spec.channels, spec.height, spec.width } });
        else lathe_model_free(model);
    }
}

static lathe_layer *conv(lathe_model *model, int in, int out, int stride)
{
    return lathe_nn_conv2d(model, in, out, 3,
        &(lathe_nn_conv2d_opts){ .stride = stride, .padding = 1, .no_bias = true });
}

static void residual_sums(void **state)
{
    (void)state;
    for (int shortcut = 0; shortcut < 4; shortcut++) {
        lathe_model *model = lathe_model_new();
        int stride = shortcut == 1 ? 2 : 1;
        lathe_layer *body =
            lathe_nn_sequential(model, conv(model, 5, 5, stride), lathe_nn_batch_norm(model, 5, NULL),
                lathe_nn_relu(model), conv(model, 5, 5, 1), lathe_nn_batch_norm(model, 5, NULL), NULL);
        lathe_layer *beside = shortcut == 1 ?
            lathe_nn_sequential(model, conv(model, 5, 5, 2), lathe_nn_batch_norm(model, 5, NULL), NULL) :
            shortcut == 2 ? lathe_nn_tanh(model) :
                            NULL;
        if (shortcut == 3) body = conv(model, 5, 5, 1); /* its own input is what it is added to */
        lathe_layer *net = lathe_nn_sequential(model, conv(model, 3, 5, 1), lathe_nn_relu(model),
            lathe_nn_residual(model, body, beside), lathe_nn_relu(model), lathe_nn_flatten(model),
            lathe_nn_linear(model, 5 * (8 / stride) * (8 / stride), 4, NULL), NULL);
        assert_plans(model, net, (lathe_shape){ 3, { 3, 8, 8 } });
    }
}

/* As in nets that come from TensorFlow, and with settings of single axes. */
static void padding_of_sides(void **state)
{
    (void)state;
    const lathe_nn_conv2d_opts stem = { .stride = 2, .same = true, .no_bias = true },
                               depthwise = { .stride = 2, .groups = 20, .same = true, .no_bias = true },
                               wide = { .kernel_width = 5, .padding_sides = { 0, 0, 2, 2 } },
                               sides = { .padding_sides = { 1, 0, 0, 1 }, .stride_width = 2 };
    lathe_model *model = lathe_model_new();
    lathe_layer *net = lathe_nn_sequential(model, lathe_nn_conv2d(model, 3, 20, 3, &stem),
        lathe_nn_batch_norm(model, 20, NULL), lathe_nn_relu(model),
        lathe_nn_conv2d(model, 20, 20, 3, &depthwise), lathe_nn_batch_norm(model, 20, NULL),
        lathe_nn_relu(model), lathe_nn_conv2d(model, 20, 35, 1, &wide), lathe_nn_relu(model),
        lathe_nn_layer_norm2d(model, 35, 0), lathe_nn_group_norm(model, 5, 35, 0),
        lathe_nn_conv2d(model, 35, 6, 2, &sides), lathe_nn_global_avg_pool(model), NULL);
    assert_plans(model, net, (lathe_shape){ 3, { 3, 21, 22 } });
}

static void other_layers(void **state)
{
    (void)state;
    lathe_model *model = lathe_model_new();
    lathe_layer *net = lathe_nn_sequential(model,
        lathe_nn_conv_transpose2d(model, 4, 6, 3,
            &(lathe_nn_conv_transpose2d_opts){ .stride = 2, .groups = 2 }),
        lathe_nn_batch_norm(model, 6, NULL), lathe_nn_gelu(model), lathe_nn_max_pool2d(model, 2, NULL),
        lathe_nn_relu(model), lathe_nn_dropout(model, 0.5), lathe_nn_batch_norm(model, 6, NULL),
        lathe_nn_relu(model), lathe_nn_upsample(model, 2, NULL), lathe_nn_softmax(model),
        lathe_nn_flatten(model), lathe_nn_linear(model, 6 * 14 * 14, 9, NULL),
        lathe_nn_batch_norm(model, 9, NULL), lathe_nn_relu(model), NULL);
    assert_plans(model, net, (lathe_shape){ 3, { 4, 7, 7 } });
    model = lathe_model_new();
    assert_plans(model, lathe_nn_linear(model, 7, 3, NULL), (lathe_shape){ 1, { 7 } });
}

/* ---- a layer of the program's -------------------------------------------------------------------------- */

static void twice_forward(lathe_node *node)
{
    for (size_t i = 0; i < node->out->stored; i++) node->out->data[i] = 2 * node->in[0]->data[i];
}

static const lathe_op twice_op = { .name = "twice", .in = { { .name = "x" } }, .forward = twice_forward };

static int calls;

/* conv(x) is read by the batch norm and by the sum. */
static lathe_tensor *own_forward(lathe_layer *layer, lathe_tensor *x)
{
    calls++;
    lathe_tensor *y = lathe_nn_forward(layer->child[0], x), *normed = lathe_nn_forward(layer->child[1], y);
    lathe_tensor *twice = lathe_apply(&twice_op, &normed, 1, NULL);
    return lathe_scale(lathe_relu(lathe_add(y, twice)), 0.5);
}

static const lathe_layer_type own_layer = { .name = "own",
    .size = sizeof(lathe_layer),
    .forward = own_forward };

static lathe_layer *own_net(lathe_model *model, const lathe_layer_type *type)
{
    lathe_layer *own = lathe_layer_new(model, type);
    lathe_layer_add(own, conv(model, 3, 4, 1), NULL);
    lathe_layer_add(own, lathe_nn_batch_norm(model, 4, NULL), NULL);
    return own;
}

static void two_readers_and_an_operation_of_the_programs(void **state)
{
    (void)state;
    lathe_model *model = lathe_model_new();
    assert_plans(model, own_net(model, &own_layer), (lathe_shape){ 3, { 3, 5, 5 } });
}

/* ---- the ordinary forward instead ---------------------------------------------------------------------- */

/* Another net for pictures whose first number is large. */
static lathe_tensor *reading_forward(lathe_layer *layer, lathe_tensor *x)
{
    calls++;
    lathe_tensor *y = lathe_nn_forward(layer->child[0], x);
    lathe_real *values = malloc(y->stored * sizeof *values);
    bool large = !lathe_tensor_read(y, values, lathe_shape_count(&y->shape)) && values[0] > 0;
    free(values);
    return large ? lathe_nn_forward(layer->child[1], y) : y;
}

static lathe_tensor *looking_forward(lathe_layer *layer, lathe_tensor *x)
{
    calls++;
    lathe_tensor *y = lathe_nn_forward(layer->child[0], x);
    return y && y->data[0] > 0 ? lathe_nn_forward(layer->child[1], y) : y;
}

static lathe_tensor *making_forward(lathe_layer *layer, lathe_tensor *x)
{
    calls++;
    static const lathe_real ones[16 * 100] = { 1, 2, 3 };
    lathe_tensor *y = lathe_nn_forward(layer->child[0], x);
    return y ? lathe_add(y, lathe_tape_leaf(y->tape, y->layout, y->shape, ones)) : NULL;
}

static const lathe_layer_type odd_layers[] = {
    { .name = "reading", .size = sizeof(lathe_layer), .forward = reading_forward },
    { .name = "looking", .size = sizeof(lathe_layer), .forward = looking_forward, .dynamic = true },
    { .name = "making", .size = sizeof(lathe_layer), .forward = making_forward },
};

static void nets_that_depend_on_numbers(void **state)
{
    (void)state;
    const lathe_shape shape = { 4, { 2, 3, 5, 5 } };
    for (int i = 0; i < 3; i++) {
        lathe_model *model = lathe_model_new();
        lathe_layer *net = own_net(model, &odd_layers[i]);
        init_odd(net, 3);
        lathe_plan *plan = lathe_plan_new(net);
        for (uint64_t seed = 0; seed < 6; seed++) {
            size_t count, planned;
            lathe_real *want = results(net, NULL, NULL, shape, seed, &count);
            calls = 0;
            lathe_real *got = results(net, plan, NULL, shape, seed, &planned);
            if (seed) assert_int_equal(calls, 1); /* it is rehearsed but once */
            assert_int_equal(planned, count);
            assert_memory_equal(got, want, count * sizeof *got);
            free(want);
            free(got);
        }
        assert_int_equal(lathe_plan_bytes(plan), 0);
        assert_int_equal(lathe_error(), LATHE_OK);
        lathe_plan_free(plan);
        lathe_model_free(model);
    }
}

static void count_layers(void *context, lathe_layer *layer, const lathe_tensor *x, const lathe_tensor *y)
{
    (void)layer, (void)x, (void)y;
    ++*(int *)context;
}

/* What a layer's forward is called for each time: training, gradients, hooks, traces, nets without fusion. */
static void what_is_watched_runs_as_it_is(void **state)
{
    (void)state;
    lathe_model *model = lathe_model_new();
    lathe_layer *net = own_net(model, &own_layer);
    init_odd(net, 1);
    lathe_plan *plan = lathe_plan_new(net);
    lathe_tape *tape = lathe_tape_new(NULL);
    for (int way = 0; way < 6; way++) {
        lathe_tape_begin(tape, way == 1 ? LATHE_TRAIN : LATHE_EVAL);
        lathe_tensor *x = lathe_tape_leaf(tape, LATHE_BATCHED, (lathe_shape){ 4, { 2, 3, 5, 5 } }, NULL);
        lathe_trace *trace = way == 3 ? lathe_trace_new() : NULL;
        int layers = 0;
        if (way == 2) x->needs_grad = true;
        if (way == 3) lathe_trace_open(trace, tape);
        if (way == 4) lathe_nn_on_forward(model, count_layers, &layers);
        if (way == 5) lathe_nn_fusion(model, false);
        lathe_plan_run(plan, x); /* the first prepares it */
        calls = 0;
        assert_non_null(lathe_plan_run(plan, x));
        assert_int_equal(calls, way > 0);
        if (way == 3) {
            lathe_trace_close(trace, tape, NULL);
            assert_int_equal(trace->nodes, 2 * 6);
        }
        if (way == 4) assert_int_equal(layers, 2 * 3);
        lathe_trace_free(trace);
        lathe_nn_on_forward(model, NULL, NULL);
        lathe_nn_fusion(model, true);
    }
    lathe_tape_free(tape);
    lathe_plan_free(plan);
    lathe_model_free(model);
}

/* ---- the plan ------------------------------------------------------------------------------------------ */

static lathe_layer *small_net(lathe_model *model)
{
    lathe_layer *body = lathe_nn_sequential(model, conv(model, 8, 8, 1), lathe_nn_batch_norm(model, 8, NULL),
        lathe_nn_relu(model), conv(model, 8, 8, 1), lathe_nn_batch_norm(model, 8, NULL), NULL);
    return lathe_nn_sequential(model, conv(model, 3, 8, 1), lathe_nn_batch_norm(model, 8, NULL),
        lathe_nn_relu(model), lathe_nn_residual(model, body, NULL), lathe_nn_relu(model), NULL);
}

static void steps_are_seen_after_a_refresh(void **state)
{
    (void)state;
    lathe_model *model = lathe_model_new();
    lathe_layer *net = small_net(model);
    init_odd(net, 1);
    const lathe_shape shape = { 4, { 5, 3, 8, 8 } };
    lathe_plan *plan = lathe_plan_new(net);
    size_t count;
    lathe_real *before = results(net, plan, NULL, shape, 1, &count);
    init_odd(net, 2);
    lathe_real *stale = results(net, plan, NULL, shape, 1, &count);
    assert_memory_equal(stale, before, count * sizeof *stale);
    lathe_plan_refresh(plan);
    assert_plan_agrees(net, plan, shape, 1);
    free(before);
    free(stale);
    lathe_plan_free(plan);
    lathe_model_free(model);
}

/* Of eleven results, the plan's memory holds the two that are needed at once; large batches run in parts. */
static void memory_is_used_again(void **state)
{
    (void)state;
    lathe_model *model = lathe_model_new();
    lathe_layer *net = small_net(model);
    init_odd(net, 1);
    lathe_plan *plan = lathe_plan_new(net);
    const size_t plane = 32 * 32 * 16, weights = (3 + 8 + 8) * 8 * 9 + 3 * 8;
    size_t count, all;
    lathe_real *one = results(net, plan, NULL, (lathe_shape){ 4, { 16, 3, 32, 32 } }, 1, &count);
    assert_int_equal(lathe_plan_bytes(plan), (2 * 8 * plane + weights) * sizeof(lathe_real));
    lathe_real *many = results(net, plan, NULL, (lathe_shape){ 4, { 192, 3, 32, 32 } }, 1, &all);
    assert_int_equal(all, 12 * count);
    assert_memory_equal(many, one, count * sizeof *one);
    if (sizeof(lathe_real) == 4) /* 1 MiB for sixteen images; parts of 64 */
        assert_int_equal(lathe_plan_bytes(plan), ((1 + 4) * 2 * 8 * plane + weights) * sizeof(lathe_real));
    assert_plan_agrees(net, plan, (lathe_shape){ 4, { 150, 3, 32, 32 } }, 2);
    layout = LATHE_CHANNELS; /* eight channels take the memory of sixteen: parts of 32 */
    assert_plan_agrees(net, plan, (lathe_shape){ 4, { 150, 3, 32, 32 } }, 2);
    if (sizeof(lathe_real) == 4) assert_true(lathe_plan_bytes(plan) < 80 * 2 * plane * sizeof(lathe_real));
    layout = LATHE_BATCHED;
    free(one);
    free(many);
    lathe_plan_free(plan);
    lathe_model_free(model);
}

static void bits_do_not_depend_on_threads(void **state)
{
    (void)state;
    lathe_model *model = lathe_model_new();
    lathe_layer *net = lathe_model_build(model, "resnet8", NULL);
    init_odd(net, 1);
    lathe_plan *plan = lathe_plan_new(net);
    lathe_real *first = NULL;
    for (int threads = 1; threads <= 4; threads++) {
        lathe_context *context = lathe_context_new(&(lathe_context_opts){ .threads = threads });
        size_t count;
        lathe_real *y = results(net, plan, context, (lathe_shape){ 4, { 33, 3, 32, 32 } }, 1, &count);
        if (first) assert_memory_equal(y, first, count * sizeof *y);
        if (first) free(y);
        else first = y;
        lathe_context_free(context);
    }
    free(first);
    lathe_plan_free(plan);
    lathe_model_free(model);
}

static void mistakes(void **state)
{
    (void)state;
    lathe_model *model = lathe_model_new();
    lathe_layer *net = lathe_nn_linear(model, 4, 2, NULL);
    assert_null(lathe_plan_new(net));
    assert_failed(LATHE_ESTATE, "lathe_plan_new: the net has no parameters yet");
    lathe_nn_init(net, 1);
    lathe_plan *plan = lathe_plan_new(net);
    lathe_tape *tape = lathe_tape_new(NULL);
    lathe_tape_begin(tape, LATHE_EVAL);
    lathe_tensor *x = lathe_tape_leaf(tape, LATHE_BATCHED, (lathe_shape){ 2, { 2, 5 } }, NULL);
    assert_null(lathe_plan_run(plan, x));
    assert_failed(LATHE_ESHAPE, "lathe_linear: x has 5 features, weight expects 4");
    lathe_tape_begin(tape, LATHE_EVAL);
    assert_null(lathe_plan_run(plan, x));
    assert_failed(LATHE_ESTATE, "earlier step");
    lathe_tape_begin(tape, LATHE_EVAL);
    x = lathe_tape_leaf(tape, LATHE_BATCHED, (lathe_shape){ 2, { 2, 4 } }, NULL);
    assert_non_null(lathe_plan_run(plan, x));
    lathe_tape_free(tape);
    lathe_plan_free(plan);
    lathe_plan_free(NULL);
    lathe_model_free(model);
}

static void survives_failing_allocations(void **state)
{
    (void)state;
    lathe_model *model = lathe_model_new();
    lathe_layer *net = small_net(model);
    init_odd(net, 1);
    lathe_tape *tape = lathe_tape_new(NULL);
    for (int round = 0; round < 2; round++) {
        lathe_tape_begin(tape, LATHE_EVAL);
        lathe_plan_run(NULL, lathe_tape_leaf(tape, LATHE_BATCHED, (lathe_shape){ 4, { 2, 3, 8, 8 } }, NULL));
        lathe_error_clear();
    }
    for (size_t nth = 1;; nth++) {
        lathe_tape_begin(tape, LATHE_EVAL);
        lathe_tensor *x = lathe_tape_leaf(tape, LATHE_BATCHED, (lathe_shape){ 4, { 2, 3, 8, 8 } }, NULL);
        lathe_alloc_fail_at(nth, false);
        lathe_plan *plan = lathe_plan_new(net);
        lathe_tensor *y = plan ? lathe_plan_run(plan, x) : NULL;
        bool failed = lathe_alloc_fail_at(0, false) >= nth;
        assert_true(failed == !y);
        if (failed) assert_failed(LATHE_ENOMEM, "");
        lathe_plan_free(plan);
        if (!failed) break;
    }
    lathe_tape_free(tape);
    lathe_model_free(model);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_model_of_the_zoo),
        cmocka_unit_test(residual_sums),
        cmocka_unit_test(padding_of_sides),
        cmocka_unit_test(other_layers),
        cmocka_unit_test(two_readers_and_an_operation_of_the_programs),
        cmocka_unit_test(nets_that_depend_on_numbers),
        cmocka_unit_test(what_is_watched_runs_as_it_is),
        cmocka_unit_test(steps_are_seen_after_a_refresh),
        cmocka_unit_test(memory_is_used_again),
        cmocka_unit_test(bits_do_not_depend_on_threads),
        cmocka_unit_test(mistakes),
        cmocka_unit_test(survives_failing_allocations),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
