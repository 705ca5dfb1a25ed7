/* The loss along the lines between checkpoints, for `lathe eval RUN --cycles --between N`. */
#ifndef CLI_BETWEEN_H
#define CLI_BETWEEN_H

#include <lathe/lathe.h>

#include "command.h"
#include "ensemble.h"

/** The options that name its files: "csv", "svg", "html". */
extern const char *const cli_between_outputs[3];

/**
 * Score the run's net along the straight lines between neighbouring files: between all of them in their
 * order, or with --cycles between those of each run folder alone. Prints a line for each, and writes the
 * files that the options name.
 */
int cli_between(const cli_line *line, lathe_run *run, const lathe_dataset *data, const cli_members *members);

#endif
