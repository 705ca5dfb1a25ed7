/* History: what a run has measured, step by step and epoch by epoch; the rows of steps.csv and epochs.csv. */
#ifndef LATHE_TRAIN_HISTORY_H
#define LATHE_TRAIN_HISTORY_H

#include <stddef.h>
#include <stdint.h>

#include "../core/status.h"

#ifdef __cplusplus
extern "C" {
#endif

/** One step. lr and momentum are those the step was made with. */
typedef struct lathe_step_row {
    uint64_t step, epoch; /* both from 0 */
    double lr, momentum;
    double loss;
} lathe_step_row;

/** One epoch, or the part of one that was trained. NaN: not measured. */
typedef struct lathe_epoch_row {
    uint64_t epoch;                    /* from 0 */
    uint64_t step;                     /* steps made at its end, since the start of the run */
    double train_loss, train_accuracy; /* of the batches as they were trained on, each sample counted once */
    double val_loss, val_accuracy;
    double seconds;           /* training and validation together */
    double images_per_second; /* of training alone */
} lathe_epoch_row;

/** All rows so far. Zeros are an empty history. */
typedef struct lathe_history {
    lathe_step_row *step;
    lathe_epoch_row *epoch;
    size_t steps, epochs;
    size_t step_room, epoch_room;
} lathe_history;

/** A run whose parameters are in several groups has more columns behind those of steps.csv: lr.1, momentum.1,
 * lr.2, ... */
#define LATHE_STEPS_HEADER "step,epoch,lr,momentum,loss\n"
#define LATHE_EPOCHS_HEADER \
    "epoch,step,train_loss,train_accuracy,val_loss,val_accuracy,seconds,images_per_second\n"

/** Room for a row as a line. */
#define LATHE_ROW_TEXT 320

/** Add a row. Errors: LATHE_ENOMEM; then the history is as it was. */
lathe_status lathe_history_add_step(lathe_history *history, const lathe_step_row *row);
lathe_status lathe_history_add_epoch(lathe_history *history, const lathe_epoch_row *row);

/**
 * A row as its line of the CSV file, numbers such that they read back exactly, NaN as an empty cell; returns
 * `text`. lr and momentum have 17 digits, as `lathe preview --csv` writes them.
 */
const char *lathe_step_row_text(const lathe_step_row *row, char text[LATHE_ROW_TEXT]);
const char *lathe_epoch_row_text(const lathe_epoch_row *row, char text[LATHE_ROW_TEXT]);

/**
 * Read steps.csv and epochs.csv of a run folder into an empty history, without the columns behind theirs.
 * Errors: LATHE_EIO, LATHE_EFORMAT naming file and line.
 */
lathe_status lathe_history_read(lathe_history *history, const char *folder);

/** Where rows end in the two files, in bytes. */
typedef struct lathe_history_ends {
    uint64_t steps, epochs;
} lathe_history_ends;

/**
 * The same for the first `steps` and `epochs` rows alone, whatever follows them, and where they end: to go on
 * behind them.
 * Errors   also LATHE_EFORMAT if there are fewer.
 */
lathe_status lathe_history_read_first(lathe_history *history, const char *folder, uint64_t steps,
    uint64_t epochs, lathe_history_ends *ends);

/** Give back what the history holds; it is empty then. */
void lathe_history_free(lathe_history *history);

#ifdef __cplusplus
}
#endif
#endif
