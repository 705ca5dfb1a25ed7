/* A batch: what a loader hands to a training step. */
#ifndef LATHE_CORE_BATCH_H
#define LATHE_CORE_BATCH_H

#include <stddef.h>
#include <stdint.h>

#include "real.h"

/** A place in a picture, in pixels from its left and top edge: the first pixel's centre is at (0.5, 0.5). */
typedef struct lathe_point {
    float x, y;
} lathe_point;

/** Something that can be seen in a picture: its class, and the box around it. */
typedef struct lathe_object {
    int label;            /* its class, from 0 */
    int instance;         /* its number in the picture's instance mask, 1 ... 255; 0: it has no number */
    float x0, y0, x1, y1; /* its box, in pixels as in lathe_point: x0 < x1, y0 < y1, inside the picture */
} lathe_object;

/**
 * The objects of B pictures, as many of each picture as it has. Objects of picture b are object[first[b]] ...
 * object[first[b + 1] - 1]. Points of object o (a polygon, or key points) are point[first_point[o]] ...
 * point[first_point[o + 1] - 1].
 */
typedef struct lathe_objects {
    const size_t *first;        /* [B + 1]; NULL where the data has no objects. first[0] of a batch is 0 */
    const lathe_object *object; /* [first[B]], the pictures one after the other */
    const size_t *first_point;  /* [first[B] + 1]; NULL where objects have no points */
    const lathe_point *point;   /* [first_point[first[B]]]; a point can lie outside its picture */
    /** [B, H, W]: the `instance` of the object at each pixel, 0 without one. NULL without instance masks. */
    const uint8_t *instances;
} lathe_objects;

/** Some images with their labels. It lives with its loader, until the next lathe_loader_next. */
typedef struct lathe_batch {
    int size; /* images, B */
    int channels, height, width;
    const lathe_real *images; /* [B, C, H, W] as LATHE_BATCHED stores it; tail lanes 0 */
    /** [B, answers]: a class from 0, or for each class 0 or 1, a class of each head, of each pixel */
    const int *labels;
    size_t answers; /* of each image: 1 where there is one class; 0 is the same */
    /** [B], where pictures are mixed (mixup, cutmix), otherwise NULL: the label of what was mixed in ... */
    const int *other_labels;
    const lathe_real *share; /* [B]: ... and the part, 0 ... 1, of the label that is labels' */
    lathe_objects objects;   /* of the images as they are here, after all transforms */
    uint64_t epoch, index;   /* which batch of which epoch this is, both from 0 */
} lathe_batch;

#endif
