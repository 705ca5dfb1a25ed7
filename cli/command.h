/*
 * The `lathe` command: the type of a sub-command. Adding one is one file that defines an object of this type.
 */
#ifndef LATHE_CLI_COMMAND_H
#define LATHE_CLI_COMMAND_H

#include "options.h"

/** Exit codes, besides 128 + the number of a signal. */
enum { CLI_DONE = 0, CLI_FAILED = 1, CLI_USAGE = 2 };

/** What a command does where a launcher started several processes. */
typedef enum cli_teamwork {
    CLI_ONE_WORKS,      /* rank 0 does all */
    CLI_SHARES_BATCHES, /* the processes share each batch */
    CLI_SPREADS_RUNS    /* each process makes whole runs */
} cli_teamwork;

typedef struct cli_command {
    const char *name;          /* "train" */
    const char *summary;       /* one line */
    const char *arguments;     /* the text after the options in a usage line: "RUN"; "" for nothing */
    const char *about;         /* a paragraph or two for --help */
    const char *example;       /* a command to try */
    const cli_option *options; /* its own, ended by a NULL name; --json and --help are always there */
    const cli_option *shared;  /* more, which other commands have too; may be NULL */
    bool takes_settings;       /* the keys of the settings are options too */
    /** Which settings --help lists: sections and keys, "optim -groups seed" leaves groups out. NULL: all. */
    const char *uses;
    /** The command's defaults for settings where they differ from lathe's: key, text, ..., NULL. */
    const char *const *presets;
    cli_teamwork processes;
    int least, most;                  /* the number of arguments; most -1: any number */
    int (*run)(const cli_line *line); /* returns the exit code; has printed what went wrong to stderr */
} cli_command;

/** Sub-command number `index`, sorted by name; NULL after the last. */
const cli_command *cli_command_at(int index);

/** The sub-command of that name. Errors: LATHE_ENAME, listing the known names. */
const cli_command *cli_command_find(const char *name);

/**
 * Print "lathe: " and the message as one line to stderr. Returns `code`: `return cli_fail(CLI_USAGE, ...)`.
 */
int cli_fail(int code, const char *format, ...) __attribute__((format(printf, 2, 3)));

/** Print the library's last failure. Returns CLI_USAGE for a wrong name, number or shape, else CLI_FAILED. */
int cli_library_failed(void);

/** Of several processes: the last message of the functions above; "" without one. */
const char *cli_last_failure(void);

/** Seconds since the process began, with the time to load the program. */
double cli_seconds(void);

#endif
