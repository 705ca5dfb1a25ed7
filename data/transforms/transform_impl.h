/* Private: what transforms share. */
#ifndef LATHE_DATA_TRANSFORMS_TRANSFORM_IMPL_H
#define LATHE_DATA_TRANSFORMS_TRANSFORM_IMPL_H

#include "border_impl.h"
#include "../pictures/resize.h"
#include "transform.h"

/** What joins several steps: all of them in order, or one of them. */
typedef enum lathe_step_group { LATHE_STEP_SINGLE, LATHE_STEP_SEQUENCE, LATHE_STEP_ONE_OF } lathe_step_group;

/** One transform, or a group, whose members follow it. */
typedef struct lathe_step {
    const lathe_transform_type *type; /* NULL: a group */
    lathe_step_group group;
    int end; /* number of the first step that is no part of this one */
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

/** Options of a transform without any. */
extern const lathe_field lathe_no_fields[];

/** What is beyond the edge. */
typedef struct lathe_edge {
    int border, fill, fill_mask;
} lathe_edge;

/** The fields of a lathe_edge, which is `member` of struct `opts`. */
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

/** Copy the window whose top left corner is (top, left) of *in, of the size of *out. */
void lathe_image_window(const lathe_image *in, int top, int left, const lathe_edge *edge, lathe_image *out);

/** Copy *in to *out, of the same size. */
void lathe_image_copy(const lathe_image *in, lathe_image *out);

/** As lathe_image_resize; nearest for masks. */
lathe_status lathe_image_scale(const lathe_image *in, int filter, const lathe_box *box, lathe_image *out);

/**
 * The pixel at (x, y) of *out is that of *in at (m[0] x + m[1] y + m[2], m[3] x + m[4] y + m[5]); pixel
 * centres are whole numbers, and places are rounded to 1/32 of a pixel. Nearest for masks; LATHE_AREA is
 * bilinear here.
 * Same as  cv2.warpAffine with WARP_INVERSE_MAP, to one level
 */
void lathe_image_warp(const lathe_image *in, const double m[6], int filter, const lathe_edge *edge,
    lathe_image *out);

/** The inverse of an affine map as above; zeros if it has none. */
void lathe_affine_invert(const double m[6], double inverse[6]);

/** Uniform between the two. */
double lathe_rng_between(lathe_rng *rng, const double range[2]);

/* ---- colours: in place; of pictures with three channels or more the first three, else all -------------- */

/** Each number through a table. */
void lathe_image_map(lathe_image *image, const uint8_t table[256]);

/** v * factor. */
void lathe_image_brightness(lathe_image *image, double factor);

/** v * factor + mean of the grey picture * (1 - factor). */
void lathe_image_contrast(lathe_image *image, double factor);

/** v * factor + grey * (1 - factor). */
void lathe_image_saturation(lathe_image *image, double factor);

/** Colours turned round the circle by `turn` of it, -0.5 ... 0.5. */
void lathe_image_hue(lathe_image *image, double turn);

/** 0.299 red + 0.587 green + 0.114 blue of pixel i. */
int lathe_image_grey(const lathe_image *image, size_t i);

/** How often each value is in plane `c`. */
void lathe_image_histogram(const lathe_image *image, int c, uint32_t count[256]);

/** The table that spreads a histogram evenly: as cv2.equalizeHist, or as Pillow's ImageOps.equalize. */
void lathe_equalize_table(const uint32_t count[256], bool pil, uint8_t table[256]);

#endif
