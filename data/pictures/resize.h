/* Resizing pictures. */
#ifndef LATHE_DATA_PICTURES_RESIZE_H
#define LATHE_DATA_PICTURES_RESIZE_H

#include "../../core/status.h"
#include "image.h"

#ifdef __cplusplus
extern "C" {
#endif

/** How a new pixel is computed from the old pixels around it. */
typedef enum lathe_filter {
    LATHE_BILINEAR,
    LATHE_NEAREST, /* the nearest pixel, for masks */
    LATHE_BICUBIC, /* Keys 1981, a = -0.5 */
    LATHE_AREA,    /* the mean of the area that it covers */
    LATHE_LANCZOS  /* three lobes */
} lathe_filter;

/** The filters' names, ended by NULL. */
extern const char *const lathe_filter_names[];

/** A part of a picture in pixels, also fractions: left <= x < right, top <= y < bottom. */
typedef struct lathe_box {
    double left, top, right, bottom;
} lathe_box;

/**
 * Fill *out, whose sizes are set, with the part `box` of *in (NULL: all of it), scaled. For a smaller result
 * the filter is widened, so that every pixel counts (antialiasing); LATHE_NEAREST is not widened.
 * Errors   LATHE_EARG (a box that is empty or outside the picture), LATHE_ENOMEM.
 * Same as  PIL.Image.resize(size, resample, box), bit for bit
 */
lathe_status lathe_image_resize(const lathe_image *in, lathe_filter filter, const lathe_box *box,
    lathe_image *out);

#ifdef __cplusplus
}
#endif
#endif
