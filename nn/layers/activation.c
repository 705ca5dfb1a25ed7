#include "../../core/ops/activation.h"

#include <math.h>
#include <string.h>

#include "../../core/field.h"
#include "../layer_impl.h"
#include "activation.h"

static lathe_tensor *relu(lathe_layer *layer, lathe_tensor *x)
{
    (void)layer;
    return lathe_relu(x);
}

const lathe_layer_type lathe_relu_layer = {
    .name = "relu",
    .size = sizeof(lathe_layer),
    .forward = relu,
    .summary = "max(x, 0)",
};

lathe_layer *lathe_nn_relu(lathe_model *model) { return lathe_layer_new(model, &lathe_relu_layer); }

static lathe_tensor *gelu(lathe_layer *layer, lathe_tensor *x)
{
    (void)layer;
    return lathe_gelu(x);
}

const lathe_layer_type lathe_gelu_layer = {
    .name = "gelu",
    .size = sizeof(lathe_layer),
    .forward = gelu,
    .summary = "x * Phi(x), Phi the normal distribution function",
};

lathe_layer *lathe_nn_gelu(lathe_model *model) { return lathe_layer_new(model, &lathe_gelu_layer); }

static lathe_tensor *silu(lathe_layer *layer, lathe_tensor *x)
{
    (void)layer;
    return lathe_silu(x);
}

const lathe_layer_type lathe_silu_layer = {
    .name = "silu",
    .size = sizeof(lathe_layer),
    .forward = silu,
    .summary = "x * sigmoid(x)",
};

lathe_layer *lathe_nn_silu(lathe_model *model) { return lathe_layer_new(model, &lathe_silu_layer); }

static lathe_tensor *sigmoid(lathe_layer *layer, lathe_tensor *x)
{
    (void)layer;
    return lathe_sigmoid(x);
}

const lathe_layer_type lathe_sigmoid_layer = {
    .name = "sigmoid",
    .size = sizeof(lathe_layer),
    .forward = sigmoid,
    .summary = "1 / (1 + exp(-x))",
};

lathe_layer *lathe_nn_sigmoid(lathe_model *model) { return lathe_layer_new(model, &lathe_sigmoid_layer); }

static lathe_tensor *hyperbolic_tangent(lathe_layer *layer, lathe_tensor *x)
{
    (void)layer;
    return lathe_tanh(x);
}

const lathe_layer_type lathe_tanh_layer = {
    .name = "tanh",
    .size = sizeof(lathe_layer),
    .forward = hyperbolic_tangent,
    .summary = "hyperbolic tangent",
};

lathe_layer *lathe_nn_tanh(lathe_model *model) { return lathe_layer_new(model, &lathe_tanh_layer); }

static lathe_tensor *relu6(lathe_layer *layer, lathe_tensor *x)
{
    (void)layer;
    return lathe_relu6(x);
}

const lathe_layer_type lathe_relu6_layer = {
    .name = "relu6",
    .size = sizeof(lathe_layer),
    .forward = relu6,
    .summary = "min(max(x, 0), 6)",
};

lathe_layer *lathe_nn_relu6(lathe_model *model) { return lathe_layer_new(model, &lathe_relu6_layer); }

static lathe_tensor *hardswish(lathe_layer *layer, lathe_tensor *x)
{
    (void)layer;
    return lathe_hardswish(x);
}

const lathe_layer_type lathe_hardswish_layer = {
    .name = "hardswish",
    .size = sizeof(lathe_layer),
    .forward = hardswish,
    .summary = "x * hardsigmoid(x)",
};

lathe_layer *lathe_nn_hardswish(lathe_model *model) { return lathe_layer_new(model, &lathe_hardswish_layer); }

static lathe_tensor *hardsigmoid(lathe_layer *layer, lathe_tensor *x)
{
    (void)layer;
    return lathe_hardsigmoid(x);
}

const lathe_layer_type lathe_hardsigmoid_layer = {
    .name = "hardsigmoid",
    .size = sizeof(lathe_layer),
    .forward = hardsigmoid,
    .summary = "min(max(x + 3, 0), 6) / 6",
};

lathe_layer *lathe_nn_hardsigmoid(lathe_model *model)
{
    return lathe_layer_new(model, &lathe_hardsigmoid_layer);
}

/* Those without settings. */
static const lathe_layer_type *const by_name[] = { &lathe_relu_layer, &lathe_relu6_layer, &lathe_gelu_layer,
    &lathe_silu_layer, &lathe_sigmoid_layer, &lathe_tanh_layer, &lathe_hardswish_layer,
    &lathe_hardsigmoid_layer, NULL };

static const char *name_of(const void *context, int index)
{
    const lathe_layer_type *const *types = context;
    return types[index] ? types[index]->name : NULL;
}

lathe_layer *lathe_activation_named(lathe_model *model, const char *what, const char *name)
{
    for (int i = 0; by_name[i]; i++)
        if (!strcmp(by_name[i]->name, name)) return lathe_layer_new(model, by_name[i]);
    lathe_fail_name(what, name, name_of, by_name);
    return lathe_model_adopt_failure(model);
}

lathe_layer *lathe_nn_activation(lathe_model *model, const char *name)
{
    if (name) return lathe_activation_named(model, "activation", name);
    return lathe_fail_null("lathe_nn_activation", "name"), lathe_model_adopt_failure(model);
}

/* A layer with one or two numbers as settings, checked by the constructor. */
typedef struct set_layer {
    lathe_layer layer;
    double first, second;
} set_layer;

static const set_layer *set_of(const lathe_layer *layer) { return (const set_layer *)layer; }

/* A layer of this type, unless a setting is not finite. */
static lathe_layer *new_set_layer(lathe_model *model, const lathe_layer_type *type,
    const char *const names[2], double first, double second)
{
    double numbers[2] = { first, second };
    for (int i = 0; i < 2; i++)
        if (!isfinite(numbers[i]))
            return lathe_model_fail(model, LATHE_EARG, "lathe_nn_%s: %s is %g; it must be finite", type->name,
                names[i], numbers[i]);
    set_layer *layer = lathe_layer_new(model, type);
    if (layer) layer->first = first, layer->second = second;
    return layer ? &layer->layer : NULL;
}

static lathe_tensor *leaky_relu(lathe_layer *layer, lathe_tensor *x)
{
    return lathe_leaky_relu(x, set_of(layer)->first);
}

static void describe_slope(const lathe_layer *layer, char *text, size_t size)
{
    lathe_describe(text, size, "slope %g", set_of(layer)->first);
}

const lathe_layer_type lathe_leaky_relu_layer = {
    .name = "leaky_relu",
    .size = sizeof(set_layer),
    .forward = leaky_relu,
    .describe = describe_slope,
    .summary = "x for x > 0, slope * x otherwise",
};

lathe_layer *lathe_nn_leaky_relu(lathe_model *model, double slope)
{
    static const char *const names[] = { "slope", "" };
    return new_set_layer(model, &lathe_leaky_relu_layer, names, slope != 0 ? slope : 0.01, 0);
}

static lathe_tensor *clip(lathe_layer *layer, lathe_tensor *x)
{
    return lathe_clip(x, set_of(layer)->first, set_of(layer)->second);
}

static void describe_clip(const lathe_layer *layer, char *text, size_t size)
{
    lathe_describe(text, size, "%g to %g", set_of(layer)->first, set_of(layer)->second);
}

const lathe_layer_type lathe_clip_layer = {
    .name = "clip",
    .size = sizeof(set_layer),
    .forward = clip,
    .describe = describe_clip,
    .summary = "min(max(x, min), max)",
};

lathe_layer *lathe_nn_clip(lathe_model *model, double min, double max)
{
    static const char *const names[] = { "min", "max" };
    if (min > max)
        return lathe_model_fail(model, LATHE_EARG, "lathe_nn_clip: min is %g, above max, %g", min, max);
    return new_set_layer(model, &lathe_clip_layer, names, min, max);
}

static lathe_tensor *elu(lathe_layer *layer, lathe_tensor *x) { return lathe_elu(x, set_of(layer)->first); }

static void describe_elu(const lathe_layer *layer, char *text, size_t size)
{
    lathe_describe(text, size, "alpha %g", set_of(layer)->first);
}

const lathe_layer_type lathe_elu_layer = {
    .name = "elu",
    .size = sizeof(set_layer),
    .forward = elu,
    .describe = describe_elu,
    .summary = "x for x > 0, alpha * (exp(x) - 1) otherwise",
};

lathe_layer *lathe_nn_elu(lathe_model *model, double alpha)
{
    static const char *const names[] = { "alpha", "" };
    return new_set_layer(model, &lathe_elu_layer, names, alpha != 0 ? alpha : 1, 0);
}

static lathe_tensor *softplus(lathe_layer *layer, lathe_tensor *x)
{
    return lathe_softplus(x, set_of(layer)->first, set_of(layer)->second);
}

static void describe_softplus(const lathe_layer *layer, char *text, size_t size)
{
    lathe_describe(text, size, "beta %g, threshold %g", set_of(layer)->first, set_of(layer)->second);
}

const lathe_layer_type lathe_softplus_layer = {
    .name = "softplus",
    .size = sizeof(set_layer),
    .forward = softplus,
    .describe = describe_softplus,
    .summary = "log(1 + exp(beta * x)) / beta",
};

lathe_layer *lathe_nn_softplus(lathe_model *model, double beta, double threshold)
{
    static const char *const names[] = { "beta", "threshold" };
    return new_set_layer(model, &lathe_softplus_layer, names, beta != 0 ? beta : 1,
        threshold != 0 ? threshold : 20);
}

static lathe_tensor *prelu(lathe_layer *layer, lathe_tensor *x) { return lathe_prelu(x, layer->tensor[0]); }

static void describe_prelu(const lathe_layer *layer, char *text, size_t size)
{
    int slopes = layer->tensor[0]->shape.dim[0];
    lathe_describe(text, size, "%d slope%s", slopes, slopes == 1 ? "" : "s");
}

const lathe_layer_type lathe_prelu_layer = {
    .name = "prelu",
    .size = sizeof(lathe_layer),
    .forward = prelu,
    .describe = describe_prelu,
    .summary = "x for x > 0, weight * x otherwise",
};

lathe_layer *lathe_nn_prelu(lathe_model *model, int slopes, double init)
{
    if (!lathe_layer_argument(model, "lathe_nn_prelu", "slopes", slopes, 1)) return NULL;
    if (!isfinite(init))
        return lathe_model_fail(model, LATHE_EARG, "lathe_nn_prelu: init is %g; it must be finite", init);
    lathe_layer *layer = lathe_layer_new(model, &lathe_prelu_layer);
    lathe_init first = { LATHE_INIT_CONSTANT, init != 0 ? init : 0.25 };
    return lathe_layer_param(layer, "weight", (lathe_shape){ 1, { slopes } }, first) ? layer : NULL;
}
