/* The header of a safetensors file: a strict parser of the JSON that it may contain, without recursion. */
#include <string.h>

#include "../core/alloc.h"
#include "safetensors_impl.h"
#include "text.h"

typedef struct reader {
    lathe_safetensors *file;
    char *start, *at, *end;
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

static lathe_status fail(const reader *r, const char *what)
{
    return lathe_fail(LATHE_EFORMAT, "%s: not a safetensors file: byte %zu of the header: %s", r->file->path,
        (size_t)(r->at - r->start), what);
}

static lathe_status fail_tensor(const reader *r, const char *name, const char *what)
{
    return lathe_fail(LATHE_EFORMAT, "%s: not a safetensors file: tensor '%.80s' %s", r->file->path, name,
        what);
}

/* ---- JSON ---------------------------------------------------------------------------------------------- */

static void skip_blanks(reader *r)
{
    while (r->at < r->end && (*r->at == ' ' || *r->at == '\t' || *r->at == '\n' || *r->at == '\r')) r->at++;
}

/* If `c` comes next after blanks, move past it and return true. */
static bool next_is(reader *r, char c)
{
    skip_blanks(r);
    if (r->at >= r->end || *r->at != c) return false;
    r->at++;
    return true;
}

static lathe_status expect(reader *r, char c, const char *what)
{
    return next_is(r, c) ? LATHE_OK : fail(r, what);
}

/* The value of four hexadecimal digits; -1 if other characters come next. */
static int read_hex(reader *r)
{
    int value = 0;
    if (r->end - r->at < 4) return -1;
    for (int i = 0; i < 4; i++) {
        char c = *r->at++;
        int digit = c >= '0' && c <= '9' ? c - '0' :
            c >= 'a' && c <= 'f'         ? c - 'a' + 10 :
            c >= 'A' && c <= 'F'         ? c - 'A' + 10 :
                                           -1;
        if (digit < 0) return -1;
        value = 16 * value + digit;
    }
    return value;
}

/* Write the character after "\u" as UTF-8, which is never longer than the escape. */
static lathe_status read_unicode(reader *r, char **out)
{
    int code = read_hex(r);
    if (code >= 0xd800 && code <= 0xdbff) {
        bool pair = r->end - r->at >= 2 && r->at[0] == '\\' && r->at[1] == 'u';
        if (pair) r->at += 2;
        int low = pair ? read_hex(r) : -1;
        code = low >= 0xdc00 && low <= 0xdfff ? 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00) : -1;
    }
    if (code <= 0 || (code >= 0xdc00 && code <= 0xdfff))
        return fail(r, "an escape that stands for no character");
    char *to = *out;
    if (code < 0x80) *to++ = (char)code;
    else {
        if (code < 0x800) *to++ = (char)(0xc0 | code >> 6);
        else {
            if (code < 0x10000) *to++ = (char)(0xe0 | code >> 12);
            else {
                *to++ = (char)(0xf0 | code >> 18);
                *to++ = (char)(0x80 | (code >> 12 & 63));
            }
            *to++ = (char)(0x80 | (code >> 6 & 63));
        }
        *to++ = (char)(0x80 | (code & 63));
    }
    *out = to;
    return LATHE_OK;
}

static lathe_status read_escape(reader *r, char **out)
{
    static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
    if (r->at >= r->end) return fail(r, "the header ends in a string");
    char c = *r->at++;
    if (c == 'u') return read_unicode(r, out);
    const char *found = c ? strchr(from, c) : NULL;
    if (!found) return fail(r, "an unknown escape");
    *(*out)++ = to[found - from];
    return LATHE_OK;
}

/* A string, decoded in place and ended by a 0 (at its closing quote or before). */
static lathe_status read_string(reader *r, char **string)
{
    lathe_status status = expect(r, '"', "expected a string");
    char *out = r->at;
    *string = out;
    while (!status) {
        if (r->at >= r->end) return fail(r, "the header ends in a string");
        char c = *r->at;
        if (c == '"') break;
        if ((unsigned char)c < 0x20) return fail(r, "a control character in a string");
        r->at++;
        if (c == '\\') status = read_escape(r, &out);
        else *out++ = c;
    }
    if (status) return status;
    r->at++;
    *out = '\0';
    for (const char *u = *string; *u; u += lathe_utf8_length(u))
        if (!lathe_utf8_length(u)) return fail(r, "a string that is not UTF-8");
    return LATHE_OK;
}

/* A whole number without sign, fraction or exponent. */
static lathe_status read_number(reader *r, uint64_t *number)
{
    skip_blanks(r);
    const char *first = r->at;
    uint64_t value = 0;
    for (; r->at < r->end && *r->at >= '0' && *r->at <= '9'; r->at++)
        if (__builtin_mul_overflow(value, 10, &value) ||
            __builtin_add_overflow(value, (uint64_t)(*r->at - '0'), &value))
            return fail(r, "a number above 2^64");
    if (r->at == first || (*first == '0' && r->at - first > 1)) return fail(r, "expected a whole number");
    *number = value;
    return LATHE_OK;
}

/* Up to `most` numbers in brackets. */
static lathe_status read_numbers(reader *r, uint64_t *numbers, int most, int *count)
{
    lathe_status status = expect(r, '[', "expected '['");
    *count = 0;
    if (status || next_is(r, ']')) return status;
    do {
        if (*count == most) return fail(r, "too many numbers");
        status = read_number(r, &numbers[(*count)++]);
        if (status) return status;
    } while (next_is(r, ','));
    return expect(r, ']', "expected ',' or ']'");
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
    tensor->data = r->end + offsets[0];
    return LATHE_OK;
}

/* {"dtype": ..., "shape": [...], "data_offsets": [a, b]}, in any order. */
static lathe_status read_tensor(reader *r, lathe_safetensor *tensor)
{
    bool has_shape = false, has_offsets = false;
    char *dtype = NULL, *key;
    uint64_t offsets[2];
    int numbers = 0;
    lathe_status status = expect(r, '{', "expected '{'");
    do {
        if (!status) status = read_string(r, &key);
        if (!status) status = expect(r, ':', "expected ':'");
        if (status) return status;
        if (!strcmp(key, "dtype") && !dtype) status = read_string(r, &dtype);
        else if (!strcmp(key, "shape") && !has_shape) {
            has_shape = true;
            status = read_numbers(r, tensor->dim, LATHE_SAFETENSORS_RANK, &tensor->rank);
        } else if (!strcmp(key, "data_offsets") && !has_offsets) {
            has_offsets = true;
            status = read_numbers(r, offsets, 2, &numbers);
        } else return fail_tensor(r, tensor->name, "has an unknown key, or one twice");
    } while (!status && next_is(r, ','));
    if (!status) status = expect(r, '}', "expected ',' or '}'");
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
    if (file->tensors == LATHE_SAFETENSORS_ENTRIES) return fail(r, "more than 65,536 tensors");
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
    lathe_status status = read_string(r, &key);
    if (!status) status = expect(r, ':', "expected ':'");
    if (!status) status = read_string(r, &text);
    if (status) return status;
    if (file->metadata_count == LATHE_SAFETENSORS_ENTRIES) return fail(r, "more than 65,536 texts");
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
    if (*seen) return fail(r, "__metadata__ occurs twice");
    *seen = true;
    lathe_status status = expect(r, '{', "expected '{'");
    if (status || next_is(r, '}')) return status;
    do status = add_metadata(r);
    while (!status && next_is(r, ','));
    return status ? status : expect(r, '}', "expected ',' or '}'");
}

lathe_status lathe_safetensors_parse(lathe_safetensors *file, char *header, size_t length, size_t data_size)
{
    reader r = { .file = file,
        .start = header,
        .at = header,
        .end = header + length,
        .data_size = data_size };
    bool metadata = false;
    if (!length || *header != '{') return fail(&r, "does not begin with '{'");
    r.at++;
    lathe_status status = LATHE_OK;
    if (!next_is(&r, '}')) {
        do {
            char *name;
            status = read_string(&r, &name);
            if (!status) status = expect(&r, ':', "expected ':'");
            if (!status)
                status = strcmp(name, "__metadata__") ? add_tensor(&r, name) : read_metadata(&r, &metadata);
        } while (!status && next_is(&r, ','));
        if (!status) status = expect(&r, '}', "expected ',' or '}'");
    }
    skip_blanks(&r);
    return !status && r.at != r.end ? fail(&r, "something follows the object") : status;
}
