#include <stdlib.h>
#include <string.h>

#include "support/support.h"

/* What a node of a trace reads, from the tensors of a replay. */
static lathe_tensor *tensor_of(const lathe_trace_value *value, lathe_layer *net, lathe_tensor *const *result,
    lathe_tensor *x)
{
    switch (value->source) {
    case LATHE_TRACE_INPUT: return value->index == 0 ? x : NULL;
    case LATHE_TRACE_NODE: return result[value->index];
    case LATHE_TRACE_PARAMETER: return lathe_nn_find(net, value->path);
    case LATHE_TRACE_ABSENT: return NULL;
    }
    return NULL;
}

/* Each operation with its attributes, applied to what the trace says. */
static lathe_tensor *replay(const lathe_trace *trace, lathe_layer *net, lathe_tensor *x)
{
    lathe_tensor **result = calloc((size_t)trace->nodes, sizeof *result), *in[64];
    for (int n = 0; n < trace->nodes; n++) {
        const lathe_trace_node *node = &trace->node[n];
        for (int i = 0; i < node->inputs; i++) in[i] = tensor_of(&node->in[i], net, result, x);
        result[n] = lathe_apply(node->op, in, node->inputs, node->attributes);
        assert_non_null(result[n]);
        assert_true(lathe_shape_equal(&result[n]->shape, &node->out.shape));
    }
    lathe_tensor *y = tensor_of(&trace->result, net, result, x);
    free(result);
    return y;
}

static void check_model(const lathe_model_type *type)
{
    lathe_model *model = lathe_model_new();
    lathe_model_spec spec = type->native;
    if (spec.height > 64) spec.height = spec.width = 64;
    lathe_layer *net = lathe_model_build(model, type->name, &spec);
    assert_non_null(net);
    if (!model_is_tried(type, net)) {
        lathe_model_free(model);
        return;
    }
    assert_int_equal(lathe_nn_init(net, 5), LATHE_OK);
    lathe_shape image = { 3, { spec.channels, spec.height, spec.width } };
    lathe_trace *trace = lathe_nn_trace(net, image);
    assert_non_null(trace);
    assert_int_equal(trace->inputs, 1);
    lathe_shape batch = { 4, { 1, spec.channels, spec.height, spec.width } };
    size_t count = lathe_shape_count(&batch), results;
    lathe_real *pixels = malloc(count * sizeof *pixels), *y[2];
    fill_normal(pixels, count, 7);
    for (int replayed = 0; replayed < 2; replayed++) {
        lathe_tape *tape = lathe_tape_new(NULL);
        lathe_tape_begin(tape, LATHE_EVAL);
        lathe_tensor *x = lathe_tape_leaf(tape, LATHE_BATCHED, batch, pixels);
        lathe_tensor *out = replayed ? replay(trace, net, x) : lathe_nn_forward(net, x);
        assert_non_null(out);
        assert_true(lathe_shape_equal(&out->shape, &trace->result.shape));
        results = lathe_shape_count(&out->shape);
        lathe_tensor_read(out, y[replayed] = malloc(results * sizeof **y), results);
        lathe_tape_free(tape);
    }
    if (memcmp(y[0], y[1], results * sizeof **y)) fail_msg("%s: the replay gives other bits", type->name);
    free(y[0]), free(y[1]), free(pixels);
    lathe_trace_free(trace);
    lathe_model_free(model);
}

static void a_replay_gives_the_forwards_bits(void **state)
{
    (void)state;
    for (int i = 0; lathe_model_at(i); i++) check_model(lathe_model_at(i));
}

static void a_trace_says_what_ran(void **state)
{
    (void)state;
    lathe_model *model = lathe_model_new();
    lathe_layer *net = lathe_nn_sequential(model,
        lathe_nn_conv2d(model, 1, 4, 3, &(lathe_nn_conv2d_opts){ .stride = 2, .no_bias = true }),
        lathe_nn_relu(model), lathe_nn_residual(model, lathe_nn_conv2d(model, 4, 4, 1, NULL), NULL),
        lathe_nn_dropout(model, 0.5), NULL);
    lathe_nn_init(net, 1);
    lathe_trace *trace = lathe_nn_trace(net, (lathe_shape){ 3, { 1, 9, 9 } });
    assert_int_equal(trace->nodes, 4); /* dropout is nothing in evaluation, and nothing is fused */
    static const char *const names[] = { "conv2d", "relu", "conv2d", "add" },
                             *const layers[] = { "0", "1", "2.body", "2" };
    for (int i = 0; i < 4; i++) {
        assert_string_equal(trace->node[i].op->name, names[i]);
        assert_string_equal(trace->node[i].layer, layers[i]);
    }
    const lathe_trace_node *conv = &trace->node[0], *add = &trace->node[3];
    assert_int_equal(((const lathe_conv2d_opts *)conv->attributes)->stride, 2);
    assert_int_equal(((const lathe_conv2d_opts *)conv->attributes)->groups, 1);
    assert_int_equal(conv->in[0].source, LATHE_TRACE_INPUT);
    assert_int_equal(conv->in[1].source, LATHE_TRACE_PARAMETER);
    assert_string_equal(conv->in[1].path, "0.weight");
    assert_int_equal(conv->in[2].source, LATHE_TRACE_ABSENT);
    assert_true(lathe_shape_equal(&conv->out.shape, &(lathe_shape){ 4, { 1, 4, 4, 4 } }));
    assert_true(add->in[0].index == 2 && add->in[1].index == 1);
    assert_true(trace->result.source == LATHE_TRACE_NODE && trace->result.index == 3);
    lathe_model_free(model);
    assert_string_equal(conv->in[1].path, "0.weight"); /* the trace's own copy */
    lathe_trace_free(trace);
}

static void mistakes(void **state)
{
    (void)state;
    lathe_model *model = lathe_model_new();
    lathe_layer *net = lathe_nn_linear(model, 4, 2, NULL);
    assert_null(lathe_nn_trace(net, (lathe_shape){ 1, { 4 } }));
    assert_failed(LATHE_ESTATE, "lathe_nn_init");
    lathe_nn_init(net, 1);
    assert_null(lathe_nn_trace(net, (lathe_shape){ 0 }));
    assert_failed(LATHE_ESHAPE, "1 to 4 dimensions");
    assert_null(lathe_nn_trace(net, (lathe_shape){ 1, { 5 } }));
    assert_failed(LATHE_ESHAPE, "x has 5 features, weight expects 4");
    lathe_model_free(model);
}

static void survives_failing_allocations(void **state)
{
    (void)state;
    lathe_model *model = lathe_model_new();
    lathe_layer *net =
        lathe_nn_sequential(model, lathe_nn_linear(model, 4, 2, NULL), lathe_nn_relu(model), NULL);
    lathe_nn_init(net, 1);
    for (size_t nth = 1;; nth++) {
        lathe_alloc_fail_at(nth, false);
        lathe_trace *trace = lathe_nn_trace(net, (lathe_shape){ 1, { 4 } });
        bool failed = lathe_alloc_fail_at(0, false) >= nth;
        assert_true(failed == !trace);
        if (failed) assert_failed(LATHE_ENOMEM, "");
        lathe_trace_free(trace);
        if (!failed) break;
    }
    lathe_model_free(model);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_replay_gives_the_forwards_bits),
        cmocka_unit_test(a_trace_says_what_ran),
        cmocka_unit_test(mistakes),
        cmocka_unit_test(survives_failing_allocations),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
