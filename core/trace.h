/*
 * Traces: the record of a forward that outlives its tape. A trace lists the operations in their order, with
 * attributes, shapes, and the source of each input. Exports and summaries use it.
 */
#ifndef LATHE_CORE_TRACE_H
#define LATHE_CORE_TRACE_H

#include "op.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef enum lathe_trace_source {
    LATHE_TRACE_ABSENT,   /* an optional input that was not given */
    LATHE_TRACE_INPUT,    /* an input of the whole trace: `index` counts them from 0 */
    LATHE_TRACE_NODE,     /* the result of node number `index` */
    LATHE_TRACE_PARAMETER /* the parameter or buffer of that path */
} lathe_trace_source;

/** A tensor of a trace, without its numbers. */
typedef struct lathe_trace_value {
    lathe_trace_source source;
    int index;
    const char *path;        /* "3.body.0.weight"; NULL unless it is a parameter or buffer */
    lathe_tensor *parameter; /* itself, which lives with its model; NULL unless it is one */
    lathe_layout layout;
    lathe_shape shape;
} lathe_trace_value;

/** An operation of a trace. */
typedef struct lathe_trace_node {
    const lathe_op *op;
    const void *attributes; /* a copy with all defaults; what its pointers point to is not copied */
    const char *layer;      /* the path of the layer that ran it; "" for the outermost layer or no layer */
    lathe_trace_value *in;
    int inputs;
    lathe_trace_value out;
} lathe_trace_node;

typedef struct lathe_trace {
    lathe_trace_node *node;
    int nodes;
    int inputs;               /* of the whole trace */
    lathe_trace_value result; /* set by lathe_trace_close */
    struct lathe_trace_memory *memory;
} lathe_trace;

/** An empty trace. Errors: LATHE_ENOMEM. */
lathe_trace *lathe_trace_new(void);

/** Free the trace. NULL is fine. */
void lathe_trace_free(lathe_trace *trace);

/**
 * Add each operation that runs on `tape` from now on to `trace`, until lathe_trace_close, also in LATHE_EVAL.
 * Layers are not fused meanwhile.
 * If memory runs out, the tape fails.
 */
void lathe_trace_open(lathe_trace *trace, lathe_tape *tape);

/** Make `x` the next input of the trace. Inputs are otherwise numbered when they are first read. */
lathe_status lathe_trace_input(lathe_trace *trace, lathe_tensor *x);

/** Stop adding. `result` (may be NULL) is the result of the forward. Errors: LATHE_EARG. */
lathe_status lathe_trace_close(lathe_trace *trace, lathe_tape *tape, lathe_tensor *result);

#ifdef __cplusplus
}
#endif
#endif
