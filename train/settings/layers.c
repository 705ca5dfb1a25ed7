/*
 * Learning rates that fall towards the input: settings.layer_decay. Early layers of a trained net are of use
 * for any picture, so they need smaller steps than late ones (Howard, Ruder 2018, arXiv 1801.06146; Bao et
 * al. 2021, arXiv 2106.08254).
 *
 * A layer is what parameters have in common in their names up to the first number: "features.3", "layer1.0",
 * "conv1". A layer of biases, scales and shifts alone is a norm: it belongs to the layer before it.
 */
#include <string.h>

#include "../../core/alloc.h"
#include "settings_impl.h"

/* The length of the layer's name in a parameter's: of "features.3" in "features.3.conv.weight". */
static size_t layer_length(const char *name)
{
    size_t at = 0, end = 0;
    for (;;) {
        const size_t length = strcspn(name + at, "."), digits = strspn(name + at, "0123456789");
        if (!name[at + length]) return end; /* the parameter's own name */
        end = at + length;
        if (length && digits == length) return end;
        at = end + 1;
    }
}

static bool same_layer(const char *a, const char *b)
{
    const size_t length = layer_length(a);
    return layer_length(b) == length && !memcmp(a, b, length);
}

/* The number of each parameter's layer, from 0 at the input. Returns their number. */
static int number_layers(const lathe_params *params, int *layer)
{
    int layers = 0;
    for (int first = 0, end; first < params->count; first = end) {
        bool norm = true;
        for (end = first; end < params->count; end++) {
            if (!same_layer(params->tensor[first]->name, params->tensor[end]->name)) break;
            norm &= params->tensor[end]->shape.rank < 2;
        }
        if (!norm || !layers) layers++;
        for (int i = first; i < end; i++) layer[i] = layers - 1;
    }
    return layers;
}

lathe_status lathe_layer_decay(const lathe_settings *settings, lathe_optim *optim)
{
    const lathe_params *params = lathe_optim_params(optim);
    const size_t count = (size_t)params->count;
    if (settings->layer_decay == 1) return LATHE_OK;
    int *layer = lathe_alloc(count, sizeof *layer);
    lathe_tensor **tensors = layer ? lathe_alloc(count, sizeof *tensors) : NULL;
    lathe_status status = tensors ? LATHE_OK : lathe_error();
    double factor = 1;
    for (int n = tensors ? number_layers(params, layer) - 2 : -1; n >= 0 && !status; n--) {
        int members = 0;
        factor *= settings->layer_decay;
        for (int i = 0; i < params->count; i++)
            if (layer[i] == n) tensors[members++] = params->tensor[i];
        status = lathe_optim_scale_lr(optim, tensors, members, factor);
    }
    lathe_free(layer);
    lathe_free(tensors);
    return status;
}
