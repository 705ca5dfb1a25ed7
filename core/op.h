/*
 * Operations: an operation is a constant object that says what it is, and lathe_apply is the one way to run
 * it. The functions that programs call (lathe_conv2d, ...) are a face over lathe_apply.
 */
#ifndef LATHE_CORE_OP_H
#define LATHE_CORE_OP_H

#include "field.h"
#include "tape.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct lathe_op lathe_op;

/**
 * What lathe_apply asks of an input before it asks the shape rule. "Batched" images also lie with channels
 * abreast, if the operation wants them so.
 */
typedef enum lathe_form {
    LATHE_FORM_ANY,      /* any layout and shape */
    LATHE_FORM_LIKE,     /* layout and shape of the first input */
    LATHE_FORM_IMAGES,   /* batched [B, C, H, W] */
    LATHE_FORM_FEATURES, /* batched [B, F] */
    LATHE_FORM_CHANNELS, /* batched [B, C, ...] */
    LATHE_FORM_FILTERS,  /* plain [O, C, kh, kw], or [O, C] with 1 in the next two places of shape.dim */
    LATHE_FORM_MATRIX,   /* plain [O, F] */
    LATHE_FORM_VECTOR    /* plain [C] */
} lathe_form;

/** An input of an operation. */
typedef struct lathe_op_input {
    const char *name; /* "x", as in messages */
    lathe_form form;
    bool optional; /* may be NULL */
    bool constant; /* gets no gradient */
    bool plain;    /* where the operation wants channels abreast, plain images without a gradient will do */
    bool normed;   /* may have numbers to which a norm is yet to be applied (lathe_tensor's `norm`) */
} lathe_op_input;

/** The most inputs with names. */
#define LATHE_OP_INPUTS 6

/** One operation that runs or ran. */
struct lathe_node {
    const lathe_op *op;
    lathe_tensor *out;
    lathe_tensor **in; /* entries may be NULL: an optional input that was not given */
    int inputs;
    void *attributes;  /* checked, with every default filled in; NULL if the operation has none */
    void *saved;       /* what shape and forward keep for backward */
    const char *scope; /* the path of the layer that ran it, or NULL */
    lathe_node *before;
    lathe_tape *tape;
    lathe_context *context;
    const lathe_kernels *kernels; /* the context's */
    const lathe_real *packed;     /* what op->pack has made of the weights; NULL: forward reads input 1 */
    bool records;                 /* backward will come: some input needs a gradient */
};

/** What a shape rule answers. It begins as the first input's layout and shape. */
typedef struct lathe_result {
    lathe_layout layout;
    lathe_shape shape;
    bool same;  /* the result is the first input itself: forward does not run */
    bool whole; /* of inputs from a shared batch: the result is the whole batch's; rank 0 always is */
} lathe_result;

/** An operation. */
struct lathe_op {
    const char *name; /* "conv2d"; messages begin with "lathe_conv2d: " */
    lathe_op_input in[LATHE_OP_INPUTS];
    int most;                  /* inputs that the last one may be repeated to; 0: each input once */
    bool view;                 /* the result shares the first input's numbers */
    int in_place;              /* 1 + the number of the input whose memory out->data may be; 0: none */
    const lathe_field *fields; /* of the attributes, for lathe_fields_resolve; NULL: copied as they are */
    size_t attributes_size;    /* of the attributes' struct; 0: no attributes */
    /**
     * For operations of programs: forward and backward are right where processes share the batch (shard.h).
     * Sums over pictures are then those of all processes; lathe_shard_sum gives them. false: such a batch is
     * refused.
     */
    bool shares;
    /**
     * For operations of the library: what forward and backward do to numbers of pictures is handed in by
     * lathe_parallel_blocks and may wait, or is done behind lathe_chain_run (chain_impl.h).
     */
    bool by_blocks;
    /**
     * Bytes of node->saved, zeroed before the shape rule. Parts of variable size come from lathe_tape_alloc.
     */
    size_t saved_size;
    /**
     * The layout in which the operation wants its images [B, C, H, W]: LATHE_BATCHED or LATHE_CHANNELS.
     * lathe_apply lays those out anew that lie otherwise. It is asked after the attributes are known and
     * before the shape rule; inputs may still have wrong shapes. NULL: LATHE_BATCHED.
     */
    lathe_layout (*layout)(const lathe_node *node);
    /**
     * The result's shape from the inputs' shapes and the attributes. May fill in attributes whose default
     * depends on others, and node->saved. Returns false after lathe_op_fail. NULL: the first input's shape.
     */
    bool (*shape)(lathe_node *node, lathe_result *result);
    /** Compute node->out. A failure is the tape's: lathe_op_fail, or an allocation that failed. */
    void (*forward)(lathe_node *node);
    /**
     * The count of numbers that `pack` writes: the weights (input 1) in the order in which forward reads
     * them. A plan (nn/plan.h) packs once for many forwards, which find the numbers at node->packed; the
     * count does not depend on the size of the batch. NULL: forward reads the weights as they are.
     */
    size_t (*packed_size)(const lathe_node *node);
    void (*pack)(const lathe_node *node, lathe_real *packed);
    /** Given node->out->grad, add to the gradients of those inputs that need one (see lathe_grad_target). */
    void (*backward)(lathe_node *node);
    /** Floating-point operations of a forward of one image, from the shapes of inputs 0 and 1 (a batch and a
     * weight) and of the result; a multiply-add is 2. NULL: not worth counting. */
    double (*flops)(const lathe_shape *x, const lathe_shape *w, const lathe_shape *out);
};

/**
 * Run an operation. The steps: check the inputs, resolve the attributes by their fields, lay images out as
 * the operation wants them, call the shape rule, allocate the result, call forward, free the work space, and
 * record the operation for backward.
 * `in` has `count` entries, NULL for optional inputs that are not given. `attributes` is the operation's
 * struct, NULL for zeros.
 *
 * Memory   the result and what backward needs, on the inputs' tape.
 * Errors   LATHE_EARG for an input that is NULL, inputs on different tapes or without a tape, and attributes
 *          out of
 *          range; LATHE_ESTATE for a parameter without values; LATHE_ESHAPE for layouts and shapes that do
 *          not
 *          fit: "lathe_conv2d: x is plain [3, 4], expected batched [B, C, H, W]". Returns NULL after the
 *          tape's first failure.
 */
lathe_tensor *lathe_apply(const lathe_op *op, lathe_tensor *const *in, int count, const void *attributes);

/** Fail the tape of `node`; the message begins with the operation's name. Returns false. */
bool lathe_op_fail(const lathe_node *node, lathe_status status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/**
 * The numbers of the node's result. A norm may leave its work to the operation that reads it (nn/fusion.c),
 * and then nothing holds them: they are computed now. NULL after a failure, which is the tape's.
 */
const lathe_real *lathe_node_numbers(const lathe_node *node);

/**
 * For functions made of several operations: the tape that these inputs are on, after the checks of
 * lathe_apply that need no operation. `name` begins the message, as an operation's does. Errors: as
 * lathe_apply.
 */
lathe_tape *lathe_tape_of(const char *name, lathe_tensor *const *in, int count);

/** Every operation of the library, by index from 0; NULL beyond the last. */
const lathe_op *lathe_op_at(int index);

#ifdef __cplusplus
}
#endif
#endif
