#include "settings.h"

#include <string.h>

#include "command.h"
#include "drawing/table.h"

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

/* ---- help ---------------------------------------------------------------------------------------------- */

static const char *preset_of(const lathe_setting *setting, const char *const *presets)
{
    for (int i = 0; presets && presets[i]; i += 2)
        if (!strcmp(presets[i], setting->field.name)) return presets[i + 1];
    return setting->preset;
}

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

static void hyphens(char *name)
{
    for (; *name; name++)
        if (*name == '_') *name = '-';
}

/* The options of one optimizer, scheduler or loss with their defaults, in lines of at most 110 columns. */
static void type_help(const char *type, const lathe_field *fields, FILE *file)
{
    int column = fprintf(file, "  %s:", type);
    for (; fields->name; fields++) {
        char option[64 + LATHE_FIELD_TEXT], name[64], text[LATHE_FIELD_TEXT];
        snprintf(name, sizeof name, "%s", fields->name);
        hyphens(name);
        const char *preset = fields->required ? "VALUE" : cli_field_preset(fields, text);
        if (fields->kind == LATHE_FIELD_BOOL) preset = "";
        else if (!*preset) preset = fields->kind == LATHE_FIELD_PATH ? "FILE" : "LIST";
        snprintf(option, sizeof option, "--%s%s%s", name, *preset ? " " : "", preset);
        if (column + (int)strlen(option) + 2 > 110) column = fprintf(file, "\n     ") - 1;
        column += fprintf(file, "  %s", option);
    }
    fputc('\n', file);
}

/* Is a word one of those in a list with blanks between? NULL has every word. */
static bool has_word(const char *list, const char *word)
{
    const size_t length = strlen(word);
    for (const char *at = list; at && *at; at += strcspn(at, " "), at += strspn(at, " "))
        if (strcspn(at, " ") == length && !strncmp(at, word, length)) return true;
    return !list;
}

static void setting_help(const lathe_setting *setting, const char *const *presets, cli_table *table)
{
    char name[96], help[512];
    const char *preset = preset_of(setting, presets);
    bool is_switch = !setting->text_size && setting->field.kind == LATHE_FIELD_BOOL;
    snprintf(name, sizeof name, "--%s", setting->field.name);
    hyphens(name);
    if (!is_switch) snprintf(name + strlen(name), sizeof name - strlen(name), " %s", setting->value);
    snprintf(help, sizeof help, !is_switch && preset && *preset ? "%s [%s]" : "%s", setting->field.help,
        preset);
    cli_table_row(table, (const char *const[]){ name, help });
}

void cli_settings_help(const char *const *presets, const char *uses, FILE *file)
{
    static const struct {
        const char *section, *one, *all;
    } kinds[] = { { "optim", "optimizer", "optimizers" }, { "sched", "scheduler", "schedulers" },
        { "loss", "loss", "losses" } };
    const lathe_section *section;
    lathe_option_type type;
    fputs("\nsettings (keys of the settings file, defaults in brackets):\n", file);
    cli_table *table = cli_table_new("ll");
    for (int s = 0; (section = lathe_section_by_order(s)); s++)
        for (const lathe_setting *setting = section->setting; setting->field.name; setting++) {
            char without[64];
            snprintf(without, sizeof without, "-%s", setting->field.name);
            if ((has_word(uses, section->name) || has_word(uses, setting->field.name)) &&
                (!uses || !has_word(uses, without)))
                setting_help(setting, presets, table);
        }
    cli_table_print(table, file, 2);
    for (size_t k = 0; k < sizeof kinds / sizeof kinds[0]; k++)
        for (int s = 0; has_word(uses, kinds[k].section) && (section = lathe_section_by_order(s)); s++) {
            if (strcmp(section->name, kinds[k].section)) continue;
            fprintf(file, "\noptions of each %s, with their defaults (`lathe list %s` explains them):\n",
                kinds[k].one, kinds[k].all);
            for (int i = 0; section->type_at(i, &type); i++) type_help(type.name, type.fields, file);
        }
}
