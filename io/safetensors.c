#define _GNU_SOURCE /* memmem */
#include "safetensors.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../core/alloc.h"
#include "../core/checksum.h"
#include "file.h"
#include "safetensors_impl.h"
#include "text.h"

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__,
    "numbers in memory and in the file are of the same byte order");

char *lathe_header_crc_digits(char *header, size_t length)
{
    static const char mark[] = "\"" LATHE_HEADER_CRC "\":\"";
    char *found = memmem(header, length, mark, sizeof mark - 1);
    if (!found) return NULL;
    char *digits = found + sizeof mark - 1;
    return header + length - digits > 8 ? digits : NULL;
}

/* ---- reading ------------------------------------------------------------------------------------------- */

static int by_name(const void *a, const void *b)
{
    return strcmp(((const lathe_safetensor *)a)->name, ((const lathe_safetensor *)b)->name);
}

static int by_key(const void *a, const void *b)
{
    return strcmp(((const lathe_metadata *)a)->key, ((const lathe_metadata *)b)->key);
}

/* An empty tensor comes before the tensor that begins at the same byte. */
static int by_place(const void *a, const void *b)
{
    const lathe_safetensor *x = a, *y = b;
    const char *from_x = x->data, *from_y = y->data;
    if (from_x != from_y) return from_x < from_y ? -1 : 1;
    return x->bytes < y->bytes ? -1 : x->bytes > y->bytes;
}

/* Check that the ranges cover the data from its first byte to its last, without gap or overlap. */
static lathe_status check_order(lathe_safetensors *file, const char *data, size_t size)
{
    const char *next = data;
    if (file->tensors) qsort(file->tensor, file->tensors, sizeof *file->tensor, by_place);
    for (size_t i = 0; i < file->tensors; i++) {
        const lathe_safetensor *tensor = &file->tensor[i];
        if (tensor->data != next)
            return lathe_fail(LATHE_EFORMAT, "%s: not a safetensors file: tensor '%.80s' %s", file->path,
                tensor->name,
                (const char *)tensor->data < next ? "overlaps another" : "leaves a gap before it");
        next += tensor->bytes;
    }
    if (next != data + size)
        return lathe_fail(LATHE_EFORMAT, "%s: not a safetensors file: %zu bytes follow the last tensor",
            file->path, (size_t)(data + size - next));
    return LATHE_OK;
}

lathe_status lathe_safetensors_unique(lathe_safetensors *file)
{
    if (file->tensors) qsort(file->tensor, file->tensors, sizeof *file->tensor, by_name);
    for (size_t i = 1; i < file->tensors; i++)
        if (!by_name(&file->tensor[i - 1], &file->tensor[i]))
            return lathe_fail(LATHE_EFORMAT, "%s: tensor '%.80s' occurs twice", file->path,
                file->tensor[i].name);
    if (file->metadata_count) qsort(file->metadata, file->metadata_count, sizeof *file->metadata, by_key);
    for (size_t i = 1; i < file->metadata_count; i++)
        if (!by_key(&file->metadata[i - 1], &file->metadata[i]))
            return lathe_fail(LATHE_EFORMAT, "%s: metadata '%.80s' occurs twice", file->path,
                file->metadata[i].key);
    return LATHE_OK;
}

/* The header's checksum, with its own digits as zeros. Must run before parsing, which changes the header. */
static uint32_t header_sum(char *header, size_t length, char *digits)
{
    char kept[8];
    if (!digits) return 0;
    memcpy(kept, digits, 8);
    memset(digits, '0', 8);
    uint32_t sum = lathe_crc32(0, header, length);
    memcpy(digits, kept, 8);
    return sum;
}

/* If one checksum is there, both must be: so a damaged key is found too. */
static lathe_status check_sums(const lathe_safetensors *file, uint32_t of_header, const char *data,
    size_t size)
{
    const char *header_text = lathe_safetensors_text(file, LATHE_HEADER_CRC),
               *data_text = lathe_safetensors_text(file, LATHE_DATA_CRC);
    if (!header_text && !data_text) return LATHE_OK;
    char expected[2][16];
    snprintf(expected[0], sizeof expected[0], "%08x", of_header);
    snprintf(expected[1], sizeof expected[1], "%08x", lathe_crc32(0, data, size));
    if (!header_text || strcmp(header_text, expected[0]))
        return lathe_fail(LATHE_EFORMAT, "%s: damaged: the header's checksum is %s, the file says %.20s",
            file->path, expected[0], header_text ? header_text : "nothing");
    if (!data_text || strcmp(data_text, expected[1]))
        return lathe_fail(LATHE_EFORMAT, "%s: damaged: the data's checksum is %s, the file says %.20s",
            file->path, expected[1], data_text ? data_text : "nothing");
    return LATHE_OK;
}

lathe_status lathe_safetensors_check(lathe_safetensors *file, size_t size)
{
    uint64_t length = 0;
    if (size < 8)
        return lathe_fail(LATHE_EFORMAT, "%s: not a safetensors file: it has only %zu bytes", file->path,
            size);
    memcpy(&length, file->bytes, 8);
    if (length > LATHE_SAFETENSORS_HEADER || length > size - 8)
        return lathe_fail(LATHE_EFORMAT,
            "%s: not a safetensors file: a header of %llu bytes, allowed are %zu", file->path,
            (unsigned long long)length,
            size - 8 < LATHE_SAFETENSORS_HEADER ? size - 8 : LATHE_SAFETENSORS_HEADER);
    char *header = file->bytes + 8, *data = header + length;
    size_t data_size = size - 8 - (size_t)length;
    uint32_t sum = header_sum(header, (size_t)length, lathe_header_crc_digits(header, (size_t)length));
    lathe_status status = lathe_safetensors_parse(file, header, (size_t)length, data_size);
    if (!status) status = check_order(file, data, data_size);
    if (!status) status = lathe_safetensors_unique(file);
    return status ? status : check_sums(file, sum, data, data_size);
}

lathe_safetensors *lathe_safetensors_open(const char *path, size_t *size)
{
    lathe_safetensors *file = lathe_alloc(1, sizeof *file);
    if (!file) return NULL;
    file->path = lathe_strdup(path);
    file->bytes = file->path ? lathe_file_read(path, SIZE_MAX / 4, size) : NULL;
    if (file->bytes) return file;
    lathe_safetensors_free(file);
    return NULL;
}

lathe_safetensors *lathe_safetensors_read(const char *path)
{
    if (!path) return lathe_fail_null("lathe_safetensors_read", "path"), NULL;
    size_t size;
    lathe_safetensors *file = lathe_safetensors_open(path, &size);
    if (!file || !lathe_safetensors_check(file, size)) return file;
    lathe_safetensors_free(file);
    return NULL;
}

lathe_safetensors *lathe_safetensors_of(const char *name, const void *bytes, size_t size)
{
    if (!name || !bytes) return lathe_fail_null("lathe_safetensors_of", name ? "bytes" : "name"), NULL;
    lathe_safetensors *file = lathe_alloc(1, sizeof *file);
    if (!file) return NULL;
    file->path = lathe_strdup(name);
    file->bytes = file->path ? lathe_alloc_raw(lathe_plus(size, 1), 1) : NULL;
    if (file->bytes) memcpy(file->bytes, bytes, size);
    if (file->bytes && !lathe_safetensors_check(file, size)) return file;
    lathe_safetensors_free(file);
    return NULL;
}

void lathe_safetensors_free(lathe_safetensors *file)
{
    if (!file) return;
    for (size_t i = 0; i < file->shards; i++) lathe_safetensors_free(file->shard[i]);
    lathe_free(file->shard);
    lathe_free(file->tensor);
    lathe_free(file->metadata);
    lathe_free(file->path);
    lathe_free(file->bytes);
    lathe_arena_free(file->arena);
    lathe_free(file);
}

const lathe_safetensor *lathe_safetensors_find(const lathe_safetensors *file, const char *name)
{
    if (!file || !name) return NULL;
    const lathe_safetensor key = { .name = name };
    return file->tensors ? bsearch(&key, file->tensor, file->tensors, sizeof key, by_name) : NULL;
}

const char *lathe_safetensors_text(const lathe_safetensors *file, const char *key)
{
    if (!file || !key) return NULL;
    const lathe_metadata wanted = { .key = key };
    const lathe_metadata *found = file->metadata_count ?
        bsearch(&wanted, file->metadata, file->metadata_count, sizeof wanted, by_key) :
        NULL;
    return found ? found->text : NULL;
}

/* ---- numbers of any type ------------------------------------------------------------------------------- */

typedef double number_fn(const char *data); /* the number at `data`, which need not be aligned */

static double from_f64(const char *data)
{
    double value;
    memcpy(&value, data, sizeof value);
    return value;
}

static double from_f32(const char *data)
{
    float value;
    memcpy(&value, data, sizeof value);
    return (double)value;
}

static double from_f16(const char *data)
{
    uint16_t bits;
    memcpy(&bits, data, sizeof bits);
    int exponent = bits >> 10 & 31, fraction = bits & 1023;
    double value = exponent ? ldexp(1024 + fraction, exponent - 25) : ldexp(fraction, -24);
    if (exponent == 31) value = fraction ? (double)NAN : HUGE_VAL;
    return bits >> 15 ? -value : value;
}

/* The upper half of a float. */
static double from_bf16(const char *data)
{
    char wide[4] = { 0, 0, data[0], data[1] };
    return from_f32(wide);
}

static double from_i64(const char *data)
{
    int64_t value;
    memcpy(&value, data, sizeof value);
    return (double)value;
}

static double from_i32(const char *data)
{
    int32_t value;
    memcpy(&value, data, sizeof value);
    return value;
}

static double from_i16(const char *data)
{
    int16_t value;
    memcpy(&value, data, sizeof value);
    return value;
}

static double from_i8(const char *data) { return (signed char)*data; }

static double from_u8(const char *data) { return (unsigned char)*data; }

static number_fn *conversion_of(const char *dtype)
{
    static const struct {
        const char *dtype;
        number_fn *convert;
    } known[] = { { "F64", from_f64 }, { "F32", from_f32 }, { "F16", from_f16 }, { "BF16", from_bf16 },
        { "I64", from_i64 }, { "I32", from_i32 }, { "I16", from_i16 }, { "I8", from_i8 }, { "U8", from_u8 },
        { "BOOL", from_u8 } };
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
        if (!strcmp(known[i].dtype, dtype)) return known[i].convert;
    return NULL;
}

lathe_status lathe_safetensors_get(const lathe_safetensors *file, const lathe_safetensor *tensor,
    lathe_real *values, size_t count)
{
    if (!file || !tensor || !values)
        return lathe_fail_null("lathe_safetensors_get", !file ? "file" : !tensor ? "tensor" : "values");
    number_fn *convert = conversion_of(tensor->dtype);
    if (tensor->count != count)
        return lathe_fail(LATHE_EFORMAT, "%s: tensor '%.80s' has %zu numbers, expected %zu", file->path,
            tensor->name, tensor->count, count);
    if (!convert)
        return lathe_fail(LATHE_EFORMAT, "%s: tensor '%.80s' is of type %s, which cannot be converted",
            file->path, tensor->name, tensor->dtype);
    size_t size = lathe_dtype_size(tensor->dtype);
    for (size_t i = 0; i < count; i++) values[i] = (lathe_real)convert((const char *)tensor->data + i * size);
    return LATHE_OK;
}

bool lathe_dtype_converts(const char *dtype) { return conversion_of(dtype); }
