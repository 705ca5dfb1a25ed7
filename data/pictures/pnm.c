/* Binary PGM and PPM (P5, P6) with a byte a sample. */
#include "picture_impl.h"

static bool is_pnm(const uint8_t *bytes, size_t size)
{
    (void)size;
    return bytes[0] == 'P' && (bytes[1] == '5' || bytes[1] == '6');
}

static bool is_space(uint8_t c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

/* The next decimal number of the header, past white space and comments; -1 if there is none below a million.
 */
static int read_number(const lathe_picture_file *file, size_t *at)
{
    while (*at < file->size && (is_space(file->bytes[*at]) || file->bytes[*at] == '#')) {
        if (file->bytes[*at] == '#')
            while (*at < file->size && file->bytes[*at] != '\n') ++*at;
        else ++*at;
    }
    int value = -1;
    for (; *at < file->size && file->bytes[*at] >= '0' && file->bytes[*at] <= '9' && value < 100000; ++*at)
        value = (value < 0 ? 0 : value) * 10 + (file->bytes[*at] - '0');
    return value;
}

static uint8_t grey(const uint8_t *rgb)
{
    return (uint8_t)((rgb[0] * 77 + rgb[1] * 150 + rgb[2] * 29 + 128) >> 8);
}

static lathe_status decode_pnm(lathe_picture_file *file, lathe_picture *picture)
{
    size_t at = 2;
    int own = file->bytes[1] == '5' ? 1 : 3, width = read_number(file, &at), height = read_number(file, &at);
    int most = read_number(file, &at);
    if (width < 0 || height < 0 || most < 1 || at >= file->size || !is_space(file->bytes[at]))
        return lathe_fail(LATHE_EFORMAT, "%s: the PNM header is not complete", file->name);
    if (most > 255)
        return lathe_fail(LATHE_EFORMAT, "%s: PNM samples up to %d, only up to 255 are read", file->name,
            most);
    lathe_status status = lathe_picture_check_size(file, (uint64_t)width, (uint64_t)height);
    if (status) return status;
    size_t pixels = (size_t)width * (size_t)height, left = file->size - ++at;
    if (left < pixels * (size_t)own)
        return lathe_fail(LATHE_EFORMAT,
            "%s: the PNM is truncated: %zu bytes of pixels, its header needs %zu", file->name, left,
            pixels * (size_t)own);
    *picture = (lathe_picture){ .width = width,
        .height = height,
        .channels = file->opts.channels ? file->opts.channels : own };
    status = lathe_picture_alloc(picture);
    if (status) return status;
    const uint8_t *from = file->bytes + at;
    uint8_t *to = picture->pixels;
    for (size_t i = 0; i < pixels; i++, from += own, to += picture->channels) {
        uint8_t sample[3];
        for (int c = 0; c < 3; c++) {
            int value = from[own == 3 ? c : 0];
            sample[c] = (uint8_t)(value >= most ? 255 : (value * 255 + most / 2) / most);
        }
        if (picture->channels == 1) to[0] = own == 1 ? sample[0] : grey(sample);
        else
            for (int c = 0; c < picture->channels; c++) to[c] = c < 3 ? sample[c] : 255;
    }
    return LATHE_OK;
}

const lathe_picture_kind lathe_pnm_picture = { .name = "PNM", .is = is_pnm, .decode = decode_pnm };
