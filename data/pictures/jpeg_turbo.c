/*
 * JPEG through libjpeg-turbo, for any file, whoever made it. libjpeg's own interface names each warning, and
 * some warnings lose no pixel.
 */
#include "picture_impl.h"

#include <setjmp.h>
#include <stdio.h> /* jpeglib.h needs it */

#include <jerror.h>
#include <jpeglib.h>

#include "../../core/alloc.h"

/*
 * The most work that a file may ask for: pixels times scans, as each scan of a progressive file goes over all
 * pixels. 2^29 is 17 scans of 32 megapixels, and about a second.
 */
#define WORK_MOST ((uint64_t)1 << 29)

/* One file on its way through libjpeg. */
typedef struct jpeg_reader {
    struct jpeg_decompress_struct info;
    struct jpeg_error_mgr errors;
    struct jpeg_progress_mgr progress;
    jmp_buf failed;
    lathe_picture_file *file;
    lathe_picture *picture;
    uint8_t *rows; /* [height, width, channels] of what libjpeg gives */
    char message[JMSG_LENGTH_MAX];
} jpeg_reader;

static void fail(j_common_ptr info)
{
    jpeg_reader *reader = info->client_data;
    if (!reader->message[0]) info->err->format_message(info, reader->message);
    longjmp(reader->failed, 1);
}

/* Warnings after which every pixel is as the file has it: stray bytes, headers out of date. */
static bool is_harmless(int code)
{
    return code == JWRN_EXTRANEOUS_DATA || code == JWRN_JFIF_MAJOR || code == JWRN_ADOBE_XFORM ||
        code == JWRN_NOT_SEQUENTIAL;
}

static void warn(j_common_ptr info, int level)
{
    if (level < 0 && !is_harmless(info->err->msg_code)) fail(info);
}

static void count_work(j_common_ptr info)
{
    jpeg_reader *reader = info->client_data;
    uint64_t pixels = (uint64_t)reader->info.image_width * reader->info.image_height;
    if (pixels * (uint64_t)reader->info.input_scan_number <= WORK_MOST) return;
    snprintf(reader->message, sizeof reader->message, "%u x %u pixels in more than %llu scans",
        reader->info.image_width, reader->info.image_height, (unsigned long long)(WORK_MOST / pixels));
    fail(info);
}

/* Do a step; false: libjpeg left it with a message. */
static bool attempt(jpeg_reader *reader, void (*step)(jpeg_reader *reader))
{
    if (setjmp(reader->failed)) return false;
    step(reader);
    return true;
}

static void read_header(jpeg_reader *reader)
{
    jpeg_create_decompress(&reader->info);
    reader->info.client_data = reader;
    reader->info.progress = &reader->progress;
    reader->progress.progress_monitor = count_work;
    jpeg_mem_src(&reader->info, reader->file->bytes, (unsigned long)reader->file->size);
    jpeg_read_header(&reader->info, TRUE);
}

static void read_rows(jpeg_reader *reader)
{
    struct jpeg_decompress_struct *info = &reader->info;
    jpeg_start_decompress(info);
    size_t bytes = (size_t)info->output_width * (size_t)info->output_components;
    while (info->output_scanline < info->output_height) {
        JSAMPROW rows[16];
        unsigned left = info->output_height - info->output_scanline, count = left < 16 ? left : 16;
        for (unsigned i = 0; i < count; i++) rows[i] = reader->rows + (info->output_scanline + i) * bytes;
        jpeg_read_scanlines(info, rows, count);
    }
    jpeg_finish_decompress(info);
}

/* The largest of 1, 1/2, 1/4, 1/8 below which a side would be less than wanted, as its denominator. */
static unsigned denominator_for(unsigned width, unsigned height, int at_least)
{
    unsigned denominator = 1, least = (unsigned)at_least;
    for (unsigned next = 2; at_least > 0 && next <= 8; next *= 2) {
        if ((width + next - 1) / next < least || (height + next - 1) / next < least) break;
        denominator = next;
    }
    return denominator;
}

/* The denominator that the caller's function allows, or a larger one if the result were too large. */
static unsigned asked_denominator(const lathe_picture_file *file, unsigned width, unsigned height)
{
    const bool swap = file->orientation >= 5 && !file->opts.no_orientation;
    const int asked =
        file->opts.reduce(file->opts.context, (int)(swap ? height : width), (int)(swap ? width : height));
    unsigned denominator = asked >= 8 ? 8 : asked >= 4 ? 4 : asked >= 2 ? 2 : 1;
    for (; denominator < 8; denominator *= 2) {
        const uint64_t across = (width + denominator - 1) / denominator;
        if (across * ((height + denominator - 1) / denominator) <= file->opts.max_pixels) break;
    }
    return denominator;
}

/*
 * CMYK pixels to the first channels of RGB: the ink that is left times the black that is left. Adobe stores
 * ink inverted. Pillow and browsers read every file so, with Adobe's mark or without it.
 */
static void from_cmyk(const uint8_t *cmyk, lathe_picture *picture)
{
    size_t count = (size_t)picture->width * (size_t)picture->height;
    uint8_t *to = picture->pixels;
    for (size_t i = 0; i < count; i++, cmyk += 4, to += picture->channels) {
        int rgb[3];
        for (int c = 0; c < 3; c++) rgb[c] = (cmyk[c] * cmyk[3] + 127) / 255;
        if (picture->channels == 1) to[0] = (uint8_t)((rgb[0] * 77 + rgb[1] * 150 + rgb[2] * 29 + 128) >> 8);
        else
            for (int c = 0; c < picture->channels; c++) to[c] = c < 3 ? (uint8_t)rgb[c] : 255;
    }
}

/* Sides of the file and pixels of the result are limited; of the file too if it is held whole in memory. */
static lathe_status check_limits(jpeg_reader *reader, unsigned denominator)
{
    struct jpeg_decompress_struct *info = &reader->info;
    if (jpeg_has_multiple_scans(info)) denominator = 1;
    lathe_picture_file sides = *reader->file;
    sides.opts.max_pixels = SIZE_MAX;
    lathe_status status = lathe_picture_check_size(&sides, info->image_width, info->image_height);
    if (status) return status;
    return lathe_picture_check_size(reader->file, (info->image_width + denominator - 1) / denominator,
        (info->image_height + denominator - 1) / denominator);
}

static lathe_status decode_with(jpeg_reader *reader)
{
    struct jpeg_decompress_struct *info = &reader->info;
    lathe_picture *picture = reader->picture;
    const int channels = reader->file->opts.channels;
    unsigned denominator = reader->file->opts.reduce ?
        asked_denominator(reader->file, info->image_width, info->image_height) :
        denominator_for(info->image_width, info->image_height, reader->file->opts.at_least);
    lathe_status status = check_limits(reader, denominator);
    if (status) return status;
    if (jpeg_has_multiple_scans(info)) /* it holds the coefficients of all pixels */
        status = lathe_picture_reserve(reader->file,
            (uint64_t)info->image_width * info->image_height * (2 * (uint64_t)info->num_components + 4));
    if (status) return status;
    *picture = (lathe_picture){ .width = (int)((info->image_width + denominator - 1) / denominator),
        .height = (int)((info->image_height + denominator - 1) / denominator),
        .channels = channels                        ? channels :
            info->jpeg_color_space == JCS_GRAYSCALE ? 1 :
                                                      3,
        .file_width = (int)info->image_width,
        .file_height = (int)info->image_height,
        .reduced = (int)denominator };
    status = lathe_picture_alloc(picture);
    if (status) return status;
    static const J_COLOR_SPACE spaces[] = { 0, JCS_GRAYSCALE, 0, JCS_EXT_RGB, JCS_EXT_RGBA };
    const bool cmyk = info->jpeg_color_space == JCS_CMYK || info->jpeg_color_space == JCS_YCCK;
    info->scale_num = 1;
    info->scale_denom = denominator;
    info->out_color_space = cmyk ? JCS_CMYK : spaces[picture->channels];
    reader->rows = picture->pixels;
    if (cmyk) {
        reader->rows = lathe_alloc_raw(lathe_times((size_t)picture->width, (size_t)picture->height), 4);
        if (!reader->rows) return LATHE_ENOMEM;
    }
    if (!attempt(reader, read_rows)) status = LATHE_EFORMAT;
    if (cmyk && !status) from_cmyk(reader->rows, picture);
    if (cmyk) lathe_free(reader->rows);
    return status;
}

lathe_status lathe_picture_jpeg_pixels(lathe_picture_file *file, lathe_picture *picture)
{
    jpeg_reader reader = { .file = file, .picture = picture };
    reader.info.err = jpeg_std_error(&reader.errors);
    reader.info.client_data = &reader;
    reader.errors.error_exit = fail;
    reader.errors.emit_message = warn;
    lathe_status status = attempt(&reader, read_header) ? decode_with(&reader) : LATHE_EFORMAT;
    if (reader.message[0] && reader.errors.msg_code == JERR_OUT_OF_MEMORY) status = LATHE_ENOMEM;
    if (reader.message[0]) lathe_fail(status, "%s: %s", file->name, reader.message);
    jpeg_destroy_decompress(&reader.info);
    return status;
}
