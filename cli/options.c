#include "options.h"

#include <string.h>

#include <lathe/lathe.h>

#include "command.h"
#include "json.h"
#include "settings.h"

const cli_option cli_common_options[] = {
    { .name = "json", .help = "print the results as one JSON object, and nothing else, on stdout" },
    { .name = "help", .help = "print this help" },
    { .name = NULL },
};

/* ---- names --------------------------------------------------------------------------------------------- */

static bool same_name(const char *a, const char *b)
{
    for (; *a && *b; a++, b++)
        if ((*a == '_' ? '-' : *a) != (*b == '_' ? '-' : *b)) return false;
    return *a == *b;
}

static const cli_option *find_in(const cli_option *option, const char *name)
{
    for (; option && option->name; option++)
        if (same_name(option->name, name)) return option;
    return NULL;
}

/* The tables of a command's options. */
enum { TABLES = 3 };
static const cli_option *table_of(const cli_command *command, int index)
{
    return index == 0 ? command->options : index == 1 ? command->shared : cli_common_options;
}

static const cli_option *option_of(const cli_command *command, const char *name)
{
    const cli_option *found = NULL;
    for (int i = 0; i < TABLES && !found; i++) found = find_in(table_of(command, i), name);
    return found;
}

/* Option number `index` of a command, for the list of the known ones. */
static const char *name_at(const void *context, int index)
{
    const cli_command *command = context;
    for (int i = 0; i < TABLES; i++)
        for (const cli_option *option = table_of(command, i); option && option->name; option++)
            if (!index--) return option->name;
    static char hyphened[64];
    const char *name = command->takes_settings ? cli_setting_name(index) : NULL;
    if (!name) return NULL;
    snprintf(hyphened, sizeof hyphened, "%s", name);
    for (char *c = hyphened; *c; c++)
        if (*c == '_') *c = '-';
    return hyphened;
}

/* ---- parsing ------------------------------------------------------------------------------------------- */

static void give(cli_line *line, cli_given given)
{
    bool repeats = given.option && given.option->repeats;
    for (int i = 0; i < line->givens && !repeats; i++)
        if (same_name(line->given[i].name, given.name)) {
            line->given[i] = given;
            return;
        }
    line->given[line->givens++] = given;
}

/* The option of that name into *given, all but its value; *value: what it takes, NULL for a switch. False if
 * there is none. */
static bool find_option(const cli_command *command, char *name, cli_given *given, const char **value)
{
    const cli_option *option = option_of(command, name);
    if (option) {
        *given = (cli_given){ .name = option->name, .option = option };
        *value = option->value;
        return true;
    }
    *given = (cli_given){ .name = name };
    return command->takes_settings && cli_setting_known(name, value);
}

/* One option, word[0] being "--name" or "--name=value" (the = is overwritten). Returns how many words it
 * took, 0 after a failure. */
static int take_option(cli_line *line, int left, char **word)
{
    const char *command = line->command->name, *wanted = NULL;
    char *name = word[0] + 2, *equals = strchr(name, '=');
    if (equals) *equals = '\0';
    cli_given given;
    if (!find_option(line->command, name, &given, &wanted)) {
        lathe_fail_name("option", name, name_at, line->command);
        cli_fail(CLI_USAGE, "%s: %s", command, lathe_error_message());
        return 0;
    }
    if (!wanted && equals && given.option) {
        cli_fail(CLI_USAGE, "%s: --%s is a switch and takes no value", command, name);
        return 0;
    }
    if (wanted && !equals && left < 2) {
        cli_fail(CLI_USAGE, "%s: --%s needs a value: --%s %s", command, name, name, wanted);
        return 0;
    }
    given.value = equals ? equals + 1 : wanted ? word[1] : "true";
    give(line, given);
    return wanted && !equals ? 2 : 1;
}

static int check_arguments(const cli_line *line)
{
    const cli_command *command = line->command;
    if (line->arguments < command->least)
        return cli_fail(CLI_USAGE, "%s: an argument is missing: lathe %s [options] %s", command->name,
            command->name, command->arguments);
    if (command->most >= 0 && line->arguments > command->most)
        return cli_fail(CLI_USAGE, "%s: '%s' is one argument too many", command->name,
            line->argument[command->most]);
    return CLI_DONE;
}

int cli_line_parse(const cli_command *command, int count, char **word, cli_line *line)
{
    *line = (cli_line){ .command = command };
    line->given = lathe_alloc((size_t)count + 1, sizeof *line->given);
    line->argument = lathe_alloc((size_t)count + 1, sizeof *line->argument);
    if (!line->given || !line->argument) return cli_library_failed();
    bool options = true;
    for (int i = 0; i < count;) {
        if (options && !strcmp(word[i], "-h")) word[i] = "--help";
        if (options && !strcmp(word[i], "--")) {
            options = false;
            i++;
        } else if (options && !strncmp(word[i], "--", 2)) {
            int taken = take_option(line, count - i, word + i);
            if (!taken) return CLI_USAGE;
            i += taken;
        } else if (options && word[i][0] == '-' && word[i][1]) {
            return cli_fail(CLI_USAGE, "%s: '%s': options begin with two hyphens", command->name, word[i]);
        } else line->argument[line->arguments++] = word[i++];
    }
    line->json = cli_given_option(line, "json");
    if (line->json && !cli_has_json())
        return cli_fail(CLI_USAGE, "%s: --json: this build writes no JSON; build with -DLATHE_JSON=ON",
            command->name);
    line->help = cli_given_option(line, "help");
    return line->help ? CLI_DONE : check_arguments(line);
}

void cli_line_free(cli_line *line)
{
    lathe_free(line->given);
    lathe_free(line->argument);
}

/* ---- values -------------------------------------------------------------------------------------------- */

bool cli_given_option(const cli_line *line, const char *name)
{
    for (int i = 0; i < line->givens; i++)
        if (same_name(line->given[i].name, name)) return true;
    return false;
}

const char *cli_text(const cli_line *line, const char *name)
{
    for (int i = 0; i < line->givens; i++)
        if (same_name(line->given[i].name, name)) return line->given[i].value;
    const cli_option *option = option_of(line->command, name);
    return option ? option->preset : NULL;
}

const char *cli_text_at(const cli_line *line, const char *name, int index)
{
    for (int i = 0; i < line->givens; i++)
        if (same_name(line->given[i].name, name) && !index--) return line->given[i].value;
    return NULL;
}

bool cli_number(const cli_line *line, const char *name, int64_t least, int64_t most, int64_t *number)
{
    const char *text = cli_text(line, name);
    if (lathe_parse_int64(text, number) && *number >= least && *number <= most) return true;
    cli_fail(CLI_USAGE, "%s: --%s = '%s' is not a whole number from %lld to %lld", line->command->name, name,
        text, (long long)least, (long long)most);
    return false;
}
