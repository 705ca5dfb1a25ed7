/* The model zoo: networks by name. */
#ifndef LATHE_NN_MODELS_MODELS_H
#define LATHE_NN_MODELS_MODELS_H

#include "../../core/field.h"
#include "../layer.h"

#ifdef __cplusplus
extern "C" {
#endif

/** The input and the output of a model. */
typedef struct lathe_model_spec {
    int channels, height, width; /* of the input */
    int classes;
    /** For `build` alone: the type's options struct with every default filled in; NULL for a type without. */
    const void *opts;
} lathe_model_spec;

/**
 * How pictures are prepared for a model's published weights. The short side is resized to size / crop, the
 * middle is cut out, and numbers from 0 to 1 are normalised: (x - mean) / std. A size of 0: no weights are
 * published, or for pictures as they are.
 */
typedef struct lathe_model_input {
    int size;                  /* side of the square that the net sees, in pixels */
    double crop;               /* its part of the short side: 0.875 for 224 of 256 */
    const char *interpolation; /* "bilinear", "bicubic"; see lathe_filter_names */
    double mean[3], std[3];
} lathe_model_input;

/** Of ImageNet: the normalisation of most published nets. */
#define LATHE_IMAGENET_MEAN \
    { \
        0.485, 0.456, 0.406 \
    }
#define LATHE_IMAGENET_STD \
    { \
        0.229, 0.224, 0.225 \
    }

/** Bytes for a model's name, and for each of its options. */
#define LATHE_MODEL_NAME 80

/** A network of the zoo. */
typedef struct lathe_model_type {
    const char *name;          /* as on the command line: "lenet5" */
    const char *summary;       /* one line for `lathe list` */
    lathe_model_spec native;   /* the original size; other sizes work if the layers allow them */
    lathe_model_input input;   /* for its published weights */
    const lathe_field *fields; /* of its options: "mobilenet_v1:blocks=12"; NULL: it has none */
    size_t opts_size;          /* of their struct */
    lathe_layer *(*build)(lathe_model *model, const lathe_model_spec *spec);
} lathe_model_type;

/** Model number `index`: the library's sorted by name, then the program's; NULL after the last. */
const lathe_model_type *lathe_model_at(int index);

/**
 * The model of this name (see lathe_registry_find), after which options may follow: "mobilenet_v1:blocks=12".
 * Errors: LATHE_ENAME, listing the known names; LATHE_EARG for an option that is unknown or out of range.
 */
const lathe_model_type *lathe_model_find(const char *name);

/**
 * Add a model of the program (see core/registry.h). Settings, lists and checkpoints find it by name.
 * Errors   LATHE_ENAME if the name is taken;
 *          LATHE_EARG if it has no build or no native size, or its fields do not describe its options.
 */
lathe_status lathe_model_register(const lathe_model_type *type);

/**
 * Build a model by name, with options as lathe_model_find has them; `spec` NULL: its native one. Call
 * lathe_nn_init next.
 * Errors   LATHE_ENAME, LATHE_ESHAPE, LATHE_EARG
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
