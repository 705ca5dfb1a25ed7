/* Private: what transforms share. */
#ifndef LATHE_DATA_TRANSFORMS_TRANSFORM_IMPL_H
#define LATHE_DATA_TRANSFORMS_TRANSFORM_IMPL_H

#include "border_impl.h"
#include "../pictures/resize.h"
#include "transform.h"

/** How several steps are joined: all in order, or one of them. */
typedef enum lathe_step_group { LATHE_STEP_SINGLE, LATHE_STEP_SEQUENCE, LATHE_STEP_ONE_OF } lathe_step_group;

/** One transform, or a group, which its members follow. */
typedef struct lathe_step {
    const lathe_transform_type *type; /* NULL: a group */
    lathe_step_group group;
    int end; /* index of the first step after this one and its members */
    double p;
    uint64_t stream; /* of its random numbers */
    void *opts;      /* resolved */
} lathe_step;

struct lathe_transforms {
    int count;
    lathe_step *step; /* [count] */
};

/** The random numbers of a step for one picture. */
lathe_rng lathe_transform_rng(const lathe_step *step, uint64_t seed, uint64_t epoch, uint64_t index);

/** The step's name. */
const char *lathe_step_name(const lathe_step *step);

/** As lathe_transforms_apply, but begin with step `first`: *in is what the steps before it made. */
lathe_status lathe_transforms_apply_from(const lathe_transforms *transforms, int first, uint64_t seed,
    uint64_t epoch, uint64_t index, const lathe_image *in, uint8_t *scratch, lathe_image *out);

/** The fields of a transform without options. */
extern const lathe_field lathe_no_fields[];

/** The pixels beyond the edge. */
typedef struct lathe_edge {
    int border, fill, fill_mask;
} lathe_edge;

/** The fields of a lathe_edge that is `member` of struct `opts`. */
#define LATHE_EDGE_FIELDS(opts, member) \
    { .name = "border", \
        .kind = LATHE_FIELD_CHOICE, \
        .offset = offsetof(opts, member.border), \
        .choices = lathe_border_names, \
        .help = "what is beyond the edge" }, \
        { .name = "fill", \
            .kind = LATHE_FIELD_INT, \
            .offset = offsetof(opts, member.fill), \
            .min = 0, \
            .max = 255, \
            .help = "the constant border's value" }, \
    { \
        .name = "fill_mask", .kind = LATHE_FIELD_INT, .offset = offsetof(opts, member.fill_mask), .min = 0, \
        .max = 255, .help = "and in masks" \
    }

/** The field of an interpolation. */
#define LATHE_INTERPOLATION_FIELD(opts, member) \
    { \
        .name = "interpolation", .kind = LATHE_FIELD_CHOICE, .offset = offsetof(opts, member), \
        .choices = lathe_filter_names, .help = "how pixels are made of others" \
    }

/** The fill value for this picture or mask. */
int lathe_edge_fill(const lathe_edge *edge, const lathe_image *image);

/** Set m to the map of pixels into the window with top left corner (top, left). */
void lathe_affine_window(int top, int left, double m[6]);

/** Copy the window of *in that such a map describes; it has the size of *out. */
void lathe_image_window(const lathe_image *in, const double m[6], const lathe_edge *edge, lathe_image *out);

/** Copy *in to *out, of the same size. */
void lathe_image_copy(const lathe_image *in, lathe_image *out);

/** As lathe_image_resize; nearest pixel for masks. */
lathe_status lathe_image_scale(const lathe_image *in, int filter, const lathe_box *box, lathe_image *out);

/** The part of *in that `box` is of *scaled, which is *in in another size. */
lathe_box lathe_box_unscaled(const lathe_box *box, const lathe_image *in, const lathe_image *scaled);

/**
 * The pixel at (x, y) of *out is that of *in at (m[0] x + m[1] y + m[2], m[3] x + m[4] y + m[5]). Pixel
 * centres are whole numbers; positions are rounded to 1/32 of a pixel. Masks take the nearest pixel;
 * LATHE_AREA means bilinear here.
 * Same as  cv2.warpAffine with WARP_INVERSE_MAP, to one level
 */
void lathe_image_warp(const lathe_image *in, const double m[6], int filter, const lathe_edge *edge,
    lathe_image *out);

/** The inverse of such an affine map; zeros if it has no inverse. */
void lathe_affine_invert(const double m[6], double inverse[6]);

/** A uniform number in the range. */
double lathe_rng_between(lathe_rng *rng, const double range[2]);

/* ---- objects ------------------------------------------------------------------------------------------- */

/** Move the objects by a map of pixels into a picture of height x width. Boxes are clipped to it. */
void lathe_objects_map(lathe_object_list *objects, const double m[6], int height, int width);

/** Clip the boxes to columns left ... right and rows top ... bottom. */
void lathe_objects_clip(lathe_object_list *objects, int left, int top, int right, int bottom);

/** Leave out the objects whose visible part is below min_visible. */
void lathe_objects_drop(lathe_object_list *objects);

/** Append the objects of *more, which may lie behind those of *objects in the same arrays. */
void lathe_objects_append(lathe_object_list *objects, const lathe_object_list *more);

/**
 * Number the instances of the list `from`, `from` + 1, ... table[old] is the new number; it is 0 for a number
 * of no object, and if the new number is above 255. Returns the next number.
 */
int lathe_objects_number(lathe_object_list *objects, int from, uint8_t table[256]);

/* ---- colours, in place: the first three channels of pictures with three or more, else all channels ----- */

/** Replace each number by its entry in a table. */
void lathe_image_map(lathe_image *image, const uint8_t table[256]);

/** v * factor. */
void lathe_image_brightness(lathe_image *image, double factor);

/** v * factor + mean of the grey picture * (1 - factor). */
void lathe_image_contrast(lathe_image *image, double factor);

/** v * factor + grey * (1 - factor). */
void lathe_image_saturation(lathe_image *image, double factor);

/** Rotate the hue by `turn` of the colour circle, -0.5 ... 0.5. */
void lathe_image_hue(lathe_image *image, double turn);

/** 0.299 red + 0.587 green + 0.114 blue of pixel i. */
int lathe_image_grey(const lathe_image *image, size_t i);

/** How often each value occurs in plane `c`. */
void lathe_image_histogram(const lathe_image *image, int c, uint32_t count[256]);

/** The table that equalises a histogram: as cv2.equalizeHist, or as Pillow's ImageOps.equalize. */
void lathe_equalize_table(const uint32_t count[256], bool pil, uint8_t table[256]);

#endif
