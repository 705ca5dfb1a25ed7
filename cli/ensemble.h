/* Several checkpoints on one data set, and the mean of their predictions, for `lathe eval A B C`. */
#ifndef CLI_ENSEMBLE_H
#define CLI_ENSEMBLE_H

#include <lathe/lathe.h>

#include "command.h"

/** A file of weights, and the number of the argument that named it or its folder. */
typedef struct cli_member {
    char path[LATHE_SETTING_LONG + 64];
    int argument;
} cli_member;

/** The files of weights that a command names. */
typedef struct cli_members {
    cli_member *member;
    int count;
} cli_members;

/**
 * The files of weights of the line's arguments: a checkpoint as it is; of a run folder its best weights, or
 * with `cycles` its cycle-1.safetensors and so on. Returns an exit status; free the list with
 * cli_members_free.
 */
int cli_members_find(const cli_line *line, bool cycles, cli_members *members);
void cli_members_free(cli_members *members);

/** The run folder of an argument, which may be a checkpoint in it. */
void cli_folder_of(const char *argument, char *folder, size_t size);

/** Evaluate each file in the run's net, and the mean of their probabilities, and print all scores. */
int cli_ensemble(const cli_line *line, lathe_run *run, const lathe_dataset *data, const cli_members *members);

#endif
