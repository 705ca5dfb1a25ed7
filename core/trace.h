/*
 * Traces: what a forward did, as data that outlives its tape. A trace is a list of operations in the order
 * they ran, with their attributes and shapes, and where each input came from. Exports and summaries walk it.
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
    const char *path; /* "3.body.0.weight"; NULL unless it is a parameter or buffer */
    lathe_layout layout;
    lathe_shape shape;
} lathe_trace_value;

/** An operation of a trace. */
typedef struct lathe_trace_node {
    const lathe_op *op;
    const void *attributes; /* a copy, with every default filled in; what its pointers show is not copied */
    const char *layer;      /* the path of the layer that ran it; "" for the outermost or none */
    lathe_trace_value *in;
    int inputs;
    lathe_trace_value out;
} lathe_trace_node;

typedef struct lathe_trace {
    lathe_trace_node *node;
    int nodes;
    int inputs;               /* of the whole trace */
    lathe_trace_value result; /* what lathe_trace_close was told */
    struct lathe_trace_memory *memory;
} lathe_trace;

/** An empty trace. Errors: LATHE_ENOMEM. */
lathe_trace *lathe_trace_new(void);

/** Free it. NULL is fine. */
void lathe_trace_free(lathe_trace *trace);

/**
 * Add each operation that runs on `tape` from now on to `trace`, until lathe_trace_close. In LATHE_EVAL too.
 * Memory that runs out fails the tape.
 */
void lathe_trace_open(lathe_trace *trace, lathe_tape *tape);

/** Stop adding, and note that `result` (NULL: none) is what the forward gave. Errors: LATHE_EARG. */
lathe_status lathe_trace_close(lathe_trace *trace, lathe_tape *tape, const lathe_tensor *result);

#ifdef __cplusplus
}
#endif
#endif
