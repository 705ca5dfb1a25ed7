/* History: what a run has measured, step by step and epoch by epoch; the rows of steps.csv and epochs.csv. */
#ifndef LATHE_TRAIN_KEEPER_HISTORY_H
#define LATHE_TRAIN_KEEPER_HISTORY_H

#include "../rows.h"

#ifdef __cplusplus
extern "C" {
#endif

/** All rows so far. Zeros are an empty history without metrics. */
typedef struct lathe_history {
    lathe_step_row *step;
    lathe_epoch_row *epoch;
    size_t steps, epochs;
    size_t step_room, epoch_room;
    lathe_task_metric metric[LATHE_TASK_METRICS]; /* of train and val of an epoch's row */
    int metrics;
    char *names; /* private: of metrics that no known task has */
} lathe_history;

/** A run with several parameter groups has more columns behind these: lr.1, momentum.1, lr.2, ... */
#define LATHE_STEPS_HEADER "step,epoch,lr,momentum,loss\n"

/** Room for a row as a line. */
#define LATHE_ROW_TEXT 640

/** Set the metrics of an empty history: those of a task, ended by one without a name. NULL: none. */
void lathe_history_set_metrics(lathe_history *history, const lathe_task_metric *metrics);

/** Add a row. Errors: LATHE_ENOMEM; then the history is unchanged. */
lathe_status lathe_history_add_step(lathe_history *history, const lathe_step_row *row);
lathe_status lathe_history_add_epoch(lathe_history *history, const lathe_epoch_row *row);

/**
 * The first line of epochs.csv: epoch, step, train_loss, train_METRIC for each metric, val_loss, val_METRIC,
 * seconds, images_per_second. To be given to lathe_free. Errors: LATHE_ENOMEM: NULL.
 */
char *lathe_history_epochs_header(const lathe_history *history);

/**
 * A row as its line of the CSV file, numbers such that they read back exactly, NaN as an empty cell; returns
 * `text`. lr and momentum have 17 digits, as `lathe preview --csv` writes them.
 */
const char *lathe_step_row_text(const lathe_step_row *row, char text[LATHE_ROW_TEXT]);

/** The same of an epoch's row with the first `metrics` of its metrics. */
const char *lathe_epoch_row_text(const lathe_epoch_row *row, int metrics, char text[LATHE_ROW_TEXT]);

/**
 * Read steps.csv and epochs.csv of a run folder into an empty history, with the metrics that the header of
 * epochs.csv names. Columns behind those of steps.csv are passed over.
 * Errors   LATHE_EIO, LATHE_EFORMAT naming file and line.
 */
lathe_status lathe_history_read(lathe_history *history, const char *folder);

/** The ends of the rows in the two files, in bytes. */
typedef struct lathe_history_ends {
    uint64_t steps, epochs;
} lathe_history_ends;

/**
 * The same for the first `steps` and `epochs` rows alone, whatever follows them, and where they end: to go on
 * behind them. Errors   also LATHE_EFORMAT if there are fewer.
 */
lathe_status lathe_history_read_first(lathe_history *history, const char *folder, uint64_t steps,
    uint64_t epochs, lathe_history_ends *ends);

/** Free the rows; the history is empty then. */
void lathe_history_free(lathe_history *history);

#ifdef __cplusplus
}
#endif
#endif
