/* Transforms: changes to each training picture, given as text such as "crop:4,hflip,jitter:0.2". */
#ifndef LATHE_DATA_TRANSFORMS_TRANSFORM_H
#define LATHE_DATA_TRANSFORMS_TRANSFORM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../../core/batch.h"
#include "../../core/field.h"
#include "../../core/rng.h"
#include "../part.h"
#include "../pictures/image.h"

#ifdef __cplusplus
extern "C" {
#endif

/** The objects of one picture, to be moved as its pixels are. */
typedef struct lathe_object_list {
    size_t count;
    lathe_object *object; /* [count] */
    double *visible;      /* [count]: the part of each object's box that is still in the picture, 0 ... 1 */
    size_t *first_point;  /* [count + 1]: as in lathe_objects, from 0; NULL: no points */
    lathe_point *point;
    double min_visible; /* objects with a smaller visible part are left out, above 0 to 1; 0 means 0.1 */
} lathe_object_list;

/** A picture with its masks and objects. A mask's pixels are NULL if the data has no such mask. */
typedef struct lathe_view {
    lathe_image picture, mask, instances;
    lathe_object_list objects;
} lathe_view;

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
     * The affine map of apply: pixel (x, y) of *in comes to (m[0] x + m[1] y + m[2], m[3] x + m[4] y + m[5])
     * of *out, where the centres of pixels are whole numbers. It reads only the sizes of *in and *out, and
     * draws from `rng` what apply draws. If rng is NULL, the map is that of `still`. Data with objects refuse
     * a transform that has no map and is not pixels_only.
     */
    void (*affine)(const void *opts, lathe_rng *rng, const lathe_image *in, const lathe_image *out,
        double m[6]);
    /**
     * Of a random crop with a size: returns true if it can be taken from a whole photograph, with these
     * options. *filter and *cut become those of lathe_part. NULL: it cannot.
     */
    bool (*whole)(const void *opts, lathe_filter *filter, bool *cut);
    /**
     * Then: the part of a photograph *in that becomes *out; all have only sizes. *scaled is the photograph as
     * it is scaled for evaluation: its pixels are those that the options count. Draws what apply draws.
     */
    lathe_box (*part)(const void *opts, lathe_rng *rng, const lathe_image *in, const lathe_image *scaled,
        const lathe_image *out);
    const char *no_objects; /* why data with objects refuse it, the end of a sentence; NULL: no affine map */
    /**
     * In place of apply and still: make *made, whose sizes are set, from `mixes` views of samples after all
     * other transforms. The first view is of the sample itself. *share is the share of the first picture's
     * label; the rest is the second's. Objects are appended to made->objects, which has room for the objects
     * of all views. Such transforms stand last and outside of groups.
     */
    void (*mix)(const void *opts, lathe_rng *rng, lathe_view *view, lathe_view *made, double *share);
    int mixes;                    /* 2 ... LATHE_MIX_MOST */
    bool labels_only, masks_only; /* the kind of data that it is for; neither: both */
    bool mixes_objects;           /* it is for data with objects */
} lathe_transform_type;

/** Transform number `index`: the library's sorted by name, then the program's; NULL after the last. */
const lathe_transform_type *lathe_transform_at(int index);

/** The transform of this name (see lathe_registry_find). Errors: LATHE_ENAME, listing the known names. */
const lathe_transform_type *lathe_transform_find(const char *name);

/**
 * Add a transform of the program (see core/registry.h). Settings, lists and checkpoints find it by name.
 * Errors   LATHE_ENAME if the name is taken;
 *          LATHE_EARG if nothing does it or its fields do not describe its options.
 */
lathe_status lathe_transform_register(const lathe_transform_type *type);

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
 * NULL or "" is an empty list. A text has at most 100 transforms.
 * Errors   LATHE_ENAME (lists the known names), LATHE_EARG, LATHE_ENOMEM: returns NULL.
 * Same as  albumentations' Compose, OneOf and Sequential
 */
lathe_transforms *lathe_transforms_parse(const char *spec);

/** Returns true if a transform mixes several pictures. NULL is fine. */
bool lathe_transforms_mixes(const lathe_transforms *transforms);

/**
 * Returns true if the first transform is a random crop that can be taken from whole photographs:
 * random_resized_crop, random_sized_crop, or random_crop without padding. NULL is fine.
 */
bool lathe_transforms_from_whole(const lathe_transforms *transforms);

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
 * same key a mask moves as its picture does. *out lies in `scratch`, or is *in itself if nothing changed. The
 * sizes must have passed lathe_transforms_size.
 * Errors   LATHE_ENOMEM
 */
lathe_status lathe_transforms_apply(const lathe_transforms *transforms, uint64_t seed, uint64_t epoch,
    uint64_t index, const lathe_image *in, uint8_t *scratch, lathe_image *out);

/**
 * Transform a picture without randomness: for validation, tests and prediction. Only transforms with p = 1
 * that change the size or are not random are applied. A random crop takes the middle. Of a one_of, the first
 * is used.
 */
lathe_status lathe_transforms_still(const lathe_transforms *transforms, const lathe_image *in,
    uint8_t *scratch, lathe_image *out);

/**
 * Check that the transforms can move objects: each changes only colours, or moves pixels by an affine map.
 * Errors: LATHE_EARG names the transform that cannot, and says why.
 */
lathe_status lathe_transforms_check_objects(const lathe_transforms *transforms);

/**
 * Move the objects of a picture of height x width as lathe_transforms_apply with the same key moves its
 * pixels. A box becomes the box around its four moved corners, clipped to the picture after each transform;
 * `visible` is multiplied by the part of the box that is left. Points are moved, but not clipped. Objects
 * whose visible part is below min_visible are left out; the others keep their order. Copies of an object
 * that a border mirrors get no box. Errors: as lathe_transforms_check_objects and lathe_transforms_size.
 */
lathe_status lathe_transforms_move(const lathe_transforms *transforms, uint64_t seed, uint64_t epoch,
    uint64_t index, int height, int width, lathe_object_list *objects);

/** The same for lathe_transforms_still. */
lathe_status lathe_transforms_move_still(const lathe_transforms *transforms, int height, int width,
    lathe_object_list *objects);

#ifdef __cplusplus
}
#endif
#endif
