#include "../../core/ops/arithmetic.h"

#include "../layer_impl.h"
#include "channel_scale.h"

static lathe_tensor *forward(lathe_layer *layer, lathe_tensor *x) { return lathe_mul(x, layer->tensor[0]); }

static void describe(const lathe_layer *layer, char *text, size_t size)
{
    lathe_describe(text, size, "%d", layer->tensor[0]->shape.dim[0]);
}

const lathe_layer_type lathe_channel_scale_layer = {
    .name = "channel_scale",
    .size = sizeof(lathe_layer),
    .forward = forward,
    .describe = describe,
    .summary = "a factor for each channel",
};

lathe_layer *lathe_nn_channel_scale(lathe_model *model, int channels, double first, const char *name)
{
    if (!lathe_layer_argument(model, "lathe_nn_channel_scale", "channels", channels, 1)) return NULL;
    lathe_layer *layer = lathe_layer_new(model, &lathe_channel_scale_layer);
    if (!layer) return NULL;
    lathe_layer_param(layer, name ? name : "weight", (lathe_shape){ 3, { channels, 1, 1 } },
        (lathe_init){ LATHE_INIT_CONSTANT, first });
    return lathe_model_status(model) ? NULL : layer;
}
