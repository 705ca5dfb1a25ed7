#include "blob.h"

#include <string.h>

#include <zlib.h>

#include "support.h"

void test_blob_put(test_blob *out, const void *bytes, size_t size)
{
    assert_true(out->size + size <= sizeof out->bytes);
    memcpy(out->bytes + out->size, bytes, size);
    out->size += size;
}

void test_blob_number(test_blob *out, uint32_t value, int count, bool big)
{
    for (int i = 0; i < count; i++)
        test_blob_put(out, &(uint8_t){ (uint8_t)(value >> 8 * (big ? count - 1 - i : i)) }, 1);
}

void test_blob_chunk(test_blob *out, const char *type, const void *body, size_t size)
{
    test_blob_number(out, (uint32_t)size, 4, true);
    test_blob_put(out, type, 4);
    test_blob_put(out, body, size);
    uLong sum = crc32(0, out->bytes + out->size - size - 4, (uInt)size + 4);
    test_blob_number(out, (uint32_t)sum, 4, true);
}
