/*
 * Convolution on channels: sixteen channels of one image lie abreast. A register tile holds filters abreast
 * at neighbouring places; numbers of x are broadcast.
 */
#ifndef LATHE_CORE_KERNELS_CONVOLUTION_CHANNELS_H
#define LATHE_CORE_KERNELS_CONVOLUTION_CHANNELS_H

#include <stdbool.h>

#include "conv.h"

/** Taps of a row and of a column that the kernels know. */
#define LATHE_CHANNELS_MOST_TAPS 16

/** Channels that the kernels by Winograd's tiles have room for. */
#define LATHE_CHANNELS_MOST_WINOGRAD 512

/**
 * Images. Channel c of place n of one image is at[c / 16 * block + c % 16 + n * 16] with sixteen channels
 * abreast (channel 1, pixel 16), and at[c * channel + n * pixel] in a plain image (pixel 1).
 */
typedef struct lathe_channels_image {
    const lathe_real *at;
    ptrdiff_t image; /* to the next image */
    ptrdiff_t block, channel, pixel;
} lathe_channels_image;

/**
 * An output of correlations: vectors of sixteen filters, [out rows][out columns][16] each. The kernels by
 * Winograd's tiles do what those of conv.h do with 3 x 3 taps, up to LATHE_CHANNELS_MOST_WINOGRAD channels.
 */
typedef struct lathe_channels_kernels {
    /** Whether all the functions below can do it; NULL of the kernels by Winograd's tiles. */
    bool (*fits)(const lathe_correlation *c);
    /**
     * Numbers of the packed weights; the groups in which they are packed; pack one group. Filters are in
     * vectors of sixteen, with 0 in place of missing ones.
     */
    size_t (*packed)(const lathe_correlation *c);
    int (*groups)(const lathe_correlation *c);
    void (*pack)(const lathe_correlation *c, const lathe_conv_weights *w, int group, lathe_real *packed);
    /** In how many parts `correlate` does one image. */
    int (*parts)(const lathe_correlation *c);
    /**
     * Part `part` of y [ceil(filters / 16)][rows.out_size][columns.out_size][16] of one image. bias may be
     * NULL. Lanes of filters that there are not become what 0 becomes.
     */
    void (*correlate)(const lathe_correlation *c, const lathe_channels_image *x, const lathe_real *packed,
        const lathe_real *bias, lathe_real *y, int part, lathe_conv_store how);
    /**
     * The gradient of the weights, from the forward correlation. Units are windows of images, `units` of each
     * image; parts are parts of the weights. to_weights writes part `part` of `sums`, of weight_sums numbers,
     * for units first ... last - 1 of gy [images][ceil(filters / 16)][rows.results][columns.results]
     * [16] (to the next image: gy_image numbers).
     */
    size_t (*weight_sums)(const lathe_correlation *c);
    int (*units)(const lathe_correlation *c);
    int (*weight_parts)(const lathe_correlation *c);
    void (*to_weights)(const lathe_correlation *c, const lathe_channels_image *x, const lathe_real *gy,
        size_t gy_image, long first, long last, int part, lathe_real *sums);
    /** Such sums become group `group` of gw [filters][channels][taps][taps], or are added to it. */
    void (*unpack)(const lathe_correlation *c, const lathe_real *sums, int group, bool add, lathe_real *gw);
    /** sum[0 ... 15]: the sums of `count` places of sixteen numbers. */
    void (*sum)(size_t count, const lathe_real *x, lathe_real *sum);
} lathe_channels_kernels;

#endif
