#include "layer_norm.h"

#include <math.h>

#include "../layer_impl.h"

typedef struct layer_norm_layer {
    lathe_layer layer;
    lathe_tensor *weight, *bias;
    double eps;
} layer_norm_layer;

static lathe_tensor *forward(lathe_layer *layer, lathe_tensor *x)
{
    const layer_norm_layer *norm = (const layer_norm_layer *)layer;
    const lathe_layer_norm_opts opts = { .eps = norm->eps, .dims = norm->weight->shape.rank };
    return lathe_layer_norm(x, norm->weight, norm->bias, &opts);
}

static lathe_tensor *forward2d(lathe_layer *layer, lathe_tensor *x)
{
    const layer_norm_layer *norm = (const layer_norm_layer *)layer;
    return lathe_layer_norm2d(x, norm->weight, norm->bias, norm->eps);
}

static void describe(const lathe_layer *layer, char *text, size_t size)
{
    const layer_norm_layer *norm = (const layer_norm_layer *)layer;
    const lathe_shape *shape = &norm->weight->shape;
    char shape_text[LATHE_SHAPE_TEXT];
    if (shape->rank == 1) lathe_describe(text, size, "%d", shape->dim[0]);
    else lathe_describe(text, size, "%s", lathe_shape_text(shape, shape_text));
    if (norm->eps > 0) lathe_describe(text, size, ", eps %g", norm->eps);
}

const lathe_layer_type lathe_layer_norm_layer = {
    .name = "layer_norm",
    .size = sizeof(layer_norm_layer),
    .forward = forward,
    .describe = describe,
    .summary = "layer normalisation over the last dimensions",
};

const lathe_layer_type lathe_layer_norm2d_layer = {
    .name = "layer_norm2d",
    .size = sizeof(layer_norm_layer),
    .forward = forward2d,
    .describe = describe,
    .summary = "layer normalisation over channels at each place",
};

static lathe_layer *make(lathe_model *model, const lathe_layer_type *type, const char *who, lathe_shape shape,
    double eps)
{
    if (!(eps >= 0) || !isfinite(eps))
        return lathe_model_fail(model, LATHE_EARG, "%s: eps = %g must be above 0", who, eps);
    layer_norm_layer *norm = lathe_layer_new(model, type);
    if (!norm) return NULL;
    norm->eps = eps;
    norm->weight = lathe_layer_param(&norm->layer, "weight", shape, (lathe_init){ LATHE_INIT_CONSTANT, 1 });
    norm->bias = lathe_layer_param(&norm->layer, "bias", shape, (lathe_init){ LATHE_INIT_CONSTANT, 0 });
    return lathe_model_status(model) ? NULL : &norm->layer;
}

lathe_layer *lathe_nn_layer_norm(lathe_model *model, lathe_shape shape, double eps)
{
    return make(model, &lathe_layer_norm_layer, "lathe_nn_layer_norm", shape, eps);
}

lathe_layer *lathe_nn_layer_norm2d(lathe_model *model, int channels, double eps)
{
    if (!lathe_layer_argument(model, "lathe_nn_layer_norm2d", "channels", channels, 1)) return NULL;
    return make(model, &lathe_layer_norm2d_layer, "lathe_nn_layer_norm2d", (lathe_shape){ 1, { channels } },
        eps);
}
