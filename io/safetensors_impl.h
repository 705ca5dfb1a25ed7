/* Private: code that reading and writing safetensors share. */
#ifndef LATHE_IO_SAFETENSORS_IMPL_H
#define LATHE_IO_SAFETENSORS_IMPL_H

#include <stdbool.h>

#include "safetensors.h"

#define LATHE_DATA_CRC "lathe.data_crc32"
#define LATHE_HEADER_CRC "lathe.header_crc32"

/** A file's bytes, without a look at them. Errors: LATHE_EIO, LATHE_ENOMEM: NULL. */
lathe_safetensors *lathe_safetensors_open(const char *path, size_t *size);

/** Read the tensors of such a file, as lathe_safetensors_read. Errors: LATHE_EFORMAT, LATHE_ENOMEM. */
lathe_status lathe_safetensors_check(lathe_safetensors *file, size_t size);

/** Bytes of one number of this type; 0 for an unknown type. */
size_t lathe_dtype_size(const char *dtype);

/** Whether numbers of this type can be converted to reals. */
bool lathe_dtype_converts(const char *dtype);

/**
 * The eight digits of the header's checksum in its text; NULL if it has none. The sum counts them as zeros.
 */
char *lathe_header_crc_digits(char *header, size_t length);

/**
 * Parse the header in place into file->tensor and file->metadata. Form, names, types, shapes and sizes are
 * checked; the order of the ranges is not. Data pointers are offsets from `data`, the first byte after the
 * header.
 * Errors   LATHE_EFORMAT, LATHE_ENOMEM.
 */
lathe_status lathe_safetensors_parse(lathe_safetensors *file, char *header, size_t length, size_t data_size);

/** Sort tensors by name and metadata by key. Errors: LATHE_EFORMAT for a name or key that occurs twice. */
lathe_status lathe_safetensors_unique(lathe_safetensors *file);

/** The reason why `name` is not legal for a tensor; NULL if it is legal. */
const char *lathe_safetensors_bad_name(const char *name);

#endif
