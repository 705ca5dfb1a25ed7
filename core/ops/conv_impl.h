/*
 * Private: code of convolution and transposed convolution, whose forward is convolution's gradient to the
 * data.
 */
#ifndef LATHE_CORE_OPS_CONV_IMPL_H
#define LATHE_CORE_OPS_CONV_IMPL_H

#include "op_impl.h"
#include "sides.h"
#include "window_impl.h"

/** Shapes and settings of one convolution; channels and filters are those of one group. */
typedef struct lathe_conv_geometry {
    int groups, channels, filters;
    lathe_window rows, columns;
} lathe_conv_geometry;

/*
 * Each takes the node of a convolution or a transposed one, whose `saved` is the geometry; failures are the
 * tape's. `how` says what becomes of the numbers that are there.
 */

/**
 * y = w * x + bias, bias NULL for none. `packed` has the weights as lathe_conv_pack leaves them; NULL: they
 * are packed now.
 */
void lathe_conv_forward(lathe_node *node, const lathe_real *x, const lathe_real *bias,
    const lathe_real *packed, lathe_real *y, lathe_conv_store how);

/**
 * The gradient to the data from gy, to which `bias` [C] (or NULL) is added. `packed`: of
 * lathe_conv_pack_to_data, or NULL.
 */
void lathe_conv_to_data(lathe_node *node, const lathe_real *gy, const lathe_real *bias,
    const lathe_real *packed, lathe_real *gx, lathe_conv_store how);

/** Numbers of packed weights, for either direction. */
size_t lathe_conv_packed_size(const lathe_node *node);

/** Pack the weights for lathe_conv_forward, or for lathe_conv_to_data. */
void lathe_conv_pack(const lathe_node *node, lathe_real *packed);
void lathe_conv_pack_to_data(const lathe_node *node, lathe_real *packed);

/** The gradient to the weights, if they need one; tail lanes must be 0 in x or in gy. */
void lathe_conv_to_weights(lathe_node *node, const lathe_real *x, const lathe_real *gy);

/** The gradient to the bias, if there is one and it needs a gradient. */
void lathe_conv_to_bias(lathe_node *node, const lathe_real *gy);

/* ---- as correlations ----------------------------------------------------------------------------------- */

/** A correlation and its weights, those of the first group. */
typedef struct lathe_conv_phase {
    lathe_correlation c;
    lathe_conv_weights weights;
} lathe_conv_phase;

/** The kernels of a correlation with channels abreast, and of its gradient to the weights. */
const lathe_channels_kernels *lathe_channels_kernels_for(const lathe_node *node, const lathe_correlation *c);

/**
 * The kernels of a correlation with images abreast, or of its gradient to the weights: direct ones or those
 * by Winograd's tiles, by a fixed rule of its shape unless the context says that all are direct.
 */
const lathe_conv_kernels *lathe_conv_kernels_for(const lathe_node *node, const lathe_correlation *c,
    bool to_weights);

/** Numbers in the weights of one group. */
size_t lathe_conv_group_weights(const lathe_conv_geometry *g);

lathe_conv_phase lathe_conv_forward_phase(const lathe_node *node);

/** The gradient to the data is several: one for each phase of the image. */
int lathe_conv_data_phases(const lathe_conv_geometry *g);
lathe_conv_phase lathe_conv_data_phase(const lathe_node *node, int number);

/* ---- on channels: what the functions above do where channels lie abreast ------------------------------- */

/**
 * The layout of a convolution by the weights of the node's input 1 and the strides and dilations of `g`: the
 * tape's, if the kernels can do it.
 */
lathe_layout lathe_conv_layout(const lathe_node *node, const lathe_conv_geometry *g);

bool lathe_conv_on_channels(const lathe_node *node);

/** Numbers of one phase's packed weights. */
size_t lathe_channels_packed_size(const lathe_node *node, const lathe_conv_phase *phase);

/** Pack the weights of one phase at *packed, which moves behind them. */
void lathe_channels_pack_phase(const lathe_node *node, const lathe_conv_phase *phase, lathe_real **packed);

void lathe_channels_forward(lathe_node *node, const lathe_real *x, const lathe_real *bias,
    const lathe_real *packed, lathe_real *y, lathe_conv_store how);
void lathe_channels_to_data(lathe_node *node, const lathe_real *gy, const lathe_real *bias,
    const lathe_real *packed, lathe_real *gx, lathe_conv_store how);
void lathe_channels_to_weights(lathe_node *node, const lathe_real *x, const lathe_real *gy);
void lathe_channels_to_bias(lathe_node *node, const lathe_real *gy);

#endif
