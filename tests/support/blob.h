/* Bytes put together piece by piece: picture files that tests make. */
#ifndef LATHE_TESTS_BLOB_H
#define LATHE_TESTS_BLOB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct test_blob {
    uint8_t bytes[8192];
    size_t size;
} test_blob;

/** Add bytes. */
void test_blob_put(test_blob *out, const void *bytes, size_t size);

/** Add a number of `count` bytes, the highest byte first if `big`. */
void test_blob_number(test_blob *out, uint32_t value, int count, bool big);

/** Add a chunk of a PNG: length, type, body, CRC-32. */
void test_blob_chunk(test_blob *out, const char *type, const void *body, size_t size);

#endif
