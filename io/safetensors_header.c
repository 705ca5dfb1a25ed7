/* The header of a safetensors file. */
#include <string.h>

#include "../core/alloc.h"
#include "json_impl.h"
#include "safetensors_impl.h"
#include "text.h"

typedef struct reader {
    lathe_safetensors *file;
    lathe_json json;
    size_t data_size;
    size_t tensor_room, metadata_room;
} reader;

static const struct {
    const char *name;
    size_t size;
} dtypes[] = {
    { "F64", 8 },
    { "F32", 4 },
    { "F16", 2 },
    { "BF16", 2 },
    { "I64", 8 },
    { "I32", 4 },
    { "I16", 2 },
    { "I8", 1 },
    { "U64", 8 },
    { "U32", 4 },
    { "U16", 2 },
    { "U8", 1 },
    { "BOOL", 1 },
    { "F8_E4M3", 1 },
    { "F8_E5M2", 1 },
};

/* The type of this name; NULL if it is unknown. */
static const char *known_dtype(const char *name, size_t *size)
{
    for (size_t i = 0; i < sizeof dtypes / sizeof dtypes[0]; i++) {
        if (strcmp(dtypes[i].name, name)) continue;
        *size = dtypes[i].size;
        return dtypes[i].name;
    }
    return NULL;
}

size_t lathe_dtype_size(const char *dtype)
{
    size_t size = 0;
    known_dtype(dtype, &size);
    return size;
}

const char *lathe_safetensors_bad_name(const char *name)
{
    if (!*name) return "is empty";
    if (strlen(name) > LATHE_SAFETENSORS_NAME) return "is longer than 255 bytes";
    if (!strcmp(name, "__metadata__")) return "is not a tensor's";
    for (const char *c = name; *c; c += lathe_utf8_length(c)) {
        if (!lathe_utf8_length(c)) return "is not UTF-8";
        if ((unsigned char)*c < 0x20 || *c == 0x7f) return "has a control character";
    }
    return NULL;
}

static lathe_status fail_tensor(const reader *r, const char *name, const char *what)
{
    return lathe_fail(LATHE_EFORMAT, "%s: not a safetensors file: tensor '%.80s' %s", r->file->path, name,
        what);
}

/* ---- the header ---------------------------------------------------------------------------------------- */

/* Check that the range lies within the file and has the size that shape and type give. */
static lathe_status finish_tensor(reader *r, lathe_safetensor *tensor, const char *dtype,
    const uint64_t offsets[2])
{
    size_t size = 0, count = 1, bytes;
    tensor->dtype = known_dtype(dtype, &size);
    if (!tensor->dtype) return fail_tensor(r, tensor->name, "has an unknown dtype");
    for (int i = 0; i < tensor->rank; i++)
        if (tensor->dim[i] > SIZE_MAX || !lathe_size_mul(count, (size_t)tensor->dim[i], &count))
            return fail_tensor(r, tensor->name, "has more numbers than an address space");
    if (!lathe_size_mul(count, size, &bytes))
        return fail_tensor(r, tensor->name, "has more bytes than an address space");
    if (offsets[0] > offsets[1] || offsets[1] > r->data_size)
        return fail_tensor(r, tensor->name, "lies outside the file");
    if (offsets[1] - offsets[0] != bytes)
        return fail_tensor(r, tensor->name, "has another size than its shape and dtype say");
    tensor->count = count;
    tensor->bytes = bytes;
    tensor->data = r->json.end + offsets[0];
    return LATHE_OK;
}

/* {"dtype": ..., "shape": [...], "data_offsets": [a, b]}, in any order. */
static lathe_status read_tensor(reader *r, lathe_safetensor *tensor)
{
    bool has_shape = false, has_offsets = false;
    char *dtype = NULL, *key;
    uint64_t offsets[2];
    int numbers = 0;
    lathe_status status = lathe_json_expect(&r->json, '{', "expected '{'");
    do {
        if (!status) status = lathe_json_string(&r->json, &key);
        if (!status) status = lathe_json_expect(&r->json, ':', "expected ':'");
        if (status) return status;
        if (!strcmp(key, "dtype") && !dtype) status = lathe_json_string(&r->json, &dtype);
        else if (!strcmp(key, "shape") && !has_shape) {
            has_shape = true;
            status = lathe_json_numbers(&r->json, tensor->dim, LATHE_SAFETENSORS_RANK, &tensor->rank);
        } else if (!strcmp(key, "data_offsets") && !has_offsets) {
            has_offsets = true;
            status = lathe_json_numbers(&r->json, offsets, 2, &numbers);
        } else return fail_tensor(r, tensor->name, "has an unknown key, or one twice");
    } while (!status && lathe_json_next_is(&r->json, ','));
    if (!status) status = lathe_json_expect(&r->json, '}', "expected ',' or '}'");
    if (status) return status;
    if (!dtype || !has_shape || numbers != 2)
        return fail_tensor(r, tensor->name, "lacks dtype, shape or data_offsets");
    return finish_tensor(r, tensor, dtype, offsets);
}

static lathe_status add_tensor(reader *r, const char *name)
{
    lathe_safetensors *file = r->file;
    const char *bad = lathe_safetensors_bad_name(name);
    if (bad) return fail_tensor(r, name, bad);
    if (file->tensors == LATHE_SAFETENSORS_ENTRIES)
        return lathe_json_fail(&r->json, "more than 65,536 tensors");
    if (file->tensors == r->tensor_room) {
        size_t room = 2 * r->tensor_room + 16;
        lathe_safetensor *grown = lathe_grow(file->tensor, file->tensors, room, sizeof *grown);
        if (!grown) return lathe_error();
        file->tensor = grown;
        r->tensor_room = room;
    }
    lathe_safetensor *tensor = &file->tensor[file->tensors++];
    tensor->name = name;
    return read_tensor(r, tensor);
}

static lathe_status add_metadata(reader *r)
{
    lathe_safetensors *file = r->file;
    char *key, *text = NULL;
    lathe_status status = lathe_json_string(&r->json, &key);
    if (!status) status = lathe_json_expect(&r->json, ':', "expected ':'");
    if (!status) status = lathe_json_string(&r->json, &text);
    if (status) return status;
    if (file->metadata_count == LATHE_SAFETENSORS_ENTRIES)
        return lathe_json_fail(&r->json, "more than 65,536 texts");
    if (file->metadata_count == r->metadata_room) {
        size_t room = 2 * r->metadata_room + 16;
        lathe_metadata *grown = lathe_grow(file->metadata, file->metadata_count, room, sizeof *grown);
        if (!grown) return lathe_error();
        file->metadata = grown;
        r->metadata_room = room;
    }
    file->metadata[file->metadata_count++] = (lathe_metadata){ key, text };
    return LATHE_OK;
}

static lathe_status read_metadata(reader *r, bool *seen)
{
    if (*seen) return lathe_json_fail(&r->json, "__metadata__ occurs twice");
    *seen = true;
    lathe_status status = lathe_json_expect(&r->json, '{', "expected '{'");
    if (status || lathe_json_next_is(&r->json, '}')) return status;
    do status = add_metadata(r);
    while (!status && lathe_json_next_is(&r->json, ','));
    return status ? status : lathe_json_expect(&r->json, '}', "expected ',' or '}'");
}

lathe_status lathe_safetensors_parse(lathe_safetensors *file, char *header, size_t length, size_t data_size)
{
    reader r = { .file = file,
        .json = { .path = file->path,
            .what = "not a safetensors file",
            .of = " of the header",
            .start = header,
            .at = header,
            .end = header + length },
        .data_size = data_size };
    bool metadata = false;
    if (!length || *header != '{') return lathe_json_fail(&r.json, "does not begin with '{'");
    r.json.at++;
    lathe_status status = LATHE_OK;
    if (!lathe_json_next_is(&r.json, '}')) {
        do {
            char *name;
            status = lathe_json_string(&r.json, &name);
            if (!status) status = lathe_json_expect(&r.json, ':', "expected ':'");
            if (!status)
                status = strcmp(name, "__metadata__") ? add_tensor(&r, name) : read_metadata(&r, &metadata);
        } while (!status && lathe_json_next_is(&r.json, ','));
        if (!status) status = lathe_json_expect(&r.json, '}', "expected ',' or '}'");
    }
    lathe_json_skip_blanks(&r.json);
    return !status && r.json.at != r.json.end ? lathe_json_fail(&r.json, "something follows the object") :
                                                status;
}
