/* Layers of normalisation by an image's own statistics: parameters, settings, mistakes. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "support/support.h"

typedef struct norm_case {
    const char *type, *settings;
    lathe_layer *(*make)(lathe_model *model);
    lathe_tensor *(*operation)(lathe_layer *layer, lathe_tensor *x); /* what its forward must equal */
    int parameters;                                                  /* numbers of each */
} norm_case;

static lathe_layer *make_last(lathe_model *m) { return lathe_nn_layer_norm(m, (lathe_shape){ 1, { 5 } }, 0); }
static lathe_tensor *last(lathe_layer *layer, lathe_tensor *x)
{
    return lathe_layer_norm(x, lathe_nn_find(layer, "weight"), lathe_nn_find(layer, "bias"),
        &(lathe_layer_norm_opts){ .dims = 1 });
}

static lathe_layer *make_all(lathe_model *m)
{
    return lathe_nn_layer_norm(m, (lathe_shape){ 3, { 4, 7, 5 } }, 0.5);
}
static lathe_tensor *all(lathe_layer *layer, lathe_tensor *x)
{
    return lathe_layer_norm(x, lathe_nn_find(layer, "weight"), lathe_nn_find(layer, "bias"),
        &(lathe_layer_norm_opts){ .eps = 0.5 });
}

static lathe_layer *make_channels(lathe_model *m) { return lathe_nn_layer_norm2d(m, 4, 1e-6); }
static lathe_tensor *channels(lathe_layer *layer, lathe_tensor *x)
{
    return lathe_layer_norm2d(x, lathe_nn_find(layer, "weight"), lathe_nn_find(layer, "bias"), 1e-6);
}

static lathe_layer *make_group(lathe_model *m) { return lathe_nn_group_norm(m, 2, 4, 0.5); }
static lathe_tensor *group(lathe_layer *layer, lathe_tensor *x)
{
    return lathe_group_norm(x, lathe_nn_find(layer, "weight"), lathe_nn_find(layer, "bias"),
        &(lathe_group_norm_opts){ .groups = 2, .eps = 0.5 });
}

static lathe_layer *make_instance(lathe_model *m) { return lathe_nn_instance_norm(m, 4, NULL); }
static lathe_tensor *instance(lathe_layer *layer, lathe_tensor *x)
{
    return (void)layer, lathe_instance_norm(x, NULL, NULL, 0);
}

static lathe_layer *make_affine(lathe_model *m)
{
    return lathe_nn_instance_norm(m, 4, &(lathe_nn_instance_norm_opts){ .eps = 0.5, .affine = true });
}
static lathe_tensor *affine(lathe_layer *layer, lathe_tensor *x)
{
    return lathe_instance_norm(x, lathe_nn_find(layer, "weight"), lathe_nn_find(layer, "bias"), 0.5);
}

static const norm_case cases[] = {
    { "layer_norm", "5", make_last, last, 5 },
    { "layer_norm", "[4, 7, 5], eps 0.5", make_all, all, 140 },
    { "layer_norm2d", "4, eps 1e-06", make_channels, channels, 4 },
    { "group_norm", "4, 2 groups, eps 0.5", make_group, group, 4 },
    { "instance_norm", "4, no parameters", make_instance, instance, 0 },
    { "instance_norm", "4, eps 0.5", make_affine, affine, 4 },
};

enum { IN = 3 * 4 * 7 * 5 };

static void settings_reach_the_operation(void **state)
{
    (void)state;
    lathe_real values[IN];
    fill_normal(values, IN, 1);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const norm_case *c = &cases[i];
        lathe_model *model = lathe_model_new();
        lathe_layer *layer = c->make(model);
        if (!layer) fail_msg("%s", lathe_error_message());
        assert_int_equal(lathe_nn_init(layer, 5), LATHE_OK);
        assert_string_equal(layer->type->name, c->type);
        char text[200] = "";
        layer->type->describe(layer, text, sizeof text);
        assert_string_equal(text, c->settings);
        lathe_tensor *weight = lathe_nn_find(layer, "weight"), *bias = lathe_nn_find(layer, "bias");
        if (c->parameters) {
            assert_int_equal(lathe_shape_count(&weight->shape), c->parameters);
            assert_true(weight->data[c->parameters - 1] == 1 && bias->data[c->parameters - 1] == 0);
        } else assert_true(!weight && !bias);
        lathe_tape *tape = lathe_tape_new(NULL);
        lathe_tape_begin(tape, LATHE_TRAIN);
        lathe_tensor *x = lathe_tape_leaf(tape, LATHE_BATCHED, (lathe_shape){ 4, { 3, 4, 7, 5 } }, values);
        lathe_tensor *y = lathe_nn_forward(layer, x), *want = c->operation(layer, x);
        if (!y || !want) fail_msg("%s", lathe_tape_message(tape));
        assert_memory_equal(y->data, want->data, y->stored * sizeof *y->data);
        lathe_tape_free(tape);
        lathe_model_free(model);
    }
}

static lathe_layer *bad_channels(lathe_model *m) { return lathe_nn_layer_norm2d(m, 0, 0); }
static lathe_layer *bad_eps(lathe_model *m) { return lathe_nn_layer_norm2d(m, 3, -1); }
static lathe_layer *nan_eps(lathe_model *m) { return lathe_nn_layer_norm(m, (lathe_shape){ 1, { 3 } }, NAN); }
static lathe_layer *bad_groups(lathe_model *m) { return lathe_nn_group_norm(m, 3, 4, 0); }
static lathe_layer *no_groups(lathe_model *m) { return lathe_nn_group_norm(m, 0, 4, 0); }
static lathe_layer *bad_instance(lathe_model *m) { return lathe_nn_instance_norm(m, -1, NULL); }
static lathe_layer *bad_shape(lathe_model *m)
{
    return lathe_nn_layer_norm(m, (lathe_shape){ 2, { 3, -1 } }, 0);
}

static void mistakes_are_named(void **state)
{
    (void)state;
    static const struct {
        lathe_layer *(*make)(lathe_model *model);
        lathe_status status;
        const char *message;
    } mistakes[] = {
        { bad_channels, LATHE_EARG, "lathe_nn_layer_norm2d: channels is 0" },
        { bad_groups, LATHE_EARG, "lathe_nn_group_norm: 3 groups do not divide 4 channels" },
        { no_groups, LATHE_EARG, "lathe_nn_group_norm: groups is 0" },
        { bad_instance, LATHE_EARG, "lathe_nn_instance_norm: channels is -1" },
        { bad_eps, LATHE_EARG, "lathe_nn_layer_norm2d: eps = -1 must be above 0" },
        { nan_eps, LATHE_EARG, "lathe_nn_layer_norm: eps = nan must be above 0" },
        { bad_shape, LATHE_ESHAPE, "[3, -1]" },
    };
    for (size_t i = 0; i < sizeof mistakes / sizeof *mistakes; i++) {
        lathe_error_clear();
        lathe_model *model = lathe_model_new();
        assert_null(mistakes[i].make(model));
        assert_failed(mistakes[i].status, mistakes[i].message);
        lathe_model_free(model);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(settings_reach_the_operation),
        cmocka_unit_test(mistakes_are_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
