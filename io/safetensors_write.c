#include <stdio.h>
#include <string.h>

#include "../core/alloc.h"
#include "../core/checksum.h"
#include "file.h"
#include "safetensors_impl.h"
#include "text.h"

/* The name of lathe_real's type. */
static const char *own_dtype(void) { return sizeof(lathe_real) == 4 ? "F32" : "F64"; }

/* Prefix and name of a tensor in the file. Errors: LATHE_EARG. */
static lathe_status whole_name(const lathe_saved *tensor, char name[2 * LATHE_SAFETENSORS_NAME])
{
    const char *prefix = tensor->prefix ? tensor->prefix : "", *own = tensor->name ? tensor->name : "";
    int length = snprintf(name, 2 * LATHE_SAFETENSORS_NAME, "%s%s", prefix, own);
    const char *bad =
        length >= 2 * LATHE_SAFETENSORS_NAME ? "is longer than 255 bytes" : lathe_safetensors_bad_name(name);
    return bad ? lathe_fail(LATHE_EARG, "lathe_safetensors_write: the name '%.80s' %s", name, bad) : LATHE_OK;
}

static void put_metadata(lathe_text *header, const lathe_metadata *metadata, int count, uint32_t data_sum)
{
    lathe_text_put(header, "{\"__metadata__\":{");
    for (int i = 0; i < count; i++) {
        lathe_text_json(header, metadata[i].key);
        lathe_text_put(header, ":");
        lathe_text_json(header, metadata[i].text);
        lathe_text_put(header, ",");
    }
    lathe_text_add(header, "\"" LATHE_DATA_CRC "\":\"%08x\",\"" LATHE_HEADER_CRC "\":\"00000000\"}",
        data_sum);
}

static void put_tensor(lathe_text *header, const char *name, const lathe_shape *shape, size_t begin,
    size_t end)
{
    lathe_text_put(header, ",");
    lathe_text_json(header, name);
    lathe_text_add(header, ":{\"dtype\":\"%s\",\"shape\":[", own_dtype());
    for (int i = 0; i < shape->rank; i++) lathe_text_add(header, "%s%d", i ? "," : "", shape->dim[i]);
    lathe_text_add(header, "],\"data_offsets\":[%zu,%zu]}", begin, end);
}

static lathe_status too_long(size_t length, int most)
{
    return lathe_fail(LATHE_EARG,
        "lathe_safetensors_write: the names and texts of the file have %zu bytes; its header takes %d",
        length, most);
}

/* The whole header with its own checksum, padded so that the numbers after it are aligned. */
static lathe_status compose(lathe_text *header, const lathe_saved *tensors, int count,
    const lathe_metadata *metadata, int metadata_count, uint32_t data_sum)
{
    size_t place = 0;
    put_metadata(header, metadata, metadata_count, data_sum);
    for (int i = 0; i < count; i++) {
        char name[2 * LATHE_SAFETENSORS_NAME];
        lathe_status status = whole_name(&tensors[i], name);
        if (status) return status;
        size_t bytes = lathe_shape_count(&tensors[i].shape) * sizeof(lathe_real);
        put_tensor(header, name, &tensors[i].shape, place, place + bytes);
        place += bytes;
    }
    lathe_text_put(header, "}");
    lathe_text_put_n(header, "       ", (8 - header->length % 8) % 8);
    if (header->failed) return lathe_error();
    if (header->length > LATHE_SAFETENSORS_HEADER) return too_long(header->length, LATHE_SAFETENSORS_HEADER);
    char digits[16];
    snprintf(digits, sizeof digits, "%08x", lathe_crc32(0, header->chars, header->length));
    memcpy(lathe_header_crc_digits(header->chars, header->length), digits, 8);
    return LATHE_OK;
}

/* Check with the parser, on a copy, that reading will accept the header. This also finds double names. */
static lathe_status check_header(const char *path, const lathe_text *header, size_t data_size)
{
    lathe_safetensors file = { .path = (char *)path };
    char *copy = lathe_alloc(header->length + 1, 1);
    if (!copy) return lathe_error();
    memcpy(copy, header->chars, header->length);
    lathe_status status = lathe_safetensors_parse(&file, copy, header->length, data_size);
    if (!status) status = lathe_safetensors_unique(&file);
    lathe_free(file.tensor);
    lathe_free(file.metadata);
    lathe_free(copy);
    return status;
}

/* Check the arguments of writing. */
static lathe_status check_counts(const lathe_saved *tensors, int count, const lathe_metadata *metadata,
    int metadata_count)
{
    if ((count > 0 && !tensors) || (metadata_count > 0 && !metadata))
        return lathe_fail_null("lathe_safetensors_write", count > 0 && !tensors ? "tensors" : "metadata");
    if (count < 0 || metadata_count < 0)
        return lathe_fail(LATHE_EARG,
            "lathe_safetensors_write: %d tensors and %d texts; neither can be below 0", count,
            metadata_count);
    return LATHE_OK;
}

lathe_status lathe_safetensors_writable(const lathe_saved *tensors, int count, const lathe_metadata *metadata,
    int metadata_count)
{
    enum { MOST = (LATHE_SAFETENSORS_HEADER - (1 << 20)) / 2 };
    lathe_text header = { 0 };
    size_t data_size = 0;
    lathe_status status = check_counts(tensors, count, metadata, metadata_count);
    for (int i = 0; i < count && !status; i++) {
        const size_t numbers = lathe_shape_count(&tensors[i].shape);
        if (!numbers) status = lathe_error();
        data_size += numbers * sizeof(lathe_real);
    }
    if (!status) status = compose(&header, tensors, count, metadata, metadata_count, 0);
    if (!status && header.length > MOST) status = too_long(header.length, MOST);
    if (!status) status = check_header("lathe_safetensors_write", &header, data_size);
    lathe_text_free(&header);
    return status;
}

/*
 * The parts of a file that is named `path` in messages: the header's length, the header, the numbers of each
 * tensor. `parts` has room for count + 2; `length` and `header` must live as long.
 */
static lathe_status make_parts(const char *path, const lathe_saved *tensors, int count,
    const lathe_metadata *metadata, int metadata_count, lathe_bytes *parts, uint64_t *length,
    lathe_text *header)
{
    lathe_status status = LATHE_OK;
    uint32_t sum = 0;
    size_t data_size = 0;
    for (int i = 0; i < count && !status; i++) {
        size_t numbers = lathe_shape_count(&tensors[i].shape), bytes;
        if (!numbers) status = lathe_error();
        else if (!tensors[i].values || !lathe_size_mul(numbers, sizeof(lathe_real), &bytes) ||
            !lathe_size_add(data_size, bytes, &data_size))
            status = lathe_fail(LATHE_EARG,
                "lathe_safetensors_write: tensor number %d has no values, or too many", i);
        else {
            parts[i + 2] = (lathe_bytes){ tensors[i].values, bytes };
            sum = lathe_crc32(sum, parts[i + 2].data, bytes);
        }
    }
    if (!status) status = compose(header, tensors, count, metadata, metadata_count, sum);
    if (!status) status = check_header(path, header, data_size);
    *length = header->length;
    parts[0] = (lathe_bytes){ length, sizeof *length };
    parts[1] = (lathe_bytes){ header->chars, header->length };
    return status;
}

lathe_status lathe_safetensors_write(const char *path, const lathe_saved *tensors, int count,
    const lathe_metadata *metadata, int metadata_count)
{
    if (!path) return lathe_fail_null("lathe_safetensors_write", "path");
    lathe_status status = check_counts(tensors, count, metadata, metadata_count);
    if (status) return status;
    lathe_bytes *parts = lathe_alloc((size_t)count + 2, sizeof *parts);
    if (!parts) return lathe_error();
    lathe_text header = { 0 };
    uint64_t length;
    status = make_parts(path, tensors, count, metadata, metadata_count, parts, &length, &header);
    if (!status) status = lathe_file_write(path, parts, count + 2);
    lathe_text_free(&header);
    lathe_free(parts);
    return status;
}

/* The parts one after the other; NULL after a failure. */
static char *joined(const lathe_bytes *parts, int count, size_t *size)
{
    *size = 0;
    for (int i = 0; i < count; i++) *size += parts[i].size;
    char *bytes = lathe_alloc_raw(*size, 1), *to = bytes;
    for (int i = 0; bytes && i < count; to += parts[i++].size) memcpy(to, parts[i].data, parts[i].size);
    return bytes;
}

char *lathe_safetensors_bytes(const lathe_saved *tensors, int count, const lathe_metadata *metadata,
    int metadata_count, size_t *size)
{
    if (!size) return lathe_fail_null("lathe_safetensors_bytes", "size"), NULL;
    if (check_counts(tensors, count, metadata, metadata_count)) return NULL;
    lathe_bytes *parts = lathe_alloc((size_t)count + 2, sizeof *parts);
    if (!parts) return NULL;
    lathe_text header = { 0 };
    uint64_t length;
    char *bytes = NULL;
    if (!make_parts("lathe_safetensors_bytes", tensors, count, metadata, metadata_count, parts, &length,
            &header))
        bytes = joined(parts, count + 2, size);
    lathe_text_free(&header);
    lathe_free(parts);
    return bytes;
}
