#include <stdlib.h>
#include <string.h>

#include "support/support.h"

static lathe_layer *lenet(lathe_model *model, int features)
{
    return lathe_nn_sequential(model,
        lathe_nn_conv2d(model, 1, 6, 5, &(lathe_nn_conv2d_opts){ .padding = 2 }),
        lathe_nn_batch_norm(model, 6, NULL), lathe_nn_max_pool2d(model, 2, NULL), lathe_nn_flatten(model),
        lathe_nn_linear(model, features, 10, NULL), NULL);
}

static void test_rows(void **state)
{
    (void)state;
    lathe_model *model = lathe_model_new();
    lathe_layer *net = lenet(model, 1176);
    lathe_nn_init(net, 1);
    lathe_nn_freeze(net->child[0], true);
    lathe_summary *summary = lathe_nn_summary(net, (lathe_shape){ 3, { 1, 28, 28 } });
    assert_non_null(summary);
    assert_int_equal(summary->rows, 6);
    assert_int_equal(summary->parameters, 6 * 25 + 6 + 12 + 11760 + 10);
    assert_int_equal(summary->frozen, 156);
    assert_int_equal(summary->buffers, 12);
    assert_true(summary->flops == 2.0 * 28 * 28 * 25 * 6 + 2.0 * 1176 * 10);
    assert_true(lathe_shape_equal(&summary->out, &(lathe_shape){ 1, { 10 } }));
    const lathe_summary_row *conv = &summary->row[1];
    assert_ptr_equal(conv->layer, net->child[0]);
    assert_int_equal(conv->depth, 1);
    assert_string_equal(conv->settings, "1 -> 6, 5x5, padding 2");
    assert_true(lathe_shape_equal(&conv->out, &(lathe_shape){ 3, { 6, 28, 28 } }));
    assert_int_equal(conv->parameters, 156);
    assert_true(conv->flops == 2.0 * 28 * 28 * 25 * 6);
    assert_true(summary->row[0].flops == 0 && summary->row[0].parameters == 0 && summary->row[0].depth == 0);
    assert_true(lathe_nn_find(net, "1.running_var")->data[0] == 1); /* running statistics are as before */
    lathe_summary_free(summary);
    lathe_model_free(model);
}

static void test_text(void **state)
{
    (void)state;
    static const char *const expected =
        "path  layer       settings                output       parameters      FLOPs\n"
        "      sequential                          [10]\n"
        "0     conv2d      1 -> 6, 5x5, padding 2  [6, 28, 28]         156    235.2 k\n"
        "1     batch_norm  6                       [6, 28, 28]          12\n"
        "2     max_pool2d  2x2, stride 2           [6, 14, 14]\n"
        "3     flatten                             [1176]\n"
        "4     linear      1176 -> 10              [10]              11770    23.52 k\n"
        "input [1, 28, 28], output [10]: 11938 parameters (156 of them frozen), 12 numbers of running "
        "statistics,"
        " 0.259 MFLOP an image forward\n";
    lathe_model *model = lathe_model_new();
    lathe_layer *net = lenet(model, 1176);
    lathe_nn_init(net, 1);
    lathe_nn_freeze(net->child[0], true);
    lathe_summary *summary = lathe_nn_summary(net, (lathe_shape){ 3, { 1, 28, 28 } });
    size_t length = lathe_summary_text(summary, NULL, 0);
    char *text = malloc(length + 1), part[20];
    assert_int_equal(lathe_summary_text(summary, text, length + 1), length);
    assert_int_equal(strlen(text), length);
    assert_string_equal(text, expected);
    assert_int_equal(lathe_summary_text(summary, part, sizeof part), length);
    assert_int_equal(strlen(part), sizeof part - 1);
    assert_memory_equal(part, text, sizeof part - 1);
    free(text);
    lathe_summary_free(summary);
    lathe_model_free(model);
}

static void ignore(void *context, lathe_layer *layer, const lathe_tensor *x, const lathe_tensor *y)
{
    (void)layer, (void)x, (void)y;
    ++*(int *)context;
}

/* A layer that runs twice counts twice; one that does not run has no output; a hook installed before is there
 * afterwards. */
static lathe_tensor *twice(lathe_layer *layer, lathe_tensor *x)
{
    return lathe_nn_forward(layer->child[0], lathe_nn_forward(layer->child[0], x));
}

static const lathe_layer_type twice_type = { .name = "twice", .size = sizeof(lathe_layer), .forward = twice };

static void test_reuse(void **state)
{
    (void)state;
    int calls = 0;
    lathe_model *model = lathe_model_new();
    lathe_layer *net = lathe_layer_new(model, &twice_type);
    lathe_layer_add(net, lathe_nn_linear(model, 4, 4, NULL), NULL);
    lathe_layer_add(net, lathe_nn_relu(model), NULL);
    lathe_nn_init(net, 1);
    lathe_nn_on_forward(model, ignore, &calls);
    lathe_summary *summary = lathe_nn_summary(net, (lathe_shape){ 1, { 4 } });
    assert_non_null(summary);
    assert_int_equal(calls, 0);
    assert_true(summary->flops == 64);
    assert_int_equal(summary->parameters, 20);
    assert_int_equal(summary->row[2].out.rank, 0);
    lathe_summary_free(summary);
    lathe_tape *tape = lathe_tape_new(NULL);
    lathe_tape_begin(tape, LATHE_EVAL);
    lathe_nn_forward(net, lathe_tape_leaf(tape, LATHE_BATCHED, (lathe_shape){ 2, { 1, 4 } }, NULL));
    assert_int_equal(calls, 3);
    lathe_tape_free(tape);
    lathe_model_free(model);
}

static void test_wrong_sizes(void **state)
{
    (void)state;
    lathe_model *model = lathe_model_new();
    lathe_layer *net = lenet(model, 400);
    assert_null(lathe_nn_summary(net, (lathe_shape){ 3, { 1, 28, 28 } })); /* before lathe_nn_init too */
    assert_failed(LATHE_ESHAPE, "layer 4: lathe_linear: x has 1176 features, weight expects 400");
    assert_null(lathe_nn_summary(net->child[0], (lathe_shape){ 3, { 1, 28, 28 } }));
    assert_failed(LATHE_ESTATE, "lathe_nn_summary: the conv2d is part of a sequential");
    lathe_nn_init(net, 1);
    assert_null(lathe_nn_summary(net, (lathe_shape){ 3, { 1, 28, 28 } }));
    assert_failed(LATHE_ESHAPE, "layer 4: lathe_linear: x has 1176 features, weight expects 400");
    assert_null(lathe_nn_summary(net, (lathe_shape){ 3, { 3, 28, 28 } }));
    assert_failed(LATHE_ESHAPE, "layer 0: lathe_conv2d: ");
    assert_null(lathe_nn_summary(net, (lathe_shape){ 5, { 1, 1, 1, 1, 1 } }));
    assert_failed(LATHE_ESHAPE, "an image has 1 to 4 dimensions");
    assert_null(lathe_nn_summary(NULL, (lathe_shape){ 1, { 1 } }));
    lathe_summary_free(NULL);
    lathe_model_free(model);
}

/* A net without first weights has a summary, and still needs lathe_nn_init before it runs. */
static void test_without_weights(void **state)
{
    (void)state;
    lathe_model *model = lathe_model_new();
    lathe_layer *net = lenet(model, 1176);
    lathe_summary *summary = lathe_nn_summary(net, (lathe_shape){ 3, { 1, 28, 28 } });
    assert_non_null(summary);
    assert_int_equal(summary->out.dim[0], 10);
    lathe_summary_free(summary);
    lathe_tape *tape = lathe_tape_new(NULL);
    lathe_tape_begin(tape, LATHE_EVAL);
    const lathe_shape shape = { 4, { 1, 1, 28, 28 } };
    assert_null(lathe_nn_forward(net, lathe_tape_leaf(tape, LATHE_BATCHED, shape, NULL)));
    assert_failed(LATHE_ESTATE, "call lathe_nn_init");
    lathe_tape_free(tape);
    lathe_model_free(model);
}

/* Each allocation of a summary fails once: NULL and LATHE_ENOMEM, and then a whole summary. */
static void test_out_of_memory(void **state)
{
    (void)state;
    lathe_model *model = lathe_model_new();
    lathe_layer *net = lenet(model, 1176);
    lathe_nn_init(net, 1);
    lathe_summary *summary = NULL;
    size_t nth = 1;
    for (; !summary && nth < 100; nth++) {
        lathe_alloc_fail_at(nth, false);
        summary = lathe_nn_summary(net, (lathe_shape){ 3, { 1, 28, 28 } });
        lathe_alloc_fail_at(0, false);
        if (!summary) assert_failed(LATHE_ENOMEM, "memory");
    }
    assert_true(summary && nth > 5);
    lathe_summary_free(summary);
    lathe_model_free(model);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows),
        cmocka_unit_test(test_text),
        cmocka_unit_test(test_reuse),
        cmocka_unit_test(test_wrong_sizes),
        cmocka_unit_test(test_without_weights),
        cmocka_unit_test(test_out_of_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
