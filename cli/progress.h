/* The progress of a run on stderr: a bar on a terminal, otherwise one line for each epoch. */
#ifndef LATHE_CLI_PROGRESS_H
#define LATHE_CLI_PROGRESS_H

#include <stdbool.h>

#include <lathe/lathe.h>

typedef struct cli_progress {
    bool quiet, terminal;
    bool drawn;     /* the bar is on the screen now */
    double started; /* cli_seconds at about the beginning of the first step */
    double last_drawn;
    uint64_t first;           /* the first step of this process */
    uint64_t epoch, in_epoch; /* the epoch of loss_sum, and the number of its steps so far */
    double loss_sum;
    /** the first of the task, of the last epoch: validation, else training; NaN before its end */
    double metric;
} cli_progress;

cli_progress cli_progress_new(bool quiet);

/** After a step, after an epoch: for the run's hooks. */
void cli_progress_step(cli_progress *progress, const lathe_run *run, const lathe_step_row *row);
void cli_progress_epoch(cli_progress *progress, const lathe_run *run, const lathe_epoch_row *row);

/** Print a line that stays. */
void cli_progress_message(cli_progress *progress, const char *line);

/** Remove the bar from the screen. */
void cli_progress_end(cli_progress *progress);

#endif
