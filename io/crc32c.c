#include "crc32c.h"

#include "../core/status.h"

/* The remainders of four bits, of the reflected polynomial. */
static const uint32_t remainder_of[16] = { 0x00000000, 0x105ec76f, 0x20bd8ede, 0x30e349b1, 0x417b1dbc,
    0x5125dad3, 0x61c69362, 0x7198540d, 0x82f63b78, 0x92a8fc17, 0xa24bb5a6, 0xb21572c9, 0xc38d26c4,
    0xd3d3e1ab, 0xe330a81a, 0xf36e6f75 };

uint32_t lathe_crc32c(const void *bytes, size_t size)
{
    uint32_t crc = UINT32_MAX;
    if (!bytes && size) return lathe_fail_null("lathe_crc32c", "bytes"), 0;
    const unsigned char *byte = bytes;
    for (size_t i = 0; i < size; i++) {
        crc ^= byte[i];
        crc = crc >> 4 ^ remainder_of[crc & 15];
        crc = crc >> 4 ^ remainder_of[crc & 15];
    }
    return ~crc;
}

uint32_t lathe_crc32c_masked(const void *bytes, size_t size)
{
    if (!bytes && size) return lathe_fail_null("lathe_crc32c_masked", "bytes"), 0;
    const uint32_t crc = lathe_crc32c(bytes, size);
    return (crc >> 15 | crc << 17) + 0xa282ead8u;
}
