/* Transforms: what is done to each picture before it is trained on, as "crop:4,hflip,jitter:0.2" says. */
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
    bool mask;       /* its numbers are classes, not brightness: they are moved, never mixed */
} lathe_image;

/** A picture and its mask; mask.pixels is NULL where there are no masks. */
typedef struct lathe_pair {
    lathe_image picture, mask;
} lathe_pair;

/** Most pictures that are made into one. */
#define LATHE_MIX_MOST 4

/**
 * A kind of transform: `const lathe_transform_type lathe_..._transform = {` beside its code registers it.
 * Its options are a struct described by `fields`, whose zeros mean the defaults.
 */
typedef struct lathe_transform_type {
    const char *name, *alias;  /* "horizontal_flip", "hflip"; alias may be NULL */
    const char *help;          /* one line */
    const lathe_field *fields; /* in the order in which "name:value:value" fills them */
    size_t opts_size;
    double p;         /* how often it is done, if nothing is said: 0.5 for a flip, 1 for a crop */
    bool pixels_only; /* changes colours and moves nothing: masks stay as they are */
    /**
     * From the size that goes in, the size that comes out, the same whether it is done or not; NULL: the same
     * as goes in. Only a transform with p = 1 may change it. Errors: LATHE_ESHAPE, for a size it cannot work
     * on.
     */
    lathe_status (*size)(const void *opts, int channels, int *height, int *width);
    /**
     * Make *out, whose sizes are set, from *in. Random numbers come from `rng` alone, and how many does not
     * depend on *in being a mask. NULL: nothing is random in it, `still` does it. Several threads at once.
     * Errors: LATHE_ENOMEM.
     */
    lathe_status (*apply)(const void *opts, lathe_rng *rng, const lathe_image *in, lathe_image *out);
    /**
     * What takes its place where nothing is left to chance (validation, prediction), if its p is 1: the
     * middle for a random crop. NULL: nothing is done there.
     */
    lathe_status (*still)(const void *opts, const lathe_image *in, lathe_image *out);
    /**
     * Instead of the two above: make *made, whose sizes are set, from `mixes` pictures of the data set after
     * all other transforms; the first is the sample itself. *share is the part of the label that stays the
     * first's, the rest is the second's. Such transforms stand last, outside of groups.
     */
    void (*mix)(const void *opts, lathe_rng *rng, const lathe_pair *pair, lathe_pair *made, double *share);
    int mixes;                    /* 2 ... LATHE_MIX_MOST */
    bool labels_only, masks_only; /* what data it is for; neither: both */
} lathe_transform_type;

/** Transform number `index` of all; NULL after the last. */
const lathe_transform_type *lathe_transform_at(int index);

/** Transforms to be done one after the other. Does not change once made: any number of loaders and threads
 * may use it. */
typedef struct lathe_transforms lathe_transforms;

/**
 * From text: "name", "name:value", "name:value:value", "name:field=value", with commas between them; values
 * fill the transform's fields in order, `p=0.3` or one value more is how often it is done.
 *
 *     crop:4,hflip                                   pad by 4, crop back at random; mirror every other
 *         picture
 *     random_resized_crop:32:scale=0.3..1            a range is written with two points
 *     rotate:15:p=0.3                                -15 ... 15: one number is the range about the default's
 *         middle, 0 or 1,
 *     jitter:0.2                                     0.8 ... 1.2, and where that is neither, exactly this
 *         number
 *     one_of(blur:3,gauss_noise:0.1,to_gray):0.5     one of them, in half of the pictures, drawn by their p
 *     sequence(hflip:1,rotate:10..20:1):0.2          all or nothing
 *     hflip,mixup:0.2:p=0.5,cutmix                   of those that mix pictures, which stand last, the first
 *         that its p lets be done
 *
 * NULL or "" is no transforms at all. Errors: LATHE_ENAME (lists the known ones), LATHE_EARG, LATHE_ENOMEM:
 * returns NULL.
 * Same as  albumentations' Compose, OneOf and Sequential
 */
lathe_transforms *lathe_transforms_parse(const char *spec);

/** Does one of them make one picture of several? NULL is fine. */
bool lathe_transforms_mixes(const lathe_transforms *transforms);

/** Free them. NULL is fine. */
void lathe_transforms_free(lathe_transforms *transforms);

/** The size that pictures of channels x *height x *width come out with. Errors: LATHE_ESHAPE names the
 * transform. */
lathe_status lathe_transforms_size(const lathe_transforms *transforms, int channels, int *height, int *width);

/** Bytes of work space that lathe_transforms_apply needs for such pictures; 0 after a failure of
 * lathe_transforms_size. */
size_t lathe_transforms_scratch(const lathe_transforms *transforms, int channels, int height, int width);

/**
 * Transform a picture. What happens depends on (seed, epoch, index) alone, and for each transform on its name
 * and on how many of the same name come before it: adding another leaves it as it was.
 * A mask is moved as its picture is with the same key. *out lies in `scratch`, or is *in itself if nothing
 * was done. The sizes must have passed lathe_transforms_size.
 * Errors: LATHE_ENOMEM.
 */
lathe_status lathe_transforms_apply(const lathe_transforms *transforms, uint64_t seed, uint64_t epoch,
    uint64_t index, const lathe_image *in, uint8_t *scratch, lathe_image *out);

/**
 * The same where nothing is left to chance: for validation, tests and prediction. Done are the transforms
 * with p = 1 that change the size or are not random; a random crop takes the middle. The first of a one_of
 * stands for all.
 */
lathe_status lathe_transforms_still(const lathe_transforms *transforms, const lathe_image *in,
    uint8_t *scratch, lathe_image *out);

#ifdef __cplusplus
}
#endif
#endif
