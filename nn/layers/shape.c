#include "../../core/ops/channel_shuffle.h"
#include "../../core/ops/shape.h"

#include "../layer_impl.h"
#include "shape.h"

static lathe_tensor *identity(lathe_layer *layer, lathe_tensor *x)
{
    (void)layer;
    return x;
}

const lathe_layer_type lathe_identity_layer = {
    .name = "identity",
    .size = sizeof(lathe_layer),
    .forward = identity,
    .summary = "x itself",
};

lathe_layer *lathe_nn_identity(lathe_model *model) { return lathe_layer_new(model, &lathe_identity_layer); }

static lathe_tensor *flatten(lathe_layer *layer, lathe_tensor *x)
{
    (void)layer;
    return lathe_flatten(x);
}

const lathe_layer_type lathe_flatten_layer = {
    .name = "flatten",
    .size = sizeof(lathe_layer),
    .forward = flatten,
    .summary = "each image's numbers in a row",
};

lathe_layer *lathe_nn_flatten(lathe_model *model) { return lathe_layer_new(model, &lathe_flatten_layer); }

typedef struct reshape_layer {
    lathe_layer layer;
    lathe_shape image;
} reshape_layer;

static lathe_tensor *reshape(lathe_layer *layer, lathe_tensor *x)
{
    const lathe_shape *image = &((reshape_layer *)layer)->image;
    lathe_shape shape = { image->rank + 1, { x->shape.dim[0] } };
    for (int i = 0; i < image->rank; i++) shape.dim[i + 1] = image->dim[i];
    return lathe_reshape(x, shape);
}

static void describe_reshape(const lathe_layer *layer, char *text, size_t size)
{
    char shape[LATHE_SHAPE_TEXT];
    lathe_describe(text, size, "to %s", lathe_shape_text(&((const reshape_layer *)layer)->image, shape));
}

const lathe_layer_type lathe_reshape_layer = {
    .name = "reshape",
    .size = sizeof(reshape_layer),
    .forward = reshape,
    .describe = describe_reshape,
    .summary = "each image's numbers under another shape",
};

lathe_layer *lathe_nn_reshape(lathe_model *model, lathe_shape image)
{
    char text[LATHE_SHAPE_TEXT];
    bool fine = image.rank >= 1 && image.rank < LATHE_MAX_RANK;
    int open = 0;
    for (int i = 0; fine && i < image.rank; i++) {
        open += image.dim[i] == -1;
        fine = image.dim[i] >= 1 || (image.dim[i] == -1 && open == 1);
    }
    if (!fine)
        return lathe_model_fail(model, LATHE_ESHAPE,
            "lathe_nn_reshape: %s is not a shape of 1 to %d dimensions, of which one may be -1",
            lathe_shape_text(&image, text), LATHE_MAX_RANK - 1);
    reshape_layer *layer = lathe_layer_new(model, &lathe_reshape_layer);
    if (layer) layer->image = image;
    return layer ? &layer->layer : NULL;
}

typedef struct subsample_layer {
    lathe_layer layer;
    int stride, channels;
} subsample_layer;

static lathe_tensor *subsample(lathe_layer *layer, lathe_tensor *x)
{
    const subsample_layer *sampling = (const subsample_layer *)layer;
    return lathe_subsample(x, sampling->stride, sampling->channels);
}

static void describe_subsample(const lathe_layer *layer, char *text, size_t size)
{
    const subsample_layer *sampling = (const subsample_layer *)layer;
    lathe_describe(text, size, "stride %d, to %d channels", sampling->stride, sampling->channels);
}

const lathe_layer_type lathe_subsample_layer = {
    .name = "subsample",
    .size = sizeof(subsample_layer),
    .forward = subsample,
    .describe = describe_subsample,
    .summary = "every stride-th pixel and zero channels: ResNet's shortcut without parameters",
};

lathe_layer *lathe_nn_subsample(lathe_model *model, int stride, int channels)
{
    if (!lathe_layer_argument(model, "lathe_nn_subsample", "stride", stride, 1) ||
        !lathe_layer_argument(model, "lathe_nn_subsample", "channels", channels, 1))
        return NULL;
    subsample_layer *layer = lathe_layer_new(model, &lathe_subsample_layer);
    if (layer) layer->stride = stride, layer->channels = channels;
    return layer ? &layer->layer : NULL;
}

typedef struct shuffle_layer {
    lathe_layer layer;
    int groups;
} shuffle_layer;

static lathe_tensor *shuffle(lathe_layer *layer, lathe_tensor *x)
{
    return lathe_channel_shuffle(x, ((const shuffle_layer *)layer)->groups);
}

static void describe_shuffle(const lathe_layer *layer, char *text, size_t size)
{
    lathe_describe(text, size, "%d groups", ((const shuffle_layer *)layer)->groups);
}

const lathe_layer_type lathe_channel_shuffle_layer = {
    .name = "channel_shuffle",
    .size = sizeof(shuffle_layer),
    .forward = shuffle,
    .describe = describe_shuffle,
    .summary = "channels of several groups in turn",
};

lathe_layer *lathe_nn_channel_shuffle(lathe_model *model, int groups)
{
    if (!lathe_layer_argument(model, "lathe_nn_channel_shuffle", "groups", groups, 1)) return NULL;
    shuffle_layer *layer = lathe_layer_new(model, &lathe_channel_shuffle_layer);
    if (layer) layer->groups = groups;
    return layer ? &layer->layer : NULL;
}
