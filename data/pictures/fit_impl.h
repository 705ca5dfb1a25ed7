/* Private to data and deploy: from a photograph to a sample. */
#ifndef LATHE_DATA_PICTURES_FIT_IMPL_H
#define LATHE_DATA_PICTURES_FIT_IMPL_H

#include <stddef.h>
#include <stdint.h>

#include "../../core/status.h"
#include "../part.h"

/** How photographs become samples. */
typedef struct lathe_fit {
    int channels;      /* of the sample: 1 grey or 3 colour */
    lathe_part part;   /* of the photograph; without `choose` the part that crop_ratio says */
    double crop_ratio; /* these as lathe_files_opts has them */
    lathe_filter interpolation;
    bool full_size;
    size_t max_pixels;
    int background;
} lathe_fit;

/** What was taken of a photograph, for its mask. */
typedef struct lathe_fitted {
    int height, width; /* of the photograph as decoded */
    lathe_box box;     /* the part, in pixels of the file */
} lathe_fitted;

/**
 * Make a sample of the picture in a file. It is decoded, at reduced scale if that loses nothing, and a part
 * of it is scaled.
 *
 * sample  [fit->channels, fit->part.height, fit->part.width]
 * fitted  may be NULL
 * Errors  those of lathe_picture_read
 */
lathe_status lathe_fit_file(const lathe_fit *fit, const char *path, uint8_t *sample, lathe_fitted *fitted);

/** The same of a file in memory; `name` is for messages. Errors: those of lathe_picture_decode. */
lathe_status lathe_fit_bytes(const lathe_fit *fit, const void *bytes, size_t size, const char *name,
    uint8_t *sample);

/** The same of pixels [height, width, channels]. Errors: those of lathe_picture_of. */
lathe_status lathe_fit_pixels(const lathe_fit *fit, const uint8_t *pixels, int height, int width,
    int channels, uint8_t *sample);

#endif
