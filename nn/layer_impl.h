/* Private: what model.c, layer.c, init.c and state.c share. */
#ifndef LATHE_NN_LAYER_IMPL_H
#define LATHE_NN_LAYER_IMPL_H

#include "../core/arena.h"
#include "layer.h"

struct lathe_model {
    lathe_arena *arena; /* layers, tensors, names, slabs */
    lathe_status status;
    char message[LATHE_MESSAGE_SIZE];
    lathe_forward_hook *hook;
    void *hook_context;
    bool no_fusion;
};

/* A parameter or buffer, with the data for lathe_nn_init. */
typedef struct lathe_named_tensor {
    lathe_tensor tensor; /* first, because a lathe_tensor of a layer is a lathe_named_tensor */
    const char *name;    /* in its layer: "weight" */
    lathe_init init;     /* never LATHE_INIT_DEFAULT */
    bool buffer;
} lathe_named_tensor;

/* The named tensors of a layer and of the layers in it: ranges of the net's arrays and slabs. */
struct lathe_layer_memory {
    lathe_params params;
    lathe_tensor **state;
    int states;
};

/** The named tensor that contains this tensor of a layer. */
lathe_named_tensor *lathe_named(lathe_tensor *tensor);

/** Make a failure recorded elsewhere (out of memory, an unknown name) the model's failure. Returns NULL. */
void *lathe_model_adopt_failure(lathe_model *model);

/** A copy of the text that belongs to the model. */
char *lathe_model_strdup(lathe_model *model, const char *text);

/** LATHE_OK if `layer` can be used; otherwise the status, with the reason in *message. */
lathe_status lathe_layer_problem(const lathe_layer *layer, const char **message);

/** Whether the layer or one in it is `dynamic`. */
bool lathe_layer_is_dynamic(const lathe_layer *layer);

/**
 * Give a net that has no memory yet (*lent is true then) zeros for numbers, until lathe_nn_take_back: enough
 * for what asks for shapes alone, without the time for first weights. Errors: those of lathe_nn_init.
 */
lathe_status lathe_nn_lend(lathe_layer *net, bool *lent);
void lathe_nn_take_back(lathe_layer *net);

/** The reason why `init` is not legal for a tensor of this shape; NULL if it is legal. */
const char *lathe_init_problem(lathe_init init, const lathe_shape *shape);

/**
 * True if `value` >= `least`. Otherwise the model fails: "lathe_nn_conv2d: kernel is 0; it must be at least
 * 1".
 */
bool lathe_layer_argument(lathe_model *model, const char *who, const char *argument, int value, int least);

/**
 * The bias [O] for a weight [O, ...]; by default uniform on +-1 / sqrt(fan_in of the weight), as in PyTorch.
 */
lathe_tensor *lathe_layer_bias(lathe_layer *layer, const lathe_tensor *weight, lathe_init init);

/** lathe_nn_activation for a setting called `what`, which messages name. */
lathe_layer *lathe_activation_named(lathe_model *model, const char *what, const char *name);

/** Append to a layer's description. */
void lathe_describe(char *text, size_t size, const char *format, ...) __attribute__((format(printf, 3, 4)));

#endif
