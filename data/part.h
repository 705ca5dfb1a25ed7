/* A part of a photograph as a sample: which part, and how it is scaled. */
#ifndef LATHE_DATA_PART_H
#define LATHE_DATA_PART_H

#include <stdbool.h>

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

/** A part of a picture in pixels, also fractions: left <= x < right, top <= y < bottom. */
typedef struct lathe_box {
    double left, top, right, bottom;
} lathe_box;

/** A part of each photograph, scaled to height x width pixels. */
typedef struct lathe_part {
    int height, width;   /* of the result */
    lathe_filter filter; /* of pictures; zero: the data set's own. Masks take the nearest pixel */
    /** The part is cut out before it is scaled, so that pixels outside do not count. */
    bool cut;
    /** Choose the part of a photograph of height x width pixels. Called from several threads at once. */
    lathe_box (*choose)(const struct lathe_part *part, int height, int width);
    const void *context; /* of choose */
} lathe_part;

#ifdef __cplusplus
}
#endif
#endif
