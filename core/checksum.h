/* Checksums of files: CRC-32 of checkpoints and PNG, CRC-32C of TensorBoard's event files. */
#ifndef LATHE_CORE_CHECKSUM_H
#define LATHE_CORE_CHECKSUM_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * CRC-32 as zlib, gzip and PNG have it: polynomial 0x04c11db7, reflected, all ones at first, inverted at the
 * end. The checksum of "123456789" is 0xcbf43926.
 *
 * before   the checksum of the bytes before these; 0 at the beginning.
 * Errors   LATHE_EARG if bytes is NULL and size is not 0: returns 0.
 * Source   ISO/IEC 15948 (PNG), section 5.5 and annex D
 */
uint32_t lathe_crc32(uint32_t before, const void *bytes, size_t size);

/**
 * CRC-32C (Castagnoli): the same with polynomial 0x1edc6f41. The checksum of "123456789" is 0xe3069283.
 * Errors   as for lathe_crc32.
 * Source   RFC 3720, section 12.1 and appendix B.4
 */
uint32_t lathe_crc32c(const void *bytes, size_t size);

/**
 * The masked checksum of TFRecord files: lathe_crc32c, rotated right by 15 bits, plus 0xa282ead8. The mask
 * helps where data itself contains checksums.
 */
uint32_t lathe_crc32c_masked(const void *bytes, size_t size);

#ifdef __cplusplus
}
#endif

#endif
