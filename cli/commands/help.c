#include <stdio.h>

#include "../help.h"
#include "../json.h"
#include "../manual/manual.h"

/* ---- for programs -------------------------------------------------------------------------------------- */

/* The object of a command, and its options. */
typedef struct json_help {
    cJSON *command, *options;
} json_help;

static void begin(void *to, const cli_command *command)
{
    json_help *help = to;
    help->command = cJSON_CreateObject();
    cJSON_AddStringToObject(help->command, "name", command->name);
    cJSON_AddStringToObject(help->command, "summary", command->summary);
    cJSON_AddStringToObject(help->command, "arguments", command->arguments);
    help->options = cJSON_AddArrayToObject(help->command, "options");
}

static void heading(void *to, const char *text, bool types) { (void)to, (void)text, (void)types; }

static void entry(void *to, const cli_entry *entry)
{
    cJSON *option = cJSON_CreateObject();
    cJSON_AddStringToObject(option, "name", entry->name);
    if (entry->value) cJSON_AddStringToObject(option, "value", entry->value);
    if (entry->preset) cJSON_AddStringToObject(option, "default", entry->preset);
    cJSON_AddStringToObject(option, "help", entry->help);
    cJSON_AddItemToArray(((json_help *)to)->options, option);
}

static void type(void *to, const char *name, const lathe_field *fields)
{
    (void)to, (void)name, (void)fields;
}

static void end(void *to, const cli_command *command) { (void)to, (void)command; }

static int print_json(const cli_command *only)
{
    static const cli_form form = { begin, heading, entry, type, end };
    cJSON *object = cli_json_new(), *array = cJSON_AddArrayToObject(object, "commands");
    const cli_command *command;
    for (int i = 0; (command = cli_command_at(i)); i++) {
        if (only && only != command) continue;
        json_help help;
        cli_help_walk(command, &form, &help);
        cJSON_AddItemToArray(array, help.command);
    }
    return cli_json_print(object);
}

/* ---- the command --------------------------------------------------------------------------------------- */

static const cli_option options[] = {
    { .name = "man",
        .value = "DIR",
        .help = "write the manual pages instead: DIR/lathe.1, DIR/lathe-train.1, ..." },
    { .name = "completion",
        .value = "bash|fish|zsh",
        .help = "print the script with which this shell completes the command line" },
    { .name = NULL },
};

static int run(const cli_line *line)
{
    const char *folder = cli_text(line, "man"), *shell = cli_text(line, "completion");
    if (folder && cli_man_write(folder)) return cli_library_failed();
    if (shell && cli_completion_print(shell, stdout)) return cli_library_failed();
    if (folder || shell) return CLI_DONE;
    const cli_command *command = line->arguments ? cli_command_find(line->argument[0]) : NULL;
    if (line->arguments && !command) return cli_library_failed();
    if (line->json) return print_json(command);
    if (command) cli_help(command, stdout);
    else cli_help_all(stdout);
    return CLI_DONE;
}

extern const cli_command lathe_help_command;
const cli_command lathe_help_command = {
    .name = "help",
    .summary = "help of a command; manual pages, completion for shells",
    .arguments = "[COMMAND]",
    .about = "Prints the help of a command, as `lathe COMMAND --help` does. Writes the manual pages\n"
             "and the completion scripts that an installation has, for a shell that finds none.",
    .example = "source <(lathe help --completion bash)",
    .options = options,
    .most = 1,
    .run = run,
};
