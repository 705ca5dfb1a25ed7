/* Private: traces, as plans make them. */
#ifndef LATHE_NN_TRACE_IMPL_H
#define LATHE_NN_TRACE_IMPL_H

#include "trace.h"

/** The trace of net(x), whose input 0 is x; NULL after a failure, which is the tape's too. */
lathe_trace *lathe_trace_of(lathe_layer *net, lathe_tensor *x);

/**
 * lathe_nn_trace from shapes alone: numbers are not there. Where the net reads some, the result is NULL,
 * *reads_numbers is true, and nothing is recorded as a failure.
 */
lathe_trace *lathe_trace_shapes(lathe_layer *net, lathe_shape image, bool *reads_numbers);

#endif
