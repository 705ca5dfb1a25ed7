/* Resizing pictures. */
#ifndef LATHE_DATA_PICTURES_RESIZE_H
#define LATHE_DATA_PICTURES_RESIZE_H

#include "../../core/status.h"
#include "../part.h"
#include "image.h"

#ifdef __cplusplus
extern "C" {
#endif

/** The filters' names, ended by NULL. */
extern const char *const lathe_filter_names[];

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
