#include "text.h"

#include <stdarg.h>
#include <stdbool.h>
#include <string.h>

/* Bytes of the character at `text`; 0 if it cannot be shown. */
static size_t shown(const unsigned char *text)
{
    size_t length = (size_t)lathe_utf8_length((const char *)text);
    if (length == 1) return text[0] >= ' ' && text[0] != 0x7F;
    bool control = length == 2 && text[0] == 0xC2 && text[1] < 0xA0; /* U+0080 ... U+009F */
    bool turns = length == 3 && text[0] == 0xE2 &&
        ((text[1] == 0x80 && text[2] >= 0xAA && text[2] <= 0xAE) || (text[1] == 0x81 && text[2] >= 0xA6));
    return control || turns ? 0 : length; /* nor characters that switch to writing from right to left */
}

char *cli_printable(const char *text, char *to, size_t size)
{
    size_t at = 0;
    while (*text) {
        size_t length = shown((const unsigned char *)text);
        if (at + (length ? length : 4) >= size) break;
        if (length) memcpy(to + at, text, length);
        else snprintf(to + at, 5, "\\x%02X", (unsigned)(unsigned char)*text);
        at += length ? length : 4;
        text += length ? length : 1;
    }
    to[at] = '\0';
    return to;
}

void cli_say(FILE *file, const char *format, ...)
{
    char line[8192], printable[4 * sizeof line];
    va_list list;
    va_start(list, format);
    lathe_mark_cut(line, vsnprintf(line, sizeof line, format, list));
    va_end(list);
    fprintf(file, "%s\n", cli_printable(line, printable, sizeof printable));
}

void cli_csv_cell(const char *text, FILE *file)
{
    bool formula = *text && strchr("=+-@\t\r", *text),
         quotes = formula || text[strcspn(text, ",\"\r\n")] != '\0';
    if (quotes) fputs(formula ? "\"'" : "\"", file);
    while (*text) {
        const int length = lathe_utf8_length(text);
        if (*text == '"') fputc('"', file);
        if (length) fwrite(text, 1, (size_t)length, file);
        else fprintf(file, "\\x%02X", (unsigned)(unsigned char)*text); /* readers expect UTF-8 */
        text += length ? length : 1;
    }
    if (quotes) fputc('"', file);
}

void cli_put_cell(lathe_text *out, const char *name)
{
    if (!name[strcspn(name, ",\"\r\n")]) {
        lathe_text_put(out, name);
        return;
    }
    lathe_text_put(out, "\"");
    for (const char *c = name; *c; c++) lathe_text_put_n(out, *c == '"' ? "\"\"" : c, *c == '"' ? 2 : 1);
    lathe_text_put(out, "\"");
}

char *cli_metric_text(const lathe_task_metric *metric, double value, char *to, size_t size)
{
    snprintf(to, size, metric->percent ? "%s %.2f %%" : "%s %.4f", metric->title,
        metric->percent ? 100 * value : value);
    return to;
}

void cli_print_score(const char *set, const lathe_task *task, const lathe_score *score)
{
    char text[128];
    printf("%s", set);
    for (int i = 0; i < task->metrics; i++)
        printf(" %s,", cli_metric_text(&task->type->metrics[i], score->metric[i], text, sizeof text));
    printf(" loss %.4f (%zu images)\n", score->loss, score->count);
}
