/* How a run goes, on stderr: a bar on a terminal, otherwise one plain line an epoch. */
#ifndef LATHE_CLI_PROGRESS_H
#define LATHE_CLI_PROGRESS_H

#include <stdbool.h>

#include <lathe/lathe.h>

typedef struct cli_progress {
    bool quiet, terminal;
    bool drawn;     /* the bar is on the screen now */
    double started; /* cli_seconds of the first step's beginning, about */
    double last_drawn;
    uint64_t first;           /* the first step made in this process */
    uint64_t epoch, in_epoch; /* whose steps are in loss_sum, and how many */
    double loss_sum;
    double accuracy; /* of the last epoch: validation, else training; NaN before its end */
} cli_progress;

cli_progress cli_progress_new(bool quiet);

/** After a step, an epoch: for the run's hooks. */
void cli_progress_step(cli_progress *progress, const lathe_run *run, const lathe_step_row *row);
void cli_progress_epoch(cli_progress *progress, const lathe_run *run, const lathe_epoch_row *row);

/** A line that stays. */
void cli_progress_message(cli_progress *progress, const char *line);

/** Take the bar off the screen. */
void cli_progress_end(cli_progress *progress);

#endif
