/*
 * Models and layers: the interface. A layer is a name, a size and a forward; its parameters belong to its model, so it needs no
 * destructor, and operations record themselves, so it needs no backward.
 */
#ifndef LATHE_NN_LAYER_H
#define LATHE_NN_LAYER_H

#include <stdint.h>

#include "../core/params.h"
#include "../core/tape.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct lathe_model lathe_model;
typedef struct lathe_layer lathe_layer;

/** A kind of layer. */
typedef struct lathe_layer_type {
    const char *name; /* "conv2d" */
    size_t size;      /* of its struct, which begins with a lathe_layer */
    /** y = layer(x), built from operations. NULL in gives NULL out. */
    lathe_tensor *(*forward)(lathe_layer *layer, lathe_tensor *x);
    /** Floating-point operations of a forward of one image, a multiply-add counted as 2; NULL: none worth counting. */
    double (*flops)(const lathe_layer *layer, const lathe_shape *in, const lathe_shape *out);
    /** Its settings for a summary, such as "1 -> 6, 5x5, padding 2"; NULL: none. */
    void (*describe)(const lathe_layer *layer, char *text, size_t size);
} lathe_layer_type;

/** What every layer begins with. Read its fields as you like. */
struct lathe_layer {
    const lathe_layer_type *type;
    lathe_model *model;
    lathe_layer *parent;     /* the layer it is part of; NULL for the outermost */
    const char *name;        /* in its parent: "0", "body"; "" for the outermost */
    const char *path;        /* from the outermost: "3.body.0"; set by lathe_nn_init */
    lathe_layer **child;     /* in order of adding */
    int children;
    lathe_tensor **tensor;   /* its own parameters and buffers, in order of creation */
    int tensors;
};

/** An empty model: owner of layers and parameters. Errors: LATHE_ENOMEM. */
lathe_model *lathe_model_new(void);

/** Free the model with all its layers and parameters. NULL is fine. */
void lathe_model_free(lathe_model *model);

/** The first failure while building the model. Its constructors return NULL after it. */
lathe_status lathe_model_status(const lathe_model *model);

/** How a parameter gets its first numbers. All draw from the sequence keyed by (seed, path). */
typedef enum lathe_init_kind {
    LATHE_INIT_DEFAULT,         /* what the layer asked for: PyTorch's default */
    LATHE_INIT_CONSTANT,        /* a */
    LATHE_INIT_UNIFORM,         /* on [-a, a] */
    LATHE_INIT_NORMAL,          /* mean 0, standard deviation a */
    LATHE_INIT_KAIMING_UNIFORM, /* bound a * sqrt(3 / fan_in); a 0 means sqrt(2), the gain of ReLU (He et al. 2015) */
    LATHE_INIT_KAIMING_NORMAL,  /* deviation a / sqrt(fan_in); a 0 means sqrt(2) */
    LATHE_INIT_XAVIER_UNIFORM,  /* bound a * sqrt(6 / (fan_in + fan_out)); a 0 means 1 (Glorot, Bengio 2010) */
    LATHE_INIT_XAVIER_NORMAL    /* deviation a * sqrt(2 / (fan_in + fan_out)); a 0 means 1 */
} lathe_init_kind;

typedef struct lathe_init {
    lathe_init_kind kind;
    double a;
} lathe_init;

/* ---- using a model ------------------------------------------------------------------------------------------ */

/**
 * Give the parameters of `net` and all layers in it their paths, memory and first numbers, each keyed by (seed, path): the same
 * whatever else is in the model. Call it once `net` is complete; calling it again starts anew with other numbers.
 * Errors   the model's failure; LATHE_ESTATE if net is part of another layer; LATHE_ENOMEM.
 */
lathe_status lathe_nn_init(lathe_layer *net, uint64_t seed);

/** Give all weights (not biases, not norms) of `net` and the layers in it other numbers. After lathe_nn_init. */
lathe_status lathe_nn_init_weights(lathe_layer *net, lathe_init init, uint64_t seed);

/** y = net(x). NULL in gives NULL out. Errors: those of its operations; LATHE_ESTATE before lathe_nn_init. */
lathe_tensor *lathe_nn_forward(lathe_layer *net, lathe_tensor *x);

/** The trainable parameters; they live with the model. NULL before lathe_nn_init (LATHE_ESTATE). */
const lathe_params *lathe_nn_params(lathe_layer *net);

/** All named tensors in order of creation, running statistics too: what a file of weights holds. *count says how many. */
lathe_tensor *const *lathe_nn_state(lathe_layer *net, int *count);

/** The parameter or buffer of that path ("3.weight"), NULL if there is none. */
lathe_tensor *lathe_nn_find(lathe_layer *net, const char *path);

/** Stop (or let) backward compute gradients for this layer and those in it. A frozen parameter keeps its values. */
void lathe_nn_freeze(lathe_layer *layer, bool frozen);

/* ---- making a kind of layer --------------------------------------------------------------------------------- */

/** A new layer of `type->size` bytes, zeroed behind its lathe_layer. NULL once the model has failed. */
void *lathe_layer_new(lathe_model *model, const lathe_layer_type *type);

/**
 * Make `child` part of `layer` under `name` (copied; NULL: its number). Returns `child`. Errors: LATHE_EARG if child is of another
 * model or part of a layer already.
 */
lathe_layer *lathe_layer_add(lathe_layer *layer, lathe_layer *child, const char *name);

/**
 * A trainable parameter of `layer`. Its data is NULL until lathe_nn_init. fan_in and fan_out of shape [O, ...rest]:
 * rest's product, and O times the product of the dimensions from the third on, as in PyTorch.
 */
lathe_tensor *lathe_layer_param(lathe_layer *layer, const char *name, lathe_shape shape, lathe_init init);

/** A tensor that is saved with the model but not trained, such as running statistics; all numbers `value` at lathe_nn_init. */
lathe_tensor *lathe_layer_buffer(lathe_layer *layer, const char *name, lathe_shape shape, double value);

/** Fail the model (the first failure stays). Returns NULL. */
void *lathe_model_fail(lathe_model *model, lathe_status status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#ifdef __cplusplus
}
#endif
#endif
