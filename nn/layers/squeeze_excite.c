#include "squeeze_excite.h"

#include "../../core/ops/arithmetic.h"
#include "../../core/ops/pool.h"
#include "../layer_impl.h"
#include "conv2d.h"

/* child[0] to child[3]: squeeze, activation, expand, gate */
static lathe_tensor *forward(lathe_layer *layer, lathe_tensor *x)
{
    lathe_tensor *weights = lathe_adaptive_avg_pool2d(x, 1, 1);
    for (int i = 0; i < layer->children; i++) weights = lathe_nn_forward(layer->child[i], weights);
    return lathe_mul(x, weights);
}

static void describe(const lathe_layer *layer, char *text, size_t size)
{
    const int *expand = layer->child[2]->tensor[0]->shape.dim;
    lathe_describe(text, size, "%d -> %d -> %d, %s, %s", expand[0], expand[1], expand[0],
        layer->child[1]->type->name, layer->child[3]->type->name);
}

const lathe_layer_type lathe_squeeze_excite_layer = {
    .name = "squeeze_excite",
    .size = sizeof(lathe_layer),
    .forward = forward,
    .describe = describe,
    .summary = "channels weighed by what the whole picture shows",
};

static const char *or_else(const char *name, const char *otherwise) { return name ? name : otherwise; }

lathe_layer *lathe_nn_squeeze_excite(lathe_model *model, int channels, int squeezed,
    const lathe_squeeze_excite_opts *opts)
{
    static const char *const who = "lathe_nn_squeeze_excite";
    lathe_squeeze_excite_opts o = opts ? *opts : (lathe_squeeze_excite_opts){ 0 };
    if (!lathe_layer_argument(model, who, "channels", channels, 1)) return NULL;
    if (!lathe_layer_argument(model, who, "squeezed", squeezed, 1)) return NULL;
    lathe_nn_conv2d_opts squeeze = { .weight_init = o.squeeze_init, .bias_init = o.bias_init },
                         expand = { .weight_init = o.expand_init, .bias_init = o.bias_init };
    lathe_layer *layer = lathe_layer_new(model, &lathe_squeeze_excite_layer);
    if (!layer) return NULL;
    lathe_layer *parts[] = { lathe_nn_conv2d(model, channels, squeezed, 1, &squeeze),
        lathe_activation_named(model, "activation", or_else(o.activation, "relu")),
        lathe_nn_conv2d(model, squeezed, channels, 1, &expand),
        lathe_activation_named(model, "gate", or_else(o.gate, "sigmoid")) };
    const char *names[] = { or_else(o.squeeze_name, "fc1"), "activation", or_else(o.expand_name, "fc2"),
        "scale_activation" };
    for (int i = 0; i < 4; i++)
        if (!model->status) lathe_layer_add(layer, parts[i], names[i]);
    return model->status ? NULL : layer;
}
