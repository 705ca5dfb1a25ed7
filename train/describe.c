#include "describe_impl.h"

#include <ctype.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "../core/alloc.h"
#include "../core/field.h"
#include "../io/text.h"

/* ---- numbers ------------------------------------------------------------------------------------------- */

static const char *const no_numbers[] = { "nan", "inf", "-inf" };

char *lathe_numbers_text(const double *numbers, int count)
{
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

/* A name on one line of UTF-8, whatever its bytes. */
static void put_name(lathe_text *text, const char *name)
{
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

/* One escape, behind its backslash, as a byte; 0 if it is none. */
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

/* The next line as a name, over the text itself. False for an escape that is none. */
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
    size_t lines = 1;
    for (const char *c = text; *c; c++) lines += *c == '\n';
    if (!*text || lines > 1000000) return lathe_fail(LATHE_EFORMAT, "%zu class names", *text ? lines : 0);
    const char **table = lathe_arena_alloc(arena, lines, sizeof *table);
    char *room = lathe_arena_alloc(arena, strlen(text) + 1, 1);
    if (!table || !room) return LATHE_ENOMEM;
    for (size_t i = 0; i < lines; i++, text += *text == '\n') {
        if (!take_name(&text, room))
            return lathe_fail(LATHE_EFORMAT, "class name %zu has an escape that is none", i);
        table[i] = room;
        room += strlen(room) + 1;
    }
    *names = table;
    *count = (int)lines;
    return LATHE_OK;
}

/* ---- the texts ----------------------------------------------------------------------------------------- */

static const char *const tasks[] = { "class", "many", "heads", "pixels" };

const char *lathe_task_name(lathe_task task) { return tasks[task]; }

bool lathe_task_find(const char *name, lathe_task *task)
{
    for (size_t i = 0; i < sizeof tasks / sizeof tasks[0]; i++)
        if (!strcmp(name, tasks[i])) return *task = (lathe_task)i, true;
    return false;
}

/* The pictures before the transforms. */
static char *input_of(const lathe_dataset *data)
{
    return lathe_numbers_text((const double[]){ data->channels, data->height, data->width }, 3);
}

static char *mean_of(const lathe_dataset *data) { return lathe_numbers_text(data->mean, data->channels); }

static char *std_of(const lathe_dataset *data) { return lathe_numbers_text(data->std, data->channels); }

static char *names_of(const lathe_dataset *data)
{
    lathe_text text = { 0 };
    for (int i = 0; i < data->classes; i++) {
        if (i) lathe_text_put(&text, "\n");
        put_name(&text, data->class_names[i]);
    }
    return lathe_text_take(&text);
}

static char *task_of(const lathe_dataset *data) { return lathe_strdup(lathe_task_name(data->task)); }

/* "3 colour" a line: how many classes a head has, and its name. */
static char *heads_of(const lathe_dataset *data)
{
    lathe_text text = { 0 };
    for (int i = 0; i < data->heads; i++) {
        lathe_text_add(&text, "%s%d ", i ? "\n" : "", data->head[i].classes);
        put_name(&text, data->head[i].name);
    }
    lathe_text_put(&text, ""); /* of no heads an empty text, not none */
    return lathe_text_take(&text);
}

/* How many samples have each class; of masks, pixels are not counted: how many pictures there are. */
static char *counts_of(const lathe_dataset *data)
{
    double *counts = lathe_alloc((size_t)data->classes, sizeof *counts);
    if (!counts) return NULL;
    for (size_t i = 0; i < data->count; i++) {
        const int *targets = data->targets ? data->targets + i * (size_t)data->targets_each : NULL;
        if (!targets) counts[data->labels[i]]++;
        for (int k = 0; targets && k < data->targets_each; k++)
            if (data->heads) counts[data->head[k].first + targets[k]]++;
            else counts[k] += targets[k];
    }
    char *text = lathe_numbers_text(counts, data->classes);
    lathe_free(counts);
    return text;
}

static const lathe_description descriptions[] = { { "lathe.input", input_of, false },
    { "lathe.mean", mean_of, false }, { "lathe.std", std_of, false },
    { "lathe.class_names", names_of, false }, { "lathe.task", task_of, false },
    { "lathe.heads", heads_of, false }, { "lathe.class_counts", counts_of, true } };

const lathe_description *lathe_description_at(int index)
{
    return index < (int)(sizeof descriptions / sizeof descriptions[0]) ? &descriptions[index] : NULL;
}
