#include "../layer_impl.h"
#include "pool.h"
#include "window_impl.h"
#include "../../core/ops/shape.h"

typedef struct pool_layer {
    lathe_layer layer;
    lathe_pool_opts opts;
} pool_layer;

static lathe_tensor *max_forward(lathe_layer *layer, lathe_tensor *x)
{
    return lathe_max_pool2d(x, &((pool_layer *)layer)->opts);
}

static lathe_tensor *avg_forward(lathe_layer *layer, lathe_tensor *x)
{
    return lathe_avg_pool2d(x, &((pool_layer *)layer)->opts);
}

static lathe_layer_window window_of(const lathe_pool_opts *o)
{
    return (lathe_layer_window){ .kernel = o->kernel,
        .kernel_width = o->kernel_width,
        .stride = o->stride,
        .stride_width = o->stride_width,
        .padding = o->padding,
        .dilation = o->dilation,
        .dilation_width = o->dilation_width,
        .sides = o->padding_sides,
        .same = o->same };
}

static void describe(const lathe_layer *layer, char *text, size_t size)
{
    const lathe_pool_opts *opts = &((const pool_layer *)layer)->opts;
    const lathe_layer_window window = window_of(opts);
    const lathe_sides *s = &opts->padding_sides;
    lathe_describe_window(text, size, &window, 0);
    if (opts->exclude_padding && (opts->same || opts->padding || s->top || s->bottom || s->left || s->right))
        lathe_describe(text, size, " excluded");
    if (opts->ceil_mode) lathe_describe(text, size, ", ceil mode");
}

const lathe_layer_type lathe_max_pool2d_layer = {
    .name = "max_pool2d",
    .size = sizeof(pool_layer),
    .forward = max_forward,
    .describe = describe,
    .summary = "maximum over windows",
};

const lathe_layer_type lathe_avg_pool2d_layer = {
    .name = "avg_pool2d",
    .size = sizeof(pool_layer),
    .forward = avg_forward,
    .describe = describe,
    .summary = "mean over windows",
};

static lathe_layer *pool(lathe_model *model, const lathe_layer_type *type, const char *who, int kernel,
    const lathe_pool_opts *opts)
{
    lathe_pool_opts o = opts ? *opts : (lathe_pool_opts){ 0 };
    if (o.kernel && o.kernel != kernel)
        return lathe_model_fail(model, LATHE_EARG, "%s: kernel is %d, but opts->kernel is %d; leave it 0",
            who, kernel, o.kernel);
    o.kernel = kernel;
    if (!o.stride && !o.stride_width) o.stride_width = o.kernel_width;
    if (!o.stride) o.stride = kernel;
    if (!o.dilation) o.dilation = 1;
    const lathe_layer_window window = window_of(&o);
    if (!lathe_layer_window_is_fine(model, who, &window)) return NULL;
    int least = o.kernel_width && o.kernel_width < kernel ? o.kernel_width : kernel;
    if (o.padding > least / 2)
        return lathe_model_fail(model, LATHE_EARG,
            "%s: padding is %d; it must be at most half of the kernel, %d", who, o.padding, least);
    if (o.same && o.ceil_mode)
        return lathe_model_fail(model, LATHE_EARG,
            "%s: same chooses the padding, but ceil_mode is given, too", who);
    if (type == &lathe_avg_pool2d_layer && (o.dilation > 1 || o.dilation_width > 1))
        return lathe_model_fail(model, LATHE_EARG, "%s: %s is %d; means have none", who,
            o.dilation > 1 ? "dilation" : "dilation_width", o.dilation > 1 ? o.dilation : o.dilation_width);
    pool_layer *layer = lathe_layer_new(model, type);
    if (layer) layer->opts = o;
    return layer ? &layer->layer : NULL;
}

lathe_layer *lathe_nn_max_pool2d(lathe_model *model, int kernel, const lathe_pool_opts *opts)
{
    return pool(model, &lathe_max_pool2d_layer, "lathe_nn_max_pool2d", kernel, opts);
}

lathe_layer *lathe_nn_avg_pool2d(lathe_model *model, int kernel, const lathe_pool_opts *opts)
{
    return pool(model, &lathe_avg_pool2d_layer, "lathe_nn_avg_pool2d", kernel, opts);
}

typedef struct adaptive_layer {
    lathe_layer layer;
    int height, width;
} adaptive_layer;

static lathe_tensor *adaptive_forward(lathe_layer *layer, lathe_tensor *x)
{
    const adaptive_layer *pooling = (const adaptive_layer *)layer;
    return lathe_adaptive_avg_pool2d(x, pooling->height, pooling->width);
}

static void describe_adaptive(const lathe_layer *layer, char *text, size_t size)
{
    const adaptive_layer *pooling = (const adaptive_layer *)layer;
    lathe_describe(text, size, "to %dx%d", pooling->height, pooling->width);
}

const lathe_layer_type lathe_adaptive_avg_pool2d_layer = {
    .name = "adaptive_avg_pool2d",
    .size = sizeof(adaptive_layer),
    .forward = adaptive_forward,
    .describe = describe_adaptive,
    .summary = "means, to a given height and width",
};

lathe_layer *lathe_nn_adaptive_avg_pool2d(lathe_model *model, int height, int width)
{
    if (!lathe_layer_argument(model, "lathe_nn_adaptive_avg_pool2d", "height", height, 1) ||
        !lathe_layer_argument(model, "lathe_nn_adaptive_avg_pool2d", "width", width, 1))
        return NULL;
    adaptive_layer *layer = lathe_layer_new(model, &lathe_adaptive_avg_pool2d_layer);
    if (layer) layer->height = height, layer->width = width;
    return layer ? &layer->layer : NULL;
}

static lathe_tensor *global_forward(lathe_layer *layer, lathe_tensor *x)
{
    (void)layer;
    return lathe_flatten(lathe_adaptive_avg_pool2d(x, 1, 1));
}

const lathe_layer_type lathe_global_avg_pool_layer = {
    .name = "global_avg_pool",
    .size = sizeof(lathe_layer),
    .forward = global_forward,
    .summary = "each channel's mean",
};

lathe_layer *lathe_nn_global_avg_pool(lathe_model *model)
{
    return lathe_layer_new(model, &lathe_global_avg_pool_layer);
}
