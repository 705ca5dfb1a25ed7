/* The `lathe` command: what a sub-command is. Adding one is one file that defines one of these, found by its
 * definition. */
#ifndef LATHE_CLI_COMMAND_H
#define LATHE_CLI_COMMAND_H

#include "options.h"

/** Exit codes, besides 128 + the number of a signal. */
enum { CLI_DONE = 0, CLI_FAILED = 1, CLI_USAGE = 2 };

typedef struct cli_command {
    const char *name;          /* "train" */
    const char *summary;       /* one line */
    const char *arguments;     /* what stands behind the options in a usage line: "RUN"; "" for nothing */
    const char *about;         /* a paragraph or two for --help */
    const char *example;       /* a line to try */
    const cli_option *options; /* its own, ended by a NULL name; --json and --help go without saying */
    bool takes_settings;       /* the keys of the settings are options too */
    const char *const
        *presets;    /* of those, where the command differs from lathe's defaults: key, text, ..., NULL */
    int least, most; /* how many arguments; most -1: any number */
    int (*run)(const cli_line *line); /* returns the exit code, having said on stderr what went wrong */
} cli_command;

/** All sub-commands, sorted by name; NULL after the last. */
const cli_command *lathe_command_at(int index);

/** Print "lathe: " and the message to stderr, one line. Returns `code`, for `return cli_fail(CLI_USAGE,
 * ...)`. */
int cli_fail(int code, const char *format, ...) __attribute__((format(printf, 2, 3)));

/** Print the library's last failure. The code is CLI_USAGE for a wrong name, number or shape, else
 * CLI_FAILED. */
int cli_library_failed(void);

/** Seconds since the process began: the time that the program took to load is in it. */
double cli_seconds(void);

#endif
