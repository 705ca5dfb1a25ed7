/* No gzip: the build option LATHE_ZLIB=OFF. */
#include "gzip_impl.h"

lathe_gzip *lathe_gzip_new(const char *path)
{
    lathe_fail(LATHE_ESTATE,
        "%s: this build reads no gzipped files; build with -DLATHE_ZLIB=ON, or unpack it with gunzip", path);
    return NULL;
}

void lathe_gzip_free(lathe_gzip *gzip) { (void)gzip; }

bool lathe_gzip_restart(lathe_gzip *gzip) { return (void)gzip, false; }

lathe_status lathe_gzip_unpack(lathe_gzip *gzip, const uint8_t *from, size_t *held, uint8_t *to, size_t *room,
    bool *finished)
{
    return (void)gzip, (void)from, (void)held, (void)to, (void)room, *finished = true, LATHE_ESTATE;
}

uint64_t lathe_gzip_unpacked(const lathe_gzip *gzip) { return (void)gzip, 0; }
