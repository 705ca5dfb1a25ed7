/* What a shell can complete, for the three writers of scripts. */
#ifndef LATHE_CLI_MANUAL_COMPLETION_H
#define LATHE_CLI_MANUAL_COMPLETION_H

#include <stdio.h>

#include <lathe/lathe.h>

#include "../command.h"

/** How a value or an argument is completed. */
typedef enum cli_values { CLI_SWITCH, CLI_ANY, CLI_FILE, CLI_FOLDER, CLI_WORDS } cli_values;

/** An option of a command, or (without a name) its arguments. */
typedef struct cli_completed {
    const cli_command *command;
    char name[64];     /* with hyphens; "" for the arguments */
    const char *value; /* "FILE", "N" */
    const char *help;
    cli_values values;
    char *words; /* with blanks between; "" unless CLI_WORDS */
} cli_completed;

/** All of them, command by command. */
typedef struct cli_completions {
    cli_completed *each;
    size_t count, room;
    bool failed;
} cli_completions;

/** A shell: `const cli_shell cli_bash_shell`. */
typedef struct cli_shell {
    const char *name;
    void (*print)(const cli_completions *all, FILE *file);
} cli_shell;

extern const cli_shell cli_bash_shell, cli_fish_shell, cli_zsh_shell;

/** Print a text with a backslash before each of the characters `special`, and ' as `quote`. */
void cli_completion_escaped(const char *text, const char *special, const char *quote, FILE *file);

#endif
