#include "lines.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "../core/alloc.h"
#include "../core/field.h"

/* ---- numbers ------------------------------------------------------------------------------------------- */

static const char *const no_numbers[] = { "nan", "inf", "-inf" };

char *lathe_numbers_text(const double *numbers, int count)
{
    if (!numbers) return lathe_fail_null("lathe_numbers_text", "numbers"), NULL;
    if (count < 1) return lathe_fail(LATHE_EARG, "lathe_numbers_text: count = %d", count), NULL;
    lathe_text text = { 0 };
    for (int i = 0; i < count; i++) {
        char number[32];
        const char *name = no_numbers[isnan(numbers[i]) ? 0 : numbers[i] > 0 ? 1 : 2];
        lathe_text_add(&text, "%s%s", i ? "," : "",
            isfinite(numbers[i]) ? lathe_double_text(numbers[i], number) : name);
    }
    return lathe_text_take(&text);
}

static bool read_number(const char *text, double *number)
{
    const double values[] = { (double)NAN, HUGE_VAL, -HUGE_VAL };
    for (int i = 0; i < 3; i++)
        if (!strcmp(text, no_numbers[i])) return *number = values[i], true;
    return lathe_parse_double(text, number);
}

bool lathe_numbers_read(const char **text, double *numbers, int count)
{
    if (!text || !*text || !numbers) return false;
    for (int i = 0; i < count; i++) {
        char part[40];
        size_t length = strcspn(*text, ",\n");
        if (length >= sizeof part) return false;
        memcpy(part, *text, length);
        part[length] = '\0';
        if (!read_number(part, &numbers[i])) return false;
        *text += length;
        if (i + 1 < count && *(*text)++ != ',') return false;
    }
    return !**text || **text == '\n';
}

/* ---- names --------------------------------------------------------------------------------------------- */

void lathe_name_put(lathe_text *text, const char *name)
{
    if (!text || !name) return;
    while (*name) {
        int length = lathe_utf8_length(name);
        unsigned char byte = (unsigned char)*name;
        if (byte == '\\') lathe_text_put(text, "\\\\");
        else if (byte == '\n') lathe_text_put(text, "\\n");
        else if (!length || byte < 0x20 || byte == 0x7f) lathe_text_add(text, "\\x%02x", byte);
        else lathe_text_put_n(text, name, (size_t)length);
        name += length ? length : 1;
    }
}

/* The byte of an escape, read after its backslash; 0 for an unknown escape. */
static char take_escape(const char **text)
{
    char kind = *(*text)++;
    if (kind == '\\') return '\\';
    if (kind == 'n') return '\n';
    if (kind != 'x' || !isxdigit((unsigned char)(*text)[0]) || !isxdigit((unsigned char)(*text)[1]))
        return '\0';
    unsigned byte;
    sscanf(*text, "%2x", &byte);
    *text += 2;
    return (char)byte;
}

/* Decode the next line as a name, in place. Returns false for an unknown escape. */
static bool take_name(const char **text, char *name)
{
    while (**text && **text != '\n') {
        char byte = *(*text)++;
        if (byte == '\\' && !(byte = take_escape(text))) return false;
        *name++ = byte;
    }
    *name = '\0';
    return true;
}

lathe_status lathe_names_read(lathe_arena *arena, const char *text, const char *const **names, int *count)
{
    if (!arena || !text || !names || !count)
        return lathe_fail_null("lathe_names_read",
            !arena     ? "arena" :
                !text  ? "text" :
                !names ? "names" :
                         "count");
    size_t lines = 1;
    for (const char *c = text; *c; c++) lines += *c == '\n';
    if (!*text || lines > 1000000) return lathe_fail(LATHE_EFORMAT, "%zu class names", *text ? lines : 0);
    const char **table = lathe_arena_alloc(arena, lines, sizeof *table);
    char *room = lathe_arena_alloc(arena, strlen(text) + 1, 1);
    if (!table || !room) return LATHE_ENOMEM;
    for (size_t i = 0; i < lines; i++, text += *text == '\n') {
        if (!take_name(&text, room))
            return lathe_fail(LATHE_EFORMAT, "class name %zu has an unknown escape", i);
        table[i] = room;
        room += strlen(room) + 1;
    }
    *names = table;
    *count = (int)lines;
    return LATHE_OK;
}
