#include "completion.h"

static const char *const quoted = "\\'"; /* a quote within quotes */

static void print_one(const cli_completed *one, FILE *file)
{
    fprintf(file, "complete -c lathe -n '__fish_seen_subcommand_from %s'", one->command->name);
    if (*one->name) fprintf(file, " -l %s", one->name);
    switch (one->values) {
    case CLI_SWITCH: break;
    case CLI_ANY: fputs(" -x", file); break;
    case CLI_FILE: fputs(*one->name ? " -r -F" : " -F", file); break;
    case CLI_FOLDER: fputs(" -x -a '(__fish_complete_directories)'", file); break;
    case CLI_WORDS: fprintf(file, "%s -a '%s'", *one->name ? " -x" : "", one->words); break;
    }
    if (*one->name) {
        fputs(" -d '", file);
        cli_completion_escaped(one->help, "\\", quoted, file);
        fputs("'", file);
    }
    fputs("\n", file);
}

static void print(const cli_completions *all, FILE *file)
{
    const cli_command *command;
    fputs("complete -c lathe -f\n"
          "complete -c lathe -n __fish_use_subcommand -l help -d 'list the commands'\n"
          "complete -c lathe -n __fish_use_subcommand -l version -d 'the version, and what was built in'\n",
        file);
    for (int i = 0; (command = cli_command_at(i)); i++) {
        fprintf(file, "complete -c lathe -n __fish_use_subcommand -a %s -d '", command->name);
        cli_completion_escaped(command->summary, "\\", quoted, file);
        fputs("'\n", file);
    }
    for (size_t i = 0; i < all->count; i++)
        if (*all->each[i].name || all->each[i].values != CLI_ANY) print_one(&all->each[i], file);
}

const cli_shell cli_fish_shell = { "fish", print };
