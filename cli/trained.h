/* The trained model that a command line names: a run's, or other people's weights. */
#ifndef LATHE_CLI_TRAINED_H
#define LATHE_CLI_TRAINED_H

#include <lathe/lathe.h>

#include "command.h"

/** The options that name it: a command's `shared`. */
extern const cli_option cli_trained_options[];

/** Whether the line names other people's weights. Otherwise argument 0 is a run. */
bool cli_trained_is_published(const cli_line *line);

/** Open the model. Returns an exit code, after a message if it is not CLI_DONE. */
int cli_trained_open(const cli_line *line, lathe_trained **trained);

#endif
