/* Transforms: changes to each training picture, given as text such as "crop:4,hflip,jitter:0.2". */
#ifndef LATHE_DATA_TRANSFORMS_TRANSFORM_H
#define LATHE_DATA_TRANSFORMS_TRANSFORM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../../core/field.h"
#include "../../core/rng.h"

#ifdef __cplusplus
extern "C" {
#endif

/** A picture as data sets give it: channel after channel, row after row. */
typedef struct lathe_image {
    int channels, height, width;
    uint8_t *pixels; /* [C, H, W] */
    bool mask;       /* the numbers are classes, not brightness: they are moved, never mixed */
} lathe_image;

/** A picture and its mask; mask.pixels is NULL without masks. */
typedef struct lathe_pair {
    lathe_image picture, mask;
} lathe_pair;

/** The most pictures in one result. */
#define LATHE_MIX_MOST 4

/**
 * A kind of transform: `const lathe_transform_type lathe_..._transform = {` beside its code registers it.
 * `fields` describes its options struct, whose zeros mean the defaults.
 */
typedef struct lathe_transform_type {
    const char *name, *alias;  /* "horizontal_flip", "hflip"; alias may be NULL */
    const char *help;          /* one line */
    const lathe_field *fields; /* in the order in which "name:value:value" fills them */
    size_t opts_size;
    double p;         /* probability if the text gives none: 0.5 for a flip, 1 for a crop */
    bool pixels_only; /* changes colours and moves nothing: masks stay unchanged */
    /**
     * The size of the result for the size of the input, the same for every draw. NULL: the input's size. Only
     * a transform with p = 1 may change the size. Errors: LATHE_ESHAPE for a size that it cannot handle.
     */
    lathe_status (*size)(const void *opts, int channels, int *height, int *width);
    /**
     * Make *out, whose sizes are set, from *in. Random numbers come only from `rng`, as many for a mask as
     * for a picture. NULL: nothing is random, and `still` does the work. Called from several threads at once.
     * Errors:
     * LATHE_ENOMEM.
     */
    lathe_status (*apply)(const void *opts, lathe_rng *rng, const lathe_image *in, lathe_image *out);
    /**
     * The version without randomness, for validation and prediction, used if p is 1. A random crop takes the
     * middle. NULL: the picture stays unchanged.
     */
    lathe_status (*still)(const void *opts, const lathe_image *in, lathe_image *out);
    /**
     * In place of apply and still: make *made, whose sizes are set, from `mixes` pictures after all other
     * transforms. The first picture is the sample itself. *share is the share of the first picture's label;
     * the rest is the
     * second's. Such transforms stand last and outside of groups.
     */
    void (*mix)(const void *opts, lathe_rng *rng, const lathe_pair *pair, lathe_pair *made, double *share);
    int mixes;                    /* 2 ... LATHE_MIX_MOST */
    bool labels_only, masks_only; /* the kind of data that it is for; neither: both */
} lathe_transform_type;

/** Transform number `index`; NULL after the last. */
const lathe_transform_type *lathe_transform_at(int index);

/** Transforms in order. They never change, so any number of loaders and threads may share them. */
typedef struct lathe_transforms lathe_transforms;

/**
 * Transforms from text: "name", "name:value", "name:value:value", "name:field=value", separated by commas.
 * Values fill the transform's fields in order. `p=0.3`, or one value more, is the probability.
 *
 *     crop:4,hflip                                pad by 4, crop back at random; mirror every other picture
 *     random_resized_crop:32:scale=0.3..1         a range is written with two points
 *     rotate:15:p=0.3                             -15 ... 15: a single number is the distance from the middle
 *                                                 of the default range, if that middle is 0 or 1
 *     jitter:0.2                                  0.8 ... 1.2; for other middles, exactly this number
 *     one_of(blur:3,gauss_noise:0.1,to_gray):0.5  one of them, drawn by their p, in half of the pictures
 *     sequence(hflip:1,rotate:10..20:1):0.2       all of them or nothing
 *     hflip,mixup:0.2:p=0.5,cutmix                transforms that mix pictures stand last; the first whose p
 *                                                 hits is used
 *
 * NULL or "" is an empty list.
 * Errors   LATHE_ENAME (lists the known names), LATHE_EARG, LATHE_ENOMEM: returns NULL.
 * Same as  albumentations' Compose, OneOf and Sequential
 */
lathe_transforms *lathe_transforms_parse(const char *spec);

/** Returns true if a transform mixes several pictures. NULL is fine. */
bool lathe_transforms_mixes(const lathe_transforms *transforms);

/** Free the transforms. NULL is fine. */
void lathe_transforms_free(lathe_transforms *transforms);

/**
 * Change *height and *width from those of the input to those of the result. Errors: LATHE_ESHAPE, naming the
 * transform.
 */
lathe_status lathe_transforms_size(const lathe_transforms *transforms, int channels, int *height, int *width);

/** Bytes of work space for lathe_transforms_apply on such pictures; 0 if lathe_transforms_size fails. */
size_t lathe_transforms_scratch(const lathe_transforms *transforms, int channels, int height, int width);

/**
 * Transform a picture.
 *
 * The result depends only on (seed, epoch, index). Each transform's random numbers depend on its name and on
 * the number of transforms of that name before it, so adding another transform does not change them. With the
 * same key a
 * mask moves as its picture does. *out lies in `scratch`, or is *in itself if nothing changed. The sizes
 * must have passed lathe_transforms_size.
 * Errors   LATHE_ENOMEM
 */
lathe_status lathe_transforms_apply(const lathe_transforms *transforms, uint64_t seed, uint64_t epoch,
    uint64_t index, const lathe_image *in, uint8_t *scratch, lathe_image *out);

/**
 * Transform a picture without randomness: for validation, tests and prediction. Only transforms with p = 1
 * that change the size or are not random are applied. A random crop takes the middle. Of a one_of, the first
 * is
 * used.
 */
lathe_status lathe_transforms_still(const lathe_transforms *transforms, const lathe_image *in,
    uint8_t *scratch, lathe_image *out);

#ifdef __cplusplus
}
#endif
#endif
