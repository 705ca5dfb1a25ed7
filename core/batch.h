/* A batch: the input of a training step, made by a loader. */
#ifndef LATHE_CORE_BATCH_H
#define LATHE_CORE_BATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "real.h"

/**
 * A position in a picture, in pixels from its left and top edge. The centre of the first pixel is (0.5, 0.5).
 */
typedef struct lathe_point {
    float x, y;
} lathe_point;

/** An object in a picture: its class, and the box around it. */
typedef struct lathe_object {
    int label;            /* class, from 0 */
    int instance;         /* number in the picture's instance mask, 1 to 255; 0: no number */
    float x0, y0, x1, y1; /* box, in pixels as in lathe_point: x0 < x1, y0 < y1, inside the picture */
} lathe_object;

/**
 * The objects of B pictures, any number for each picture. Picture b has object[first[b]] to
 * object[first[b + 1] - 1]. Object o has the points (a polygon, or key points) point[first_point[o]] to
 * point[first_point[o + 1] - 1].
 */
typedef struct lathe_objects {
    const size_t *first;        /* [B + 1]; NULL without objects. first[0] of a batch is 0 */
    const lathe_object *object; /* [first[B]], picture after picture */
    const size_t *first_point;  /* [first[B] + 1]; NULL without points */
    const lathe_point *point;   /* [first_point[first[B]]]; a point may be outside its picture */
    /** [B, H, W]: the `instance` of the object at each pixel, 0 without one. NULL without instance masks. */
    const uint8_t *instances;
} lathe_objects;

/** Images with their targets. A batch belongs to its loader and is valid until the next lathe_loader_next. */
typedef struct lathe_batch {
    int size; /* images, B */
    int channels, height, width;
    /** [B, C, H, W] in LATHE_BATCHED layout with tail lanes 0, or, if `plain`, in LATHE_PLAIN layout. */
    const lathe_real *images;
    bool plain; /* operations on them lay sixteen channels abreast: LATHE_CHANNELS */
    /**
     * [B, answers]: a class from 0; or 0 or 1 for each class; or a class for each head, or for each pixel.
     */
    const int *labels;
    size_t answers; /* labels of each image: 1 for one class a picture; 0 means 1 */
    /** [B]: the label of the picture that was mixed in (mixup, cutmix) ...; NULL without mixing. */
    const int *other_labels;
    const lathe_real *share; /* [B]: ... and the share of `labels`, in [0, 1] */
    lathe_objects objects;   /* of the images after all transforms */
    uint64_t epoch, index;   /* of this batch, both from 0 */
    int whole;               /* images of the batch that several processes share; 0: it is not shared */
    int first;               /* index of image 0 in that batch: see lathe_shard (shard.h) */
    bool silent;             /* another process has the same images, and they count there */
} lathe_batch;

#endif
