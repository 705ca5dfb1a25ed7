/* Resizing pictures. */
#ifndef LATHE_DATA_PICTURES_RESIZE_H
#define LATHE_DATA_PICTURES_RESIZE_H

#include "../transforms/transform.h"

#ifdef __cplusplus
extern "C" {
#endif

/** How a new pixel is made of the old ones around it. */
typedef enum lathe_filter {
    LATHE_BILINEAR,
    LATHE_NEAREST, /* the pixel there, for masks */
    LATHE_BICUBIC, /* Keys 1981, a = -0.5 */
    LATHE_AREA,    /* the mean of what it covers */
    LATHE_LANCZOS  /* three lobes */
} lathe_filter;

/** Their names, ended by NULL. */
extern const char *const lathe_filter_names[];

/** A part of a picture, in pixels that need not be whole: left <= x < right, top <= y < bottom. */
typedef struct lathe_box {
    double left, top, right, bottom;
} lathe_box;

/**
 * Fill *out, whose sizes are set, with the part `box` of *in (NULL: all of it), scaled. When it gets smaller
 * the filter is stretched, so that no pixel is left out (antialiasing); except for LATHE_NEAREST.
 * Errors   LATHE_EARG (a box that is empty or reaches outside), LATHE_ENOMEM.
 * Same as  PIL.Image.resize(size, resample, box), bit for bit
 */
lathe_status lathe_image_resize(const lathe_image *in, lathe_filter filter, const lathe_box *box,
    lathe_image *out);

#ifdef __cplusplus
}
#endif
#endif
