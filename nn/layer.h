/*
 * Models and layers: the interface. A layer is a name, a size and a forward. Its parameters belong to its
 * model, so it needs no destructor. Operations record themselves, so it needs no backward.
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
    /** y = layer(x), computed with operations. NULL in gives NULL out. */
    lathe_tensor *(*forward)(lathe_layer *layer, lathe_tensor *x);
    /** The layer's settings for a summary, such as "1 -> 6, 5x5, padding 2". May be NULL. */
    void (*describe)(const lathe_layer *layer, char *text, size_t size);
    const char *summary; /* one line for `lathe list`; may be NULL */
    /**
     * Which operations run, or their attributes, depends on numbers, or forward reads tensors' `data`: in
     * other layers' forwards these may not be computed yet (lathe_tensor_read and lathe_item compute them).
     */
    bool dynamic;
} lathe_layer_type;

/** What lathe_nn_init allocates for a layer. */
typedef struct lathe_layer_memory lathe_layer_memory;

/** The beginning of every layer's struct. Its fields may be read directly. */
struct lathe_layer {
    const lathe_layer_type *type;
    lathe_model *model;
    lathe_layer *parent; /* the layer that contains it; NULL for the outermost */
    const char *name;    /* in its parent: "0", "body"; "" for the outermost; see also lathe_layer_add */
    const char *path;    /* from the outermost: "3.body.0"; set by lathe_nn_init */
    const char
        *alias; /* its path in other people's files of weights; NULL: the same. See lathe_layer_alias */
    lathe_layer **child; /* in the order of lathe_layer_add */
    int children;
    lathe_tensor **tensor; /* its own parameters and buffers, in the order of their creation */
    int tensors;
    lathe_layer_memory *memory; /* NULL before lathe_nn_init */
};

/** Make an empty model, the owner of layers and parameters. Errors: LATHE_ENOMEM. */
lathe_model *lathe_model_new(void);

/** Free the model with all its layers and parameters. NULL is fine. */
void lathe_model_free(lathe_model *model);

/**
 * The first failure of building the model, and its message ("" without one). Constructors then return NULL.
 */
lathe_status lathe_model_status(const lathe_model *model);
const char *lathe_model_message(const lathe_model *model);

/** How a parameter gets its first numbers. All draw from the sequence keyed by (seed, path). */
typedef enum lathe_init_kind {
    LATHE_INIT_DEFAULT,  /* the layer's choice; in lathe_layer_param: uniform on +-1 / sqrt(fan_in) */
    LATHE_INIT_CONSTANT, /* a */
    LATHE_INIT_UNIFORM,  /* on [-a, a] */
    LATHE_INIT_NORMAL,   /* mean 0, standard deviation a */
    /** Bound a * sqrt(3 / fan_in); a = 0 means sqrt(2), the gain of ReLU (He et al. 2015). */
    LATHE_INIT_KAIMING_UNIFORM,
    LATHE_INIT_KAIMING_NORMAL, /* standard deviation a / sqrt(fan_in); a = 0 means sqrt(2) */
    /** Bound a * sqrt(6 / (fan_in + fan_out)); a = 0 means 1 (Glorot, Bengio 2010). */
    LATHE_INIT_XAVIER_UNIFORM,
    LATHE_INIT_XAVIER_NORMAL /* standard deviation a * sqrt(2 / (fan_in + fan_out)); a = 0 means 1 */
} lathe_init_kind;

typedef struct lathe_init {
    lathe_init_kind kind;
    double a;
} lathe_init;

/* ---- using a model ------------------------------------------------------------------------------------- */

/**
 * Give all parameters of `net` their paths, memory and first numbers, keyed by (seed, path).
 *
 * The numbers do not depend on the rest of the model. Call this once `net` is complete. A second call sets
 * other numbers, in the same memory if no parameter was added.
 * Memory   one slab of parameters and one of gradients, each tensor at a multiple of 16 numbers; buffers are
 *          separate.
 * Errors   the model's failure; LATHE_ESTATE if net is part of another layer; LATHE_ENOMEM.
 */
lathe_status lathe_nn_init(lathe_layer *net, uint64_t seed);

/**
 * The named tensors that lathe_nn_init will give memory, in the order of lathe_nn_state: names and shapes
 * alone, without numbers. With them a file of weights is compared with a net before the net takes memory.
 * *count is their number; it may be NULL.
 * Memory   the list belongs to the model.
 * Errors   those of lathe_nn_init: returns NULL.
 */
lathe_tensor *const *lathe_nn_plan(lathe_layer *net, int *count);

/**
 * Set the weights of `layer` and of the layers in it anew. Weights are the parameters of two dimensions or
 * more, not biases and norms.
 * Errors   LATHE_ESTATE before lathe_nn_init; LATHE_EARG for an `a` that is negative or not finite.
 */
lathe_status lathe_nn_init_weights(lathe_layer *layer, lathe_init init, uint64_t seed);

/**
 * y = layer(x). During the call the layer's path is the tape's scope, and messages of failures begin with it.
 * NULL in gives NULL out.
 * Errors   those of the operations; LATHE_ESTATE before lathe_nn_init
 */
lathe_tensor *lathe_nn_forward(lathe_layer *layer, lathe_tensor *x);

/**
 * The trainable parameters of `layer` and of the layers in it, in the order of lathe_nn_state.
 *
 * For a part of a net they are a part of the net's slabs, and can be a group of the optimizer. Frozen
 * parameters are included, with needs_grad false; the optimizer does not change them.
 * Memory   belongs to the model.
 * Errors   LATHE_ESTATE before lathe_nn_init: returns NULL.
 */
const lathe_params *lathe_nn_params(lathe_layer *layer);

/**
 * All named tensors, with running statistics: the contents of a file of weights. A layer's own tensors come
 * first, in the order of their creation, then those of the layers in it. *count is their number.
 * Errors   LATHE_ESTATE before lathe_nn_init: returns NULL.
 */
lathe_tensor *const *lathe_nn_state(lathe_layer *layer, int *count);

/**
 * The parameter or buffer at a path from `layer` ("3.weight"), after lathe_nn_init. NULL if it does not
 * exist.
 */
lathe_tensor *lathe_nn_find(lathe_layer *layer, const char *path);

/** The layer at a path from `layer` ("3.body"; "" is `layer`). NULL if it does not exist. */
lathe_layer *lathe_nn_find_layer(lathe_layer *layer, const char *path);

/**
 * Freeze this layer and the layers in it, or unfreeze them. A frozen parameter keeps its values: its gradient
 * is cleared, its needs_grad is false, and the optimizer skips it. Running statistics still change, as in
 * PyTorch; lathe_nn_freeze_norm freezes those.
 */
void lathe_nn_freeze(lathe_layer *layer, bool frozen);

/** The same for one parameter, such as one of lathe_nn_params. NULL is fine. */
void lathe_nn_freeze_param(lathe_tensor *param, bool frozen);

/**
 * Called after each layer's forward, for inner layers first, with its input and its result (y may be NULL).
 */
typedef void lathe_forward_hook(void *context, lathe_layer *layer, const lathe_tensor *x,
    const lathe_tensor *y);

/**
 * Install the model's hook (NULL: none), for summaries, pictures of activations and the search for the first
 * NaN. Layers are not fused while there is a hook, so that it sees each layer's result; no bits change. Of
 * processes that share a batch, all have a hook or none: what they exchange comes in another order.
 * Same as  torch.nn.modules.module.register_module_forward_hook
 */
void lathe_nn_on_forward(lathe_model *model, lathe_forward_hook *hook, void *context);

/**
 * Allow (the default) or forbid a sequential to run two layers as one operation where such an operation
 * exists: conv2d and relu, relu and max_pool2d, ... It saves passes over memory and changes no bits.
 * Processes that share a batch agree on it.
 */
void lathe_nn_fusion(lathe_model *model, bool on);

/* ---- making a kind of layer ---------------------------------------------------------------------------- */

/** A new layer of `type->size` bytes, zeroed after its lathe_layer. NULL if the model has failed. */
void *lathe_layer_new(lathe_model *model, const lathe_layer_type *type);

/**
 * Make `child` part of `layer` under `name` (copied, without dots; NULL: its number). The net then needs
 * lathe_nn_init. Under the name "" the child has no name of its own: its path is that of `layer`, and its
 * parts are named as if they were parts of `layer`. So the layers of a residual block's body can be
 * "layer1.0.conv1", as in PyTorch.
 * Returns  `child`
 * Errors   LATHE_EARG if child is of another model, is part of a layer, or the name is taken
 */
lathe_layer *lathe_layer_add(lathe_layer *layer, lathe_layer *child, const char *name);

/**
 * Say under which path ("layer1.0.conv1", copied) other people's files have the tensors of `layer`.
 * A file that lacks "3.body.0.weight" may have "layer1.0.conv1.weight" then. First weights and what lathe
 * writes keep the layer's own path.
 * Returns  `layer`; NULL after a failure
 */
lathe_layer *lathe_layer_alias(lathe_layer *layer, const char *path);

/**
 * A trainable parameter of `layer`. Its data is NULL until lathe_nn_init.
 *
 * For the shape [O, ...rest], fan_in is the product of rest, and fan_out is O times the product of the
 * dimensions from the third on, as in PyTorch.
 * Errors   LATHE_ESHAPE; LATHE_EARG for a name that is taken or has a dot, or an `init` by fans for fewer
 *          than two dimensions.
 */
lathe_tensor *lathe_layer_param(lathe_layer *layer, const char *name, lathe_shape shape, lathe_init init);

/**
 * A tensor that is saved but not trained, such as running statistics. lathe_nn_init sets all numbers to
 * `value`.
 */
lathe_tensor *lathe_layer_buffer(lathe_layer *layer, const char *name, lathe_shape shape, double value);

/** Zeroed memory that belongs to the model, for data of a layer. Errors: LATHE_ENOMEM, the model fails. */
void *lathe_model_alloc(lathe_model *model, size_t count, size_t size);

/** Kind of layer number `index`: the library's sorted by name, then the program's; NULL after the last. */
const lathe_layer_type *lathe_layer_at(int index);

/** The kind of layer of this name (see lathe_registry_find). Errors: LATHE_ENAME, listing the known names. */
const lathe_layer_type *lathe_layer_find(const char *name);

/**
 * Add a kind of layer of the program (see core/registry.h). Settings, lists and checkpoints find it by name.
 * Errors   LATHE_ENAME if the name is taken;
 *          LATHE_EARG if it has no forward or its size is below that of a lathe_layer.
 */
lathe_status lathe_layer_register(const lathe_layer_type *type);

/** Fail the model (the first failure stays). Returns NULL. */
void *lathe_model_fail(lathe_model *model, lathe_status status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#ifdef __cplusplus
}
#endif
#endif
