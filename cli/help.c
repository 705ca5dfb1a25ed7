#include "help.h"

#include <string.h>

#include "drawing/table.h"
#include "settings.h"

/* ---- the walk ------------------------------------------------------------------------------------------ */

static void hyphens(char *name)
{
    for (; *name; name++)
        if (*name == '_') *name = '-';
}

static const char *preset_of(const lathe_setting *setting, const char *const *presets)
{
    for (int i = 0; presets && presets[i]; i += 2)
        if (!strcmp(presets[i], setting->field.name)) return presets[i + 1];
    return setting->preset;
}

/* Is a word one of those in a list with blanks between? NULL has every word. */
static bool has_word(const char *list, const char *word)
{
    const size_t length = strlen(word);
    for (const char *at = list; at && *at; at += strcspn(at, " "), at += strspn(at, " "))
        if (strcspn(at, " ") == length && !strncmp(at, word, length)) return true;
    return !list;
}

static void walk_setting(const cli_command *command, const lathe_setting *setting, const cli_form *form,
    void *to)
{
    char name[64];
    const char *preset = preset_of(setting, command->presets);
    const bool is_switch = !setting->text_size && setting->field.kind == LATHE_FIELD_BOOL;
    snprintf(name, sizeof name, "%s", setting->field.name);
    hyphens(name);
    form->entry(to,
        &(cli_entry){ name, is_switch ? NULL : setting->value,
            !is_switch && preset && *preset ? preset : NULL, setting->field.help, &setting->field });
}

static void walk_types(const cli_command *command, const char *section_name, const char *one, const char *all,
    const cli_form *form, void *to)
{
    const lathe_section *section;
    lathe_option_type type;
    for (int s = 0; has_word(command->uses, section_name) && (section = lathe_section_by_order(s)); s++) {
        if (strcmp(section->name, section_name)) continue;
        char text[128];
        snprintf(text, sizeof text, "options of each %s, with their defaults (`lathe list %s` explains them)",
            one, all);
        form->heading(to, text, true);
        for (int i = 0; section->type_at(i, &type); i++) form->type(to, type.name, type.fields);
    }
}

static void walk_settings(const cli_command *command, const cli_form *form, void *to)
{
    const char *uses = command->uses;
    const lathe_section *section;
    form->heading(to, "settings (keys of the settings file, defaults in brackets)", false);
    for (int s = 0; (section = lathe_section_by_order(s)); s++)
        for (const lathe_setting *setting = section->setting; setting->field.name; setting++) {
            char without[64];
            snprintf(without, sizeof without, "-%s", setting->field.name);
            if ((has_word(uses, section->name) || has_word(uses, setting->field.name)) &&
                (!uses || !has_word(uses, without)))
                walk_setting(command, setting, form, to);
        }
    walk_types(command, "optim", "optimizer", "optimizers", form, to);
    walk_types(command, "sched", "scheduler", "schedulers", form, to);
    walk_types(command, "loss", "loss", "losses", form, to);
}

static void walk_options(const cli_option *option, const cli_form *form, void *to)
{
    for (; option && option->name; option++)
        form->entry(to, &(cli_entry){ option->name, option->value, option->preset, option->help, NULL });
}

void cli_help_walk(const cli_command *command, const cli_form *form, void *to)
{
    form->begin(to, command);
    form->heading(to, "options (defaults in brackets)", false);
    walk_options(command->options, form, to);
    walk_options(command->shared, form, to);
    walk_options(cli_common_options, form, to);
    if (command->takes_settings) walk_settings(command, form, to);
    form->end(to, command);
}

void cli_type_entry_of(const lathe_field *field, cli_type_entry *entry)
{
    char text[LATHE_FIELD_TEXT];
    const char *value = field->required ? "VALUE" : cli_field_preset(field, text);
    if (field->kind == LATHE_FIELD_BOOL) value = "";
    else if (!*value) value = field->kind == LATHE_FIELD_PATH ? "FILE" : "LIST";
    snprintf(entry->name, sizeof entry->name, "%s", field->name);
    hyphens(entry->name);
    snprintf(entry->value, sizeof entry->value, "%s", value);
    entry->field = field;
}

/* ---- as text ------------------------------------------------------------------------------------------- */

typedef struct text_help {
    FILE *file;
    cli_table *table; /* of the entries since the last heading */
} text_help;

static void text_begin(void *to, const cli_command *command)
{
    fprintf(((text_help *)to)->file, "usage: lathe %s [options]%s%s\n\n%s\n", command->name,
        *command->arguments ? " " : "", command->arguments, command->about);
}

static void end_table(text_help *help)
{
    cli_table_print(help->table, help->file, 2);
    help->table = NULL;
}

static void text_heading(void *to, const char *text, bool types)
{
    text_help *help = to;
    end_table(help);
    fprintf(help->file, "\n%s:\n", text);
    if (!types) help->table = cli_table_new("ll");
}

static void text_entry(void *to, const cli_entry *entry)
{
    char name[96], help[512];
    snprintf(name, sizeof name, "--%s%s%s", entry->name, entry->value ? " " : "",
        entry->value ? entry->value : "");
    snprintf(help, sizeof help, entry->preset ? "%s [%s]" : "%s", entry->help, entry->preset);
    cli_table_row(((text_help *)to)->table, (const char *const[]){ name, help });
}

/* The options of one optimizer, scheduler or loss with their defaults, in lines of at most 110 columns. */
static void text_type(void *to, const char *name, const lathe_field *fields)
{
    FILE *file = ((text_help *)to)->file;
    int column = fprintf(file, "  %s:", name);
    for (; fields->name; fields++) {
        cli_type_entry entry;
        cli_type_entry_of(fields, &entry);
        const int length = (int)(strlen(entry.name) + strlen(entry.value)) + (*entry.value ? 3 : 2);
        if (column + length + 2 > 110) column = fprintf(file, "\n     ") - 1;
        column += fprintf(file, "  --%s%s%s", entry.name, *entry.value ? " " : "", entry.value);
    }
    fputc('\n', file);
}

static void text_end(void *to, const cli_command *command)
{
    end_table(to);
    fprintf(((text_help *)to)->file, "\nexample: %s\n", command->example);
}

void cli_help(const cli_command *command, FILE *file)
{
    static const cli_form text = { text_begin, text_heading, text_entry, text_type, text_end };
    cli_help_walk(command, &text, &(text_help){ .file = file });
}

/* ---- of all commands ----------------------------------------------------------------------------------- */

const char *const cli_help_about = "Train image models and see what a learning-rate schedule does.";
const char *const cli_help_example = "lathe train --data shapes --model lenet5 --epochs 2";
const char *const cli_help_codes[] = { "0", "done", "1", "the run failed", "2",
    "the command line or settings are wrong", "129, 130 or 143",
    "stopped by a signal; a training run is saved", NULL };

void cli_help_all(FILE *file)
{
    fprintf(file, "usage: lathe COMMAND [options] [arguments]\n\n%s\n\n", cli_help_about);
    cli_table *table = cli_table_new("ll");
    const cli_command *command;
    for (int i = 0; (command = cli_command_at(i)); i++)
        cli_table_row(table, (const char *const[]){ command->name, command->summary });
    cli_table_print(table, file, 2);
    fputs("\n`lathe COMMAND --help` tells a command's options with their defaults; `lathe --version` the "
          "version\nand what was built in.\nExit codes:",
        file);
    for (int i = 0; cli_help_codes[i]; i += 2)
        fprintf(file, "%s%s%s %s", i ? "," : "", i == 6 ? "\n" : " ", cli_help_codes[i],
            cli_help_codes[i + 1]);
    fprintf(file, ".\n\nexample: %s\n", cli_help_example);
}
