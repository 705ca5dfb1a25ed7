/*
 * What a net consists of: its layers with shapes, parameters and floating-point operations. Finds shape
 * mistakes before any data is read.
 */
#ifndef LATHE_NN_SUMMARY_H
#define LATHE_NN_SUMMARY_H

#include "layer.h"

#ifdef __cplusplus
extern "C" {
#endif

#define LATHE_SUMMARY_TEXT 96

/** A layer. Its path and kind are layer->path and layer->type->name. */
typedef struct lathe_summary_row {
    const lathe_layer *layer;
    int depth;                         /* 0 for the net itself, 1 for the layers in it, ... */
    char settings[LATHE_SUMMARY_TEXT]; /* "1 -> 6, 5x5, padding 2" */
    lathe_shape out;                   /* of one image, without the batch; rank 0 if it did not run */
    size_t parameters;                 /* its own, without those of the layers in it */
    double flops;                      /* of its own forward of one image; a multiply-add is 2 */
} lathe_summary_row;

/** A net: each layer before the layers in it. */
typedef struct lathe_summary {
    lathe_summary_row *row;
    int rows;
    lathe_shape in, out; /* of one image */
    size_t parameters,
        frozen;     /* numbers that are trained, or would be if they were not frozen; those that are frozen */
    size_t buffers; /* numbers that are saved but not trained */
    double flops;   /* of a forward of one image; a training step needs about three times that */
} lathe_summary;

/**
 * Run `net` on one image of zeros in LATHE_EVAL and note what each layer gives. `image` is an image's shape,
 * such as `(lathe_shape){ 3, { 1, 28, 28 } }`. FLOPs count convolutions and linear layers, as is usual.
 * Errors   LATHE_ESTATE before lathe_nn_init; those of the layers: the message begins with the path of the
 *          one that does not fit, "layer 7: lathe_linear: x has 576 features, weight expects 400".
 */
lathe_summary *lathe_nn_summary(lathe_layer *net, lathe_shape image);

/** Free it. NULL is fine. */
void lathe_summary_free(lathe_summary *summary);

/**
 * The summary as a table in plain text, each line ended by a newline. Writes at most `size` bytes with the
 * ending zero, and returns how many characters the whole table has: call it with (NULL, 0) first to learn how
 * much room it needs.
 */
size_t lathe_summary_text(const lathe_summary *summary, char *text, size_t size);

#ifdef __cplusplus
}
#endif
#endif
