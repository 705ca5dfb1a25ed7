/* A factor for each channel. */
#ifndef LATHE_NN_LAYERS_CHANNEL_SCALE_H
#define LATHE_NN_LAYERS_CHANNEL_SCALE_H

#include "../layer.h"

#ifdef __cplusplus
extern "C" {
#endif

/**
 * y[b,c,i,j] = weight[c] * x[b,c,i,j]: "layer scale" for the body of a residual block (Touvron et al. 2021,
 * arXiv 2103.17239).
 *
 * first       the weights' first value, such as 1e-6
 * name        of the parameter; NULL: "weight"
 * Parameters  weight [channels, 1, 1]
 * Errors      LATHE_EARG if channels is below 1, or `first` is not finite
 * Same as     x * weight, weight a torch.nn.Parameter of this shape
 */
lathe_layer *lathe_nn_channel_scale(lathe_model *model, int channels, double first, const char *name);

#ifdef __cplusplus
}
#endif
#endif
