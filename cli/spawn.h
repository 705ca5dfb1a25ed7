/* Other programs, which some commands run: a compiler, a runtime. */
#ifndef LATHE_CLI_SPAWN_H
#define LATHE_CLI_SPAWN_H

#include <stdbool.h>

/**
 * Run word[0], which is looked for in PATH, with these words, ended by NULL, and wait for its end. What it
 * prints goes to stderr; with `quiet`, nowhere.
 * Returns its exit code; 127 if there is no such program; 128 + the number of a signal that ended it.
 */
int cli_spawn(const char *const *word, bool quiet);

#endif
