/*
 * Help: one walk over the tables of a sub-command. Forms write what the walk finds: `--help`, manual pages,
 * completion for shells, and JSON.
 */
#ifndef LATHE_CLI_HELP_H
#define LATHE_CLI_HELP_H

#include <stdio.h>

#include <lathe/lathe.h>

#include "command.h"

/** An option or a setting. */
typedef struct cli_entry {
    const char *name;         /* with hyphens: "batch-size" */
    const char *value;        /* its value in the help: "N"; NULL: a switch */
    const char *preset;       /* the default; NULL: no default is told */
    const char *help;         /* one line */
    const lathe_field *field; /* of a setting; NULL */
} cli_entry;

/** An option of an optimizer, a scheduler or a loss. */
typedef struct cli_type_entry {
    char name[64];                /* with hyphens */
    char value[LATHE_FIELD_TEXT]; /* its default, or a word for its value; "" for a switch */
    const lathe_field *field;
} cli_type_entry;

/** What to do with what the walk finds, in this order. `to` is the form's own. */
typedef struct cli_form {
    void (*begin)(void *to, const cli_command *command);
    void (*heading)(void *to, const char *text, bool types); /* of a list of entries, or of types */
    void (*entry)(void *to, const cli_entry *entry);
    void (*type)(void *to, const char *name, const lathe_field *fields);
    void (*end)(void *to, const cli_command *command);
} cli_form;

/** Show a form all that `command` takes. */
void cli_help_walk(const cli_command *command, const cli_form *form, void *to);

/** A type's option as help shows it. */
void cli_type_entry_of(const lathe_field *field, cli_type_entry *entry);

/** Print the help of a sub-command. */
void cli_help(const cli_command *command, FILE *file);

/** What `lathe --help` says of all commands, for it and for the manual page. */
extern const char *const cli_help_about;
extern const char *const cli_help_example;

/** The exit codes and what they mean, ended by NULL: code, text, ... */
extern const char *const cli_help_codes[];

/** Print the help of `lathe`. */
void cli_help_all(FILE *file);

#endif
