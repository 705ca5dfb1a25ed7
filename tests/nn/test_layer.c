/* The machinery of models and layers, with layers made here: paths, memory, freezing, failures. */
#include <string.h>

#include "support/support.h"

/* A layer with two parameters and a buffer; its forward is a ReLU. */
typedef struct unit {
    lathe_layer layer;
    const char *scope_seen;
} unit;

static lathe_tensor *unit_forward(lathe_layer *layer, lathe_tensor *x)
{
    unit *u = (unit *)layer;
    u->scope_seen = lathe_tape_scope(x->tape, NULL);
    lathe_tape_scope(x->tape, u->scope_seen);
    return lathe_relu(x);
}

static const lathe_layer_type unit_type = { .name = "unit", .size = sizeof(unit), .forward = unit_forward };

/* Five numbers in the weight: no multiple of 16. */
static lathe_layer *new_unit(lathe_model *model)
{
    unit *u = lathe_layer_new(model, &unit_type);
    if (!u) return NULL;
    lathe_layer_param(&u->layer, "weight", (lathe_shape){ 2, { 5, 1 } }, (lathe_init){ 0 });
    lathe_layer_buffer(&u->layer, "mean", (lathe_shape){ 1, { 3 } }, 7);
    lathe_layer_param(&u->layer, "bias", (lathe_shape){ 1, { 5 } }, (lathe_init){ LATHE_INIT_UNIFORM, 1 });
    return lathe_model_status(model) ? NULL : &u->layer;
}

/* sequential(unit, residual-like unit("body": unit), unit) as paths 0, 1, 1.body, 2 */
static lathe_layer *new_net(lathe_model *model)
{
    lathe_layer *outer = new_unit(model);
    lathe_layer *nested = new_unit(model);
    if (outer && nested) lathe_layer_add(outer, nested, "body");
    return lathe_nn_sequential(model, new_unit(model), outer, new_unit(model), NULL);
}

static void test_paths(void **state)
{
    (void)state;
    lathe_model *model = lathe_model_new();
    lathe_layer *net = new_net(model);
    assert_int_equal(lathe_nn_init(net, 1), LATHE_OK);
    static const char *const paths[] = { "0.weight", "0.mean", "0.bias", "1.weight", "1.mean", "1.bias",
        "1.body.weight", "1.body.mean", "1.body.bias", "2.weight", "2.mean", "2.bias" };
    int count;
    lathe_tensor *const *tensor = lathe_nn_state(net, &count);
    assert_int_equal(count, 12);
    for (int i = 0; i < count; i++) assert_string_equal(tensor[i]->name, paths[i]);
    assert_string_equal(net->path, "");
    assert_string_equal(net->child[1]->child[0]->path, "1.body");
    assert_ptr_equal(lathe_nn_find(net, "1.body.bias"), tensor[8]);
    assert_ptr_equal(lathe_nn_find(net->child[1], "body.bias"), tensor[8]);
    assert_null(lathe_nn_find(net, "1.body"));
    assert_null(lathe_nn_find(net, "3.bias"));
    assert_ptr_equal(lathe_nn_find_layer(net, "1.body"), net->child[1]->child[0]);
    assert_ptr_equal(lathe_nn_find_layer(net, ""), net);
    assert_null(lathe_nn_find_layer(net, "1."));
    assert_null(lathe_nn_find_layer(net, "1.bod"));
    assert_null(lathe_nn_find_layer(net, ".1"));
    lathe_model_free(model);
}

/* sequential("block": residual-like unit("": sequential("conv1": unit, "": sequential("conv2": unit)))) */
static void test_parts_of_a_layer_without_a_name(void **state)
{
    (void)state;
    lathe_model *model = lathe_model_new();
    lathe_layer *inner = lathe_nn_sequential(model, NULL), *body = lathe_nn_sequential(model, NULL);
    lathe_layer *first = lathe_layer_add(body, new_unit(model), "conv1");
    lathe_layer *second = lathe_layer_add(inner, new_unit(model), "conv2");
    lathe_layer_add(body, inner, "");
    lathe_layer *block = lathe_nn_residual_named(model, body, new_unit(model), "downsample");
    lathe_layer *net = lathe_nn_sequential(model, NULL);
    lathe_layer_add(net, block, "block");
    lathe_layer_alias(second, "old.second");
    assert_int_equal(lathe_nn_init(net, 1), LATHE_OK);
    static const char *const paths[] = { "block.conv1.weight", "block.conv2.weight",
        "block.downsample.weight" };
    int count;
    lathe_tensor *const *tensor = lathe_nn_state(net, &count);
    assert_int_equal(count, 9);
    for (int i = 0; i < 3; i++) assert_string_equal(tensor[3 * i]->name, paths[i]);
    assert_null(tensor[0]->alias);
    assert_string_equal(tensor[4]->alias, "old.second.mean");
    assert_string_equal(inner->path, "block");
    assert_ptr_equal(lathe_nn_find_layer(net, "block"), block);
    assert_ptr_equal(lathe_nn_find_layer(net, "block.conv1"), first);
    assert_ptr_equal(lathe_nn_find_layer(body, "conv2"), second);
    assert_ptr_equal(lathe_nn_find(block, "conv2.bias"), tensor[5]);
    lathe_layer_add(block, new_unit(model), "conv2"); /* there is one, in the layer without a name */
    assert_failed(LATHE_EARG, "lathe_layer_add: a residual has a 'conv2' already");
    lathe_model_free(model);
}

static void test_parts_that_would_have_one_name(void **state)
{
    (void)state;
    lathe_model *model = lathe_model_new();
    lathe_layer *net = lathe_nn_sequential(model, new_unit(model), NULL);
    lathe_layer *other = lathe_nn_sequential(model, new_unit(model), NULL);
    assert_null(lathe_layer_add(net, other, ""));
    assert_failed(LATHE_EARG, "lathe_layer_add: a sequential has a '0' already");
    lathe_model_free(model);
}

static void test_slabs(void **state)
{
    (void)state;
    lathe_model *model = lathe_model_new();
    lathe_layer *net = new_net(model);
    assert_int_equal(lathe_nn_init(net, 1), LATHE_OK);
    const lathe_params *params = lathe_nn_params(net);
    assert_int_equal(params->count, 8);
    assert_int_equal(params->size, 8 * 16);
    assert_int_equal((uintptr_t)params->data % 64, 0);
    for (int i = 0; i < params->count; i++) {
        lathe_tensor *tensor = params->tensor[i];
        assert_ptr_equal(tensor->data, params->data + 16 * i);
        assert_ptr_equal(tensor->grad, params->grad + 16 * i);
        assert_true(tensor->needs_grad && tensor->keep_grad && !tensor->has_grad);
        for (int gap = 5; gap < 16; gap++) assert_true(tensor->data[gap] == 0 && tensor->grad[gap] == 0);
    }
    lathe_tensor *mean = lathe_nn_find(net, "1.mean");
    assert_true(mean->data < params->data || mean->data >= params->data + params->size);
    assert_true(mean->data[0] == 7 && mean->data[2] == 7 && !mean->needs_grad && !mean->grad);

    const lathe_params *part = lathe_nn_params(net->child[1]);
    assert_int_equal(part->count, 4);
    assert_ptr_equal(part->data, params->data + 2 * 16);
    assert_ptr_equal(part->grad, params->grad + 2 * 16);
    assert_ptr_equal(part->tensor, params->tensor + 2);
    assert_int_equal(part->size, 4 * 16);
    int count;
    assert_string_equal(lathe_nn_state(net->child[1]->child[0], &count)[0]->name, "1.body.weight");
    assert_int_equal(count, 3);
    lathe_model_free(model);
}

static void test_init_again(void **state)
{
    (void)state;
    lathe_model *model = lathe_model_new();
    lathe_layer *net = new_net(model);
    lathe_nn_init(net, 1);
    lathe_real *data = lathe_nn_params(net)->data, *grad = lathe_nn_params(net)->grad, first = data[0];
    grad[3] = 5;
    lathe_nn_find(net, "0.mean")->data[0] = 1;
    assert_int_equal(lathe_nn_init(net, 2), LATHE_OK);
    assert_ptr_equal(lathe_nn_params(net)->data, data);
    assert_true(data[0] != first && grad[3] == 0 && lathe_nn_find(net, "0.mean")->data[0] == 7);
    assert_int_equal(lathe_nn_init(net, 1), LATHE_OK);
    assert_true(data[0] == first);

    lathe_nn_append(net, new_unit(model));
    assert_null(lathe_nn_params(net));
    assert_failed(LATHE_ESTATE, "call lathe_nn_init");
    assert_int_equal(lathe_nn_init(net, 1), LATHE_OK);
    assert_int_equal(lathe_nn_params(net)->count, 10);
    assert_true(lathe_nn_params(net)->data[0] == first);
    assert_non_null(lathe_nn_find(net, "3.weight"));
    lathe_model_free(model);
}

static void test_forward(void **state)
{
    (void)state;
    lathe_model *model = lathe_model_new();
    lathe_layer *net = new_net(model);
    lathe_tape *tape = lathe_tape_new(NULL);
    lathe_tape_begin(tape, LATHE_TRAIN);
    lathe_shape shape = { 2, { 2, 2 } };
    const lathe_real numbers[] = { -1, 2, 3, -4 };
    assert_null(lathe_nn_forward(net, NULL));
    assert_null(lathe_nn_forward(net, lathe_tape_leaf(tape, LATHE_BATCHED, shape, numbers)));
    assert_failed(LATHE_ESTATE, "call lathe_nn_init");
    assert_int_equal(lathe_tape_status(tape), LATHE_ESTATE);

    lathe_nn_init(net, 1);
    lathe_tape_begin(tape, LATHE_TRAIN);
    lathe_tape_scope(tape, "mine");
    lathe_tensor *y = lathe_nn_forward(net, lathe_tape_leaf(tape, LATHE_BATCHED, shape, numbers));
    lathe_real got[4];
    lathe_tensor_read(y, got, 4);
    assert_close("y", got, (const double[]){ 0, 2, 3, 0 }, 4, 0, 0);
    assert_string_equal(((unit *)net->child[2])->scope_seen, "2");
    assert_string_equal(lathe_tape_scope(tape, NULL), "mine");
    lathe_tape_free(tape);
    lathe_model_free(model);
}

static void count_calls(void *context, lathe_layer *layer, const lathe_tensor *x, const lathe_tensor *y)
{
    char *text = context;
    assert_true(x && y);
    strcat(text, *layer->path ? layer->path : "net");
    strcat(text, " ");
}

static void test_hook(void **state)
{
    (void)state;
    char text[64] = "";
    lathe_model *model = lathe_model_new();
    lathe_layer *net =
        lathe_nn_sequential(model, new_unit(model), lathe_nn_sequential(model, new_unit(model), NULL), NULL);
    lathe_nn_init(net, 1);
    lathe_tape *tape = lathe_tape_new(NULL);
    lathe_tape_begin(tape, LATHE_EVAL);
    lathe_tensor *x = lathe_tape_leaf(tape, LATHE_BATCHED, (lathe_shape){ 1, { 3 } }, NULL);
    lathe_nn_on_forward(model, count_calls, text);
    lathe_nn_forward(net, x);
    lathe_nn_on_forward(model, NULL, NULL);
    lathe_nn_forward(net, x);
    assert_string_equal(text, "0 1.0 1 net ");
    lathe_tape_free(tape);
    lathe_model_free(model);
}

static void test_freeze(void **state)
{
    (void)state;
    lathe_model *model = lathe_model_new();
    lathe_layer *net = new_net(model);
    lathe_nn_freeze(net->child[0], true); /* before lathe_nn_init too */
    lathe_nn_init(net, 1);
    lathe_tensor *tensor = lathe_nn_find(net, "1.body.weight");
    tensor->grad[2] = 3;
    tensor->has_grad = true;
    lathe_nn_freeze(net->child[1], true);
    assert_true(!tensor->needs_grad && !tensor->has_grad && tensor->grad[2] == 0);
    assert_true(!lathe_nn_find(net, "0.weight")->needs_grad && lathe_nn_find(net, "2.weight")->needs_grad);
    assert_int_equal(lathe_nn_params(net)->count, 8);
    lathe_nn_freeze(net, false);
    int count;
    lathe_tensor *const *all = lathe_nn_state(net, &count);
    for (int i = 0; i < count; i++)
        assert_int_equal(all[i]->needs_grad, strstr(all[i]->name, "mean") == NULL);
    lathe_model_free(model);
}

/* Each makes one mistake in a fresh model, which must fail for it with this message. */
typedef struct mistake {
    void (*make)(lathe_model *model, lathe_layer *layer);
    lathe_status status;
    const char *message;
} mistake;

static lathe_model *other_model;

static void add_twice(lathe_model *model, lathe_layer *layer)
{
    lathe_layer *child = new_unit(model);
    lathe_layer_add(layer, child, "a");
    lathe_layer_add(layer, child, "b");
}

static void add_foreign(lathe_model *model, lathe_layer *layer)
{
    (void)model;
    lathe_layer_add(layer, new_unit(other_model), NULL);
}

static void add_circle(lathe_model *model, lathe_layer *layer)
{
    lathe_layer *child = lathe_layer_add(layer, new_unit(model), "a");
    lathe_layer_add(child, layer, "b");
}

static void add_dot(lathe_model *model, lathe_layer *layer)
{
    lathe_layer_add(layer, new_unit(model), "a.b");
}
static void add_same_name(lathe_model *model, lathe_layer *layer)
{
    lathe_layer_add(layer, new_unit(model), "weight");
}
static void add_nothing(lathe_model *model, lathe_layer *layer)
{
    (void)model;
    lathe_layer_add(layer, NULL, NULL);
}

static void append_to_unit(lathe_model *model, lathe_layer *layer)
{
    lathe_nn_append(layer, new_unit(model));
}

static void param_without_name(lathe_model *model, lathe_layer *layer)
{
    (void)model;
    lathe_layer_param(layer, NULL, (lathe_shape){ 2, { 2, 2 } }, (lathe_init){ 0 });
}

static void param_of_bad_shape(lathe_model *model, lathe_layer *layer)
{
    (void)model;
    lathe_layer_param(layer, "c", (lathe_shape){ 2, { 2, 0 } }, (lathe_init){ 0 });
}

static void param_without_fans(lathe_model *model, lathe_layer *layer)
{
    (void)model;
    lathe_layer_param(layer, "c", (lathe_shape){ 1, { 2 } }, (lathe_init){ LATHE_INIT_XAVIER_NORMAL, 0 });
}

static void param_of_bad_deviation(lathe_model *model, lathe_layer *layer)
{
    (void)model;
    lathe_layer_param(layer, "c", (lathe_shape){ 1, { 2 } }, (lathe_init){ LATHE_INIT_NORMAL, -1 });
}

static void test_mistakes(void **state)
{
    (void)state;
    static const mistake mistakes[] = { { add_twice, LATHE_EARG, "the unit is part of a layer already" },
        { add_foreign, LATHE_EARG, "the unit is of another model" },
        { add_circle, LATHE_EARG, "the unit is around the layer" },
        { add_dot, LATHE_EARG, "'a.b' in a unit is not a name" },
        { add_same_name, LATHE_EARG, "a unit has a 'weight' already" },
        { add_nothing, LATHE_EARG, "lathe_layer_add: child is NULL" },
        { append_to_unit, LATHE_EARG, "lathe_nn_append: a unit is not a sequential" },
        { param_without_name, LATHE_EARG, "lathe_layer_param: name is NULL" },
        { param_of_bad_shape, LATHE_ESHAPE, "c of a unit cannot have the shape [2, 0]" },
        { param_without_fans, LATHE_EARG, "needs two dimensions or more" },
        { param_of_bad_deviation, LATHE_EARG, "is below 0" } };
    other_model = lathe_model_new();
    for (size_t i = 0; i < sizeof mistakes / sizeof mistakes[0]; i++) {
        lathe_model *model = lathe_model_new();
        lathe_layer *layer = new_unit(model);
        mistakes[i].make(model, layer);
        assert_int_equal(lathe_model_status(model), mistakes[i].status);
        assert_non_null(strstr(lathe_model_message(model), mistakes[i].message));
        assert_failed(mistakes[i].status, mistakes[i].message);
        assert_null(lathe_layer_new(model, &unit_type));
        assert_null(lathe_nn_append(lathe_nn_sequential(model, NULL), new_unit(model)));
        assert_int_equal(lathe_nn_init(layer, 1), mistakes[i].status); /* says again what was wrong */
        assert_failed(mistakes[i].status, mistakes[i].message);
        lathe_model_free(model);
    }
    lathe_model_free(other_model);
}

static void test_wrong_moments(void **state)
{
    (void)state;
    lathe_model *model = lathe_model_new();
    lathe_layer *net = new_net(model);
    int count = 9;
    assert_null(lathe_nn_state(net, &count));
    assert_failed(LATHE_ESTATE, "lathe_nn_state: the net has no parameters yet");
    assert_int_equal(count, 0);
    assert_int_equal(lathe_nn_init_weights(net, (lathe_init){ 0 }, 1), LATHE_ESTATE);
    assert_int_equal(lathe_nn_init(net->child[0], 1), LATHE_ESTATE);
    assert_failed(LATHE_ESTATE, "the unit is part of a sequential");
    assert_int_equal(lathe_nn_init(NULL, 1), LATHE_EARG);
    assert_failed(LATHE_EARG, "lathe_nn_init: layer is NULL");
    assert_null(lathe_layer_new(NULL, &unit_type));
    assert_failed(LATHE_EARG, "unit: model is NULL");
    assert_int_equal(lathe_model_status(model), LATHE_OK);
    lathe_model_free(model);
    lathe_model_free(NULL);
}

/* Let each allocation fail once: a clean failure every time, and success when none is left to fail. */
static void test_out_of_memory(void **state)
{
    (void)state;
    bool done = false;
    size_t nth = 1;
    for (; !done && nth < 100; nth++) {
        lathe_error_clear();
        lathe_alloc_fail_at(nth, false);
        lathe_model *model = lathe_model_new();
        lathe_layer *net = model ? lathe_nn_sequential(model, new_net(model), new_net(model), NULL) : NULL;
        for (int i = 0; net && i < 200; i++)
            lathe_nn_append(net, new_net(model)); /* more than the arena's first block */
        if (net && !lathe_model_status(model)) done = lathe_nn_init(net, 1) == LATHE_OK;
        lathe_alloc_fail_at(0, false);
        if (!done) assert_failed(LATHE_ENOMEM, "memory");
        if (!done && model) assert_int_equal(lathe_model_status(model), LATHE_ENOMEM);
        lathe_model_free(model);
    }
    assert_true(done && nth > 4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_paths),
        cmocka_unit_test(test_parts_of_a_layer_without_a_name),
        cmocka_unit_test(test_parts_that_would_have_one_name),
        cmocka_unit_test(test_slabs),
        cmocka_unit_test(test_init_again),
        cmocka_unit_test(test_forward),
        cmocka_unit_test(test_hook),
        cmocka_unit_test(test_freeze),
        cmocka_unit_test(test_mistakes),
        cmocka_unit_test(test_wrong_moments),
        cmocka_unit_test(test_out_of_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
