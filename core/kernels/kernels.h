/* All kernels, as one table an instruction set. select.c knows which tables the processor can run. */
#ifndef LATHE_CORE_KERNELS_KERNELS_H
#define LATHE_CORE_KERNELS_KERNELS_H

#include "convolution/channels.h"
#include "convolution/conv.h"
#include "elementwise/dropout.h"
#include "elementwise/element.h"
#include "elementwise/loss.h"
#include "planes/layer_norm.h"
#include "planes/norm.h"
#include "peak.h"
#include "planes/pool.h"
#include "product/product.h"
#include "planes/resample.h"
#include "planes/response.h"
#include "elementwise/softmax.h"
#include "elementwise/update.h"
#include "planes/upsample.h"

typedef struct lathe_kernels {
    const char *isa; /* "avx512", "avx2", "base" */
    const lathe_channels_kernels *channels;
    const lathe_conv_kernels *conv;
    const lathe_channels_kernels *depthwise; /* with channels abreast */
    const lathe_dropout_kernels *dropout;
    const lathe_element_kernels *element;
    const lathe_layer_norm_kernels *layer_norm;
    const lathe_loss_kernels *loss;
    const lathe_norm_kernels *norm, *channel_norm;
    const lathe_pool_kernels *pool;
    const lathe_peak_kernels *peak;
    const lathe_product_kernels *product;
    const lathe_resample_kernels *resample;
    const lathe_response_kernels *response;
    const lathe_softmax_kernels *softmax;
    const lathe_update_kernels *update;
    const lathe_upsample_kernels *upsample;
    /* Of some correlations; core/ops/conv_impl.h chooses. */
    const lathe_conv_kernels *winograd_3x3, *winograd_5x5;
    const lathe_channels_kernels *channels_winograd;
} lathe_kernels;

/** The tables that the processor can run, the best first; NULL after the last. */
const lathe_kernels *lathe_kernels_at(int index);

/** The table of the environment's LATHE_ISA if the processor can run it, or else the best. */
const lathe_kernels *lathe_kernels_preferred(void);

#endif
