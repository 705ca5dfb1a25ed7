#include "checksum.h"

#ifdef LATHE_ZLIB
#include <zlib.h>
#endif

#include "status.h"

/*
 * Four bits a step: remainder_of[b] is what polynomial division leaves of b (PNG, annex D, has eight bits).
 */
static uint32_t divide(const uint32_t remainder_of[16], uint32_t crc, const void *bytes, size_t size)
{
    const unsigned char *byte = bytes;
    crc = ~crc;
    for (size_t i = 0; i < size; i++) {
        crc ^= byte[i];
        crc = crc >> 4 ^ remainder_of[crc & 15];
        crc = crc >> 4 ^ remainder_of[crc & 15];
    }
    return ~crc;
}

uint32_t lathe_crc32(uint32_t before, const void *bytes, size_t size)
{
    if (!bytes && size) return lathe_fail_null("lathe_crc32", "bytes"), 0;
#ifdef LATHE_ZLIB /* some ten times faster */
    return size ? (uint32_t)crc32_z(before, bytes, size) : before;
#else
    static const uint32_t remainder_of[16] = { 0x00000000, 0x1db71064, 0x3b6e20c8, 0x26d930ac, 0x76dc4190,
        0x6b6b51f4, 0x4db26158, 0x5005713c, 0xedb88320, 0xf00f9344, 0xd6d6a3e8, 0xcb61b38c, 0x9b64c2b0,
        0x86d3d2d4, 0xa00ae278, 0xbdbdf21c };
    return divide(remainder_of, before, bytes, size);
#endif
}

uint32_t lathe_crc32c(const void *bytes, size_t size)
{
    static const uint32_t remainder_of[16] = { 0x00000000, 0x105ec76f, 0x20bd8ede, 0x30e349b1, 0x417b1dbc,
        0x5125dad3, 0x61c69362, 0x7198540d, 0x82f63b78, 0x92a8fc17, 0xa24bb5a6, 0xb21572c9, 0xc38d26c4,
        0xd3d3e1ab, 0xe330a81a, 0xf36e6f75 };
    if (!bytes && size) return lathe_fail_null("lathe_crc32c", "bytes"), 0;
    return divide(remainder_of, 0, bytes, size);
}

uint32_t lathe_crc32c_masked(const void *bytes, size_t size)
{
    if (!bytes && size) return lathe_fail_null("lathe_crc32c_masked", "bytes"), 0;
    const uint32_t crc = lathe_crc32c(bytes, size);
    return (crc >> 15 | crc << 17) + 0xa282ead8u;
}
