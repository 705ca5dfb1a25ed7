/* History: the measurements of a run: the rows of steps.csv, epochs.csv and evals.csv. */
#ifndef LATHE_TRAIN_KEEPER_HISTORY_H
#define LATHE_TRAIN_KEEPER_HISTORY_H

#include "../rows.h"

#ifdef __cplusplus
extern "C" {
#endif

/** Rows of probes.csv: the step, and a number for each column. */
typedef struct lathe_probe_table {
    char *header; /* "step,grad_norm,...", without an end; NULL: no columns */
    int columns;  /* without the step */
    uint64_t *step;
    double *value; /* [rows * columns] */
    size_t rows, room;
} lathe_probe_table;

/** All rows so far. Zeros are an empty history without metrics. */
typedef struct lathe_history {
    lathe_step_row *step;
    lathe_epoch_row *epoch;
    lathe_eval_row *eval;
    size_t steps, epochs, evals;
    size_t step_room, epoch_room, eval_room;
    lathe_probe_table probe;
    lathe_task_metric metric[LATHE_TASK_METRICS]; /* of an epoch's and an eval's row */
    int metrics;
    char *names; /* private: names of metrics that no known task has */
} lathe_history;

/** The header of steps.csv. With several parameter groups more columns follow: lr.1, momentum.1, lr.2, ... */
#define LATHE_STEPS_HEADER "step,epoch,lr,momentum,loss\n"

/** Bytes for a row as a line. */
#define LATHE_ROW_TEXT 640

/** Set the metrics of an empty history: those of a task, ended by one without a name. NULL: no metrics. */
void lathe_history_set_metrics(lathe_history *history, const lathe_task_metric *metrics);

/** Set the columns of an empty table of probes: "step,grad_norm,...". Errors: LATHE_ENOMEM. */
lathe_status lathe_history_set_probes(lathe_history *history, const char *header);

/** Add a row. Errors: LATHE_ENOMEM; then the history is unchanged. */
lathe_status lathe_history_add_step(lathe_history *history, const lathe_step_row *row);
lathe_status lathe_history_add_epoch(lathe_history *history, const lathe_epoch_row *row);
lathe_status lathe_history_add_probe(lathe_history *history, uint64_t step, const double *values);
lathe_status lathe_history_add_eval(lathe_history *history, const lathe_eval_row *row);

/**
 * The first line of epochs.csv: epoch, step, train_loss, train_METRIC for each metric, val_loss, val_METRIC,
 * seconds, images_per_second. Free it with lathe_free. Errors: LATHE_ENOMEM: NULL.
 */
char *lathe_history_epochs_header(const lathe_history *history);

/** The first line of evals.csv: step, val_loss, val_METRIC for each metric. Errors as for epochs.csv. */
char *lathe_history_evals_header(const lathe_history *history);

/**
 * A row as its line of the CSV file. Numbers read back exactly; NaN is an empty cell. lr and momentum have 17
 * digits, as in `lathe preview --csv`. Returns `text`.
 */
const char *lathe_step_row_text(const lathe_step_row *row, char text[LATHE_ROW_TEXT]);

/** An epoch's row as a line, with the first `metrics` of its metrics. Returns `text`. */
const char *lathe_epoch_row_text(const lathe_epoch_row *row, int metrics, char text[LATHE_ROW_TEXT]);

/** An eval's row as a line, with the first `metrics` of its metrics. Returns `text`. */
const char *lathe_eval_row_text(const lathe_eval_row *row, int metrics, char text[LATHE_ROW_TEXT]);

/**
 * Read steps.csv and epochs.csv of a run folder into an empty history, with the metrics in the header of
 * epochs.csv, and evals.csv and probes.csv if they are there. Columns of groups are ignored.
 * Errors   LATHE_EIO, LATHE_EFORMAT naming file and line
 */
lathe_status lathe_history_read(lathe_history *history, const char *folder);

/** The ends of the rows in the files, in bytes; 0: the file is missing. */
typedef struct lathe_history_ends {
    uint64_t steps, epochs, evals, probes;
} lathe_history_ends;

/**
 * Read only the first `steps` and `epochs` rows, and the rows of the other files up to step `steps`. `ends`
 * becomes where they end, to continue the files there.
 * Errors   as lathe_history_read; LATHE_EFORMAT if steps.csv or epochs.csv have fewer rows
 */
lathe_status lathe_history_read_first(lathe_history *history, const char *folder, uint64_t steps,
    uint64_t epochs, lathe_history_ends *ends);

/** Free the rows; the history is empty then. */
void lathe_history_free(lathe_history *history);

#ifdef __cplusplus
}
#endif
#endif
