#include "group_norm.h"

#include <math.h>

#include "../layer_impl.h"

typedef struct group_norm_layer {
    lathe_layer layer;
    lathe_tensor *weight, *bias; /* NULL: none */
    int groups, channels;
    double eps;
} group_norm_layer;

static lathe_tensor *group_forward(lathe_layer *layer, lathe_tensor *x)
{
    const group_norm_layer *norm = (const group_norm_layer *)layer;
    const lathe_group_norm_opts opts = { .groups = norm->groups, .eps = norm->eps };
    return lathe_group_norm(x, norm->weight, norm->bias, &opts);
}

static lathe_tensor *instance_forward(lathe_layer *layer, lathe_tensor *x)
{
    const group_norm_layer *norm = (const group_norm_layer *)layer;
    return lathe_instance_norm(x, norm->weight, norm->bias, norm->eps);
}

static void describe(const lathe_layer *layer, char *text, size_t size)
{
    const group_norm_layer *norm = (const group_norm_layer *)layer;
    lathe_describe(text, size, "%d", norm->channels);
    if (norm->groups < norm->channels)
        lathe_describe(text, size, ", %d group%s", norm->groups, norm->groups == 1 ? "" : "s");
    if (norm->eps > 0) lathe_describe(text, size, ", eps %g", norm->eps);
    if (!norm->weight) lathe_describe(text, size, ", no parameters");
}

const lathe_layer_type lathe_group_norm_layer = {
    .name = "group_norm",
    .size = sizeof(group_norm_layer),
    .forward = group_forward,
    .describe = describe,
    .summary = "normalisation of groups of channels by each image's own statistics",
};

const lathe_layer_type lathe_instance_norm_layer = {
    .name = "instance_norm",
    .size = sizeof(group_norm_layer),
    .forward = instance_forward,
    .describe = describe,
    .summary = "normalisation of channels by each image's own statistics",
};

static lathe_layer *make(lathe_model *model, const lathe_layer_type *type, const char *who, int groups,
    int channels, double eps, bool affine)
{
    if (!(eps >= 0) || !isfinite(eps))
        return lathe_model_fail(model, LATHE_EARG, "%s: eps = %g must be above 0", who, eps);
    group_norm_layer *norm = lathe_layer_new(model, type);
    if (!norm) return NULL;
    norm->groups = groups;
    norm->channels = channels;
    norm->eps = eps;
    if (!affine) return &norm->layer;
    const lathe_shape shape = { 1, { channels } };
    norm->weight = lathe_layer_param(&norm->layer, "weight", shape, (lathe_init){ LATHE_INIT_CONSTANT, 1 });
    norm->bias = lathe_layer_param(&norm->layer, "bias", shape, (lathe_init){ LATHE_INIT_CONSTANT, 0 });
    return lathe_model_status(model) ? NULL : &norm->layer;
}

lathe_layer *lathe_nn_group_norm(lathe_model *model, int groups, int channels, double eps)
{
    const char *who = "lathe_nn_group_norm";
    if (!lathe_layer_argument(model, who, "groups", groups, 1) ||
        !lathe_layer_argument(model, who, "channels", channels, 1))
        return NULL;
    if (channels % groups)
        return lathe_model_fail(model, LATHE_EARG, "%s: %d groups do not divide %d channels", who, groups,
            channels);
    return make(model, &lathe_group_norm_layer, who, groups, channels, eps, true);
}

lathe_layer *lathe_nn_instance_norm(lathe_model *model, int channels, const lathe_nn_instance_norm_opts *opts)
{
    const char *who = "lathe_nn_instance_norm";
    const lathe_nn_instance_norm_opts o = opts ? *opts : (lathe_nn_instance_norm_opts){ 0 };
    if (!lathe_layer_argument(model, who, "channels", channels, 1)) return NULL;
    return make(model, &lathe_instance_norm_layer, who, channels, channels, o.eps, o.affine);
}
