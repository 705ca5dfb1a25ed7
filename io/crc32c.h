/* The checksum of TensorBoard's event files. */
#ifndef LATHE_IO_CRC32C_H
#define LATHE_IO_CRC32C_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * CRC-32C (Castagnoli): polynomial 0x1edc6f41, reflected, all ones at first, inverted at the end. The
 * checksum of "123456789" is 0xe3069283.
 * Errors   LATHE_EARG if bytes is NULL and size is not 0: returns 0.
 * Source   RFC 3720, section 12.1 and appendix B.4
 */
uint32_t lathe_crc32c(const void *bytes, size_t size);

/**
 * The masked checksum of TFRecord files: the CRC-32C, rotated right by 15 bits, plus 0xa282ead8. The mask
 * helps where data itself contains checksums.
 */
uint32_t lathe_crc32c_masked(const void *bytes, size_t size);

#ifdef __cplusplus
}
#endif

#endif
