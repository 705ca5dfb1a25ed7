/*
 * From picture files to samples. A photograph is decoded, at reduced scale if that loses nothing, and a part
 * of it is scaled. Its mask is treated in the same way, with the nearest pixel.
 */
#include <math.h>
#include <string.h>

#include "../../core/alloc.h"
#include "../pictures/part_impl.h"
#include "../pictures/picture.h"
#include "../pictures/resize.h"
#include "picture_files_impl.h"

#define NO_CLASS 255

/* Rearrange columns and rows of a window, pixel after pixel, to channel after channel. */
static lathe_status separate(const lathe_picture *picture, int left, int top, int right, int bottom,
    lathe_image *image)
{
    const size_t channels = (size_t)picture->channels, width = (size_t)(right - left),
                 height = (size_t)(bottom - top), area = width * height;
    *image = (lathe_image){ picture->channels, bottom - top, right - left, lathe_alloc_raw(area, channels),
        LATHE_NO_MASK };
    if (!image->pixels) return LATHE_ENOMEM;
    for (size_t c = 0; c < channels; c++)
        for (size_t y = 0; y < height; y++) {
            const uint8_t *from =
                picture->pixels + (((size_t)top + y) * (size_t)picture->width + (size_t)left) * channels + c;
            uint8_t *to = image->pixels + c * area + y * width;
            for (size_t x = 0; x < width; x++) to[x] = from[x * channels];
        }
    return LATHE_OK;
}

/* The largest part in the middle that has the proportions of *out. */
static lathe_box covering(int height, int width, const lathe_image *out)
{
    bool whole_width = (int64_t)width * out->height < (int64_t)height * out->width;
    double across = whole_width ? width : (double)height * out->width / out->height;
    double down = whole_width ? (double)width * out->height / out->width : height;
    double left = (width - across) / 2, top = (height - down) / 2;
    return (lathe_box){ left, top, left + across, top + down };
}

/* The part of a photograph, and by how much it may be decoded smaller. */
typedef struct choice {
    const lathe_part *part;
    bool exact; /* at full size */
    lathe_box box;
} choice;

/* At least twice the result's size stays, so that the mean difference is below a level. */
static int reduce(void *context, int width, int height)
{
    choice *c = context;
    c->box = c->part->choose(c->part, height, width);
    int by = 1;
    while (!c->exact && by < 8 && (c->box.right - c->box.left) / (4 * by) >= c->part->width &&
        (c->box.bottom - c->box.top) / (4 * by) >= c->part->height)
        by *= 2;
    return by;
}

static double between(double x, double least, double most) { return fmin(fmax(x, least), most); }

/* Scale the chosen part of the photograph, of which only the window that counts is rearranged. */
static lathe_status scale_part(const lathe_picture *picture, const choice *c, lathe_filter filter,
    uint8_t *pixels)
{
    const lathe_part *part = c->part;
    const double by = picture->reduced, width = picture->width, height = picture->height;
    lathe_box box = { between(c->box.left / by + picture->left, 0, width),
        between(c->box.top / by + picture->top, 0, height),
        between(c->box.right / by + picture->left, 0, width),
        between(c->box.bottom / by + picture->top, 0, height) };
    int window[4] = { 0, 0, picture->width, picture->height };
    if (part->cut) {
        window[0] = (int)floor(box.left), window[1] = (int)floor(box.top);
        window[2] = (int)ceil(box.right), window[3] = (int)ceil(box.bottom);
    }
    if (!(box.left < box.right && box.top < box.bottom))
        return lathe_fail(LATHE_EARG, "picture: an empty part: %g %g %g %g", box.left, box.top, box.right,
            box.bottom);
    lathe_image image, out = { picture->channels, part->height, part->width, pixels, LATHE_NO_MASK };
    lathe_status status = separate(picture, window[0], window[1], window[2], window[3], &image);
    box.left -= window[0], box.right -= window[0];
    box.top -= window[1], box.bottom -= window[1];
    if (!status) status = lathe_image_resize(&image, filter, &box, &out);
    lathe_free(image.pixels);
    return status;
}

/* Levels to classes, in place. */
static lathe_status name_classes(const lathe_file_list *list, const char *path, uint8_t *mask, size_t area)
{
    for (size_t i = 0; i < area; i++) {
        uint8_t class = list->class_of[mask[i]];
        if (class == NO_CLASS)
            return lathe_fail(LATHE_EFORMAT, "%s: level %d, which does not occur in the training masks", path,
                mask[i]);
        mask[i] = class;
    }
    return LATHE_OK;
}

/* The part `box` of the mask of a photograph. */
static lathe_status decode_mask(const lathe_file_list *list, size_t index, const lathe_picture *photograph,
    const lathe_box *box, lathe_image *out)
{
    const char *path = list->mask[index];
    lathe_picture picture;
    const lathe_picture_opts opts = { .max_pixels = list->max_pixels };
    lathe_status status = lathe_picture_read(path, &opts, &picture);
    if (status) return status;
    if (picture.channels != 1)
        status = lathe_fail(LATHE_EFORMAT, "%s: a mask in colour; expected grey levels, one a class", path);
    else if (picture.width != photograph->width || picture.height != photograph->height)
        status = lathe_fail(LATHE_EFORMAT, "%s: a mask of %d x %d for %s of %d x %d", path, picture.width,
            picture.height, list->file[index], photograph->width, photograph->height);
    lathe_image image = { 1, picture.height, picture.width, picture.pixels, LATHE_CLASS_MASK };
    if (!status) status = lathe_image_resize(&image, LATHE_NEAREST, box, out);
    if (!status) status = name_classes(list, path, out->pixels, (size_t)out->height * (size_t)out->width);
    lathe_picture_free(&picture);
    return status;
}

/* Without a part: scaled until it covers the sample. */
static lathe_status scale_covering(const lathe_picture *picture, lathe_filter filter, lathe_box *box,
    lathe_image *out)
{
    lathe_image image;
    *box = covering(picture->height, picture->width, out);
    lathe_status status = separate(picture, 0, 0, picture->width, picture->height, &image);
    if (!status) status = lathe_image_resize(&image, filter, box, out);
    lathe_free(image.pixels);
    return status;
}

static lathe_box choose_middle(const lathe_part *part, int height, int width)
{
    return lathe_part_middle(part, *(const double *)part->context, height, width);
}

lathe_status lathe_file_list_decode(const lathe_file_list *list, size_t index, int channels,
    const lathe_part *part, uint8_t *pixels, uint8_t *mask)
{
    const lathe_part middle = { part->height, part->width, LATHE_BILINEAR, false, choose_middle,
        &list->crop_ratio };
    const bool cover = !part->choose && list->crop_ratio == 0, exact = list->masks || list->full_size;
    choice c = { .part = part->choose ? part : &middle, .exact = exact };
    const lathe_picture_opts opts = { .channels = channels,
        .max_pixels = list->max_pixels,
        .background = list->background,
        .at_least = !cover || exact    ? 0 :
            part->height > part->width ? part->height :
                                         part->width,
        .reduce = cover ? NULL : reduce,
        .context = &c };
    lathe_picture picture;
    lathe_status status = lathe_picture_read(list->file[index], &opts, &picture);
    if (status) return status;
    lathe_image out = { channels, part->height, part->width, pixels, LATHE_NO_MASK };
    if (cover) status = scale_covering(&picture, list->interpolation, &c.box, &out);
    else {
        if (!(c.box.right > c.box.left)) reduce(&c, picture.file_width, picture.file_height); /* no JPEG */
        status = scale_part(&picture, &c, part->filter ? part->filter : list->interpolation, pixels);
    }
    out = (lathe_image){ 1, part->height, part->width, mask, LATHE_CLASS_MASK };
    if (!status && mask) status = decode_mask(list, index, &picture, &c.box, &out);
    lathe_picture_free(&picture);
    return status;
}
