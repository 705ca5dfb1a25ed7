/* Settings as a file: [sections] of "key = value" lines. */
#include <stdio.h>
#include <string.h>

#include "../../core/alloc.h"
#include "../../io/file.h"
#include "../../io/text.h"
#include "settings_impl.h"

enum { FILE_LIMIT = 1 << 20, KEY_LIMIT = LATHE_SETTING_SHORT };

/* ---- reading ------------------------------------------------------------------------------------------- */

typedef struct reader {
    lathe_settings *settings;
    char section[KEY_LIMIT];
    char (*seen)[KEY_LIMIT]; /* keys so far */
    int seen_count;
} reader;

static bool is_section(const char *name)
{
    for (int i = 0; lathe_setting_at(i); i++)
        if (!strcmp(lathe_setting_at(i)->section, name)) return true;
    return false;
}

/* Number `index` of the sections in the table's order, each once. */
static const char *section_at(const void *context, int index)
{
    (void)context;
    const char *last = "";
    for (int i = 0; lathe_setting_at(i); i++) {
        if (!strcmp(lathe_setting_at(i)->section, last)) continue;
        last = lathe_setting_at(i)->section;
        if (!index--) return last;
    }
    return NULL;
}

static lathe_status take_section(reader *r, char *line)
{
    size_t length = strlen(line);
    if (line[length - 1] != ']') return lathe_fail(LATHE_EFORMAT, "'%.60s' has no closing bracket", line);
    line[length - 1] = '\0';
    char *name = lathe_line_trim(line + 1);
    if (!is_section(name)) return lathe_fail_name("section", name, section_at, NULL);
    snprintf(r->section, sizeof r->section, "%s", name);
    return LATHE_OK;
}

/* The name under which lathe_settings_set knows a key of this section: an option of [optim] is "optim.key".
 */
static lathe_status full_key(const reader *r, const char *key, char full[KEY_LIMIT])
{
    const lathe_setting *setting = lathe_setting_find(key);
    bool own = setting && !strcmp(setting->section, r->section);
    bool options =
        !strcmp(r->section, "optim") || !strcmp(r->section, "sched") || !strcmp(r->section, "loss");
    if (!*r->section) return lathe_fail(LATHE_EFORMAT, "%s is before the first [section]", key);
    if (strlen(key) + 8 > KEY_LIMIT) return lathe_fail(LATHE_ENAME, "unknown setting '%.60s...'", key);
    if (setting && !own && !options)
        return lathe_fail(LATHE_EFORMAT, "%s belongs to section [%s]", key, setting->section);
    if (!setting && !options && lathe_option_known("", key))
        return lathe_fail(LATHE_EFORMAT, "%s belongs to section %s", key,
            lathe_option_known("optim.", key)     ? "[optim]" :
                lathe_option_known("sched.", key) ? "[sched]" :
                                                    "[loss]");
    if (options && !own) {
        snprintf(full, KEY_LIMIT, "%.6s.", r->section);
        if (!lathe_option_known(full, key) && setting)
            return lathe_fail(LATHE_EFORMAT, "%s belongs to section [%s]", key, setting->section);
    } else full[0] = '\0';
    size_t prefix = strlen(full);
    for (size_t i = 0; i <= strlen(key); i++) full[prefix + i] = key[i] == '-' ? '_' : key[i];
    return LATHE_OK;
}

static lathe_status take_value(reader *r, char *line)
{
    char *equals = strchr(line, '='), full[KEY_LIMIT];
    if (!equals) return lathe_fail(LATHE_EFORMAT, "'%.60s' is neither 'key = value' nor a [section]", line);
    *equals = '\0';
    const char *key = lathe_line_trim(line);
    char *value = lathe_line_trim(equals + 1);
    size_t length = strlen(value);
    if (length >= 2 && value[0] == '"' && value[length - 1] == '"') {
        value[length - 1] = '\0';
        value++;
    }
    lathe_status status = full_key(r, key, full);
    if (status) return status;
    for (int i = 0; i < r->seen_count; i++)
        if (!strcmp(r->seen[i], full)) return lathe_fail(LATHE_EFORMAT, "%s is given twice", key);
    if (r->seen_count == 2 * LATHE_SETTING_OPTIONS) return lathe_fail(LATHE_EFORMAT, "too many keys");
    snprintf(r->seen[r->seen_count++], KEY_LIMIT, "%s", full);
    return lathe_settings_set(r->settings, full, value);
}

static lathe_status take_line(reader *r, char *line)
{
    line = lathe_line_trim(line);
    if (!*line || *line == '#' || *line == ';') return LATHE_OK;
    return *line == '[' ? take_section(r, line) : take_value(r, line);
}

static lathe_status read_lines(reader *r, char *text, const char *path)
{
    lathe_status status = LATHE_OK;
    for (int number = 1; text && !status; number++) {
        char *next = strchr(text, '\n');
        if (next) *next++ = '\0';
        /* The handler is to hear of a failure once, with file and line. */
        bool held = lathe_error_hold(true);
        status = take_line(r, text);
        lathe_error_hold(held);
        if (status) lathe_fail(status, "%s:%d: %s", path, number, lathe_error_message());
        text = next;
    }
    return status;
}

lathe_status lathe_settings_parse(lathe_settings *settings, char *text, const char *name)
{
    if (!settings || !text || !name)
        return lathe_fail(LATHE_EARG, "lathe_settings_parse: settings, text or name is NULL");
    lathe_settings changed = *settings;
    reader r = { .settings = &changed, .seen = lathe_alloc(2 * LATHE_SETTING_OPTIONS, KEY_LIMIT) };
    lathe_status status = r.seen ? read_lines(&r, text, name) : lathe_error();
    if (!status) *settings = changed;
    lathe_free(r.seen);
    return status;
}

lathe_status lathe_settings_read(lathe_settings *settings, const char *path)
{
    if (!settings || !path) return lathe_fail(LATHE_EARG, "lathe_settings_read: settings or path is NULL");
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

/* A value that reading would trim or take for a quoted one gets quotes of its own. */
static void put_line(lathe_text *text, const char *key, const char *value)
{
    size_t length = strlen(value);
    bool quoted = length && (*value == ' ' || *value == '"' || value[length - 1] == ' ');
    lathe_text_add(text, quoted ? "%s = \"%s\"\n" : "%s = %s\n", key, value);
}

/* Something with options: the chosen optimizer, the loss, or one of the schedules. */
typedef struct option_owner {
    const char *prefix; /* "optim." */
    const lathe_field *fields;
    size_t opts_size;
    const lathe_sched_type *sched; /* NULL: no schedule */
} option_owner;

static bool given(const lathe_settings *settings, const lathe_chosen *chosen, const option_owner *owner,
    const char *name)
{
    for (int i = 0; i < settings->options; i++) {
        const char *key = settings->option[i].key, *plain = key + strlen(lathe_option_prefix(key));
        const lathe_field *field = owner->sched ? lathe_sched_option_field(owner->sched, plain) :
                                                  lathe_fields_find(owner->fields, plain);
        if (field && !strcmp(field->name, name) && lathe_option_is(chosen, key, owner->prefix)) return true;
    }
    return false;
}

/* The options given to the optimizer ("optim."), to the schedules ("sched.") or to the loss ("loss."). */
static void put_given(lathe_text *text, const lathe_settings *settings, const lathe_chosen *chosen,
    const char *prefix)
{
    for (int i = 0; i < settings->options; i++) {
        const char *key = settings->option[i].key;
        if (lathe_option_is(chosen, key, prefix))
            put_line(text, key + strlen(lathe_option_prefix(key)), settings->option[i].text);
    }
}

/* The options not given, as comments with their defaults. */
static void put_defaults(lathe_text *text, const lathe_settings *settings, const lathe_chosen *chosen,
    const option_owner *owner)
{
    const lathe_field *fields = owner->fields;
    const bool several = owner->sched && chosen->scheds > 1;
    void *defaults = lathe_alloc(1, owner->opts_size);
    text->failed = text->failed || !defaults;
    for (; defaults && fields->name; fields++) {
        char value[LATHE_FIELD_TEXT];
        const lathe_field one[] = { *fields, { .name = NULL } };
        if (fields->required || given(settings, chosen, owner, fields->name)) continue;
        if (!lathe_fields_resolve("default", one, NULL, defaults, owner->opts_size))
            lathe_text_add(text, "# %s%s%s = %s\n", several ? owner->sched->name : "", several ? "." : "",
                fields->name, lathe_field_text(fields, defaults, value));
    }
    lathe_free(defaults);
}

/* Options of the optimizer, of the loss, or of the schedules: of each type once. */
static void put_options(lathe_text *text, const lathe_settings *settings, const lathe_chosen *chosen,
    const char *section)
{
    if (!strcmp(section, "optim")) {
        put_given(text, settings, chosen, "optim.");
        put_defaults(text, settings, chosen,
            &(option_owner){ "optim.", chosen->optim->fields, chosen->optim->opts_size, NULL });
    } else if (!strcmp(section, "loss")) {
        put_given(text, settings, chosen, "loss.");
        put_defaults(text, settings, chosen,
            &(option_owner){ "loss.", chosen->loss->fields, chosen->loss->opts_size, NULL });
    } else if (!strcmp(section, "sched")) {
        put_given(text, settings, chosen, "sched.");
        for (int i = 0; i < chosen->scheds; i++) {
            const lathe_sched_type *sched = chosen->sched[i];
            int first = 0;
            while (chosen->sched[first] != sched) first++;
            if (first == i)
                put_defaults(text, settings, chosen,
                    &(option_owner){ "sched.", sched->fields, sched->opts_size, sched });
        }
    }
}

char *lathe_settings_text(const lathe_settings *settings)
{
    if (!settings) return lathe_fail_null("lathe_settings_text", "settings"), NULL;
    lathe_text text = { 0 };
    lathe_chosen chosen;
    if (lathe_settings_choose(settings, &chosen)) return NULL;
    const char *section;
    for (int s = 0; (section = section_at(NULL, s)); s++) {
        lathe_text_add(&text, "%s[%s]\n", s ? "\n" : "", section);
        for (int i = 0; lathe_setting_at(i); i++) {
            char value[LATHE_SETTING_LONG];
            const lathe_setting *setting = lathe_setting_at(i);
            if (setting->place || strcmp(setting->section, section)) continue;
            put_line(&text, setting->key, lathe_setting_text(setting, settings, value));
        }
        put_options(&text, settings, &chosen, section);
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
