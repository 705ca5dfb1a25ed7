/* Every key of the settings is an option of the commands that train: `--batch-size 64` sets batch_size. */
#ifndef LATHE_CLI_SETTINGS_H
#define LATHE_CLI_SETTINGS_H

#include <stdbool.h>
#include <stdio.h>

#include <lathe/lathe.h>

#include "options.h"

/** Is this the name of a setting, or of an option of any optimizer or scheduler? *value: what it takes; NULL
 * for a switch. */
bool cli_setting_known(const char *name, const char **value);

/** Name number `index` of settings and of options of optimizers and schedulers, each once; NULL after the
 * last. */
const char *cli_setting_name(int index);

/** A field's default as text: "must be given" where it has none, "" for a list or a name that is empty;
 * returns `text`. */
const char *cli_field_preset(const lathe_field *field, char text[LATHE_FIELD_TEXT]);

/**
 * The settings of a command line: lathe's defaults, then the command's own, then the file of --config, then
 * the options given. Checked as a whole. Returns an exit code, having said what is wrong.
 */
int cli_settings(const cli_line *line, lathe_settings *settings);

/** The same without the check, for settings that are not those of one run. */
int cli_settings_read(const cli_line *line, lathe_settings *settings);

/** The value of a setting as it was given on the line, NULL if it was not. */
const char *cli_setting_given(const cli_line *line, const char *name);

/** Print the part of --help that tells them, with the command's own defaults (see cli_command). */
void cli_settings_help(const char *const *presets, FILE *file);

#endif
