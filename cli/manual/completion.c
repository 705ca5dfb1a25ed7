/* Collects what can be completed; bash.c, fish.c and zsh.c print it. */
#include "completion.h"

#include <string.h>

#include "../help.h"
#include "../kinds.h"
#include "manual.h"

/* ---- words --------------------------------------------------------------------------------------------- */

static void add_word(lathe_text *words, const char *word, size_t length)
{
    if (words->length) lathe_text_put(words, " ");
    lathe_text_put_n(words, word, length);
}

/* The names of a kind of `lathe list`, with a colon where an argument must follow. */
static void add_kind(lathe_text *words, const cli_kind *kind)
{
    cli_item item;
    for (int i = 0; kind->at(i, &item); i++) {
        add_word(words, item.name, strlen(item.name));
        if (item.argument && item.argument[0] != '[') lathe_text_put(words, ":");
        if (item.alias) add_word(words, item.alias, strlen(item.alias));
    }
}

static void add_kinds(lathe_text *words)
{
    for (int i = 0; cli_kind_at(i); i++) add_word(words, cli_kind_at(i)->name, strlen(cli_kind_at(i)->name));
}

static void add_choices(lathe_text *words, const char *const *choice)
{
    for (; *choice; choice++) add_word(words, *choice, strlen(*choice));
}

/* "log|linear" */
static bool add_alternatives(lathe_text *words, const char *value)
{
    if (!strchr(value, '|') || value[strspn(value, "abcdefghijklmnopqrstuvwxyz0123456789_-|")]) return false;
    for (; *value; value += strspn(value, "|")) {
        const size_t length = strcspn(value, "|");
        add_word(words, value, length);
        value += length;
    }
    return true;
}

/* The names that an option of this name takes: --optim NAME, --augment LIST, --to KIND, and not --to LR. */
static bool add_names(lathe_text *words, const char *name, const char *value, const lathe_field *field)
{
    const lathe_setting *setting = lathe_setting_find(name);
    if (!field && setting) field = &setting->field;
    if (field && field->kind == LATHE_FIELD_CHOICE) return add_choices(words, field->choices), true;
    const bool named = !strncmp(value, "NAME", 4) || !strcmp(value, "LIST") || !strcmp(value, "KIND");
    for (int i = 0; named && cli_kind_at(i); i++)
        if (cli_kind_at(i)->option && !strcmp(cli_kind_at(i)->option, name))
            return add_kind(words, cli_kind_at(i)), true;
    return false;
}

/* ---- collecting ---------------------------------------------------------------------------------------- */

/* The collection of one command. */
typedef struct collector {
    cli_completions *all;
    const cli_command *command;
    size_t first;
} collector;

static void add(collector *to, const char *name, const char *value, const char *help,
    const lathe_field *field)
{
    cli_completions *all = to->all;
    for (size_t i = to->first; i < all->count; i++)
        if (!strcmp(all->each[i].name, name)) return; /* several optimizers have --lr */
    if (all->count == all->room) {
        const size_t room = all->room ? lathe_times(2, all->room) : 256;
        cli_completed *grown = lathe_grow(all->each, all->room, room, sizeof *grown);
        if (!grown) {
            all->failed = true;
            return;
        }
        all->each = grown;
        all->room = room;
    }
    cli_completed *one = &all->each[all->count];
    lathe_text words = { 0 };
    *one = (cli_completed){ .command = to->command, .value = value ? value : "", .help = help };
    snprintf(one->name, sizeof one->name, "%s", name);
    if (!value) one->values = CLI_SWITCH;
    else if (add_alternatives(&words, value) || add_names(&words, name, value, field))
        one->values = CLI_WORDS;
    else if (!strcmp(value, "DIR")) one->values = CLI_FOLDER;
    else one->values = !strcmp(value, "FILE") || !strcmp(value, "BASE") ? CLI_FILE : CLI_ANY;
    lathe_text_put(&words, "");
    one->words = lathe_text_take(&words);
    if (one->words) all->count++;
    else all->failed = true;
}

/* What the arguments are follows from their words in the usage line. */
static void begin(void *to, const cli_command *command)
{
    cli_completions *all = ((collector *)to)->all;
    const char *arguments = command->arguments;
    const char *value = strstr(arguments, "KIND")                ? "kinds" :
        strstr(arguments, "COMMAND")                             ? "commands" :
        strstr(arguments, "FILE")                                ? "FILE" :
        strstr(arguments, "RUN") || strstr(arguments, "PICTURE") ? "FILE" :
                                                                   NULL;
    add(to, "", value ? value : "ANY", "", NULL);
    if (all->failed || !value || !strcmp(value, "FILE")) return;
    lathe_text words = { 0 };
    if (*value == 'k') add_kinds(&words);
    for (int i = 0; *value == 'c' && cli_command_at(i); i++)
        add_word(&words, cli_command_at(i)->name, strlen(cli_command_at(i)->name));
    cli_completed *one = &all->each[all->count - 1];
    lathe_free(one->words);
    one->words = lathe_text_take(&words);
    one->values = CLI_WORDS;
    if (one->words) return;
    all->failed = true;
    all->count--;
}

static void heading(void *to, const char *text, bool types) { (void)to, (void)text, (void)types; }

static void entry(void *to, const cli_entry *entry)
{
    add(to, entry->name, entry->value, entry->help, entry->field);
}

static void type(void *to, const char *name, const lathe_field *fields)
{
    (void)name;
    for (; fields->name; fields++) {
        cli_type_entry option;
        cli_type_entry_of(fields, &option);
        const char *value = fields->kind == LATHE_FIELD_BOOL ? NULL :
            fields->kind == LATHE_FIELD_PATH                 ? "FILE" :
                                                               "VALUE";
        add(to, option.name, value, fields->help ? fields->help : "", fields);
    }
}

static void end(void *to, const cli_command *command) { (void)to, (void)command; }

static void collect(cli_completions *all)
{
    static const cli_form form = { begin, heading, entry, type, end };
    const cli_command *command;
    for (int i = 0; (command = cli_command_at(i)); i++) {
        collector to = { all, command, all->count };
        cli_help_walk(command, &form, &to);
    }
}

/* ---- printing ------------------------------------------------------------------------------------------ */

void cli_completion_escaped(const char *text, const char *special, const char *quote, FILE *file)
{
    for (; *text; text++) {
        if (*text == '\'') {
            fputs(quote, file);
            continue;
        }
        if (strchr(special, *text)) fputc('\\', file);
        fputc(*text, file);
    }
}

static const cli_shell *const shells[] = { &cli_bash_shell, &cli_fish_shell, &cli_zsh_shell };

const char *cli_completion_shell(int index)
{
    return index >= 0 && index < (int)(sizeof shells / sizeof shells[0]) ? shells[index]->name : NULL;
}

static const char *shell_name(const void *context, int index)
{
    (void)context;
    return cli_completion_shell(index);
}

lathe_status cli_completion_print(const char *shell, FILE *file)
{
    const cli_shell *found = NULL;
    for (int i = 0; cli_completion_shell(i); i++)
        if (!strcmp(shells[i]->name, shell)) found = shells[i];
    if (!found) return lathe_fail_name("shell", shell, shell_name, NULL);
    cli_completions all = { 0 };
    collect(&all);
    if (!all.failed) {
        fprintf(file, "%s for lathe %s, made by `lathe help --completion %s`.\n",
            strcmp(shell, "zsh") ? "# Completion" : "#compdef lathe\n# Completion", lathe_version(), shell);
        found->print(&all, file);
    }
    for (size_t i = 0; i < all.count; i++) lathe_free(all.each[i].words);
    lathe_free(all.each);
    return all.failed ? lathe_error() : LATHE_OK;
}
