/*
 * From photographs to samples. A photograph is decoded, at reduced scale if that loses nothing, and a part of
 * it is scaled.
 */
#include "fit_impl.h"

#include <math.h>
#include <string.h>

#include "../../core/alloc.h"
#include "part_impl.h"
#include "picture.h"
#include "resize.h"

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

/* The steps of all three: what to choose, how to decode, what to scale. */
typedef struct fitting {
    const lathe_fit *fit;
    lathe_part middle;
    choice choice;
    bool cover;
    lathe_picture_opts opts;
} fitting;

static void begin(fitting *f, const lathe_fit *fit)
{
    const lathe_part *part = &fit->part;
    *f = (fitting){ .fit = fit, .cover = !part->choose && fit->crop_ratio == 0 };
    f->middle =
        (lathe_part){ part->height, part->width, LATHE_BILINEAR, false, choose_middle, &fit->crop_ratio };
    f->choice = (choice){ .part = part->choose ? part : &f->middle, .exact = fit->full_size };
    f->opts = (lathe_picture_opts){ .channels = fit->channels,
        .max_pixels = fit->max_pixels,
        .background = fit->background,
        .at_least = !f->cover || fit->full_size ? 0 :
            part->height > part->width          ? part->height :
                                                  part->width,
        .reduce = f->cover ? NULL : reduce,
        .context = &f->choice };
}

/* Free the picture too. */
static lathe_status end(fitting *f, lathe_picture *picture, uint8_t *sample, lathe_fitted *fitted)
{
    const lathe_fit *fit = f->fit;
    choice *c = &f->choice;
    lathe_status status;
    lathe_image out = { fit->channels, fit->part.height, fit->part.width, sample, LATHE_NO_MASK };
    if (f->cover) status = scale_covering(picture, fit->interpolation, &c->box, &out);
    else {
        if (!(c->box.right > c->box.left)) reduce(c, picture->file_width, picture->file_height); /* no JPEG */
        status = scale_part(picture, c, fit->part.filter ? fit->part.filter : fit->interpolation, sample);
    }
    if (fitted) *fitted = (lathe_fitted){ picture->height, picture->width, c->box };
    lathe_picture_free(picture);
    return status;
}

lathe_status lathe_fit_file(const lathe_fit *fit, const char *path, uint8_t *sample, lathe_fitted *fitted)
{
    fitting f;
    lathe_picture picture;
    begin(&f, fit);
    lathe_status status = lathe_picture_read(path, &f.opts, &picture);
    return status ? status : end(&f, &picture, sample, fitted);
}

lathe_status lathe_fit_bytes(const lathe_fit *fit, const void *bytes, size_t size, const char *name,
    uint8_t *sample)
{
    fitting f;
    lathe_picture picture;
    begin(&f, fit);
    lathe_status status = lathe_picture_decode(bytes, size, name, &f.opts, &picture);
    return status ? status : end(&f, &picture, sample, NULL);
}

lathe_status lathe_fit_pixels(const lathe_fit *fit, const uint8_t *pixels, int height, int width,
    int channels, uint8_t *sample)
{
    fitting f;
    lathe_picture picture;
    begin(&f, fit);
    lathe_status status = lathe_picture_of(pixels, height, width, channels, &f.opts, &picture);
    return status ? status : end(&f, &picture, sample, NULL);
}
