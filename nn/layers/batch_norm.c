#include <math.h>

#include "../layer_impl.h"
#include "batch_norm.h"

typedef struct batch_norm_layer {
    lathe_layer layer;
    lathe_tensor *weight, *bias, *running_mean, *running_var;
    lathe_batch_norm_opts opts;
} batch_norm_layer;

static lathe_tensor *forward(lathe_layer *layer, lathe_tensor *x)
{
    batch_norm_layer *norm = (batch_norm_layer *)layer;
    return lathe_batch_norm(x, norm->weight, norm->bias, norm->running_mean, norm->running_var, &norm->opts);
}

static void describe(const lathe_layer *layer, char *text, size_t size)
{
    const batch_norm_layer *norm = (const batch_norm_layer *)layer;
    lathe_describe(text, size, "%d", norm->weight->shape.dim[0]);
    if (norm->opts.eps > 0) lathe_describe(text, size, ", eps %g", norm->opts.eps);
    if (norm->opts.momentum > 0) lathe_describe(text, size, ", momentum %g", norm->opts.momentum);
    if (norm->opts.frozen) lathe_describe(text, size, ", frozen");
}

const lathe_layer_type lathe_batch_norm_layer = {
    .name = "batch_norm",
    .size = sizeof(batch_norm_layer),
    .forward = forward,
    .describe = describe,
    .summary = "batch normalisation",
};

void lathe_nn_freeze_norm(lathe_layer *layer, bool frozen)
{
    if (!layer) return;
    if (layer->type == &lathe_batch_norm_layer) ((batch_norm_layer *)layer)->opts.frozen = frozen;
    for (int i = 0; i < layer->children; i++) lathe_nn_freeze_norm(layer->child[i], frozen);
}

lathe_layer *lathe_nn_batch_norm(lathe_model *model, int channels, const lathe_batch_norm_opts *opts)
{
    lathe_batch_norm_opts o = opts ? *opts : (lathe_batch_norm_opts){ 0 };
    if (!lathe_layer_argument(model, "lathe_nn_batch_norm", "channels", channels, 1)) return NULL;
    if (!(o.eps >= 0) || !isfinite(o.eps) || !(o.momentum >= 0 && o.momentum <= 1))
        return lathe_model_fail(model, LATHE_EARG,
            "lathe_nn_batch_norm: eps = %g must be above 0, momentum = %g in (0, 1]", o.eps, o.momentum);
    batch_norm_layer *norm = lathe_layer_new(model, &lathe_batch_norm_layer);
    if (!norm) return NULL;
    lathe_shape shape = { 1, { channels } };
    norm->opts = o;
    norm->weight = lathe_layer_param(&norm->layer, "weight", shape, (lathe_init){ LATHE_INIT_CONSTANT, 1 });
    norm->bias = lathe_layer_param(&norm->layer, "bias", shape, (lathe_init){ LATHE_INIT_CONSTANT, 0 });
    norm->running_mean = lathe_layer_buffer(&norm->layer, "running_mean", shape, 0);
    norm->running_var = lathe_layer_buffer(&norm->layer, "running_var", shape, 1);
    return lathe_model_status(model) ? NULL : &norm->layer;
}
