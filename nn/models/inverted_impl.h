/* Private: inverted residual blocks, of which mobilenet_v3, efficientnet and fbnetv3 consist. */
#ifndef LATHE_NN_MODELS_INVERTED_IMPL_H
#define LATHE_NN_MODELS_INVERTED_IMPL_H

#include "build_impl.h"

/** Whose names of tensors, and first weights, a net has. */
typedef enum lathe_school {
    LATHE_TORCHVISION,  /* block.1.0: a number for each layer */
    LATHE_TIMM,         /* conv_dw, bn2 */
    LATHE_MOBILE_VISION /* dw.conv, dw.bn */
} lathe_school;

/** What the blocks of a net have in common. */
typedef struct lathe_inverted_form {
    lathe_school school;
    bool same;                                 /* padded as TensorFlow does */
    double eps, momentum;                      /* of batch norms; 0: the defaults */
    const char *squeeze_activation, *gate;     /* of squeeze and excitation */
    lathe_layer *(*activation)(lathe_model *); /* of convolutions */
} lathe_inverted_form;

/**
 * A block: 1x1 from `in` to `wide` channels (left out if they are equal), depthwise, squeeze and excitation,
 * 1x1 to `out` channels without activation. With stride 1 and in = out its input is added.
 */
typedef struct lathe_inverted_block {
    int in, wide, out, kernel, stride;
    int squeezed;      /* channels in the middle of squeeze and excitation; 0: the block has none */
    double drop;       /* probability of stochastic depth */
    bool less_padding; /* one pixel less on each side in the depthwise convolution */
} lathe_inverted_block;

/** The block. Sources: Sandler et al. 2018; Howard et al. 2019, arXiv 1905.02244; Tan, Le 2019. */
lathe_layer *lathe_inverted(lathe_model *model, const lathe_inverted_form *form,
    const lathe_inverted_block *block);

/** Names of a convolution, its norm and its activation, and of the sequential around them. */
typedef struct lathe_unit_names {
    const char *whole, *part[3];
} lathe_unit_names;

/** A convolution, norm and activation outside of blocks, added to `to`. */
void lathe_add_unit(lathe_layer *to, const lathe_inverted_form *form, int in, int out, int kernel, int stride,
    lathe_unit_names names);

/** The first weights of the last linear layer: uniform on +-1 / sqrt(classes), biases 0. */
lathe_layer *lathe_linear_fan_out(lathe_model *model, int in, int classes);

#endif
