#include "json_impl.h"

#include <string.h>

#include "text.h"

lathe_status lathe_json_fail(const lathe_json *json, const char *why)
{
    return lathe_fail(LATHE_EFORMAT, "%s: %s: byte %zu%s: %s", json->path, json->what,
        (size_t)(json->at - json->start), json->of, why);
}

void lathe_json_skip_blanks(lathe_json *json)
{
    while (json->at < json->end &&
        (*json->at == ' ' || *json->at == '\t' || *json->at == '\n' || *json->at == '\r'))
        json->at++;
}

/* If `c` comes next after blanks, move past it and return true. */
bool lathe_json_next_is(lathe_json *json, char c)
{
    lathe_json_skip_blanks(json);
    if (json->at >= json->end || *json->at != c) return false;
    json->at++;
    return true;
}

lathe_status lathe_json_expect(lathe_json *json, char c, const char *what)
{
    return lathe_json_next_is(json, c) ? LATHE_OK : lathe_json_fail(json, what);
}

/* The value of four hexadecimal digits; -1 if other characters come next. */
static int read_hex(lathe_json *json)
{
    int value = 0;
    if (json->end - json->at < 4) return -1;
    for (int i = 0; i < 4; i++) {
        char c = *json->at++;
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
static lathe_status read_unicode(lathe_json *json, char **out)
{
    int code = read_hex(json);
    if (code >= 0xd800 && code <= 0xdbff) {
        bool pair = json->end - json->at >= 2 && json->at[0] == '\\' && json->at[1] == 'u';
        if (pair) json->at += 2;
        int low = pair ? read_hex(json) : -1;
        code = low >= 0xdc00 && low <= 0xdfff ? 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00) : -1;
    }
    if (code <= 0 || (code >= 0xdc00 && code <= 0xdfff))
        return lathe_json_fail(json, "an escape that stands for no character");
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

static lathe_status read_escape(lathe_json *json, char **out)
{
    static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
    if (json->at >= json->end) return lathe_json_fail(json, "the header ends in a string");
    char c = *json->at++;
    if (c == 'u') return read_unicode(json, out);
    const char *found = c ? strchr(from, c) : NULL;
    if (!found) return lathe_json_fail(json, "an unknown escape");
    *(*out)++ = to[found - from];
    return LATHE_OK;
}

/* A string, decoded in place and ended by a 0 (at its closing quote or before). */
lathe_status lathe_json_string(lathe_json *json, char **string)
{
    lathe_status status = lathe_json_expect(json, '"', "expected a string");
    char *out = json->at;
    *string = out;
    while (!status) {
        if (json->at >= json->end) return lathe_json_fail(json, "the header ends in a string");
        char c = *json->at;
        if (c == '"') break;
        if ((unsigned char)c < 0x20) return lathe_json_fail(json, "a control character in a string");
        json->at++;
        if (c == '\\') status = read_escape(json, &out);
        else *out++ = c;
    }
    if (status) return status;
    json->at++;
    *out = '\0';
    for (const char *u = *string; *u; u += lathe_utf8_length(u))
        if (!lathe_utf8_length(u)) return lathe_json_fail(json, "a string that is not UTF-8");
    return LATHE_OK;
}

/* A whole number without sign, fraction or exponent. */
static lathe_status read_number(lathe_json *json, uint64_t *number)
{
    lathe_json_skip_blanks(json);
    const char *first = json->at;
    uint64_t value = 0;
    for (; json->at < json->end && *json->at >= '0' && *json->at <= '9'; json->at++)
        if (__builtin_mul_overflow(value, 10, &value) ||
            __builtin_add_overflow(value, (uint64_t)(*json->at - '0'), &value))
            return lathe_json_fail(json, "a number above 2^64");
    if (json->at == first || (*first == '0' && json->at - first > 1))
        return lathe_json_fail(json, "expected a whole number");
    *number = value;
    return LATHE_OK;
}

/* Up to `most` numbers in brackets. */
lathe_status lathe_json_numbers(lathe_json *json, uint64_t *numbers, int most, int *count)
{
    lathe_status status = lathe_json_expect(json, '[', "expected '['");
    *count = 0;
    if (status || lathe_json_next_is(json, ']')) return status;
    do {
        if (*count == most) return lathe_json_fail(json, "too many numbers");
        status = read_number(json, &numbers[(*count)++]);
        if (status) return status;
    } while (lathe_json_next_is(json, ','));
    return lathe_json_expect(json, ']', "expected ',' or ']'");
}

lathe_status lathe_json_skip(lathe_json *json)
{
    size_t open = 0;
    do {
        char *text;
        lathe_json_skip_blanks(json);
        if (json->at >= json->end) return lathe_json_fail(json, "ends within a value");
        const char c = *json->at;
        if (c == '"') {
            if (lathe_json_string(json, &text)) return LATHE_EFORMAT;
            continue;
        }
        if ((c == '}' || c == ']' || c == ',') && !open) return lathe_json_fail(json, "expected a value");
        open += c == '{' || c == '[';
        open -= c == '}' || c == ']';
        json->at++;
        while (!open && json->at < json->end && !strchr("{}[],\" \t\r\n", *json->at)) json->at++;
    } while (open);
    return LATHE_OK;
}
