#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/support.h"

enum { BATCH = 18, STEPS = 2 };

typedef struct way {
    bool fused, watched;
} way;

static void watch(void *context, lathe_layer *layer, const lathe_tensor *x, const lathe_tensor *y)
{
    (void)layer, (void)x, (void)y;
    ++*(int *)context;
}

/* The parameters after some steps of gradient descent, and how many operations a step records. */
static lathe_real *train(const char *name, way how, size_t *size, int *nodes)
{
    int calls = 0, labels[BATCH];
    lathe_model *model = lathe_model_new();
    lathe_layer *net = lathe_model_build(model, name, NULL);
    assert_int_equal(lathe_nn_init(net, 3), LATHE_OK);
    lathe_model_spec spec = lathe_model_find(name)->native;
    lathe_shape shape = { 4, { BATCH, spec.channels, spec.height, spec.width } };
    lathe_real *pixels = malloc(lathe_shape_count(&shape) * sizeof *pixels);
    fill_normal(pixels, lathe_shape_count(&shape), 4);
    for (int i = 0; i < BATCH; i++) labels[i] = i % spec.classes;
    lathe_nn_fusion(model, how.fused);
    if (how.watched) lathe_nn_on_forward(model, watch, &calls);
    const lathe_params *params = lathe_nn_params(net);
    lathe_tape *tape = lathe_tape_new(NULL);
    for (int step = 0; step < STEPS; step++) {
        lathe_tape_begin(tape, LATHE_TRAIN);
        lathe_tensor *x = lathe_tape_leaf(tape, LATHE_BATCHED, shape, pixels);
        lathe_tensor *loss = lathe_cross_entropy(lathe_nn_forward(net, x), labels, NULL);
        *nodes = 0;
        for (const lathe_node *node = lathe_tape_newest(tape); node; node = node->before) ++*nodes;
        if (lathe_backward(loss)) fail_msg("%s: %s", name, lathe_error_message());
        for (size_t i = 0; i < params->size; i++) params->data[i] -= (lathe_real)0.01 * params->grad[i];
        for (int i = 0; i < params->count; i++) params->tensor[i]->has_grad = false;
    }
    assert_true(how.watched == (calls > 0));
    *size = params->size;
    lathe_real *numbers = malloc(*size * sizeof *numbers);
    memcpy(numbers, params->data, *size * sizeof *numbers);
    free(pixels);
    lathe_tape_free(tape);
    lathe_model_free(model);
    return numbers;
}

static void neither_fusion_nor_a_hook_changes_a_bit(void **state)
{
    (void)state;
    static const char *const names[] = { "lenet5", "mlp", "mnistcnn", "cifar10-quick", "resnet8",
        "mobilenet-tiny", "efficientnet-tiny", "fbnetv3-tiny" };
    static const way ways[] = { { true, false }, { true, true }, { false, false }, { false, true } };
    for (size_t n = 0; n < sizeof names / sizeof names[0]; n++) {
        size_t size, again;
        int fused_nodes, nodes;
        lathe_real *want = train(names[n], ways[0], &size, &fused_nodes);
        for (int w = 1; w < 4; w++) {
            lathe_real *got = train(names[n], ways[w], &again, &nodes);
            assert_int_equal(again, size);
            for (size_t i = 0; i < size; i++)
                if (memcmp(&got[i], &want[i], sizeof *got))
                    fail_msg("%s %s%s: number %zu is %.9g, expected %.9g", names[n],
                        ways[w].fused ? "fused" : "not fused", ways[w].watched ? ", watched" : "", i,
                        (double)got[i], (double)want[i]);
            assert_true(nodes > fused_nodes); /* there was something to fuse */
            free(got);
        }
        free(want);
    }
}

/* The names of the operations that net(x) runs, the newest first. */
static void assert_operations(lathe_model *model, lathe_layer *net, lathe_shape shape,
    const char *const *expected)
{
    assert_int_equal(lathe_nn_init(net, 1), LATHE_OK);
    lathe_tape *tape = lathe_tape_new(NULL);
    lathe_tape_begin(tape, LATHE_TRAIN);
    lathe_nn_forward(net, lathe_tape_leaf(tape, LATHE_BATCHED, shape, NULL));
    for (const lathe_node *node = lathe_tape_newest(tape); node; node = node->before, expected++)
        assert_string_equal(node->op->name, *expected ? *expected : "no more");
    assert_null(*expected);
    lathe_tape_free(tape);
    lathe_model_free(model);
}

/* The body of a residual has a relu of its own behind a sum: only the outer sum takes the outer relu. */
static void sums_in_sums(void **state)
{
    (void)state;
    lathe_model *model = lathe_model_new();
    lathe_layer *inner = lathe_nn_residual(model, lathe_nn_linear(model, 4, 4, NULL), NULL);
    lathe_layer *body = lathe_nn_sequential(model, inner, lathe_nn_tanh(model), NULL);
    lathe_layer *net =
        lathe_nn_sequential(model, lathe_nn_residual(model, body, NULL), lathe_nn_relu(model), NULL);
    static const char *const expected[] = { "add_relu", "tanh", "add", "linear", NULL };
    assert_operations(model, net, (lathe_shape){ 2, { 2, 4 } }, expected);
}

static lathe_layer *conv(lathe_model *model) { return lathe_nn_conv2d(model, 2, 2, 1, NULL); }

/* A batch norm that ends a body, in as many sequentials as it likes, is one operation with the sum. */
static void norms_before_sums(void **state)
{
    (void)state;
    for (int relu = 0; relu < 2; relu++)
        for (int wrapped = 0; wrapped < 2; wrapped++)
            for (int shortcut = 0; shortcut < 2; shortcut++) {
                lathe_model *model = lathe_model_new();
                lathe_layer *body =
                    lathe_nn_sequential(model, conv(model), lathe_nn_batch_norm(model, 2, NULL), NULL);
                if (wrapped) body = lathe_nn_sequential(model, conv(model), body, NULL);
                lathe_layer *net = lathe_nn_residual(model, body, shortcut ? conv(model) : NULL);
                if (relu) net = lathe_nn_sequential(model, net, lathe_nn_relu(model), NULL);
                const char *expected[5] = { relu ? "batch_norm_add_relu" : "batch_norm_add" };
                int n = 1;
                if (shortcut) expected[n++] = "conv2d";
                expected[n++] = "conv2d";
                if (wrapped) expected[n++] = "conv2d";
                assert_operations(model, net, (lathe_shape){ 4, { 3, 2, 4, 4 } }, expected);
            }
}

/* A sum of other shapes fails as it does apart. */
static void norms_before_sums_of_other_shapes(void **state)
{
    (void)state;
    char message[2][LATHE_MESSAGE_SIZE];
    for (int fused = 0; fused < 2; fused++) {
        lathe_model *model = lathe_model_new();
        lathe_layer *body = lathe_nn_sequential(model, lathe_nn_conv2d(model, 2, 3, 1, NULL),
            lathe_nn_batch_norm(model, 3, NULL), NULL);
        lathe_layer *net =
            lathe_nn_sequential(model, lathe_nn_residual(model, body, NULL), lathe_nn_relu(model), NULL);
        lathe_nn_fusion(model, fused);
        assert_int_equal(lathe_nn_init(net, 1), LATHE_OK);
        lathe_tape *tape = lathe_tape_new(NULL);
        lathe_tape_begin(tape, LATHE_TRAIN);
        assert_null(lathe_nn_forward(net,
            lathe_tape_leaf(tape, LATHE_BATCHED, (lathe_shape){ 4, { 3, 2, 4, 4 } }, NULL)));
        snprintf(message[fused], LATHE_MESSAGE_SIZE, "%s", lathe_tape_message(tape));
        lathe_tape_free(tape);
        lathe_model_free(model);
        lathe_error_clear();
    }
    assert_string_equal(message[0], message[1]);
    assert_non_null(strstr(message[0], "lathe_add: a is batched [3, 3, 4, 4], b is batched [3, 2, 4, 4]"));
}

/* The result and all gradients of a residual whose body is a norm alone. */
static lathe_real *step_of_norm(bool fused, bool plain, bool shortcut, size_t *total)
{
    enum { NUMBERS = 3 * 2 * 4 * 4 };
    const lathe_shape shape = { 4, { 3, 2, 4, 4 } };
    lathe_real pixels[NUMBERS];
    fill_normal(pixels, NUMBERS, 3);
    lathe_model *model = lathe_model_new();
    lathe_layer *net =
        lathe_nn_residual(model, lathe_nn_batch_norm(model, 2, NULL), shortcut ? conv(model) : NULL);
    net = lathe_nn_sequential(model, lathe_nn_residual(model, net, NULL), lathe_nn_relu(model), NULL);
    lathe_nn_fusion(model, fused);
    init_odd(net, 1);
    lathe_tape *tape = lathe_tape_new(NULL);
    lathe_tape_begin(tape, LATHE_TRAIN);
    const lathe_batch batch = { .images = pixels,
        .size = 3,
        .channels = 2,
        .height = 4,
        .width = 4,
        .plain = true };
    lathe_tensor *x = plain ? lathe_input(tape, &batch) : lathe_tape_leaf(tape, LATHE_BATCHED, shape, pixels);
    x->needs_grad = x->keep_grad = !plain;
    lathe_tensor *y = lathe_nn_forward(net, x);
    const lathe_params *params = lathe_nn_params(net);
    lathe_real *all = malloc((*total = 2 * NUMBERS + params->size) * sizeof *all);
    assert_int_equal(lathe_tensor_read(y, all, NUMBERS), LATHE_OK);
    assert_int_equal(lathe_backward(lathe_mean(lathe_mul(y, y))), LATHE_OK);
    assert_int_equal(lathe_tensor_read_grad(x, all + NUMBERS, NUMBERS), LATHE_OK);
    memcpy(all + 2 * NUMBERS, params->grad, params->size * sizeof *all);
    lathe_tape_free(tape);
    lathe_model_free(model);
    return all;
}

/* Its gradient is the last that is added, and pictures that lie plain are laid out for it. */
static void bodies_of_a_norm_alone(void **state)
{
    (void)state;
    for (int k = 0; k < 4; k++) {
        size_t total, again;
        lathe_real *want = step_of_norm(false, k % 2, k / 2, &total),
                   *got = step_of_norm(true, k % 2, k / 2, &again);
        assert_int_equal(total, again);
        assert_memory_equal(want, got, total * sizeof *got);
        free(want);
        free(got);
    }
}

/* ---- norms that are left to depthwise convolutions ----------------------------------------------------- */

/* 1 x 1, batch norm, relu6, and a 3 x 3 convolution in `groups`. */
static lathe_layer *separable(lathe_model *model, int groups, int stride)
{
    const lathe_nn_conv2d_opts opts = { .groups = groups, .stride = stride, .padding = 2, .dilation = 2 };
    lathe_layer *net =
        lathe_nn_sequential(model, lathe_nn_conv2d(model, 2, 4, 1, NULL), lathe_nn_batch_norm(model, 4, NULL),
            lathe_nn_relu6(model), lathe_nn_conv2d(model, 4, 8, 3, &opts), NULL);
    assert_int_equal(lathe_nn_init(net, 5), LATHE_OK);
    return net;
}

static const lathe_node *norm_of(const lathe_tape *tape)
{
    const lathe_node *node = lathe_tape_newest(tape);
    while (node && strcmp(node->op->name, "batch_norm_relu6") != 0) node = node->before;
    return node;
}

static void only_depthwise_convolutions_get_them(void **state)
{
    (void)state;
    static const struct {
        int groups, size, end;
        lathe_layout layout;
        bool left;
    } cases[] = { { 4, 9, 4, LATHE_BATCHED, true }, { 4, 64, 4, LATHE_BATCHED, true },
        { 4, 65, 4, LATHE_BATCHED, false }, { 2, 9, 4, LATHE_BATCHED, false },
        { 4, 9, 3, LATHE_BATCHED, false }, { 4, 9, 4, LATHE_CHANNELS, false } };
    for (size_t k = 0; k < sizeof cases / sizeof cases[0]; k++) {
        lathe_model *model = lathe_model_new();
        lathe_layer *net = separable(model, cases[k].groups, 1);
        lathe_tape *tape = lathe_tape_new(NULL);
        lathe_tape_begin(tape, LATHE_TRAIN);
        lathe_tape_layout(tape, cases[k].layout);
        lathe_shape shape = { 4, { 3, 2, cases[k].size, cases[k].size } };
        lathe_tensor *x = lathe_tape_leaf(tape, cases[k].layout, shape, NULL);
        assert_non_null(lathe_nn_forward_part(net, 0, cases[k].end, x));
        const lathe_node *norm = norm_of(tape);
        assert_true(norm ? cases[k].left == (norm->out->norm != NULL) : !cases[k].left);
        if (cases[k].left) {
            size_t count = lathe_shape_count(&norm->out->shape);
            lathe_real *numbers = calloc(count, sizeof *numbers);
            assert_int_equal(lathe_tensor_read(norm->out, numbers, count), LATHE_ESTATE);
            assert_failed(LATHE_ESTATE, "left to the convolution behind a batch norm");
            assert_int_equal(lathe_tensor_write(norm->out, numbers, count), LATHE_ESTATE);
            lathe_error_clear();
            free(numbers);
            assert_null(lathe_relu(norm->out)); /* no other operation may read it */
            assert_string_equal(lathe_tape_message(tape),
                "lathe_relu: x is left to the convolution behind a batch norm");
            lathe_error_clear();
        }
        lathe_tape_free(tape);
        lathe_model_free(model);
    }
}

/* Rows of results that read nothing but padding: the norm is applied to none of its rows for them. */
static void rows_of_padding_alone(void **state)
{
    (void)state;
    static const struct {
        int size, kernel;
        lathe_nn_conv2d_opts opts;
    } cases[] = { { 1, 3, { .groups = 3, .padding = 5, .stride = 100 } },
        { 40, 9, { .groups = 3, .padding = 30 } }, { 64, 11, { .groups = 3, .padding_sides = { 40, 0 } } },
        { 64, 11, { .groups = 3, .padding_sides = { 0, 40 } } },
        { 3, 11, { .groups = 3, .padding = 40, .dilation = 2 } } };
    for (size_t k = 0; k < sizeof cases / sizeof cases[0]; k++) {
        lathe_real *y[2];
        size_t count = 0;
        for (int fused = 0; fused < 2; fused++) {
            lathe_model *model = lathe_model_new();
            lathe_layer *net = lathe_nn_sequential(model, lathe_nn_batch_norm(model, 3, NULL),
                lathe_nn_relu(model), lathe_nn_conv2d(model, 3, 3, cases[k].kernel, &cases[k].opts), NULL);
            lathe_nn_fusion(model, fused);
            assert_int_equal(lathe_nn_init(net, 1), LATHE_OK);
            lathe_tape *tape = lathe_tape_new(NULL);
            lathe_tape_begin(tape, LATHE_TRAIN);
            lathe_shape shape = { 4, { 2, 3, cases[k].size, cases[k].size } };
            lathe_real *pixels = malloc(lathe_shape_count(&shape) * sizeof *pixels);
            fill_normal(pixels, lathe_shape_count(&shape), 2);
            lathe_tensor *of = lathe_nn_forward(net, lathe_tape_leaf(tape, LATHE_BATCHED, shape, pixels));
            count = lathe_shape_count(&of->shape);
            y[fused] = malloc(count * sizeof **y);
            assert_int_equal(lathe_tensor_read(of, y[fused], count), LATHE_OK);
            free(pixels);
            lathe_tape_free(tape);
            lathe_model_free(model);
        }
        assert_memory_equal(y[0], y[1], count * sizeof **y);
        free(y[0]);
        free(y[1]);
    }
}

/* What a step of a separable net gives: the norm's result, if it is asked for, and all gradients. */
static lathe_real *step_of(bool fused, bool ask, int stride, int threads, size_t *total)
{
    lathe_model *model = lathe_model_new();
    lathe_layer *net = separable(model, 4, stride);
    lathe_nn_fusion(model, fused);
    lathe_context *context = lathe_context_new(&(lathe_context_opts){ .threads = threads });
    lathe_tape *tape = lathe_tape_new(context);
    lathe_tape_begin(tape, LATHE_TRAIN);
    lathe_shape shape = { 4, { 35, 2, 13, 11 } };
    const size_t count = lathe_shape_count(&shape), norms = 2 * count;
    lathe_real *numbers = malloc(count * sizeof *numbers);
    fill_normal(numbers, count, 7);
    lathe_tensor *x = lathe_tape_leaf(tape, LATHE_BATCHED, shape, numbers);
    lathe_tensor *y = lathe_nn_forward(net, x);
    const lathe_params *params = lathe_nn_params(net);
    *total = norms + params->size;
    lathe_real *all = calloc(*total, sizeof *all);
    const lathe_node *norm = lathe_tape_newest(tape)->before;
    if (ask) {
        assert_int_equal(norm->out->norm != NULL, fused);
        assert_non_null(lathe_node_numbers(norm));
        assert_null(norm->out->norm);
        assert_int_equal(lathe_tensor_read(norm->out, all, norms), LATHE_OK);
    }
    assert_int_equal(lathe_backward(lathe_mean(lathe_mul(y, y))), LATHE_OK);
    memcpy(all + norms, params->grad, params->size * sizeof *all);
    free(numbers);
    lathe_tape_free(tape);
    lathe_context_free(context);
    lathe_model_free(model);
    return all;
}

static void their_bits_are_those_of_two_operations(void **state)
{
    (void)state;
    for (int k = 0; k < 12; k++) {
        bool ask = k % 2;
        size_t total, again;
        lathe_real *want = step_of(false, ask, 1 + k / 2 % 3, 1, &total),
                   *got = step_of(true, ask, 1 + k / 2 % 3, k < 6 ? 1 : 3, &again);
        assert_int_equal(total, again);
        for (size_t i = 0; i < total; i++)
            if (memcmp(&got[i], &want[i], sizeof *got))
                fail_msg("case %d: number %zu is %.9g, expected %.9g", k, i, (double)got[i], (double)want[i]);
        free(want);
        free(got);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(neither_fusion_nor_a_hook_changes_a_bit),
        cmocka_unit_test(sums_in_sums),
        cmocka_unit_test(norms_before_sums),
        cmocka_unit_test(norms_before_sums_of_other_shapes),
        cmocka_unit_test(bodies_of_a_norm_alone),
        cmocka_unit_test(only_depthwise_convolutions_get_them),
        cmocka_unit_test(rows_of_padding_alone),
        cmocka_unit_test(their_bits_are_those_of_two_operations),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
