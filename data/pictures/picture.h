/* Decode pictures from files: JPEG, PNG, BMP and PNM, recognised by their content, within limits. */
#ifndef LATHE_DATA_PICTURES_PICTURE_H
#define LATHE_DATA_PICTURES_PICTURE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../../core/status.h"

#ifdef __cplusplus
extern "C" {
#endif

/** A picture: rows from the top, pixels from the left. A pixel has 1 (grey), 3 (RGB) or 4 (RGBA) bytes. */
typedef struct lathe_picture {
    int width, height, channels;
    uint8_t *pixels; /* [height, width, channels] */
    /**
     * Of the file, upright. Place (x, y) of the file is (x / reduced + left, y / reduced + top) of the
     * pixels: `reduced` is 1, or 2, 4 or 8 of a JPEG that was decoded smaller.
     */
    int file_width, file_height, reduced;
    double left,
        top; /* below 1; above 0 if turning put pixels at the beginning that the file fills in part */
} lathe_picture;

/** The most pixels of a file, if the options do not say more. */
#define LATHE_PICTURE_PIXELS ((size_t)1 << 25)

/** NULL or zeros: the file's own channels, upright, sides up to 16,384, 32 megapixels, files up to 64 MiB. */
typedef struct lathe_picture_opts {
    int channels; /* 1, 3 or 4; 0: 1 for a grey file, otherwise 3. Alpha is dropped unless channels is 4 */
    int max_side; /* pixels, up to 65535; 0: 16384, or 65535 with a raised max_pixels */
    size_t max_pixels;   /* width * height, of a JPEG as decoded by at_least; 0: 33554432 */
    size_t max_bytes;    /* of the file; 0: 67108864 */
    bool no_orientation; /* ignore the EXIF orientation */
    /** Decode a JPEG at 1/2, 1/4 or 1/8 of its size if both sides stay at least this; 0: at full size. */
    int at_least;
    /**
     * In place of at_least: called with the upright size of a JPEG before it is decoded. Returns by what the
     * sides may be divided: 1, 2, 4 or 8. They are divided by more if max_pixels demands it. NULL: at_least.
     */
    int (*reduce)(void *context, int width, int height);
    void *context; /* of reduce */
    /** Colour behind transparent pixels of a PNG, from lathe_colour_parse; 0: alpha is dropped. */
    int background;
} lathe_picture_opts;

/** The largest background: white. */
#define LATHE_BACKGROUND_MOST 0x1FFFFFF

/**
 * Read a colour: "white", "black", "grey" or "#rrggbb" (hexadecimal); NULL and "" give 0, no colour.
 *
 * background  becomes 0x1000000 + 0xrrggbb
 * Errors      LATHE_EARG
 */
lathe_status lathe_colour_parse(const char *text, int *background);

/**
 * Decode a picture from memory.
 *
 * The header is read first. Nothing is allocated until the size is within the limits and the file is long
 * enough for such a picture. PNG's CRCs and chunk lengths are checked. A truncated file is refused. So is a
 * JPEG with a warning of libjpeg-turbo, unless the warning loses no pixel (stray bytes, an unknown JFIF
 * version), and a progressive JPEG of more than 2^29 pixels times scans. Pixels beyond a palette are black.
 * CMYK is read inverted, as Adobe stores it.
 *
 * name     for messages: the file's path
 * Memory   picture->pixels, freed by lathe_picture_free
 * Errors   LATHE_EFORMAT with name and reason, LATHE_EARG, LATHE_ENOMEM: *picture is zeros
 * Same as  PIL.ImageOps.exif_transpose(PIL.Image.open(name)).convert("RGB")
 */
lathe_status lathe_picture_decode(const void *bytes, size_t size, const char *name,
    const lathe_picture_opts *opts, lathe_picture *picture);

/** Decode the picture in a regular file. Errors: as lathe_picture_decode, and LATHE_EIO. */
lathe_status lathe_picture_read(const char *path, const lathe_picture_opts *opts, lathe_picture *picture);

/**
 * Make a picture of pixels in memory, as if they were a PNG file.
 *
 * pixels    [height, width, channels], copied
 * channels  1 grey, 2 grey and alpha, 3 RGB, 4 RGBA
 * opts      channels, max_side, max_pixels and background count
 * Memory    picture->pixels, freed by lathe_picture_free
 * Errors    LATHE_EARG, LATHE_EFORMAT for a size beyond the limits, LATHE_ENOMEM: *picture is zeros
 */
lathe_status lathe_picture_of(const uint8_t *pixels, int height, int width, int channels,
    const lathe_picture_opts *opts, lathe_picture *picture);

/** Free the pixels; zeros are fine. */
void lathe_picture_free(lathe_picture *picture);

#ifdef __cplusplus
}
#endif
#endif
