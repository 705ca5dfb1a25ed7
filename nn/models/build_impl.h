/* Private, for the files of models: sizes of pictures on their way through a net, and parts of nets. */
#ifndef LATHE_NN_MODELS_BUILD_IMPL_H
#define LATHE_NN_MODELS_BUILD_IMPL_H

#include <math.h>
#include <stddef.h>

#include "../layers/activation.h"
#include "../layers/batch_norm.h"
#include "../layers/concat.h"
#include "../layers/conv2d.h"
#include "../layers/conv_transpose2d.h"
#include "../layers/dropout.h"
#include "../layers/linear.h"
#include "../layers/local_response_norm.h"
#include "../layers/pool.h"
#include "../layers/residual.h"
#include "../layers/sequential.h"
#include "../layers/shape.h"
#include "../layers/squeeze_excite.h"
#include "models.h"

/** A picture's size between two layers. */
typedef struct lathe_extent {
    int channels, height, width;
} lathe_extent;

/**
 * The size after a convolution or pooling that rounds down, and after a pooling in ceil mode without padding.
 */
lathe_extent lathe_extent_after(lathe_extent before, int channels, int kernel, int stride, int padding);
lathe_extent lathe_extent_after_ceil(lathe_extent before, int kernel, int stride);

/**
 * The numbers of an extent, which are in_features of the next linear layer. If the picture is empty or too
 * large, the model fails with `name` and the input's size, and the result is 0.
 */
int lathe_extent_features(lathe_model *model, const char *name, const lathe_model_spec *spec,
    lathe_extent extent);

/* ---- parts of nets for photographs --------------------------------------------------------------------- */

/**
 * Options of these nets. A net's table of fields names those that it has; the others are 0. `blocks` and
 * `dropout` are described once, below.
 */
typedef struct lathe_net_opts {
    int blocks; /* how many are kept; 0: all */
    double dropout, drop_path, width;
} lathe_net_opts;

/** Rows of a table of fields. */
#define LATHE_FIELD_BLOCKS \
    { \
        .name = "blocks", .kind = LATHE_FIELD_INT, .offset = offsetof(lathe_net_opts, blocks), \
        .max = HUGE_VAL, .help = "keep the first N blocks, then pooling and head; 0: all" \
    }
#define LATHE_FIELD_DROPOUT(preset_) \
    { \
        .name = "dropout", .kind = LATHE_FIELD_DOUBLE, .offset = offsetof(lathe_net_opts, dropout), \
        .preset = { preset_ }, .max = 1, .below_max = true, .help = "probability of a zero before the head" \
    }
#define LATHE_FIELD_WIDTH \
    { \
        .name = "width", .kind = LATHE_FIELD_DOUBLE, .offset = offsetof(lathe_net_opts, width), \
        .preset = { 1 }, .max = 64, .above_min = true, .help = "multiplier of all channels" \
    }

#define LATHE_FIELD_DROP_PATH(preset_) \
    { \
        .name = "drop_path", .kind = LATHE_FIELD_DOUBLE, .offset = offsetof(lathe_net_opts, drop_path), \
        .preset = { preset_ }, .max = 1, .below_max = true, \
        .help = "probability that the last residual block is left out; of earlier ones in proportion" \
    }

/** torchvision's preparation of pictures: 224 of 256 pixels. */
#define LATHE_INPUT_224 \
    { \
        .size = 224, .crop = 0.875, .interpolation = "bilinear", .mean = LATHE_IMAGENET_MEAN, \
        .std = LATHE_IMAGENET_STD \
    }

/**
 * How many of a net's `all` blocks its options keep. If they ask for more, the model fails, and the result is
 * `all`.
 */
int lathe_blocks_kept(lathe_model *model, const char *name, const lathe_model_spec *spec, int all);

/**
 * A convolution without bias, a batch norm and an activation. Zeros: 1x1, the norm's defaults, no activation.
 */
typedef struct lathe_conv_norm_opts {
    int kernel, stride, groups;
    bool same;               /* padded as TensorFlow does; otherwise by (kernel - 1) / 2 on each side */
    double eps, momentum;    /* of the batch norm */
    bool less_padding;       /* one pixel less on each side */
    bool zero_norm;          /* the norm's first weight is 0, not 1 */
    lathe_init init;         /* of the convolution; default: lathe_init_fan_out */
    lathe_layer *activation; /* NULL: none */
    const char *name[3];     /* of the three layers; NULL: their numbers */
} lathe_conv_norm_opts;

/** A sequential of the three. Same as torchvision.ops.Conv2dNormActivation */
lathe_layer *lathe_conv_norm(lathe_model *model, int in, int out, const lathe_conv_norm_opts *opts);

/** The three at the end of `net`, whose children they become. */
void lathe_append_conv_norm(lathe_layer *net, int in, int out, const lathe_conv_norm_opts *opts);

/** Normal of variance 2 / (out * kernel^2). Same as kaiming_normal_(weight, mode="fan_out") */
lathe_init lathe_init_fan_out(int out, int kernel);

/**
 * `features`, each channel's mean, `dropout` unless NULL, and `head`: the first and the last under these
 * names.
 */
lathe_layer *lathe_net_of(lathe_model *model, lathe_layer *features, lathe_layer *dropout, lathe_layer *head,
    const char *head_name);

/** A linear layer whose first weights are normal and whose first biases are 0. */
lathe_layer *lathe_linear_normal(lathe_model *model, int in, int out, double deviation);

/** The multiple of 8 nearest to `wanted`, at least 8 and at least 0.9 * wanted. Same as _make_divisible */
int lathe_channels(double wanted);

#endif
