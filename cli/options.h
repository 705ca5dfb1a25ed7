/* The command line: long options with values (`--key value`, `--key=value`) and switches, and what is left:
 * arguments. */
#ifndef LATHE_CLI_OPTIONS_H
#define LATHE_CLI_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

/** An option. A table of them ends with one whose name is NULL. */
typedef struct cli_option {
    const char
        *name; /* "batch-size": without the hyphens before it; underscores in it are taken as hyphens */
    const char *value;  /* what stands for its value in help: "N"; NULL: a switch */
    const char *preset; /* the default; NULL: none */
    const char *help;   /* one line */
    bool repeats;       /* each one given counts, not the last */
} cli_option;

/** An option that was given. */
typedef struct cli_given {
    const char *name;         /* as its table spells it */
    const char *value;        /* "true" for a switch */
    const cli_option *option; /* NULL: a key of the settings */
} cli_given;

struct cli_command;

/** A command line after parsing. */
typedef struct cli_line {
    const struct cli_command *command;
    cli_given *given;
    int givens;
    char **argument;
    int arguments;
    bool json, help;
} cli_line;

/**
 * Take the words behind the sub-command's name apart. "--" ends the options. Of an option given twice the
 * last one counts.
 * Returns CLI_DONE, or CLI_USAGE after saying what is wrong. Free the line in either case.
 */
int cli_line_parse(const struct cli_command *command, int count, char **word, cli_line *line);
void cli_line_free(cli_line *line);

/** Was the option given? */
bool cli_given_option(const cli_line *line, const char *name);

/** The option's text: as given, else its default. */
const char *cli_text(const cli_line *line, const char *name);

/** The text of number `index` of those given of an option that repeats; NULL after the last. */
const char *cli_text_at(const cli_line *line, const char *name, int index);

/** The option's whole number, from `least` to `most`. False after saying what is wrong. */
bool cli_number(const cli_line *line, const char *name, int64_t least, int64_t most, int64_t *number);

/** Print the help of a sub-command. */
void cli_help(const struct cli_command *command, FILE *file);

#endif
