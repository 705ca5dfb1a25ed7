/* No PNG and no BMP: the build option LATHE_PNG=none. */
#include "picture_impl.h"

lathe_status lathe_picture_stb(lathe_picture_file *file, size_t budget, int channels, lathe_picture *picture)
{
    (void)budget, (void)channels, (void)picture;
    return lathe_fail(LATHE_ESTATE, "%s: this build reads no PNG and BMP files; build with -DLATHE_PNG=stb",
        file->name);
}
