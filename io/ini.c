#include "ini.h"

#include <string.h>

/* Cut the blanks off both ends of a line, in place. */
static char *trim(char *line)
{
    line += strspn(line, " \t\r");
    size_t length = strlen(line);
    while (length && strchr(" \t\r", line[length - 1])) length--;
    line[length] = '\0';
    return line;
}

static lathe_status read_heading(char *line, lathe_ini_line *told)
{
    size_t length = strlen(line);
    if (line[length - 1] != ']') return lathe_fail(LATHE_EFORMAT, "'%.60s' has no closing bracket", line);
    line[length - 1] = '\0';
    *told = (lathe_ini_line){ .section = trim(line + 1) };
    return LATHE_OK;
}

static lathe_status read_key(char *line, lathe_ini_line *told)
{
    char *equals = strchr(line, '=');
    if (!equals) return lathe_fail(LATHE_EFORMAT, "'%.60s' is neither 'key = value' nor a [section]", line);
    *equals = '\0';
    char *value = trim(equals + 1);
    size_t length = strlen(value);
    if (length >= 2 && value[0] == '"' && value[length - 1] == '"') {
        value[length - 1] = '\0';
        value++;
    }
    told->key = trim(line);
    told->value = value;
    return LATHE_OK;
}

lathe_status lathe_ini_read(char *text, const char *name, lathe_ini_take *take, void *context)
{
    if (!text || !name || !take)
        return lathe_fail_null("lathe_ini_read", !text ? "text" : !name ? "name" : "take");
    lathe_ini_line told = { .section = "" };
    lathe_status status = LATHE_OK;
    for (int number = 1; text && !status; number++) {
        char *next = strchr(text, '\n');
        if (next) *next++ = '\0';
        char *line = trim(text);
        bool held = lathe_error_hold(true); /* the handler is called once, with text and line */
        if (*line && *line != '#' && *line != ';') {
            status = *line == '[' ? read_heading(line, &told) : read_key(line, &told);
            if (!status) status = take(context, &told);
        }
        lathe_error_hold(held);
        if (status) lathe_fail(status, "%s:%d: %s", name, number, lathe_error_message());
        text = next;
    }
    return status;
}
