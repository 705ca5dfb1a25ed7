/*
 * The command under mpirun or srun, which start it several times. Rank 0 prints and writes; the others print
 * nothing but a failure of their own.
 */
#ifndef LATHE_CLI_PROCESSES_H
#define LATHE_CLI_PROCESSES_H

#include <stdbool.h>
#include <stddef.h>

#include "command.h"

/** Join the launcher's processes, if there are any. Returns an exit code, after a message. */
int cli_processes_join(int *argc, char ***argv);

/** Leave them. `code` is this process's exit code: the others hear of a failure. Returns it, or theirs. */
int cli_processes_leave(int code);

/** Returns true if this process does something for the command; prepares what it shares. */
bool cli_processes_take_part(const cli_command *command);

/** Returns true for rank 0. */
bool cli_is_first(void);

/** Returns true if this process prints this failure: rank 0 prints what all know. */
bool cli_prints_failure(int code, const char *message);

/**
 * After work of rank 0 alone: `data` [bytes] becomes rank 0's in all processes if its exit code is CLI_DONE.
 * Returns that code in all of them, or that of a failure to tell it.
 */
int cli_tell(int code, void *data, size_t bytes);

/** The signal that a process got, for all of them; 0: none did. All must ask. */
int cli_signal_of_any(void);

#endif
