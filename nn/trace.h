/* A net as a list of operations. */
#ifndef LATHE_NN_TRACE_H
#define LATHE_NN_TRACE_H

#include "../core/trace.h"
#include "layer.h"

#ifdef __cplusplus
extern "C" {
#endif

/**
 * Run `net` once on one image of zeros in LATHE_EVAL and list its operations. No two operations are fused,
 * parameters have their paths, and input 0 of the trace is the image [1, ...]. `image` is an image's shape,
 * such as `(lathe_shape){ 3, { 1, 28, 28 } }`. Free the trace with lathe_trace_free.
 *
 * Errors   LATHE_ESTATE before lathe_nn_init; LATHE_ESHAPE for an image without 1 to 4 dimensions; those of
 * the layers: the message begins with the path of the layer that does not fit, "layer 7: lathe_linear: ...".
 */
lathe_trace *lathe_nn_trace(lathe_layer *net, lathe_shape image);

#ifdef __cplusplus
}
#endif
#endif
