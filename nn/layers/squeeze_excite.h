/* Squeeze and excitation: channels weighed by what the whole picture shows. */
#ifndef LATHE_NN_LAYERS_SQUEEZE_EXCITE_H
#define LATHE_NN_LAYERS_SQUEEZE_EXCITE_H

#include "../layer.h"

#ifdef __cplusplus
extern "C" {
#endif

/** NULL or zeros: relu, sigmoid, "fc1" and "fc2". */
typedef struct lathe_squeeze_excite_opts {
    const char *activation;                          /* as lathe_nn_activation has it; NULL means "relu" */
    const char *gate;                                /* "sigmoid" (NULL means that) or "hardsigmoid" */
    const char *squeeze_name, *expand_name;          /* of the convolutions; NULL means "fc1", "fc2" */
    lathe_init squeeze_init, expand_init, bias_init; /* of their weights and of both biases */
} lathe_squeeze_excite_opts;

/**
 * y = x * gate(expand(activation(squeeze(m)))), where m [B, channels, 1, 1] is each channel's mean, and
 * squeeze and expand are convolutions of 1 x 1 (Hu, Shen, Sun 2018, arXiv 1709.01507).
 *
 * Parameters  fc1.weight [squeezed, channels, 1, 1], fc1.bias [squeezed],
 *             fc2.weight [channels, squeezed, 1, 1], fc2.bias [channels]
 * Errors      LATHE_EARG for numbers below 1; LATHE_ENAME for an unknown activation
 * Same as     torchvision.ops.SqueezeExcitation; timm's SqueezeExcite with names "conv_reduce", "conv_expand"
 */
lathe_layer *lathe_nn_squeeze_excite(lathe_model *model, int channels, int squeezed,
    const lathe_squeeze_excite_opts *opts);

#ifdef __cplusplus
}
#endif
#endif
