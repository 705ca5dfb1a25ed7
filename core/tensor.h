/* Tensors: numbers with a shape, and the gradient of the loss with respect to them. */
#ifndef LATHE_CORE_TENSOR_H
#define LATHE_CORE_TENSOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "layout.h"
#include "real.h"
#include "status.h"

#ifdef __cplusplus
extern "C" {
#endif

#define LATHE_MAX_RANK 5

typedef struct lathe_tape lathe_tape;

/**
 * A shape: `(lathe_shape){ 4, { 64, 1, 28, 28 } }` has rank 4. Rank 0 is one number. Dimensions are at least
 * 1.
 */
typedef struct lathe_shape {
    int rank;
    int dim[LATHE_MAX_RANK];
} lathe_shape;

/** A tensor. Its fields may be read directly; write only through the functions below. */
typedef struct lathe_tensor {
    lathe_shape shape; /* logical: [B, ...] for any layout */
    lathe_layout layout;
    size_t stored; /* numbers in data, with tail lanes */
    lathe_real *data;
    const struct lathe_norm_affine *norm; /* what data lacks: see lathe_node_numbers; NULL: nothing */
    lathe_real *grad;                     /* same layout as data; NULL without a gradient */
    bool pictures;     /* plain images [B, C, H, W]: operations take them in the layout that they want */
    bool sharded;      /* dimension 0 is this process's images of a shared batch (shard.h) */
    bool needs_grad;   /* backward computes its gradient */
    bool has_grad;     /* grad holds a gradient: the next one is added, not written */
    bool keep_grad;    /* keep grad after the backward of the tensor's own operation */
    bool stepped;      /* an optimizer's step has used grad, and nothing has cleared it since */
    bool mixed;        /* stepped, and a later gradient was added: the next step is refused */
    lathe_tape *tape;  /* the owner until the next lathe_tape_begin; NULL: the model is the owner */
    uint64_t begun;    /* the tape's number of lathe_tape_begin calls when the tensor was made */
    const char *name;  /* a parameter's path; NULL for a computed tensor */
    const char *alias; /* its name in other people's files of weights; NULL: the same */
} lathe_tensor;

/** Numbers in a shape; 1 for rank 0. Errors: LATHE_ESHAPE (rank or dimension out of range, too large): 0. */
size_t lathe_shape_count(const lathe_shape *shape);

/**
 * Numbers in the storage of a shape: for LATHE_BATCHED the batch is rounded up to 16, for LATHE_CHANNELS
 * (rank 4) the channels. Errors: LATHE_ESHAPE: 0.
 */
size_t lathe_shape_stored(const lathe_shape *shape, lathe_layout layout);

bool lathe_shape_equal(const lathe_shape *a, const lathe_shape *b);

/** Bytes for a shape as text. */
#define LATHE_SHAPE_TEXT 80

/** Write "[64, 1, 28, 28]" into `text`, for messages. Returns `text`. */
const char *lathe_shape_text(const lathe_shape *shape, char text[LATHE_SHAPE_TEXT]);

/** Blocks of sixteen images in a batched tensor: ceil(B / 16). */
int lathe_tensor_blocks(const lathe_tensor *tensor);

/**
 * Planes of sixteen lanes in a tensor [B, C, ...] whose images or channels lie abreast: a plane is one
 * channel of sixteen images, or sixteen channels of one image. Its size is the product of all dimensions from
 * the third on, times 16. Code that treats all planes alike takes both layouts.
 */
size_t lathe_tensor_planes(const lathe_tensor *tensor);

/** Numbers of one image in a batched tensor: the product of all dimensions but the first. */
size_t lathe_tensor_per_image(const lathe_tensor *tensor);

/**
 * Copy all numbers to `values` in row-major order. `count` must be the number in the shape.
 * Errors   LATHE_EARG, LATHE_ESHAPE; LATHE_ESTATE for a parameter without values, and for a result that a
 *          norm has left to its reader (lathe_node_numbers).
 */
lathe_status lathe_tensor_read(const lathe_tensor *tensor, lathe_real *values, size_t count);

/** Copy all numbers from `values` in row-major order; tail lanes become 0. Errors: as lathe_tensor_read. */
lathe_status lathe_tensor_write(lathe_tensor *tensor, const lathe_real *values, size_t count);

/** Copy the gradient in row-major order; zeros without a gradient. Errors: as lathe_tensor_read. */
lathe_status lathe_tensor_read_grad(const lathe_tensor *tensor, lathe_real *values, size_t count);

/**
 * The number of a tensor with one number, such as a loss; NaN after a failure. Errors: LATHE_EARG for NULL,
 * LATHE_ESHAPE, LATHE_ESTATE.
 */
double lathe_item(const lathe_tensor *tensor);

/** The index in storage of number `index` in row-major order. Slow: for tests. */
size_t lathe_tensor_place(const lathe_tensor *tensor, size_t index);

/** Whether number `place` of the storage lies in a tail lane. For checks and probes. */
bool lathe_tensor_is_tail(const lathe_tensor *tensor, size_t place);

#ifdef __cplusplus
}
#endif
#endif
