/* What the model files share: sizes of pictures on their way through a net. Not installed. */
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

/** The extent behind a convolution or pooling that rounds down, or behind a pooling in ceil mode without
 * padding. */
lathe_extent lathe_extent_after(lathe_extent before, int channels, int kernel, int stride, int padding);
lathe_extent lathe_extent_after_ceil(lathe_extent before, int kernel, int stride);

/**
 * The numbers of an extent: in_features of the linear layer behind it. If nothing is left of the picture, or
 * it is too large, the model fails, naming `name` and its input's size, and 0 is returned.
 */
int lathe_extent_features(lathe_model *model, const char *name, const lathe_model_spec *spec,
    lathe_extent extent);

#endif
