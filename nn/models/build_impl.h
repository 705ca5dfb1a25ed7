/* Private: the sizes of pictures on their way through a net, for the files of models. */
#ifndef LATHE_NN_MODELS_BUILD_IMPL_H
#define LATHE_NN_MODELS_BUILD_IMPL_H

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

#endif
