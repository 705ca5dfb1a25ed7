#include <math.h>

#include "../layer_impl.h"
#include "local_response_norm.h"

typedef struct response_layer {
    lathe_layer layer;
    lathe_local_response_norm_opts opts;
} response_layer;

static lathe_tensor *forward(lathe_layer *layer, lathe_tensor *x)
{
    return lathe_local_response_norm(x, &((response_layer *)layer)->opts);
}

static void describe(const lathe_layer *layer, char *text, size_t size)
{
    const lathe_local_response_norm_opts *opts = &((const response_layer *)layer)->opts;
    if (opts->within_channel) lathe_describe(text, size, "%dx%d within channel", opts->size, opts->size);
    else lathe_describe(text, size, "%d channels", opts->size);
}

const lathe_layer_type lathe_local_response_norm_layer = {
    .name = "local_response_norm",
    .size = sizeof(response_layer),
    .forward = forward,
    .describe = describe,
    .summary = "numbers divided by how large those around them are",
};

lathe_layer *lathe_nn_local_response_norm(lathe_model *model, int size,
    const lathe_local_response_norm_opts *opts)
{
    lathe_local_response_norm_opts o = opts ? *opts : (lathe_local_response_norm_opts){ 0 };
    if (o.size && o.size != size)
        return lathe_model_fail(model, LATHE_EARG,
            "lathe_nn_local_response_norm: size is %d, but opts->size is %d; leave it 0", size, o.size);
    if (size < 1 || size % 2 == 0)
        return lathe_model_fail(model, LATHE_EARG,
            "lathe_nn_local_response_norm: size is %d; it must be odd and above 0", size);
    if (!isfinite(o.alpha) || !isfinite(o.beta) || !isfinite(o.k))
        return lathe_model_fail(model, LATHE_EARG,
            "lathe_nn_local_response_norm: alpha is %g, beta %g, k %g; they must be finite", o.alpha, o.beta,
            o.k);
    response_layer *layer = lathe_layer_new(model, &lathe_local_response_norm_layer);
    if (!layer) return NULL;
    layer->opts = o;
    layer->opts.size = size;
    return &layer->layer;
}
