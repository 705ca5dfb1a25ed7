#include "settings.h"

#include <string.h>

#include "command.h"

/* ---- names --------------------------------------------------------------------------------------------- */

/* The field of an option: "optim.eps", "loss.gamma" and "cyclic.max_lr" are found as "eps", "gamma" and
 * "max_lr", of one of the types that have it. */
static const lathe_field *find_field(const char *name)
{
    const char *point = strrchr(name, '.');
    const lathe_section *section;
    lathe_option_type type;
    for (int s = 0; (section = lathe_section_at(s)); s++)
        for (int i = 0; section->type_at && section->type_at(i, &type); i++) {
            const lathe_field *field = lathe_fields_find(type.fields, point ? point + 1 : name);
            if (field) return field;
        }
    return NULL;
}

bool cli_setting_known(const char *name, const char **value)
{
    const lathe_setting *setting = lathe_setting_find(name);
    const lathe_field *field = setting ? &setting->field : find_field(name);
    if (!field) return false;
    bool is_switch = field->kind == LATHE_FIELD_BOOL && !(setting && setting->text_size);
    *value = is_switch ? NULL : setting ? setting->value : "VALUE";
    return true;
}

const char *cli_setting_name(int index)
{
    const char *name[LATHE_SETTING_NAMES + 1];
    lathe_setting_names(name);
    int count = 0;
    while (name[count]) count++;
    return index < count ? name[index] : NULL;
}

/* ---- values -------------------------------------------------------------------------------------------- */

const char *cli_setting_given(const cli_line *line, const char *name)
{
    const char *value = NULL;
    for (int i = 0; i < line->givens; i++)
        if (!line->given[i].option && !strcmp(line->given[i].name, name)) value = line->given[i].value;
    return value;
}

/* Set what the line says. */
static lathe_status set_given(const cli_line *line, lathe_settings *settings)
{
    lathe_status status = LATHE_OK;
    for (int i = 0; i < line->givens && !status; i++)
        if (!line->given[i].option)
            status = lathe_settings_set(settings, line->given[i].name, line->given[i].value);
    return status;
}

bool cli_recipe_counts(const cli_line *line, const lathe_recipe_setting *setting)
{
    return !cli_given_option(line, setting->key) &&
        (!setting->owner || !cli_given_option(line, setting->owner));
}

/* Set what a recipe says and the line does not. */
static lathe_status set_recipe(const cli_line *line, const char *name, lathe_settings *settings)
{
    const lathe_recipe *recipe = lathe_recipe_find(name);
    lathe_status status = recipe ? LATHE_OK : lathe_error();
    for (const lathe_recipe_setting *s = recipe ? recipe->setting : NULL; s && s->key && !status; s++)
        if (cli_recipe_counts(line, s)) status = lathe_settings_set(settings, s->key, s->text);
    return status;
}

int cli_settings_read(const cli_line *line, lathe_settings *settings)
{
    const char *const *presets = line->command->presets;
    *settings = lathe_settings_default();
    lathe_status status = LATHE_OK;
    for (int i = 0; presets && presets[i] && !status; i += 2)
        status = lathe_settings_set(settings, presets[i], presets[i + 1]);
    const char *resume = cli_setting_given(line, "resume");
    if (resume && *resume && !status) status = lathe_run_read_settings(resume, settings);
    const char *config = cli_text(line, "config");
    if (config && !status) status = lathe_settings_read(settings, config);
    const char *recipe = cli_text(line, "recipe");
    if (recipe && !status) status = set_recipe(line, recipe, settings);
    if (!status) status = set_given(line, settings);
    return status ? cli_library_failed() : CLI_DONE;
}

int cli_settings(const cli_line *line, lathe_settings *settings)
{
    int code = cli_settings_read(line, settings);
    return code ? code : lathe_settings_check(settings) ? cli_library_failed() : CLI_DONE;
}

/* ---- for help and lists -------------------------------------------------------------------------------- */

const char *cli_field_preset(const lathe_field *field, char text[LATHE_FIELD_TEXT])
{
    char number[2][32];
    for (int i = 0; i < 2; i++) lathe_double_text(field->preset[i], number[i]);
    bool list = field->kind == LATHE_FIELD_STEPS && field->count > 1;
    text[0] = '\0';
    if (field->required) snprintf(text, LATHE_FIELD_TEXT, "must be given");
    else if (field->kind == LATHE_FIELD_CHOICE) snprintf(text, LATHE_FIELD_TEXT, "%s", field->choices[0]);
    else if (field->kind == LATHE_FIELD_BOOL) snprintf(text, LATHE_FIELD_TEXT, "false");
    else if (!list && field->kind != LATHE_FIELD_PATH)
        snprintf(text, LATHE_FIELD_TEXT, field->count == 2 ? "%s,%s" : "%s", number[0], number[1]);
    return text;
}
