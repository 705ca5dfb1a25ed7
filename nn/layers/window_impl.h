/* Private: what layers of convolution and pooling have in common: a window that moves over pictures. */
#ifndef LATHE_NN_LAYERS_WINDOW_IMPL_H
#define LATHE_NN_LAYERS_WINDOW_IMPL_H

#include "../../core/ops/sides.h"
#include "../layer.h"

/** Settings of the two axes; a width of 0 is that down a column. */
typedef struct lathe_layer_window {
    int kernel, kernel_width, stride, stride_width, padding, dilation, dilation_width;
    lathe_sides sides; /* beside `padding` */
    bool same;
} lathe_layer_window;

/** Whether the settings are legal; otherwise the model has failed, in the name of `who`. */
bool lathe_layer_window_is_fine(lathe_model *model, const char *who, const lathe_layer_window *w);

/** Append "3x3, stride 2, padding 1", and what else is not the default. `stride` is the one left out. */
void lathe_describe_window(char *text, size_t size, const lathe_layer_window *w, int stride);

#endif
