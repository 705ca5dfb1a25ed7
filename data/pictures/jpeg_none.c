/* No JPEG: the build option LATHE_JPEG=none. */
#include "picture_impl.h"

lathe_status lathe_picture_jpeg_pixels(lathe_picture_file *file, lathe_picture *picture)
{
    (void)picture;
    return lathe_fail(LATHE_ESTATE, "%s: this build reads no JPEG files; build with -DLATHE_JPEG=turbo",
        file->name);
}
