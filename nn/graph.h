/* A net as it leaves lathe: its operations in order, with the numbers of its weights. Exports read it. */
#ifndef LATHE_NN_GRAPH_H
#define LATHE_NN_GRAPH_H

#include "../core/op.h"
#include "layer.h"

#ifdef __cplusplus
extern "C" {
#endif

/** How many operations become one. */
typedef enum lathe_graph_fold {
    LATHE_GRAPH_PLAIN,  /* none: as the net says */
    LATHE_GRAPH_FOLDED, /* batch norms and scales are part of the weights before them, where that can be */
    LATHE_GRAPH_FUSED   /* also relus and residual sums, of the operations before them; as plans run them */
} lathe_graph_fold;

typedef enum lathe_graph_source {
    LATHE_GRAPH_ABSENT,  /* an optional input that was not given */
    LATHE_GRAPH_INPUT,   /* the image */
    LATHE_GRAPH_NODE,    /* the result of node number `index` */
    LATHE_GRAPH_CONSTANT /* constant number `index` */
} lathe_graph_source;

/** What a node reads. */
typedef struct lathe_graph_value {
    lathe_graph_source source;
    int index;
    lathe_shape shape;
} lathe_graph_value;

/** A parameter, a buffer, or folded weights, which have the name of what they were. Names are unique. */
typedef struct lathe_graph_constant {
    const char *name; /* "layer1.0.conv1.weight" */
    lathe_shape shape;
    size_t count;
    const lathe_real *data;
} lathe_graph_constant;

/** An operation. Its inputs are those of its op; one that adds has the other summand as its last. */
typedef struct lathe_graph_node {
    const lathe_op *op;
    const void *attributes; /* the op's options with every default filled in; NULL if it has none */
    const char *layer;      /* the path of the layer that ran it; "" for the outermost layer or no layer */
    lathe_graph_value *in;  /* [inputs] */
    int inputs;
    lathe_shape out;
} lathe_graph_node;

/** A net in LATHE_EVAL on one image. Images are [1, C, H, W], in the usual order of numbers. */
typedef struct lathe_graph {
    lathe_shape image;              /* [1, ...] */
    lathe_graph_node *node;         /* in the order of execution */
    lathe_graph_constant *constant; /* in the order of first use */
    int nodes, constants;
    lathe_graph_value result;
    struct lathe_graph_memory *memory; /* private */
} lathe_graph;

/**
 * The graph of `net`, which must outlive it, as must the numbers of its parameters.
 *
 * image    the shape of one image, such as `(lathe_shape){ 3, { 1, 28, 28 } }`
 * Errors   those of lathe_nn_trace; LATHE_EARG for an unknown fold, and for a net that depends on numbers
 *          (see lathe_plan_run) or whose result is a parameter
 */
lathe_graph *lathe_graph_new(lathe_layer *net, lathe_shape image, lathe_graph_fold fold);

/** Free the graph. NULL is fine. */
void lathe_graph_free(lathe_graph *graph);

/**
 * Number `index` of a node's attribute, an option of its op: ("stride", 0), ("padding_sides", 3). Choices and
 * bools are numbers too; 0 if the op has no such attribute, or fewer numbers of it.
 */
double lathe_graph_attribute(const lathe_graph_node *node, const char *name, int index);

#ifdef __cplusplus
}
#endif
#endif
