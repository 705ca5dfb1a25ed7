/* The manual: pages for man(1) and completion for shells, from the tables that `--help` prints. */
#ifndef LATHE_CLI_MANUAL_MANUAL_H
#define LATHE_CLI_MANUAL_MANUAL_H

#include <lathe/lathe.h>

#include "../command.h"

/** Write lathe.1 and lathe-COMMAND.1 of each command into a folder, which is made if it is missing. */
lathe_status cli_man_write(const char *folder);

/** The names of the shells: bash, fish, zsh; NULL after the last. */
const char *cli_completion_shell(int index);

/**
 * Print the script that completes lathe's command line.
 * Errors: LATHE_ENAME for an unknown shell, listing the known ones.
 */
lathe_status cli_completion_print(const char *shell, FILE *file);

#endif
