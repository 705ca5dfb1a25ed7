/* JPEG through libjpeg-turbo: for any file, whoever made it. */
#include "picture_impl.h"

#include <turbojpeg.h>

#include "../../core/alloc.h"

/* The largest of 1, 1/2, 1/4, 1/8 below which a side would be less than wanted. */
static tjscalingfactor scale_for(int width, int height, int at_least)
{
    tjscalingfactor scale = { 1, 1 };
    for (int denominator = 2; at_least > 0 && denominator <= 8; denominator *= 2) {
        tjscalingfactor smaller = { 1, denominator };
        if (TJSCALED(width, smaller) < at_least || TJSCALED(height, smaller) < at_least) break;
        scale = smaller;
    }
    return scale;
}

/* CMYK pixels to the first channels of RGB, in place row by row: the ink that is left times the black that is
 * left. */
static void from_cmyk(const uint8_t *cmyk, bool inverted, lathe_picture *picture)
{
    size_t count = (size_t)picture->width * (size_t)picture->height;
    uint8_t *to = picture->pixels;
    for (size_t i = 0; i < count; i++, cmyk += 4, to += picture->channels) {
        int rgb[3];
        for (int c = 0; c < 3; c++) {
            int ink = inverted ? cmyk[c] : 255 - cmyk[c], black = inverted ? cmyk[3] : 255 - cmyk[3];
            rgb[c] = (ink * black + 127) / 255;
        }
        if (picture->channels == 1) to[0] = (uint8_t)((rgb[0] * 77 + rgb[1] * 150 + rgb[2] * 29 + 128) >> 8);
        else
            for (int c = 0; c < picture->channels; c++) to[c] = c < 3 ? (uint8_t)rgb[c] : 255;
    }
}

static lathe_status decompress(tjhandle handle, const lathe_picture_file *file, int format, int width,
    int height, uint8_t *pixels)
{
    if (!tjDecompress2(handle, file->bytes, file->size, pixels, width, 0, height, format,
            TJFLAG_STOPONWARNING | TJFLAG_LIMITSCANS))
        return LATHE_OK;
    return lathe_fail(LATHE_EFORMAT, "%s: %s", file->name, tjGetErrorStr2(handle));
}

static lathe_status decode_with(tjhandle handle, const lathe_picture_file *file, bool adobe,
    lathe_picture *picture)
{
    int width, height, sampling, space;
    if (tjDecompressHeader3(handle, file->bytes, file->size, &width, &height, &sampling, &space))
        return lathe_fail(LATHE_EFORMAT, "%s: %s", file->name, tjGetErrorStr2(handle));
    if (width < 0 || height < 0) width = height = 0;
    lathe_status status = lathe_picture_check_size(file, (uint64_t)width, (uint64_t)height);
    if (status) return status;
    tjscalingfactor scale = scale_for(width, height, file->opts.at_least);
    *picture = (lathe_picture){ .width = TJSCALED(width, scale),
        .height = TJSCALED(height, scale),
        .channels = file->opts.channels };
    if (!picture->channels) picture->channels = space == TJCS_GRAY ? 1 : 3;
    status = lathe_picture_alloc(picture);
    if (status) return status;
    if (space != TJCS_CMYK && space != TJCS_YCCK) {
        static const int formats[] = { 0, TJPF_GRAY, 0, TJPF_RGB, TJPF_RGBA };
        return decompress(handle, file, formats[picture->channels], picture->width, picture->height,
            picture->pixels);
    }
    uint8_t *cmyk = lathe_alloc_raw(lathe_times((size_t)picture->width, (size_t)picture->height), 4);
    if (!cmyk) return LATHE_ENOMEM;
    status = decompress(handle, file, TJPF_CMYK, picture->width, picture->height, cmyk);
    if (!status) from_cmyk(cmyk, adobe, picture);
    lathe_free(cmyk);
    return status;
}

lathe_status lathe_picture_jpeg_pixels(lathe_picture_file *file, bool adobe, lathe_picture *picture)
{
    tjhandle handle = tjInitDecompress();
    if (!handle) return lathe_fail(LATHE_ENOMEM, "%s: libjpeg-turbo cannot start", file->name);
    lathe_status status = decode_with(handle, file, adobe, picture);
    tjDestroy(handle);
    return status;
}
