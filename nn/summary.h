/*
 * The layers of a net with shapes, parameters and floating-point operations. Finds wrong shapes before any
 * data is read.
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
    size_t parameters;                 /* its own, without the layers in it */
    double flops;                      /* of its own forward of one image; a multiply-add is 2 */
} lathe_summary_row;

/** A net: each layer before the layers in it. */
typedef struct lathe_summary {
    lathe_summary_row *row;
    int rows;
    lathe_shape in, out; /* of one image */
    /** Numbers that can be trained, frozen ones included; numbers that are frozen. */
    size_t parameters, frozen;
    size_t buffers; /* numbers that are saved but not trained */
    double flops;   /* of a forward of one image; a training step needs about three times as many */
} lathe_summary;

/**
 * Run `net` on one image of zeros in LATHE_EVAL and record the result's shape of each layer. FLOPs count
 * convolutions and linear layers. A whole net needs no lathe_nn_init before it.
 * image    the shape of one image, such as `(lathe_shape){ 3, { 1, 28, 28 } }`
 * Errors   LATHE_ESTATE for a part of a net before lathe_nn_init; those of the layers. The message begins
 *          with the layer's path: "layer 7: lathe_linear: x has 576 features, weight expects 400".
 */
lathe_summary *lathe_nn_summary(lathe_layer *net, lathe_shape image);

/** Free it. NULL is fine. */
void lathe_summary_free(lathe_summary *summary);

/**
 * Write the summary as a table in plain text into `text`, at most `size` bytes with the final zero.
 * Returns  the number of characters of the whole table. Call it with (NULL, 0) first to learn the size.
 */
size_t lathe_summary_text(const lathe_summary *summary, char *text, size_t size);

#ifdef __cplusplus
}
#endif
#endif
