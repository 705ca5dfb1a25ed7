/* Private: the kinds of picture files. */
#ifndef LATHE_DATA_PICTURES_PICTURE_IMPL_H
#define LATHE_DATA_PICTURES_PICTURE_IMPL_H

#include "picture.h"

/** A file in memory. */
typedef struct lathe_picture_file {
    const uint8_t *bytes;
    size_t size;
    const char *name;
    lathe_picture_opts opts; /* resolved */
    int orientation;         /* EXIF's, 1 ... 8: set by decode */
    bool alone;              /* no other thread decodes a large picture: set by lathe_picture_reserve */
    bool transparent;        /* a PNG with alpha or a transparent colour, to be laid on opts.background */
} lathe_picture_file;

/** A kind of file. `decode` makes *picture as stored in the file, with the channels asked for. */
typedef struct lathe_picture_kind {
    const char *name;
    bool (*is)(const uint8_t *bytes, size_t size); /* size is at least 8 */
    lathe_status (*decode)(lathe_picture_file *file, lathe_picture *picture);
} lathe_picture_kind;

extern const lathe_picture_kind lathe_jpeg_picture, lathe_png_picture, lathe_bmp_picture, lathe_pnm_picture;

/** Check that width x height is within the limits. Errors: LATHE_EFORMAT. */
lathe_status lathe_picture_check_size(const lathe_picture_file *file, uint64_t width, uint64_t height);

/** Allocate the pixels of a picture whose sizes are set and checked. Errors: LATHE_ENOMEM. */
lathe_status lathe_picture_alloc(lathe_picture *picture);

/** The most bytes of memory that decoding the file may take: 16 for each pixel of the limit. */
size_t lathe_picture_memory(const lathe_picture_file *file);

/**
 * Say that decoding will take about this many bytes. Above 256 MiB the thread waits until it is the only one
 * with such a picture, so that the memory of many threads together stays bounded.
 * Errors   LATHE_EFORMAT above lathe_picture_memory
 */
lathe_status lathe_picture_reserve(lathe_picture_file *file, uint64_t bytes);

/** The orientation in a block of EXIF data (a TIFF header and what follows); 1 if it has no orientation. */
int lathe_picture_exif(const uint8_t *bytes, size_t size);

/** Lay RGBA pixels on a colour of lathe_colour_parse, into grey or RGB. Rounds to the nearest level. */
void lathe_picture_lay(const uint8_t *rgba, int background, const lathe_picture *picture);

/**
 * Decode the pixels of a JPEG as stored. The build option LATHE_JPEG chooses one of three files.
 * Errors   LATHE_EFORMAT, LATHE_ENOMEM
 */
lathe_status lathe_picture_jpeg_pixels(lathe_picture_file *file, lathe_picture *picture);

/**
 * Decode a checked PNG or BMP with stb_image, which may allocate `budget` bytes, but not more than
 * lathe_picture_memory. `channels` is the number if
 * the options do not give one.
 * Errors   LATHE_EFORMAT, LATHE_ENOMEM
 */
lathe_status lathe_picture_stb(lathe_picture_file *file, size_t budget, int channels, lathe_picture *picture);

#endif
