/* Samples of a list of picture files: the picture, and its mask, which is treated in the same way. */
#include <string.h>

#include "../pictures/fit_impl.h"
#include "../pictures/picture.h"
#include "../pictures/resize.h"
#include "picture_files_impl.h"

#define NO_CLASS 255

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

/* The same part of the mask of a photograph, with the nearest pixel. */
static lathe_status decode_mask(const lathe_file_list *list, size_t index, const lathe_fitted *fitted,
    lathe_image *out)
{
    const char *path = list->mask[index];
    lathe_picture picture;
    const lathe_picture_opts opts = { .max_pixels = list->max_pixels };
    lathe_status status = lathe_picture_read(path, &opts, &picture);
    if (status) return status;
    if (picture.channels != 1)
        status = lathe_fail(LATHE_EFORMAT, "%s: a mask in colour; expected grey levels, one a class", path);
    else if (picture.width != fitted->width || picture.height != fitted->height)
        status = lathe_fail(LATHE_EFORMAT, "%s: a mask of %d x %d for %s of %d x %d", path, picture.width,
            picture.height, list->file[index], fitted->width, fitted->height);
    lathe_image image = { 1, picture.height, picture.width, picture.pixels, LATHE_CLASS_MASK };
    if (!status) status = lathe_image_resize(&image, LATHE_NEAREST, &fitted->box, out);
    if (!status) status = name_classes(list, path, out->pixels, (size_t)out->height * (size_t)out->width);
    lathe_picture_free(&picture);
    return status;
}

lathe_status lathe_file_list_decode(const lathe_file_list *list, size_t index, int channels,
    const lathe_part *part, uint8_t *pixels, uint8_t *mask)
{
    const lathe_fit fit = { .channels = channels,
        .part = *part,
        .crop_ratio = list->crop_ratio,
        .interpolation = list->interpolation,
        .full_size = list->masks || list->full_size,
        .max_pixels = list->max_pixels,
        .background = list->background };
    lathe_fitted fitted;
    lathe_status status = lathe_fit_file(&fit, list->file[index], pixels, &fitted);
    lathe_image out = { 1, part->height, part->width, mask, LATHE_CLASS_MASK };
    return status || !mask ? status : decode_mask(list, index, &fitted, &out);
}
