#include "picture_impl.h"

#include <stdio.h>
#include <string.h>

#include "../../core/alloc.h"
#include "../../core/threads_impl.h"
#include "../files/byte_file_impl.h"

lathe_status lathe_picture_check_size(const lathe_picture_file *file, uint64_t width, uint64_t height)
{
    unsigned long long w = width, h = height;
    if (!width || !height)
        return lathe_fail(LATHE_EFORMAT, "%s: a picture of %llu x %llu pixels", file->name, w, h);
    if (width > (uint64_t)file->opts.max_side || height > (uint64_t)file->opts.max_side)
        return lathe_fail(LATHE_EFORMAT, "%s: %llu x %llu pixels, the longest side allowed is %d", file->name,
            w, h, file->opts.max_side);
    if (width * height > file->opts.max_pixels)
        return lathe_fail(LATHE_EFORMAT, "%s: %llu x %llu pixels, at most %zu are allowed (max_megapixels)",
            file->name, w, h, file->opts.max_pixels);
    return LATHE_OK;
}

size_t lathe_picture_memory(const lathe_picture_file *file)
{
    return lathe_plus(lathe_times(file->opts.max_pixels, 16), 1 << 18); /* and what small pictures need too */
}

static lathe_mutex one_large = LATHE_MUTEX;

lathe_status lathe_picture_reserve(lathe_picture_file *file, uint64_t bytes)
{
    if (bytes > lathe_picture_memory(file))
        return lathe_fail(LATHE_EFORMAT,
            "%s: needs %llu MiB to decode, at most %zu are allowed (max_megapixels)", file->name,
            (unsigned long long)(bytes >> 20), lathe_picture_memory(file) >> 20);
    if (bytes <= (uint64_t)1 << 28 || file->alone) return LATHE_OK;
    lathe_mutex_lock(&one_large);
    file->alone = true;
    return LATHE_OK;
}

lathe_status lathe_picture_alloc(lathe_picture *picture)
{
    picture->pixels = lathe_alloc_raw(lathe_times((size_t)picture->width, (size_t)picture->height),
        (size_t)picture->channels); /* at most 2^30 */
    return picture->pixels ? LATHE_OK : LATHE_ENOMEM;
}

void lathe_picture_free(lathe_picture *picture)
{
    if (!picture) return;
    lathe_free(picture->pixels);
    *picture = (lathe_picture){ 0 };
}

static uint32_t number(const uint8_t *bytes, int count, bool big)
{
    uint32_t value = 0;
    for (int i = 0; i < count; i++) value = value << 8 | bytes[big ? i : count - 1 - i];
    return value;
}

int lathe_picture_exif(const uint8_t *bytes, size_t size)
{
    if (size < 8 || (memcmp(bytes, "II*\0", 4) && memcmp(bytes, "MM\0*", 4))) return 1;
    bool big = bytes[0] == 'M';
    size_t at = number(bytes + 4, 4, big);
    if (at > size || size - at < 2) return 1;
    size_t entries = number(bytes + at, 2, big);
    for (at += 2; entries && size - at >= 12; entries--, at += 12) { /* tag, type, count, value */
        if (number(bytes + at, 2, big) != 0x0112) continue;
        uint32_t value = number(bytes + at + 8, 2, big);
        bool is_short = number(bytes + at + 2, 2, big) == 3 && number(bytes + at + 4, 4, big) == 1;
        return is_short && value >= 1 && value <= 8 ? (int)value : 1;
    }
    return 1;
}

/*
 * Turn and mirror as EXIF's orientation says. Pixel (x, y) of the result comes from this pixel of a file of
 * size w x h:
 *
 *     2 (w-1-x, y)   3 (w-1-x, h-1-y)   4 (x, h-1-y)       5 (y, x)
 *     6 (y, h-1-x)   7 (w-1-y, h-1-x)   8 (w-1-y, x)
 */
static lathe_status set_upright(lathe_picture *picture, int orientation)
{
    if (orientation <= 1) return LATHE_OK;
    bool swap = orientation >= 5,
         from_right = orientation == 2 || orientation == 3 || orientation == 7 || orientation == 8;
    bool from_below = orientation == 3 || orientation == 4 || orientation == 6 || orientation == 7;
    lathe_picture turned = { .width = swap ? picture->height : picture->width,
        .height = swap ? picture->width : picture->height,
        .channels = picture->channels,
        .file_width = swap ? picture->file_height : picture->file_width,
        .file_height = swap ? picture->file_width : picture->file_height,
        .reduced = picture->reduced };
    if (swap ? from_below : from_right)
        turned.left = turned.width - (double)turned.file_width / turned.reduced;
    if (swap ? from_right : from_below)
        turned.top = turned.height - (double)turned.file_height / turned.reduced;
    lathe_status status = lathe_picture_alloc(&turned);
    if (status) return status;
    size_t channels = (size_t)turned.channels, row = (size_t)picture->width * channels;
    uint8_t *to = turned.pixels;
    for (int y = 0; y < turned.height; y++)
        for (int x = 0; x < turned.width; x++, to += channels) {
            int column = swap ? y : x, line = swap ? x : y;
            if (from_right) column = picture->width - 1 - column;
            if (from_below) line = picture->height - 1 - line;
            memcpy(to, picture->pixels + (size_t)line * row + (size_t)column * channels, channels);
        }
    lathe_picture_free(picture);
    *picture = turned;
    return LATHE_OK;
}

static lathe_status resolve(const lathe_picture_opts *opts, lathe_picture_opts *resolved)
{
    static const lathe_picture_opts none;
    *resolved = opts ? *opts : none;
    if (resolved->channels < 0 || resolved->channels == 2 || resolved->channels > 4)
        return lathe_fail(LATHE_EARG, "lathe_picture_decode: %d channels, expected 1, 3 or 4",
            resolved->channels);
    if (resolved->max_side < 0 || resolved->max_side > UINT16_MAX)
        return lathe_fail(LATHE_EARG, "lathe_picture_decode: max_side is %d, expected up to %d",
            resolved->max_side, UINT16_MAX);
    if (resolved->max_bytes > 1 << 30)
        return lathe_fail(LATHE_EARG, "lathe_picture_decode: max_bytes is %zu, expected up to %d",
            resolved->max_bytes, 1 << 30);
    if (resolved->background &&
        (resolved->background < 1 << 24 || resolved->background > LATHE_BACKGROUND_MOST))
        return lathe_fail(LATHE_EARG,
            "lathe_picture_decode: background is %d, expected one of lathe_colour_parse",
            resolved->background);
    if (!resolved->max_side)
        resolved->max_side = resolved->max_pixels > LATHE_PICTURE_PIXELS ? UINT16_MAX : 16384;
    if (!resolved->max_pixels) resolved->max_pixels = LATHE_PICTURE_PIXELS;
    if (!resolved->max_bytes) resolved->max_bytes = (size_t)1 << 26;
    return LATHE_OK;
}

lathe_status lathe_colour_parse(const char *text, int *background)
{
    static const struct {
        const char *name;
        int colour;
    } names[] = { { "white", 0xFFFFFF }, { "black", 0 }, { "grey", 0x808080 }, { "gray", 0x808080 } };
    unsigned colour;
    int end = 0;
    if (!background) return lathe_fail_null("lathe_colour_parse", "background");
    *background = 0;
    if (!text || !*text) return LATHE_OK;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (!strcmp(text, names[i].name)) return *background = 1 << 24 | names[i].colour, LATHE_OK;
    if (*text != '#' || strspn(text + 1, "0123456789abcdefABCDEF") != 6 || strlen(text) != 7 ||
        sscanf(text, "#%6x%n", &colour, &end) != 1)
        return lathe_fail(LATHE_EARG, "background = '%.40s' is not a colour: white, black, grey or #rrggbb",
            text);
    *background = 1 << 24 | (int)colour;
    return LATHE_OK;
}

static bool is_gif(const uint8_t *bytes, size_t size)
{
    (void)size;
    return !memcmp(bytes, "GIF8", 4);
}

static lathe_status refuse_gif(lathe_picture_file *file, lathe_picture *picture)
{
    (void)picture;
    return lathe_fail(LATHE_EFORMAT, "%s: is a GIF; JPEG, PNG, BMP and PNM are read", file->name);
}

static const lathe_picture_kind gif = { .name = "GIF", .is = is_gif, .decode = refuse_gif };
static const lathe_picture_kind *const kinds[] = { &lathe_jpeg_picture, &lathe_png_picture,
    &lathe_bmp_picture, &lathe_pnm_picture, &gif };

lathe_status lathe_picture_decode(const void *bytes, size_t size, const char *name,
    const lathe_picture_opts *opts, lathe_picture *picture)
{
    if (!bytes || !name || !picture)
        return lathe_fail_null("lathe_picture_decode", !bytes ? "bytes" : !name ? "name" : "picture");
    *picture = (lathe_picture){ 0 };
    lathe_picture_file file = { .bytes = bytes, .size = size, .name = name, .orientation = 1 };
    lathe_status status = resolve(opts, &file.opts);
    if (status) return status;
    if (size > file.opts.max_bytes)
        return lathe_fail(LATHE_EFORMAT, "%s: has %zu bytes, at most %zu are allowed", name, size,
            file.opts.max_bytes);
    if (size < 8) return lathe_fail(LATHE_EFORMAT, "%s: %zu bytes are not a picture", name, size);
    const lathe_picture_kind *kind = NULL;
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0] && !kind; i++)
        if (kinds[i]->is(file.bytes, size)) kind = kinds[i];
    if (!kind)
        return lathe_fail(LATHE_EFORMAT,
            "%s: not a JPEG, PNG, BMP or PNM file: begins with %02x %02x %02x %02x", name, file.bytes[0],
            file.bytes[1], file.bytes[2], file.bytes[3]);
    status = kind->decode(&file, picture);
    if (file.alone) lathe_mutex_unlock(&one_large);
    if (!picture->reduced) {
        picture->reduced = 1;
        picture->file_width = picture->width;
        picture->file_height = picture->height;
    }
    if (!status && !file.opts.no_orientation) status = set_upright(picture, file.orientation);
    if (status) lathe_picture_free(picture);
    return status;
}

lathe_status lathe_picture_read(const char *path, const lathe_picture_opts *opts, lathe_picture *picture)
{
    if (!path || !picture) return lathe_fail_null("lathe_picture_read", path ? "picture" : "path");
    *picture = (lathe_picture){ 0 };
    lathe_picture_opts resolved;
    lathe_status status = resolve(opts, &resolved);
    uint8_t *bytes = NULL;
    size_t size = 0;
    if (!status) status = lathe_data_file_load(path, resolved.max_bytes, &bytes, &size);
    if (!status) status = lathe_picture_decode(bytes, size, path, &resolved, picture);
    lathe_free(bytes);
    return status;
}

/* ---- pixels in memory ---------------------------------------------------------------------------------- */

/* With the weights of stb_image. */
static uint8_t grey(const int *rgb) { return (uint8_t)((rgb[0] * 77 + rgb[1] * 150 + rgb[2] * 29) >> 8); }

void lathe_picture_lay(const uint8_t *rgba, int background, const lathe_picture *picture)
{
    const int behind[3] = { background >> 16 & 255, background >> 8 & 255, background & 255 };
    const size_t area = (size_t)picture->width * (size_t)picture->height;
    uint8_t *to = picture->pixels;
    for (size_t i = 0; i < area; i++, rgba += 4, to += picture->channels) {
        int mixed[3];
        for (int c = 0; c < 3; c++) mixed[c] = (rgba[c] * rgba[3] + behind[c] * (255 - rgba[3]) + 127) / 255;
        if (picture->channels == 1) to[0] = grey(mixed);
        else
            for (int c = 0; c < 3; c++) to[c] = (uint8_t)mixed[c];
    }
}

/* One pixel of `own` channels as one of the picture's. */
static void convert(const uint8_t *from, int own, int background, const lathe_picture *one)
{
    const int colours = own < 3 ? 1 : 3, wanted = one->channels;
    const uint8_t rgba[4] = { from[0], from[colours == 3 ? 1 : 0], from[colours == 3 ? 2 : 0],
        own == colours ? 255 : from[colours] };
    if (background && own != colours && wanted != 4) lathe_picture_lay(rgba, background, one);
    else if (wanted == 1)
        one->pixels[0] = colours == 1 ? from[0] : grey((int[]){ rgba[0], rgba[1], rgba[2] });
    else memcpy(one->pixels, rgba, (size_t)wanted);
}

lathe_status lathe_picture_of(const uint8_t *pixels, int height, int width, int channels,
    const lathe_picture_opts *opts, lathe_picture *picture)
{
    if (!pixels || !picture) return lathe_fail_null("lathe_picture_of", pixels ? "picture" : "pixels");
    *picture = (lathe_picture){ 0 };
    lathe_picture_file file = { .name = "lathe_picture_of" };
    lathe_status status = resolve(opts, &file.opts);
    if (!status && (channels < 1 || channels > 4))
        status = lathe_fail(LATHE_EARG, "lathe_picture_of: %d channels, expected 1 to 4", channels);
    if (!status && (height < 1 || width < 1))
        status = lathe_fail(LATHE_EARG, "lathe_picture_of: %d x %d pixels (height, width)", height, width);
    if (!status) status = lathe_picture_check_size(&file, (uint64_t)width, (uint64_t)height);
    if (status) return status;
    *picture = (lathe_picture){ .width = width,
        .height = height,
        .channels = file.opts.channels ? file.opts.channels :
            channels < 3               ? 1 :
                                         3,
        .file_width = width,
        .file_height = height,
        .reduced = 1 };
    status = lathe_picture_alloc(picture);
    lathe_picture one = { .width = 1, .height = 1, .channels = picture->channels, .pixels = picture->pixels };
    const size_t area = (size_t)width * (size_t)height;
    const bool same = one.channels == channels;
    if (!status && same) memcpy(picture->pixels, pixels, area * (size_t)channels);
    for (size_t i = 0; i < area && !status && !same; i++, pixels += channels, one.pixels += one.channels)
        convert(pixels, channels, file.opts.background, &one);
    if (status) lathe_picture_free(picture);
    return status;
}
