#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "support/support.h"

extern const lathe_op lathe_batch_norm_op, lathe_relu_op, lathe_conv2d_op, lathe_conv2d_add_relu_op;

/* ---- graphs that compute what their nets do ------------------------------------------------------------ */

static lathe_tensor *tensor_of(const lathe_graph *graph, const lathe_graph_value *value, lathe_tensor *x,
    lathe_tensor *constant, lathe_tensor *const *result)
{
    switch (value->source) {
    case LATHE_GRAPH_INPUT: return x;
    case LATHE_GRAPH_NODE: return result[value->index];
    case LATHE_GRAPH_CONSTANT: {
        const lathe_graph_constant *c = &graph->constant[value->index];
        assert_true(lathe_shape_equal(&c->shape, &value->shape));
        constant[value->index] = (lathe_tensor){ .shape = c->shape,
            .stored = c->count,
            .data = (lathe_real *)(uintptr_t)c->data,
            .name = c->name };
        return &constant[value->index];
    }
    case LATHE_GRAPH_ABSENT: return NULL;
    }
    return NULL;
}

/* Each node applied to what the graph says. */
static lathe_tensor *run_graph(const lathe_graph *graph, lathe_tensor *x, lathe_tensor *constant)
{
    lathe_tensor **result = calloc((size_t)graph->nodes + 1, sizeof *result), *in[64];
    for (int n = 0; n < graph->nodes; n++) {
        const lathe_graph_node *node = &graph->node[n];
        for (int i = 0; i < node->inputs; i++) in[i] = tensor_of(graph, &node->in[i], x, constant, result);
        result[n] = lathe_apply(node->op, in, node->inputs, node->attributes);
        if (!result[n]) fail_msg("%s", lathe_error_message());
        assert_true(lathe_shape_equal(&result[n]->shape, &node->out));
    }
    lathe_tensor *y = tensor_of(graph, &graph->result, x, constant, result);
    free(result);
    return y;
}

/* The largest difference of the graph's result and the net's, by the spread of the net's. */
static double graph_error(const lathe_graph *graph, lathe_layer *net)
{
    size_t numbers = lathe_shape_count(&graph->image);
    lathe_real *values = malloc(numbers * sizeof *values), *y[2];
    lathe_tensor *constant = calloc((size_t)graph->constants + 1, sizeof *constant);
    size_t results = 0;
    fill_normal(values, numbers, 3);
    for (int way = 0; way < 2; way++) {
        lathe_tape *tape = lathe_tape_new(NULL);
        lathe_tape_begin(tape, LATHE_EVAL);
        lathe_tensor *x = lathe_tape_leaf(tape, LATHE_BATCHED, graph->image, values);
        lathe_tensor *out = way ? run_graph(graph, x, constant) : lathe_nn_forward(net, x);
        if (!out) fail_msg("%s", lathe_tape_message(tape));
        results = lathe_shape_count(&out->shape);
        y[way] = malloc(results * sizeof *y[way]);
        assert_int_equal(lathe_tensor_read(out, y[way], results), LATHE_OK);
        lathe_tape_free(tape);
    }
    double mean = 0, spread = 0, worst = 0;
    for (size_t i = 0; i < results; i++) mean += (double)y[0][i] / (double)results;
    for (size_t i = 0; i < results; i++) spread += pow((double)y[0][i] - mean, 2) / (double)results;
    for (size_t i = 0; i < results; i++) worst = fmax(worst, fabs((double)(y[0][i] - y[1][i])));
    free(y[0]);
    free(y[1]);
    free(constant);
    free(values);
    return worst / sqrt(spread);
}

static int count_op(const lathe_graph *graph, const char *name)
{
    int count = 0;
    for (int n = 0; n < graph->nodes; n++) count += strstr(graph->node[n].op->name, name) != NULL;
    return count;
}

static void test_graphs_of_the_zoo(void **state)
{
    (void)state;
    static const char *const models[] = { "mlp", "lenet5", "resnet8", "mobilenet-tiny", "unet",
        "efficientnet-tiny", "fbnetv3-tiny", "squeezenet1_1" };
    for (size_t m = 0; m < sizeof models / sizeof models[0]; m++) {
        lathe_model *model = lathe_model_new();
        lathe_model_spec spec = lathe_model_find(models[m])->native;
        if (spec.height > 64) spec.height = spec.width = 64;
        lathe_layer *net = lathe_model_build(model, models[m], &spec);
        init_odd(net, 7);
        int nodes[3];
        for (int fold = LATHE_GRAPH_PLAIN; fold <= LATHE_GRAPH_FUSED; fold++) {
            lathe_graph *graph = lathe_graph_new(net,
                (lathe_shape){ 3, { spec.channels, spec.height, spec.width } }, (lathe_graph_fold)fold);
            assert_non_null(graph);
            nodes[fold] = graph->nodes;
            assert_int_equal(count_op(graph, "relayout"), 0);
            double error = graph_error(graph, net);
            if (!(error < (sizeof(lathe_real) > 4 ? 1e-11 : 1e-4)))
                fail_msg("%s, fold %d: %.2g", models[m], fold, error);
            lathe_graph_free(graph);
        }
        if (nodes[0] < nodes[1] || nodes[1] < nodes[2])
            fail_msg("%s: %d, %d, %d nodes", models[m], nodes[0], nodes[1], nodes[2]);
        lathe_model_free(model);
    }
}

/* ---- what a graph says --------------------------------------------------------------------------------- */

/* conv, batch norm, relu: three nodes, two, one; and the names of what they read. */
static void test_folds(void **state)
{
    (void)state;
    lathe_model *model = lathe_model_new();
    lathe_layer *net = lathe_nn_sequential(model, NULL);
    lathe_layer_add(net,
        lathe_nn_conv2d(model, 2, 3, 3, &(lathe_nn_conv2d_opts){ .stride = 2, .padding = 1 }), "conv");
    lathe_layer_add(net, lathe_nn_batch_norm(model, 3, NULL), "bn");
    lathe_layer_add(net, lathe_nn_relu(model), "relu");
    init_odd(net, 3);
    static const char *const names[3][7] = { { "conv.weight", "conv.bias", "bn.weight", "bn.bias",
                                                 "bn.running_mean", "bn.running_var", NULL },
        { "conv.weight", "conv.bias", NULL }, { "conv.weight", "conv.bias", NULL } };
    for (int fold = 0; fold < 3; fold++) {
        lathe_graph *graph = lathe_graph_new(net, (lathe_shape){ 3, { 2, 5, 7 } }, (lathe_graph_fold)fold);
        assert_non_null(graph);
        assert_int_equal(graph->nodes, 3 - fold);
        int count = 0;
        while (names[fold][count]) count++;
        assert_int_equal(graph->constants, count);
        for (int i = 0; i < count; i++) assert_string_equal(graph->constant[i].name, names[fold][i]);
        const lathe_graph_node *conv = &graph->node[0];
        assert_string_equal(conv->layer, "conv");
        assert_true(lathe_shape_equal(&conv->out, &(lathe_shape){ 4, { 1, 3, 3, 4 } }));
        assert_true(lathe_graph_attribute(conv, "stride", 0) == 2);
        assert_true(lathe_graph_attribute(conv, "padding", 0) == 1);
        assert_true(lathe_graph_attribute(conv, "groups", 0) == 1);
        assert_true(lathe_graph_attribute(conv, "groups", 1) == 0);
        assert_true(lathe_graph_attribute(conv, "unknown", 0) == 0);
        assert_int_equal(graph->result.source, LATHE_GRAPH_NODE);
        assert_int_equal(graph->result.index, graph->nodes - 1);
        lathe_graph_free(graph);
    }
    lathe_model_free(model);
}

/* One convolution before two norms is folded nowhere; one layer that runs twice is read twice. */
static lathe_tensor *forward_twice(lathe_layer *layer, lathe_tensor *x)
{
    return lathe_nn_forward(layer->child[1],
        lathe_nn_forward(layer->child[0], lathe_nn_forward(layer->child[0], x)));
}

static void test_a_layer_that_runs_twice(void **state)
{
    (void)state;
    static const lathe_layer_type twice = { .name = "twice",
        .size = sizeof(lathe_layer),
        .forward = forward_twice };
    lathe_model *model = lathe_model_new();
    lathe_layer *net = lathe_layer_new(model, &twice);
    lathe_layer_add(net, lathe_nn_conv2d(model, 2, 2, 1, NULL), "conv");
    lathe_layer_add(net, lathe_nn_batch_norm(model, 2, NULL), "bn");
    init_odd(net, 3);
    lathe_graph *graph = lathe_graph_new(net, (lathe_shape){ 3, { 2, 4, 4 } }, LATHE_GRAPH_FOLDED);
    assert_non_null(graph);
    assert_int_equal(graph->nodes, 2);
    static const char *const names[] = { "conv.weight", "conv.bias", "conv.weight.2", "conv.bias.2" };
    assert_int_equal(graph->constants, 4);
    for (int i = 0; i < 4; i++) assert_string_equal(graph->constant[i].name, names[i]);
    assert_true(graph_error(graph, net) < 1e-5);
    lathe_graph_free(graph);
    lathe_model_free(model);
}

/* ---- nets without a graph ------------------------------------------------------------------------------ */

static lathe_tensor *forward_by_number(lathe_layer *layer, lathe_tensor *x)
{
    lathe_real first;
    (void)layer;
    if (lathe_tensor_read(x, &first, 1)) return NULL;
    return lathe_relu(x);
}

static void test_errors(void **state)
{
    (void)state;
    static const lathe_layer_type by_number = { .name = "by_number",
        .size = sizeof(lathe_layer),
        .forward = forward_by_number };
    const lathe_shape image = { 3, { 1, 4, 4 } };
    assert_null(lathe_graph_new(NULL, image, LATHE_GRAPH_PLAIN));
    assert_failed(LATHE_EARG, "net is NULL");
    lathe_model *model = lathe_model_new();
    lathe_layer *net = lathe_nn_relu(model);
    assert_null(lathe_graph_new(net, image, LATHE_GRAPH_PLAIN));
    assert_failed(LATHE_ESTATE, "no parameters yet");
    assert_int_equal(lathe_nn_init(net, 1), LATHE_OK);
    assert_null(lathe_graph_new(net, image, (lathe_graph_fold)7));
    assert_failed(LATHE_EARG, "fold 7 is unknown");
    assert_null(lathe_graph_new(net, (lathe_shape){ 0, { 0 } }, LATHE_GRAPH_PLAIN));
    assert_failed(LATHE_ESHAPE, "1 to 4 dimensions");
    lathe_layer *dynamic = lathe_layer_new(model, &by_number);
    assert_int_equal(lathe_nn_init(dynamic, 1), LATHE_OK);
    assert_null(lathe_graph_new(dynamic, image, LATHE_GRAPH_PLAIN));
    assert_failed(LATHE_EARG, "depends on numbers");
    lathe_graph_free(NULL);
    lathe_model_free(model);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_graphs_of_the_zoo),
        cmocka_unit_test(test_folds),
        cmocka_unit_test(test_a_layer_that_runs_twice),
        cmocka_unit_test(test_errors),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
