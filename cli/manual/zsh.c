#include "completion.h"

static const char *const quoted = "'\\''"; /* a quote between quotes */

static void print_value(const cli_completed *one, FILE *file)
{
    fputs(":", file);
    cli_completion_escaped(*one->name ? one->value : "argument", "\\:[]", quoted, file);
    switch (one->values) {
    case CLI_SWITCH:
    case CLI_ANY: fputs(": ", file); break;
    case CLI_FILE: fputs(":_files", file); break;
    case CLI_FOLDER: fputs(":_files -/", file); break;
    case CLI_WORDS:
        fputs(":(", file);
        cli_completion_escaped(one->words, "\\:", quoted, file);
        fputs(")", file);
    }
}

static void print_one(const cli_completed *one, FILE *file)
{
    if (!*one->name) {
        fputs(" \\\n        '*", file);
    } else {
        fprintf(file, " \\\n        '--%s%s[", one->name, one->values == CLI_SWITCH ? "" : "=");
        cli_completion_escaped(one->help, "\\:[]", quoted, file);
        fputs("]", file);
    }
    if (one->values != CLI_SWITCH) print_value(one, file);
    fputs("'", file);
}

static void print(const cli_completions *all, FILE *file)
{
    const cli_command *command;
    fputs("_lathe() {\n    local -a commands\n    commands=(\n", file);
    for (int i = 0; (command = cli_command_at(i)); i++) {
        fprintf(file, "        '%s:", command->name);
        cli_completion_escaped(command->summary, "\\:", quoted, file);
        fputs("'\n", file);
    }
    fputs("        '--help:list the commands'\n"
          "        '--version:the version, and what was built in'\n"
          "    )\n"
          "    if (( CURRENT == 2 )); then\n"
          "        _describe command commands\n"
          "        return\n"
          "    fi\n"
          "    local command=$words[2]\n"
          "    shift words\n"
          "    (( CURRENT-- ))\n"
          "    case $command in\n",
        file);
    for (size_t i = 0; i < all->count; i++) {
        const cli_completed *one = &all->each[i];
        if (!*one->name) fprintf(file, "%s    %s) _arguments", i ? " ;;\n" : "", one->command->name);
        if (*one->name || one->values != CLI_ANY) print_one(one, file);
    }
    fputs(" ;;\n    esac\n}\n\n_lathe \"$@\"\n", file);
}

const cli_shell cli_zsh_shell = { "zsh", print };
