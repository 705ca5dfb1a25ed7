/* What a net's C file needs: the memory of each operation, planned by lifetimes. */
#ifndef LATHE_DEPLOY_MEMORY_H
#define LATHE_DEPLOY_MEMORY_H

#include "../nn/graph.h"

#ifdef __cplusplus
extern "C" {
#endif

/** An operation. Offsets and sizes are bytes; the scratch memory is one block, which results share. */
typedef struct lathe_memory_row {
    const char *layer; /* the path of the layer; "" for the outermost layer or no layer */
    const char *op;    /* "conv2d_relu" */
    lathe_shape shape; /* of the result, with a batch of 1 */
    double multiply_adds;
    size_t weights;      /* constants, as the file has them */
    size_t offset, size; /* the place of the result in the scratch memory */
    size_t work;         /* more scratch memory while the operation runs */
    bool in_place;       /* the result takes the place of what the operation reads */
} lathe_memory_row;

/** The table, and its sums. */
typedef struct lathe_memory {
    lathe_memory_row *row; /* in the order of execution */
    int rows;
    double multiply_adds;
    size_t weights; /* bytes of all constants: of flash memory, besides the program's */
    size_t scratch; /* bytes of scratch memory */
    void *plan;     /* private */
} lathe_memory;

/**
 * The memory that the C file of a graph needs, which is LATHE_GRAPH_FUSED unless batch norms shall stay. The
 * graph must outlive the table. Operations whose result has the numbers of their input have no row.
 * Errors   LATHE_ENOMEM; LATHE_EARG for an operation that has no form in C: returns NULL.
 */
lathe_memory *lathe_memory_new(const lathe_graph *graph);

/** Free the table. NULL is fine. */
void lathe_memory_free(lathe_memory *memory);

#ifdef __cplusplus
}
#endif
#endif
