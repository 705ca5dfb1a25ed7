/* Every key of the settings is an option of the commands that train: `--batch-size 64` sets batch_size. */
#ifndef LATHE_CLI_SETTINGS_H
#define LATHE_CLI_SETTINGS_H

#include <stdbool.h>

#include <lathe/lathe.h>

#include "options.h"

/**
 * Returns true for a setting, or an option of any optimizer or scheduler. *value: its value; NULL: a switch.
 */
bool cli_setting_known(const char *name, const char **value);

/** Name number `index` of all settings and options of optimizers and schedulers; NULL after the last. */
const char *cli_setting_name(int index);

/** A field's default as text: "must be given" without one, "" for an empty list or name. Returns `text`. */
const char *cli_field_preset(const lathe_field *field, char text[LATHE_FIELD_TEXT]);

/**
 * The settings of a command line: lathe's defaults, then the command's, then the file of --config, then the
 * recipe of --recipe, then the options given. They are checked together.
 * Returns an exit code, after a message if it is not CLI_DONE.
 */
int cli_settings(const cli_line *line, lathe_settings *settings);

/** As cli_settings, without the check, for settings that are not those of one run. */
int cli_settings_read(const cli_line *line, lathe_settings *settings);

/** The value of a setting on the command line; NULL if it was not given. */
const char *cli_setting_given(const cli_line *line, const char *name);

/** Returns true if the setting of a recipe counts: the line gives neither it nor its owner. */
bool cli_recipe_counts(const cli_line *line, const lathe_recipe_setting *setting);

#endif
