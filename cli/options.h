/* The command line: long options with values (`--key value`, `--key=value`), switches, and arguments. */
#ifndef LATHE_CLI_OPTIONS_H
#define LATHE_CLI_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

/** An option. A table of them ends with one whose name is NULL. */
typedef struct cli_option {
    const char *name;   /* "batch-size", without the first hyphens; underscores equal hyphens */
    const char *value;  /* its value in the help: "N"; NULL: a switch */
    const char *preset; /* the default; NULL: no default */
    const char *help;   /* one line */
    bool repeats;       /* may be given several times, and each one counts; otherwise the last counts */
} cli_option;

/** An option that was given. */
typedef struct cli_given {
    const char *name;         /* as in its table */
    const char *value;        /* "true" for a switch */
    const cli_option *option; /* NULL: a key of the settings */
} cli_given;

struct cli_command;

/** A parsed command line. */
typedef struct cli_line {
    const struct cli_command *command;
    cli_given *given;
    int givens;
    char **argument;
    int arguments;
    bool json, help;
} cli_line;

/**
 * Parse the words after the sub-command's name. "--" ends the options. The last one counts if an option is
 * given twice.
 * Returns CLI_DONE, or CLI_USAGE after a message. Free the line in both cases.
 */
int cli_line_parse(const struct cli_command *command, int count, char **word, cli_line *line);
void cli_line_free(cli_line *line);

/** Returns true if the option was given. */
bool cli_given_option(const cli_line *line, const char *name);

/** The option's text as given, else its default. */
const char *cli_text(const cli_line *line, const char *name);

/** Text number `index` of an option that may be given several times; NULL after the last. */
const char *cli_text_at(const cli_line *line, const char *name, int index);

/** The option's whole number, from `least` to `most`. Returns false after a message. */
bool cli_number(const cli_line *line, const char *name, int64_t least, int64_t most, int64_t *number);

/** The options of every sub-command: --json and --help. */
extern const cli_option cli_common_options[];

#endif
