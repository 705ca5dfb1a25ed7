/* The axes of a comparison. */
#include <stdio.h>
#include <string.h>

#include "../core/alloc.h"
#include "../io/file.h"
#include "../io/ini.h"
#include "../train/settings/section.h"
#include "compare_impl.h"

enum { FILE_LIMIT = 1 << 20, MOST_PAIRS = 64 };

static lathe_choice *add_choice(lathe_arena *arena, lathe_axis *axis, const char *name)
{
    lathe_choice *choice = lathe_arena_zeroed(arena, 1, sizeof *choice);
    if (!choice) return NULL;
    choice->name = lathe_arena_strdup(arena, name);
    choice->key = lathe_arena_zeroed(arena, MOST_PAIRS, sizeof *choice->key);
    choice->text = lathe_arena_zeroed(arena, MOST_PAIRS, sizeof *choice->text);
    if (!choice->name || !choice->key || !choice->text) return NULL;
    if (axis->last) axis->last->next = choice;
    else axis->first = choice;
    axis->last = choice;
    axis->count++;
    return choice;
}

static lathe_status add_pair(lathe_arena *arena, lathe_choice *choice, const char *key, const char *text)
{
    const lathe_setting *setting = lathe_setting_find(key);
    lathe_settings probe = lathe_settings_default();
    if (setting && setting->flags & LATHE_SETTING_PLACE)
        return lathe_fail(LATHE_EARG, "compare: %s cannot vary: each run has its own", setting->field.name);
    if (setting && !strcmp(setting->field.name, "seed"))
        return lathe_fail(LATHE_EARG, "compare: seed cannot vary: ask for a number of seeds");
    if (choice->pairs == MOST_PAIRS)
        return lathe_fail(LATHE_EARG, "compare: %s has more than %d settings", choice->name, MOST_PAIRS);
    lathe_status status = lathe_settings_set(&probe, key, text);
    if (status) return status;
    choice->key[choice->pairs] = lathe_arena_strdup(arena, key);
    choice->text[choice->pairs] = lathe_arena_strdup(arena, text);
    bool kept = choice->key[choice->pairs] && choice->text[choice->pairs];
    choice->pairs++;
    return kept ? LATHE_OK : lathe_error();
}

/* The name of a schedule, an optimizer or a model is clear alone; a number needs its key. */
static void name_of(const char *key, const char *value, char name[LATHE_SETTING_SHORT])
{
    bool speaks =
        !strcmp(key, "sched") || !strcmp(key, "optim") || !strcmp(key, "model") || !strcmp(key, "loss");
    if (speaks) snprintf(name, LATHE_SETTING_SHORT, "%.100s", value);
    else snprintf(name, LATHE_SETTING_SHORT, "%.40s %.80s", key, *value ? value : "none");
}

lathe_status lathe_axis_vary(lathe_arena *arena, const char *text, lathe_axis *axis)
{
    const char *equals = strchr(text, '=');
    if (!equals || equals == text || !equals[1])
        return lathe_fail(LATHE_EARG, "compare: '%.200s': what varies is written KEY=a,b,c", text);
    char *key = lathe_arena_strdup(arena, text), *values = key ? key + (equals - text) : NULL;
    if (!key) return lathe_error();
    *values++ = '\0';
    const char *separator = strchr(values, '|') ? "|" : ",";
    lathe_status status = LATHE_OK;
    for (char *value = values; value && !status;) {
        char name[LATHE_SETTING_SHORT], *next = strpbrk(value, separator);
        if (next) *next++ = '\0';
        name_of(key, value, name);
        lathe_choice *choice = add_choice(arena, axis, name);
        status = choice ? add_pair(arena, choice, key, value) : lathe_error();
        value = next;
    }
    return status;
}

/* Where the runs of a file go. */
typedef struct runs {
    lathe_arena *arena;
    lathe_axis *axis;
    lathe_compare *compare; /* gets the tests */
} runs;

/* "[tests]" is no variant: its lines are "test = HYPOTHESIS". */
static lathe_status take_test(const runs *to, const lathe_ini_line *line)
{
    if (!line->key) return LATHE_OK;
    if (strcmp(line->key, "test"))
        return lathe_fail(LATHE_EFORMAT, "'%.60s' in [tests]: expected 'test = A > B'", line->key);
    return lathe_compare_add_test(to->compare, line->value);
}

/* "[name]" begins a variant, "key = value" sets something in it. */
static lathe_status take_line(void *context, const lathe_ini_line *line)
{
    const runs *to = context;
    const char *name = line->section;
    if (!strcmp(name, "tests")) return take_test(to, line);
    if (line->key && !to->axis->last)
        return lathe_fail(LATHE_EFORMAT, "'%.60s' is before the first [name]", line->key);
    if (line->key) return add_pair(to->arena, to->axis->last, line->key, line->value);
    if (!*name || strlen(name) >= LATHE_SETTING_SHORT)
        return lathe_fail(LATHE_EFORMAT, "a run needs a name of at most %d characters",
            LATHE_SETTING_SHORT - 1);
    return add_choice(to->arena, to->axis, name) ? LATHE_OK : lathe_error();
}

lathe_status lathe_axis_runs(lathe_arena *arena, const char *path, lathe_axis *axis, lathe_compare *compare)
{
    size_t size;
    char *text = lathe_file_read(path, FILE_LIMIT, &size);
    runs to = { arena, axis, compare };
    lathe_status status = text ? lathe_ini_read(text, path, take_line, &to) : lathe_error();
    lathe_free(text);
    if (!status && !axis->count)
        status = lathe_fail(LATHE_EFORMAT, "%s: no [name] in it: nothing to compare", path);
    return status;
}

const lathe_choice *lathe_axis_at(const lathe_axis *axis, int index)
{
    const lathe_choice *choice = axis->first;
    while (index--) choice = choice->next;
    return choice;
}
