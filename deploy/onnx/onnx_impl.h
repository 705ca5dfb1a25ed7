/*
 * Private: an ONNX graph under construction. An emitter writes one operation of lathe as nodes of ONNX; the
 * emitters of a family of operations are one file with a table.
 */
#ifndef LATHE_DEPLOY_ONNX_ONNX_IMPL_H
#define LATHE_DEPLOY_ONNX_ONNX_IMPL_H

#include "../../core/arena.h"
#include "../export.h"
#include "proto_impl.h"

/** The types of a tensor's elements, as ONNX numbers them. */
enum { LATHE_ONNX_FLOAT = 1, LATHE_ONNX_UINT8 = 2, LATHE_ONNX_INT64 = 7 };

/** Fields of GraphProto. */
enum { LATHE_ONNX_NODE = 1, LATHE_ONNX_INITIALIZER = 5, LATHE_ONNX_INPUT = 11, LATHE_ONNX_OUTPUT = 12 };

/** A graph of ONNX under construction. */
typedef struct lathe_onnx {
    const lathe_graph *graph;
    bool dynamic;       /* the batch is a parameter "N", not 1 */
    lathe_proto proto;  /* GraphProto: nodes and initializers */
    lathe_arena *arena; /* of names and of numbers that are lent to the proto */
    const char **used;  /* the names of values so far */
    int useds, room;
    const char *input;     /* the value that the net reads */
    const char **result;   /* [graph->nodes]: the value of each operation */
    bool *batched;         /* [graph->nodes]: whether dimension 0 of the result is the batch */
    const char **constant; /* [graph->constants]: the initializer of each; NULL before its first use */
    int at;                /* the operation that is emitted */
    const char *scope;     /* what names begin with */
    lathe_proto last;      /* the last node, whose output has no name yet in the file */
    const char *last_name; /* that it will have, unless it is the graph's; NULL: there is no last node */
    lathe_status status;   /* of the first failure */
} lathe_onnx;

/**
 * Emit operation number o->at. Returns the name of the value that is its result; NULL after a failure, which
 * is o->status.
 */
typedef const char *lathe_onnx_emit(lathe_onnx *o);

/** The ONNX form of an operation. A table ends with an entry without op. */
typedef struct lathe_onnx_form {
    const lathe_op *op;
    lathe_onnx_emit *emit;
} lathe_onnx_form;

/** The families. */
extern const lathe_onnx_form lathe_onnx_activations[], lathe_onnx_arithmetic[], lathe_onnx_convolutions[],
    lathe_onnx_norms[], lathe_onnx_pools[], lathe_onnx_shapes[];

/** The form of an operation; NULL: it has none. */
const lathe_onnx_form *lathe_onnx_form_of(const lathe_op *op);

/** Activations that also end other operations. */
const char *lathe_onnx_relu6(lathe_onnx *o, const char *x);
const char *lathe_onnx_hardswish(lathe_onnx *o, const char *x);
const char *lathe_onnx_silu(lathe_onnx *o, const char *x);

/** The operation that is emitted. */
const lathe_graph_node *lathe_onnx_op(const lathe_onnx *o);

/** Keep the first failure, which the library has recorded. Returns NULL. */
const char *lathe_onnx_failed(lathe_onnx *o, lathe_status status);

/** Fail: "onnx: lathe_sum has no ONNX form: layer 'features.1'". Returns NULL. */
const char *lathe_onnx_refuse(lathe_onnx *o, const char *reason);

/** Whether a result is of all images of the batch together. */
bool lathe_onnx_joins_images(const lathe_graph_node *node);

/** The attribute of that name of the operation that is emitted (see lathe_graph_attribute). */
double lathe_onnx_attribute(const lathe_onnx *o, const char *name);

/** Whether dimension 0 of a value is the batch. */
bool lathe_onnx_batched(const lathe_onnx *o, const lathe_graph_value *value);

/* ---- values -------------------------------------------------------------------------------------------- */

/** A name that no other value has, which begins with `name`. */
const char *lathe_onnx_unique(lathe_onnx *o, const char *name);

/** The value of input number `i`; "" for an input that was not given. */
const char *lathe_onnx_in(lathe_onnx *o, int i);

/** The same numbers in another shape: a second initializer for a constant, a Reshape otherwise. */
const char *lathe_onnx_in_as(lathe_onnx *o, int i, lathe_shape shape);

/** A constant of one number, of rank 0. */
const char *lathe_onnx_number(lathe_onnx *o, double number);

/** A constant list of integers, and numbers with a shape; `what` ends the name. */
const char *lathe_onnx_ints(lathe_onnx *o, const char *what, const int64_t *numbers, int count);
const char *lathe_onnx_floats(lathe_onnx *o, const char *what, const double *numbers, lathe_shape shape);

/** A constant of `count` equal numbers, [count]. */
const char *lathe_onnx_filled(lathe_onnx *o, const char *what, double number, int count);

/* ---- nodes --------------------------------------------------------------------------------------------- */

/** Add an attribute to a list of attributes, which lathe_onnx_node takes. */
void lathe_onnx_int(lathe_proto *attributes, const char *name, int64_t number);
void lathe_onnx_float(lathe_proto *attributes, const char *name, double number);
void lathe_onnx_list(lathe_proto *attributes, const char *name, const int64_t *numbers, int count);
void lathe_onnx_string(lathe_proto *attributes, const char *name, const char *text);

/**
 * Add a node of operator `type` with `count` inputs. `attributes` (NULL: none) is empty afterwards. Returns
 * the name of its output; NULL after a failure, also if an input is NULL.
 */
const char *lathe_onnx_node(lathe_onnx *o, const char *type, const char *const *in, int count,
    lathe_proto *attributes);

/** End the graph: `result` gets the name "output". */
void lathe_onnx_close(lathe_onnx *o, const char *result);

/** A node of one or two inputs without attributes. */
const char *lathe_onnx_unary(lathe_onnx *o, const char *type, const char *x);
const char *lathe_onnx_binary(lathe_onnx *o, const char *type, const char *a, const char *b);

/** x in another shape. With `batched`, dimension 0 stays x's own; another dimension may be -1. */
const char *lathe_onnx_reshape(lathe_onnx *o, const char *x, const int64_t *dims, int rank, bool batched);

/** x with the shape of the operation's result. */
const char *lathe_onnx_as_result(lathe_onnx *o, const char *x);

/** The mean or maximum ("ReduceMean", "ReduceMax") over dimensions. */
const char *lathe_onnx_reduce(lathe_onnx *o, const char *type, const char *x, const int64_t *dims, int count,
    bool keepdims);

/** x plus zeros (or another number) on all sides of its `rank` dimensions. */
const char *lathe_onnx_pad(lathe_onnx *o, const char *x, const int64_t *before, const int64_t *after,
    int rank, double number);

/* ---- the model ----------------------------------------------------------------------------------------- */

/** Add ValueInfoProto number `field` of the graph. `batched`: dimension 0 is the batch. `doc` may be NULL. */
void lathe_onnx_value(lathe_onnx *o, int field, const char *name, int type, const lathe_shape *shape,
    bool batched, const char *doc);

/** Add what the model is, of its checkpoint, to a ModelProto. */
lathe_status lathe_onnx_describe(lathe_proto *model, const lathe_exported *exported);

/** What the numbers of the model's output mean, in a sentence. */
const char *lathe_onnx_meaning(const lathe_exported *exported);

/** Pixels [N, H, W, C] of 8 bits become the net's input. Returns the value. */
const char *lathe_onnx_preprocess(lathe_onnx *o, const lathe_trained *trained, const char *pixels);

#endif
