#include "../../core/ops/upsample.h"

#include "../layer_impl.h"
#include "upsample.h"

typedef struct upsample_layer {
    lathe_layer layer;
    int scale;
    lathe_upsample_opts opts;
} upsample_layer;

static lathe_tensor *forward(lathe_layer *layer, lathe_tensor *x)
{
    const upsample_layer *up = (const upsample_layer *)layer;
    long long height = x && x->shape.rank == 4 ? (long long)x->shape.dim[2] * up->scale : 1;
    long long width = x && x->shape.rank == 4 ? (long long)x->shape.dim[3] * up->scale : 1;
    enum { TOO_LARGE = 1 << 30 }; /* which the operation refuses */
    return lathe_upsample(x, height < TOO_LARGE ? (int)height : TOO_LARGE,
        width < TOO_LARGE ? (int)width : TOO_LARGE, &up->opts);
}

static void describe(const lathe_layer *layer, char *text, size_t size)
{
    const upsample_layer *up = (const upsample_layer *)layer;
    lathe_describe(text, size, "times %d, %s", up->scale,
        up->opts.mode == LATHE_UPSAMPLE_BILINEAR ? "bilinear" : "nearest");
    if (up->opts.align_corners) lathe_describe(text, size, ", align corners");
}

const lathe_layer_type lathe_upsample_layer = {
    .name = "upsample",
    .size = sizeof(upsample_layer),
    .forward = forward,
    .describe = describe,
    .summary = "larger pictures by interpolation, nearest or bilinear",
};

lathe_layer *lathe_nn_upsample(lathe_model *model, int scale, const lathe_upsample_opts *opts)
{
    if (!lathe_layer_argument(model, "lathe_nn_upsample", "scale", scale, 1)) return NULL;
    if (opts && opts->mode != LATHE_UPSAMPLE_NEAREST && opts->mode != LATHE_UPSAMPLE_BILINEAR)
        return lathe_model_fail(model, LATHE_EARG, "lathe_nn_upsample: mode %d is unknown", (int)opts->mode);
    upsample_layer *layer = lathe_layer_new(model, &lathe_upsample_layer);
    if (!layer) return NULL;
    layer->scale = scale;
    if (opts) layer->opts = *opts;
    return &layer->layer;
}
