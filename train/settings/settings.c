#include "settings.h"

#include <stdio.h>
#include <string.h>

#include "../../core/registry.h"
#include "section_impl.h"
#include "settings_impl.h"

/* ---- the tables ---------------------------------------------------------------------------------------- */

extern const void *const lathe_section_types[]; /* made by cmake/registry.cmake */

const lathe_section *lathe_section_at(int index)
{
    static const lathe_registry registry = { .kind = "section",
        .prefix = "lathe_section",
        .table = lathe_section_types };
    return lathe_registry_at(&registry, index);
}

const lathe_section *lathe_section_by_order(int index)
{
    const lathe_section *section;
    for (int i = 0; (section = lathe_section_at(i)); i++) {
        int before = 0;
        for (int k = 0; lathe_section_at(k); k++) before += lathe_section_at(k)->order < section->order;
        if (before == index) return section;
    }
    return NULL;
}

const lathe_setting *lathe_setting_at(int index)
{
    const lathe_section *section;
    for (int s = 0; index >= 0 && (section = lathe_section_by_order(s)); s++)
        for (const lathe_setting *setting = section->setting; setting->field.name; setting++)
            if (!index--) return setting;
    return NULL;
}

/* The setting of this name and its section. */
static const lathe_setting *find(const char *key, const lathe_section **section)
{
    for (int s = 0; (*section = lathe_section_at(s)); s++)
        for (const lathe_setting *setting = (*section)->setting; setting->field.name; setting++) {
            const lathe_field one[] = { setting->field, { .name = NULL } };
            if (lathe_fields_find(one, key)) return setting;
        }
    return NULL;
}

const lathe_setting *lathe_setting_find(const char *key)
{
    const lathe_section *section;
    return key ? find(key, &section) : NULL;
}

const char *lathe_setting_heading(const char *key)
{
    const lathe_section *section;
    return find(key, &section) ? section->heading : NULL;
}

const char *lathe_setting_text(const lathe_setting *setting, const lathe_settings *settings,
    char text[LATHE_SETTING_LONG])
{
    if (!setting || !settings || !text)
        return lathe_fail_null("lathe_setting_text",
                   !setting      ? "setting" :
                       !settings ? "settings" :
                                   "text"),
               NULL;
    char number[LATHE_FIELD_TEXT];
    const char *value = setting->text_size ? (const char *)settings + setting->field.offset :
                                             lathe_field_text(&setting->field, settings, number);
    snprintf(text, LATHE_SETTING_LONG, "%s", value);
    return text;
}

/* ---- names --------------------------------------------------------------------------------------------- */

/* Add a name unless it is there. */
static void add_name(const char **name, const char *more)
{
    int i = 0;
    while (i < LATHE_SETTING_NAMES && name[i] && strcmp(name[i], more)) i++;
    if (i < LATHE_SETTING_NAMES) name[i] = more;
}

void lathe_setting_names(const char *name[LATHE_SETTING_NAMES + 1])
{
    const lathe_section *section;
    lathe_option_type type;
    for (int i = 0; name && i <= LATHE_SETTING_NAMES; i++) name[i] = NULL;
    for (int i = 0; name && lathe_setting_at(i); i++) add_name(name, lathe_setting_at(i)->field.name);
    for (int s = 0; name && (section = lathe_section_by_order(s)); s++)
        for (int i = 0; section->type_at && section->type_at(i, &type); i++)
            for (const lathe_field *field = type.fields; field->name; field++) add_name(name, field->name);
}

static const char *name_at(const void *context, int index) { return ((const char *const *)context)[index]; }

static lathe_status unknown(const char *key)
{
    const char *name[LATHE_SETTING_NAMES + 1];
    lathe_setting_names(name);
    return lathe_fail_name("setting", key, name_at, name);
}

/* ---- setting ------------------------------------------------------------------------------------------- */

static lathe_status set_text(const lathe_setting *setting, lathe_settings *settings, const char *text)
{
    if (strlen(text) >= setting->text_size)
        return lathe_fail(LATHE_EARG, "settings: %s has %zu characters, at most %zu are allowed",
            setting->field.name, strlen(text), setting->text_size - 1);
    for (const char *c = text; *c; c++)
        if ((unsigned char)*c < 0x20 || *c == 0x7f)
            return lathe_fail(LATHE_EARG, "settings: %s has a control character", setting->field.name);
    snprintf((char *)settings + setting->field.offset, setting->text_size, "%s", text);
    for (char *c = settings->early_stop; *c; c++) /* a column may be written as an option is: val-loss */
        if (*c == '-') *c = '_';
    return LATHE_OK;
}

static lathe_status set_number(const lathe_setting *setting, lathe_settings *settings, const char *text)
{
    const lathe_field one[] = { setting->field, { .name = NULL } };
    lathe_settings changed = *settings, resolved;
    lathe_status status = lathe_fields_set("settings", one, &changed, setting->field.name, text, 0);
    /* The preset of each of these fields is 0, so a 0 means 0 here. */
    if (!status) status = lathe_fields_resolve("settings", one, &changed, &resolved, sizeof changed);
    if (!status) *settings = changed;
    return status;
}

/* set_number; where an optimizer, schedule or loss has the name too, the failure names that option. */
static lathe_status set_named(const lathe_setting *setting, lathe_settings *settings, const char *text)
{
    char full[LATHE_SETTING_SHORT], message[LATHE_MESSAGE_SIZE];
    bool held = lathe_error_hold(true); /* the handler is called once */
    lathe_status status = set_number(setting, settings, text);
    lathe_error_hold(held);
    if (!status) return status;
    snprintf(message, sizeof message, "%s", lathe_error_message());
    bool other = lathe_option_key(setting->field.name, full);
    return lathe_fail(status, "%s%s%s%s", message, other ? "; --" : "", other ? full : "",
        other ? " is another option" : "");
}

/* Keep an option under its full key, in place of an earlier one of that key. */
static lathe_status set_option(lathe_settings *settings, const char *key, const char *text)
{
    lathe_option option;
    if (strlen(text) >= sizeof option.text)
        return lathe_fail(LATHE_EARG, "settings: the value of %.60s is longer than %zu characters", key,
            sizeof option.text - 1);
    snprintf(option.key, sizeof option.key, "%s", key);
    snprintf(option.text, sizeof option.text, "%s", text);
    int kept = 0;
    for (int i = 0; i < settings->options; i++)
        if (strcmp(settings->option[i].key, key)) settings->option[kept++] = settings->option[i];
    settings->options = kept;
    if (kept == LATHE_SETTING_OPTIONS)
        return lathe_fail(LATHE_EARG, "settings: more than %d options of optimizer, scheduler and loss",
            LATHE_SETTING_OPTIONS);
    settings->option[settings->options++] = option;
    return LATHE_OK;
}

lathe_status lathe_settings_set(lathe_settings *settings, const char *key, const char *text)
{
    char full[LATHE_SETTING_SHORT];
    if (!settings || !key || !text)
        return lathe_fail_null("lathe_settings_set", !settings ? "settings" : !key ? "key" : "text");
    const lathe_setting *setting = lathe_setting_find(key);
    if (setting && setting->text_size) return set_text(setting, settings, text);
    if (setting) return set_named(setting, settings, text);
    if (lathe_option_key(key, full)) return set_option(settings, full, text);
    return unknown(key);
}

lathe_settings lathe_settings_default(void)
{
    lathe_settings settings = { .options = 0 };
    const lathe_setting *setting;
    for (int i = 0; (setting = lathe_setting_at(i)); i++)
        lathe_settings_set(&settings, setting->field.name, setting->preset);
    return settings;
}

/* Check the fields, which may have been written directly. */
static lathe_status check_fields(const lathe_settings *settings)
{
    lathe_status status = LATHE_OK;
    const lathe_setting *setting;
    for (int i = 0; !status && (setting = lathe_setting_at(i)); i++) {
        const lathe_field one[] = { setting->field, { .name = NULL } };
        lathe_settings resolved;
        if (!setting->text_size)
            status = lathe_fields_resolve("settings", one, settings, &resolved, sizeof resolved);
        else if (!memchr((const char *)settings + setting->field.offset, '\0', setting->text_size))
            status = lathe_fail(LATHE_EARG, "settings: %s has no end", setting->field.name);
    }
    return status;
}

/* Which columns there are depends on the task: lathe_run_new looks them up. */
static lathe_status check_early_stop(const char *column)
{
    if (!strcmp(column, "off") || !strncmp(column, "train_", 6) || !strncmp(column, "val_", 4))
        return LATHE_OK;
    return lathe_fail(LATHE_EARG,
        "settings: early_stop = '%.40s', expected off or a column of epochs.csv such as val_loss or "
        "val_accuracy",
        column);
}

lathe_status lathe_settings_check(const lathe_settings *settings)
{
    if (!settings) return lathe_fail_null("lathe_settings_check", "settings");
    lathe_status status = check_fields(settings);
    const lathe_section *section;
    for (int s = 0; !status && (section = lathe_section_by_order(s)); s++)
        if (section->check) status = section->check(settings);
    lathe_save_every every;
    lathe_swa swa;
    uint64_t step;
    double mean[4], std[4], distance;
    int fold, folds, normals;
    if (!status) status = lathe_settings_fold(settings, &fold, &folds);
    if (!status) status = lathe_settings_normals(settings, mean, std, &normals);
    if (!status) status = check_early_stop(settings->early_stop);
    if (!status) status = lathe_settings_save_every(settings, 1, &every);
    if (!status) status = lathe_settings_eval_every(settings, 1, &distance);
    if (!status) status = lathe_settings_probe_every(settings, 1, &distance);
    if (!status) status = lathe_settings_unfreeze_after(settings, 1, &step);
    if (!status) status = lathe_settings_swa(settings, 1, &swa);
    return status ? status : lathe_options_check(settings);
}
