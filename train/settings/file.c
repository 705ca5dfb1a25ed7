/* Settings as a file: [sections] of "key = value" lines. */
#include <stdio.h>
#include <string.h>

#include "../../core/alloc.h"
#include "../../io/file.h"
#include "../../io/ini.h"
#include "../../io/text.h"
#include "settings_impl.h"

enum { FILE_LIMIT = 1 << 20, KEY_LIMIT = LATHE_SETTING_SHORT };

/* ---- reading ------------------------------------------------------------------------------------------- */

typedef struct reader {
    lathe_settings *settings;
    char (*seen)[KEY_LIMIT]; /* the keys so far */
    int seen_count;
} reader;

/* Heading number `index` in the order of the file, each once. */
static const char *heading_at(const void *context, int index)
{
    (void)context;
    const char *last = "";
    const lathe_section *section;
    for (int s = 0; (section = lathe_section_by_order(s)); s++) {
        if (!strcmp(section->heading, last)) continue;
        last = section->heading;
        if (!index--) return last;
    }
    return NULL;
}

static bool is_heading(const char *name)
{
    int i = 0;
    while (heading_at(NULL, i) && strcmp(heading_at(NULL, i), name)) i++;
    return heading_at(NULL, i);
}

/* The key for lathe_settings_set of a key in this section: an option of [optim] is "optim.key". */
static lathe_status full_key(const char *section, const char *key, char full[KEY_LIMIT])
{
    char text[2 * KEY_LIMIT];
    const char *heading;
    const lathe_setting *setting = lathe_setting_find(key);
    if (!*section) return lathe_fail(LATHE_EFORMAT, "%s is before the first [section]", key);
    if (strlen(key) >= KEY_LIMIT) return lathe_fail(LATHE_ENAME, "unknown setting '%.60s...'", key);
    if (setting && setting->flags & LATHE_SETTING_LINE)
        return lathe_fail(LATHE_EFORMAT, "%s is for the command line only", key);
    const char *own = setting ? lathe_setting_heading(key) : NULL;
    if (own && !strcmp(own, section)) {
        snprintf(full, KEY_LIMIT, "%s", setting->field.name);
        return LATHE_OK;
    }
    snprintf(text, sizeof text, "%s.%s", section, key);
    if (lathe_option_key(text, full)) return LATHE_OK;
    if (own) return lathe_fail(LATHE_EFORMAT, "%s belongs to section [%s]", key, own);
    lathe_option_split(text, &heading);
    if (!heading && lathe_option_key(key, full)) {
        lathe_option_split(full, &heading);
        return lathe_fail(LATHE_EFORMAT, "%s belongs to section %s%s%s", key, heading ? "[" : "",
            heading ? heading : "[loss], [optim] or [sched]", heading ? "]" : "");
    }
    snprintf(full, KEY_LIMIT, "%.*s", KEY_LIMIT - 1, heading ? text : key);
    return LATHE_OK;
}

/* A heading must be known; a key is set under its full name, once. */
static lathe_status take_line(void *context, const lathe_ini_line *line)
{
    reader *r = context;
    char full[KEY_LIMIT];
    if (!line->key && !is_heading(line->section))
        return lathe_fail_name("section", line->section, heading_at, NULL);
    if (!line->key) return LATHE_OK;
    lathe_status status = full_key(line->section, line->key, full);
    if (status) return status;
    for (int i = 0; i < r->seen_count; i++)
        if (!strcmp(r->seen[i], full)) return lathe_fail(LATHE_EFORMAT, "%s is given twice", line->key);
    if (r->seen_count == 2 * LATHE_SETTING_OPTIONS) return lathe_fail(LATHE_EFORMAT, "too many keys");
    snprintf(r->seen[r->seen_count++], KEY_LIMIT, "%s", full);
    return lathe_settings_set(r->settings, full, line->value);
}

lathe_status lathe_settings_parse(lathe_settings *settings, char *text, const char *name)
{
    if (!settings || !text || !name)
        return lathe_fail_null("lathe_settings_parse", !settings ? "settings" : !text ? "text" : "name");
    lathe_settings changed = *settings;
    reader r = { .settings = &changed, .seen = lathe_alloc(2 * LATHE_SETTING_OPTIONS, KEY_LIMIT) };
    lathe_status status = r.seen ? lathe_ini_read(text, name, take_line, &r) : lathe_error();
    if (!status) *settings = changed;
    lathe_free(r.seen);
    return status;
}

lathe_status lathe_settings_read(lathe_settings *settings, const char *path)
{
    if (!settings || !path) return lathe_fail_null("lathe_settings_read", settings ? "path" : "settings");
    size_t size;
    char *text = lathe_file_read(path, FILE_LIMIT, &size);
    if (!text) return lathe_error();
    lathe_status status = strlen(text) == size ?
        lathe_settings_parse(settings, text, path) :
        lathe_fail(LATHE_EFORMAT, "%s: no text: it holds a zero byte", path);
    lathe_free(text);
    return status;
}

/* ---- writing ------------------------------------------------------------------------------------------- */

/* Put quotes around a value that reading would trim or take for a quoted one. */
static void put_line(lathe_text *text, const char *key, const char *value)
{
    size_t length = strlen(value);
    bool quoted = length && (*value == ' ' || *value == '"' || value[length - 1] == ' ');
    lathe_text_add(text, quoted ? "%s = \"%s\"\n" : "%s = %s\n", key, value);
}

/* Returns true if an option of this type was given. */
static bool is_given(const lathe_settings *settings, const lathe_chosen *chosen, int taker,
    const lathe_option_type *type, const lathe_field *field)
{
    for (int i = 0; i < settings->options; i++) {
        const char *name = lathe_option_given(settings, chosen, i, taker);
        if (name && lathe_fields_find_of(type->name, type->fields, name) == field) return true;
    }
    return false;
}

/* Write the options of a type that were not given, as comments with their defaults. */
static void put_defaults(lathe_text *text, const lathe_settings *settings, const lathe_chosen *chosen,
    int taker, const lathe_option_type *type)
{
    const bool several = chosen->of[taker].types > 1;
    void *defaults = lathe_alloc(1, type->size);
    text->failed = text->failed || !defaults;
    for (const lathe_field *field = type->fields; defaults && field->name; field++) {
        char value[LATHE_FIELD_TEXT];
        const lathe_field one[] = { *field, { .name = NULL } };
        if (field->required || is_given(settings, chosen, taker, type, field)) continue;
        if (!lathe_fields_resolve("default", one, NULL, defaults, type->size))
            lathe_text_add(text, "# %s%s%s = %s\n", several ? type->name : "", several ? "." : "",
                field->name, lathe_field_text(field, defaults, value));
    }
    lathe_free(defaults);
}

/* Write the options of a section: those given, then the others of each type once. */
static void put_options(lathe_text *text, const lathe_settings *settings, const lathe_chosen *chosen,
    int taker)
{
    for (int i = 0; i < settings->options; i++) {
        const char *name = lathe_option_given(settings, chosen, i, taker);
        if (name) put_line(text, name, settings->option[i].text);
    }
    for (int t = 0; t < chosen->of[taker].types; t++) {
        const lathe_option_type *type = chosen->of[taker].type;
        int first = 0;
        while (type[first].fields != type[t].fields) first++;
        if (first == t) put_defaults(text, settings, chosen, taker, &type[t]);
    }
}

char *lathe_settings_text(const lathe_settings *settings)
{
    if (!settings) return lathe_fail_null("lathe_settings_text", "settings"), NULL;
    lathe_text text = { 0 };
    lathe_chosen chosen;
    if (lathe_settings_choose(settings, &chosen)) return NULL;
    const char *heading = "";
    const lathe_section *section;
    for (int s = 0; (section = lathe_section_by_order(s)); s++) {
        if (strcmp(heading, section->heading))
            lathe_text_add(&text, "%s[%s]\n", s ? "\n" : "", section->heading);
        heading = section->heading;
        for (const lathe_setting *setting = section->setting; setting->field.name; setting++) {
            char value[LATHE_SETTING_LONG];
            if (!(setting->flags & LATHE_SETTING_PLACE))
                put_line(&text, setting->field.name, lathe_setting_text(setting, settings, value));
        }
        if (section->choose) put_options(&text, settings, &chosen, lathe_chosen_index(&chosen, heading));
    }
    return lathe_text_take(&text);
}

lathe_status lathe_settings_write(const lathe_settings *settings, const char *path)
{
    if (!settings || !path) return lathe_fail_null("lathe_settings_write", !settings ? "settings" : "path");
    char *text = lathe_settings_text(settings);
    lathe_status status = text ? lathe_file_write_text(path, text) : lathe_error();
    lathe_free(text);
    return status;
}
