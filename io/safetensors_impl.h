/* Private: what reading and writing safetensors share. */
#ifndef LATHE_IO_SAFETENSORS_IMPL_H
#define LATHE_IO_SAFETENSORS_IMPL_H

#include <stdbool.h>

#include "safetensors.h"

#define LATHE_DATA_CRC "lathe.data_crc32"
#define LATHE_HEADER_CRC "lathe.header_crc32"

/** Bytes of a number of this type; 0 for an unknown one. */
size_t lathe_dtype_size(const char *dtype);

/** CRC-32 as zlib and PNG have it, of any length. */
uint32_t lathe_crc32(const void *bytes, size_t size);

/** Where the eight digits of the header's own checksum are in its text, NULL if it has none. They count as
 * zeros in the sum. */
char *lathe_header_crc_digits(char *header, size_t length);

/**
 * Parse the header in place into file->tensor and file->metadata: form, names, types, shapes and sizes are
 * checked, not how the ranges lie. data pointers are offsets from `data`, the first byte after the header.
 * Errors   LATHE_EFORMAT, LATHE_ENOMEM.
 */
lathe_status lathe_safetensors_parse(lathe_safetensors *file, char *header, size_t length, size_t data_size);

/** Sort tensors by name and metadata by key. Errors: LATHE_EFORMAT for one that is there twice. */
lathe_status lathe_safetensors_unique(lathe_safetensors *file);

/** NULL if `name` may be a tensor's; otherwise why not. */
const char *lathe_safetensors_bad_name(const char *name);

#endif
