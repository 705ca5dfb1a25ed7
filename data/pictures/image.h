/* An image as data sets give it and transforms take it: 8-bit numbers, channel after channel. */
#ifndef LATHE_DATA_PICTURES_IMAGE_H
#define LATHE_DATA_PICTURES_IMAGE_H

#include <stdint.h>

/** The largest width and height, in pixels. */
#define LATHE_IMAGE_SIDE_MAX 16384

/** The meaning of an image's numbers. The numbers of a mask are moved, never mixed. */
typedef enum lathe_mask_kind {
    LATHE_NO_MASK,      /* brightness */
    LATHE_CLASS_MASK,   /* classes */
    LATHE_INSTANCE_MASK /* numbers of objects: 0 beyond the edge, for any border */
} lathe_mask_kind;

/** A picture as data sets give it: channel after channel, row after row. */
typedef struct lathe_image {
    int channels, height, width;
    uint8_t *pixels; /* [C, H, W] */
    lathe_mask_kind mask;
} lathe_image;

#endif
