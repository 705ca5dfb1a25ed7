#include "text.h"

#include <math.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "../core/alloc.h"
#include "../core/field.h"

#define REPLACEMENT "\xef\xbf\xbd" /* U+FFFD */

/* Room for `more` characters and the ending zero. */
static bool make_room(lathe_text *text, size_t more)
{
    size_t needed, room;
    if (text->failed) return false;
    bool fits = lathe_size_add(text->length, more, &needed) && lathe_size_add(needed, 1, &needed);
    if (fits && needed <= text->room) return true;
    char *chars = NULL;
    if (fits && lathe_size_mul(needed, 2, &room) &&
        (chars = lathe_grow(text->chars, text->length, room, 1))) {
        text->chars = chars;
        text->room = room;
    }
    text->failed = !chars;
    return chars;
}

void lathe_text_put_n(lathe_text *text, const char *string, size_t count)
{
    if (!text || !string) return;
    if (!make_room(text, count)) return;
    memcpy(text->chars + text->length, string, count);
    text->length += count;
    text->chars[text->length] = '\0';
}

void lathe_text_put(lathe_text *text, const char *string)
{
    if (!string) return;
    lathe_text_put_n(text, string, strlen(string));
}

void lathe_text_add(lathe_text *text, const char *format, ...)
{
    if (!text || !format) return;
    va_list arguments, again;
    va_start(arguments, format);
    va_copy(again, arguments);
    int length = vsnprintf(NULL, 0, format, arguments);
    if (length >= 0 && make_room(text, (size_t)length)) {
        vsnprintf(text->chars + text->length, (size_t)length + 1, format, again);
        text->length += (size_t)length;
    }
    va_end(again);
    va_end(arguments);
}

void lathe_text_number(lathe_text *text, double number)
{
    if (!text) return;
    char digits[32];
    lathe_text_put(text, isfinite(number) ? lathe_double_text(number, digits) : "null");
}

int lathe_utf8_length(const char *string)
{
    if (!string) return 0;
    const unsigned char *s = (const unsigned char *)string;
    if (s[0] < 0x80) return 1;
    int length = s[0] >= 0xc2 && s[0] <= 0xdf ? 2 :
        (s[0] & 0xf0) == 0xe0                 ? 3 :
        s[0] >= 0xf0 && s[0] <= 0xf4          ? 4 :
                                                0;
    for (int i = 1; i < length; i++)
        if ((s[i] & 0xc0) != 0x80) return 0;
    if (length == 3 && ((s[0] == 0xe0 && s[1] < 0xa0) || (s[0] == 0xed && s[1] > 0x9f)))
        return 0; /* too long; surrogates */
    if (length == 4 && ((s[0] == 0xf0 && s[1] < 0x90) || (s[0] == 0xf4 && s[1] > 0x8f)))
        return 0; /* too long; > U+10FFFF */
    return length;
}

/* Add a string character by character; `escape` returns a character's escape, or NULL for the character. */
static void put_escaped(lathe_text *text, const char *string,
    const char *(*escape)(unsigned char c, char room[8]))
{
    while (*string) {
        char room[8];
        int length = lathe_utf8_length(string);
        const char *instead = length ? escape((unsigned char)*string, room) : REPLACEMENT;
        if (instead) lathe_text_put(text, instead);
        else lathe_text_put_n(text, string, (size_t)length);
        string += length ? length : 1;
    }
}

static const char *json_escape(unsigned char c, char room[8])
{
    if (c == '"') return "\\\"";
    if (c == '\\') return "\\\\";
    if (c == '\n') return "\\n";
    if (c == '<') return "\\u003c"; /* so that the text may be in a page's script element */
    if (c >= 0x20 && c != 0x7f) return NULL;
    snprintf(room, 8, "\\u%04x", c);
    return room;
}

void lathe_text_json(lathe_text *text, const char *string)
{
    if (!text || !string) return;
    lathe_text_put(text, "\"");
    put_escaped(text, string, json_escape);
    lathe_text_put(text, "\"");
}

static const char *html_escape(unsigned char c, char room[8])
{
    (void)room;
    switch (c) {
    case '<': return "&lt;";
    case '>': return "&gt;";
    case '&': return "&amp;";
    case '"': return "&quot;";
    case '\'': return "&#39;";
    case '\n': return NULL;
    default: return c < 0x20 || c == 0x7f ? REPLACEMENT : NULL;
    }
}

void lathe_text_html(lathe_text *text, const char *string)
{
    if (!text || !string) return;
    put_escaped(text, string, html_escape);
}

void lathe_text_shell(lathe_text *text, const char *string)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-+=:,./@%";
    if (!text || !string) return;
    if (*string && !string[strspn(string, plain)]) {
        lathe_text_put(text, string);
        return;
    }
    lathe_text_put(text, "'");
    for (; *string; string++)
        if (*string == '\'') lathe_text_put(text, "'\\''");
        else lathe_text_put_n(text, string, 1);
    lathe_text_put(text, "'");
}

char *lathe_text_take(lathe_text *text)
{
    if (!text) return lathe_fail_null("lathe_text_take", "text"), NULL;
    make_room(text, 0);
    char *chars = text->failed ? NULL : text->chars;
    if (chars) chars[text->length] = '\0';
    else lathe_free(text->chars);
    *text = (lathe_text){ 0 };
    return chars;
}

void lathe_text_free(lathe_text *text)
{
    if (!text) return;
    lathe_free(text->chars);
    *text = (lathe_text){ 0 };
}
