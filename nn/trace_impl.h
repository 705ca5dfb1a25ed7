/* Private: traces, as plans make them. */
#ifndef LATHE_NN_TRACE_IMPL_H
#define LATHE_NN_TRACE_IMPL_H

#include "trace.h"

/** The trace of net(x), whose input 0 is x; NULL after a failure, which is the tape's too. */
lathe_trace *lathe_trace_of(lathe_layer *net, lathe_tensor *x);

#endif
