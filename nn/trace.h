/* A net as a list of operations. */
#ifndef LATHE_NN_TRACE_H
#define LATHE_NN_TRACE_H

#include "../core/trace.h"
#include "layer.h"

#ifdef __cplusplus
extern "C" {
#endif

/**
 * Run `net` once on one image of zeros in LATHE_EVAL and list its operations. No operations are fused,
 * parameters have their paths, and input 0 of the trace is the image [1, ...]. Free the trace with
 * lathe_trace_free.
 *
 * image    the shape of one image, such as `(lathe_shape){ 3, { 1, 28, 28 } }`
 * Errors   LATHE_ESTATE before lathe_nn_init; LATHE_ESHAPE for an image without 1 to 4 dimensions; those of
 *          the layers. The message begins with the layer's path: "layer 7: lathe_linear: ...".
 */
lathe_trace *lathe_nn_trace(lathe_layer *net, lathe_shape image);

#ifdef __cplusplus
}
#endif
#endif
