/* The model zoo: networks by name. */
#ifndef LATHE_NN_MODELS_MODELS_H
#define LATHE_NN_MODELS_MODELS_H

#include "../layer.h"

#ifdef __cplusplus
extern "C" {
#endif

/** The input and the output of a model. */
typedef struct lathe_model_spec {
    int channels, height, width; /* of the input */
    int classes;
} lathe_model_spec;

/** A network of the zoo. */
typedef struct lathe_model_type {
    const char *name;        /* as on the command line: "lenet5" */
    const char *summary;     /* one line for `lathe list` */
    lathe_model_spec native; /* the original size; other sizes work if the layers allow them */
    lathe_layer *(*build)(lathe_model *model, const lathe_model_spec *spec);
} lathe_model_type;

/** Model number `index`: the library's sorted by name, then the program's; NULL after the last. */
const lathe_model_type *lathe_model_at(int index);

/** The model of this name (see lathe_registry_find). Errors: LATHE_ENAME, listing the known names. */
const lathe_model_type *lathe_model_find(const char *name);

/**
 * Add a model of the program (see core/registry.h). Settings, lists and checkpoints find it by name.
 * Errors   LATHE_ENAME if the name is taken;
 *          LATHE_EARG if it has no build or no native size.
 */
lathe_status lathe_model_register(const lathe_model_type *type);

/**
 * Build a model by name; `spec` NULL: its native one. Call lathe_nn_init next. Errors: LATHE_ENAME,
 * LATHE_ESHAPE.
 */
lathe_layer *lathe_model_build(lathe_model *model, const char *name, const lathe_model_spec *spec);

/**
 * Check that pictures are in proportion to a net, before or after lathe_nn_init. The weights of a
 * convolutional net fit pictures of any size, but the memory of a forward grows with the picture. The numbers
 * of a picture (channels x height x width) must be at most 2^20 + 64 for each weight, and at most 2^24.
 * Training checks this too, so that a run cannot write a checkpoint that is refused later.
 * Errors   LATHE_ESHAPE
 */
lathe_status lathe_model_check_input(lathe_layer *net, const lathe_model_spec *spec);

#ifdef __cplusplus
}
#endif
#endif
