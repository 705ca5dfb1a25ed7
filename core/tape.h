/*
 * The tape: a list of the operations of one step, in their order. Backward is one loop over it, from the
 * newest.
 *
 * Everything computed lives on the tape until the next lathe_tape_begin.
 */
#ifndef LATHE_CORE_TAPE_H
#define LATHE_CORE_TAPE_H

#include <stdint.h>

#include "batch.h"
#include "context.h"
#include "tensor.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef enum lathe_mode {
    /**
     * Dropout does nothing, and batch norm uses its running statistics. Operations are recorded only behind a
     * tensor on the tape whose needs_grad is set, such as the input of a saliency map. Parameters get no
     * gradient.
     */
    LATHE_EVAL,
    LATHE_TRAIN /* dropout drops, batch norm uses the batch's statistics, operations are recorded */
} lathe_mode;

/**
 * Make an empty tape whose operations run on `context` (NULL: the default one). Call lathe_tape_begin before
 * the first operation.
 * Errors   LATHE_ENOMEM
 */
lathe_tape *lathe_tape_new(lathe_context *context);

/** Free the tape and everything on it. NULL is fine. */
void lathe_tape_free(lathe_tape *tape);

/**
 * Start a step. All tensors of the last step become invalid, and its failure is forgotten. A later use of
 * such a tensor is a failure, LATHE_ESTATE, for at least the next 1,000 tensors of the tape.
 */
void lathe_tape_begin(lathe_tape *tape, lathe_mode mode);

lathe_mode lathe_tape_mode(const lathe_tape *tape);

/** The first failure of this step, LATHE_OK without one; lathe_tape_message has its message. */
lathe_status lathe_tape_status(const lathe_tape *tape);
const char *lathe_tape_message(const lathe_tape *tape);

/**
 * Set the key of dropout's random numbers: the seed, and the number of the next training step. A new tape has
 * seed 0 and step 0. Each later lathe_tape_begin with LATHE_TRAIN adds 1 to the step.
 */
void lathe_tape_seed(lathe_tape *tape, uint64_t seed, uint64_t step);

/**
 * Set the weight of a batch in running statistics, in place of each norm's momentum; 0 (the default) means
 * the momentum. With weight 1 / (k + 1) at forward k from 0, in LATHE_TRAIN, they become the mean over all
 * forwards, which averaged weights need.
 * Returns  the former weight
 * Same as  torch.optim.swa_utils.update_bn
 */
double lathe_tape_statistics(lathe_tape *tape, double weight);

/**
 * Set the layout in which convolutions work, and with them what follows: LATHE_BATCHED (the default) or
 * LATHE_CHANNELS. lathe_input sets it too, by the layout that the loader has chosen. Returns the former one.
 */
lathe_layout lathe_tape_layout(lathe_tape *tape, lathe_layout layout);

/** Bytes that the tape has from the system, for tensors and work space. */
size_t lathe_tape_bytes(const lathe_tape *tape);

/**
 * A batch's images as a tensor [B, C, H, W], without a copy: the loader stays their owner. It needs no
 * gradient until its `needs_grad` is set.
 * Errors   LATHE_EARG, LATHE_ESHAPE
 */
lathe_tensor *lathe_input(lathe_tape *tape, const lathe_batch *batch);

/**
 * A tensor on the tape with the given numbers in row-major order (NULL: zeros). It needs no gradient until
 * its `needs_grad` is set.
 * Errors   LATHE_ESHAPE, LATHE_ENOMEM
 */
lathe_tensor *lathe_tape_leaf(lathe_tape *tape, lathe_layout layout, lathe_shape shape,
    const lathe_real *values);

/**
 * Compute the gradient of `loss`, a single number, for every tensor before it that needs one.
 *
 * Gradients of parameters are added to the present ones; the optimizer's zero_grad clears them. In LATHE_EVAL
 * parameters get none. The gradient of a computed tensor is freed after its use, unless its keep_grad is set.
 * Errors   the first failure of the step's operations; LATHE_ESHAPE if loss is not a single number;
 *          LATHE_ESTATE if backward was called before, or nothing before the loss needs a gradient
 * Same as  torch.Tensor.backward
 */
lathe_status lathe_backward(lathe_tensor *loss);

/** Backward from any tensor, with the gradient `gy` of some loss with respect to it, in row-major order. */
lathe_status lathe_backward_from(lathe_tensor *y, const lathe_real *gy, size_t count);

/* ---- for operations ------------------------------------------------------------------------------------ */

/** One operation that ran: op.h. */
typedef struct lathe_node lathe_node;

/** An uninitialised tensor on the tape, for an operation's result. Errors: LATHE_ESHAPE, LATHE_ENOMEM. */
lathe_tensor *lathe_tape_tensor(lathe_tape *tape, lathe_layout layout, lathe_shape shape);

/**
 * A tensor of another shape that shares the numbers of `x`, for operations that only rename dimensions. The
 * caller checks that the shape has as many numbers and the same images.
 * Errors   LATHE_ESHAPE, LATHE_ENOMEM
 */
lathe_tensor *lathe_tape_view(lathe_tape *tape, const lathe_tensor *x, lathe_shape shape);

/**
 * `count` objects of `size` bytes, valid until the next lathe_tape_begin, not initialised. Errors:
 * LATHE_ENOMEM.
 */
void *lathe_tape_alloc(lathe_tape *tape, size_t count, size_t size);

/** Work space for one operation, valid until its forward or its backward returns. Errors: LATHE_ENOMEM. */
void *lathe_tape_work(lathe_tape *tape, size_t count, size_t size);

/**
 * In a backward: the gradient of `tensor`. If *add is true, add to it; otherwise overwrite it (its contents
 * are undefined). NULL if no gradient is needed or memory ran out (see lathe_tape_status).
 */
lathe_real *lathe_grad_target(lathe_tape *tape, lathe_tensor *tensor, bool *add);

/**
 * Record a failure on the tape (the first one stays) and for lathe_error. The message begins with the path of
 * the running layer: "layer 3.body.0: lathe_conv2d: ...".
 * Returns  NULL, for `return lathe_tape_fail(...)`
 */
void *lathe_tape_fail(lathe_tape *tape, lathe_status status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/**
 * LATHE_OK if `tensor` may be used. `function` and `name` begin the message: "lathe_relu: x is of an earlier
 * step".
 * Errors   LATHE_ESTATE for a tensor whose tape has begun another step
 */
lathe_status lathe_tape_check(const char *function, const char *name, const lathe_tensor *tensor);

/** Set the path of the running layer (NULL: no layer); each node keeps it. Returns the former path. */
const char *lathe_tape_scope(lathe_tape *tape, const char *path);

/** An operation that is to run in place of another one. */
typedef struct lathe_swap {
    const struct lathe_op *own, *fused; /* of the same inputs, attributes and shape rule; NULL: none */
    const char *scope;                  /* the path, by its address, of the layer whose operation it is */
    lathe_tensor *base;                 /* one more input of `fused`, which lies as the first; NULL: none */
    bool left; /* the result shares the first input's numbers, and its reader applies the norm to them */
} lathe_swap;

/** Set the swap, for nn/fusion.c. Returns the former one. */
lathe_swap lathe_tape_swap(lathe_tape *tape, lathe_swap swap);

/** The layout set by lathe_tape_layout or lathe_input. */
lathe_layout lathe_tape_layout_of(const lathe_tape *tape);

/** The weight set by lathe_tape_statistics; 0 by default. */
double lathe_tape_statistics_weight(const lathe_tape *tape);

/** The number of the training step from 0, its seed, and a number that is new at each call in a step. */
uint64_t lathe_tape_step(const lathe_tape *tape);
uint64_t lathe_tape_seed_of(const lathe_tape *tape);
uint64_t lathe_tape_ticket(lathe_tape *tape);

/**
 * Set functions that are called after each recorded operation's forward, and after each operation's backward,
 * when the gradients of its inputs are ready. For profiles, and to find the first non-finite value. NULL: no
 * function.
 */
typedef void lathe_node_hook(void *context, const lathe_node *node);
void lathe_tape_on_record(lathe_tape *tape, lathe_node_hook *hook, void *context);
void lathe_tape_on_backward(lathe_tape *tape, lathe_node_hook *hook, void *context);

/** The newest node, to look at the tape; NULL if nothing was recorded. */
const lathe_node *lathe_tape_newest(const lathe_tape *tape);

#ifdef __cplusplus
}
#endif
#endif
