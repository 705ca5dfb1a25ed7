/* History: the measurements of a run, by step and by epoch: the rows of steps.csv and epochs.csv. */
#ifndef LATHE_TRAIN_HISTORY_H
#define LATHE_TRAIN_HISTORY_H

#include <stddef.h>
#include <stdint.h>

#include "../core/status.h"

#ifdef __cplusplus
extern "C" {
#endif

/** One step, with its lr and momentum. */
typedef struct lathe_step_row {
    uint64_t step, epoch; /* both from 0 */
    double lr, momentum;
    double loss;
} lathe_step_row;

/** One epoch, or a part of one. NaN: not measured. */
typedef struct lathe_epoch_row {
    uint64_t epoch;                    /* from 0 */
    uint64_t step;                     /* steps from the start of the run to the end of the epoch */
    double train_loss, train_accuracy; /* of the batches during training, each sample counted once */
    double val_loss, val_accuracy;
    double seconds;           /* training and validation together */
    double images_per_second; /* training only */
} lathe_epoch_row;

/** All rows so far. Zeros are an empty history. */
typedef struct lathe_history {
    lathe_step_row *step;
    lathe_epoch_row *epoch;
    size_t steps, epochs;
    size_t step_room, epoch_room;
} lathe_history;

/** The header of steps.csv. With several parameter groups more columns follow: lr.1, momentum.1, lr.2, ... */
#define LATHE_STEPS_HEADER "step,epoch,lr,momentum,loss\n"
#define LATHE_EPOCHS_HEADER \
    "epoch,step,train_loss,train_accuracy,val_loss,val_accuracy,seconds,images_per_second\n"

/** Bytes for a row as a line. */
#define LATHE_ROW_TEXT 320

/** Add a row. Errors: LATHE_ENOMEM; then the history is unchanged. */
lathe_status lathe_history_add_step(lathe_history *history, const lathe_step_row *row);
lathe_status lathe_history_add_epoch(lathe_history *history, const lathe_epoch_row *row);

/**
 * A row as its line of the CSV file. Numbers read back exactly; NaN is an empty cell. lr and momentum have 17
 * digits, as in `lathe preview --csv`.
 * Returns `text`.
 */
const char *lathe_step_row_text(const lathe_step_row *row, char text[LATHE_ROW_TEXT]);
const char *lathe_epoch_row_text(const lathe_epoch_row *row, char text[LATHE_ROW_TEXT]);

/**
 * Read steps.csv and epochs.csv of a run folder into an empty history. Columns of groups are ignored.
 * Errors   LATHE_EIO, LATHE_EFORMAT naming file and line
 */
lathe_status lathe_history_read(lathe_history *history, const char *folder);

/** The ends of the rows in the two files, in bytes. */
typedef struct lathe_history_ends {
    uint64_t steps, epochs;
} lathe_history_ends;

/**
 * Read only the first `steps` and `epochs` rows, and where they end, to continue the files there.
 * Errors   as lathe_history_read; LATHE_EFORMAT if the files have fewer rows
 */
lathe_status lathe_history_read_first(lathe_history *history, const char *folder, uint64_t steps,
    uint64_t epochs, lathe_history_ends *ends);

/** Free the rows; the history is empty then. */
void lathe_history_free(lathe_history *history);

#ifdef __cplusplus
}
#endif
#endif
