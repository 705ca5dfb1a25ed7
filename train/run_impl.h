/* Private: what the files of a run share. */
#ifndef LATHE_TRAIN_RUN_IMPL_H
#define LATHE_TRAIN_RUN_IMPL_H

#include "../io/file.h"
#include "../io/safetensors.h"
#include "../metrics/average.h"
#include "run.h"

/** What of a run is nobody else's business. */
typedef struct lathe_run_state {
    double opened;               /* when lathe_run_new was called, on lathe_run_clock */
    lathe_writer *steps, *epochs; /* NULL without a run folder */
    uint64_t save_every;         /* in steps; 0: at an epoch's end only */
    uint64_t saved_at;           /* run->step of the newest save */
    const lathe_loss_type *loss_type;
    void *loss_opts, *plain_opts; /* of training, of evaluation */
    lathe_real *scores;          /* [batch_size, classes], row-major */
    lathe_average loss;          /* of the epoch so far */
    uint64_t right;              /* samples of the epoch so far whose class was found */
    double reference;            /* what early stopping compares with */
    uint64_t waited;             /* epochs since it improved */
    lathe_real *best;            /* all numbers of the net's state when it was best, one tensor after the other */
    bool has_best;
} lathe_run_state;

/** Seconds on a clock that only goes forward. */
double lathe_run_clock(void);

/** Tell the caller a line. */
void lathe_run_message(const lathe_run *run, const char *format, ...) __attribute__((format(printf, 2, 3)));

/** Tell what the schedule does with the run's length, and what is odd about it, unless the settings say no_warnings. */
void lathe_run_tell_schedule(const lathe_run *run);

/** How many of a batch's outputs [B, K] are largest at the label. Errors: those of lathe_tensor_read. */
lathe_status lathe_run_count_right(lathe_run *run, const lathe_tensor *output, const int *labels, uint64_t *right);

/* ---- the run folder: nothing without settings.out ----------------------------------------------------------- */

/** Make the folder and write its beginning: config.ini and the tables, with the rows that the history has. */
lathe_status lathe_run_folder_open(lathe_run *run);

/** Add the newest row of the history. */
lathe_status lathe_run_folder_step(lathe_run *run, const lathe_step_row *row);
lathe_status lathe_run_folder_epoch(lathe_run *run, const lathe_epoch_row *row);

/** Bring the tables to the disk, then save everything as last.safetensors. */
lathe_status lathe_run_folder_save(lathe_run *run);

/** Save also as step-N.safetensors, and remove all but the newest settings.keep of those. */
lathe_status lathe_run_folder_save_step(lathe_run *run);

/** Save the weights as best.safetensors. */
lathe_status lathe_run_folder_save_best(lathe_run *run);

/** Close the tables. */
lathe_status lathe_run_folder_close(lathe_run *run);

/* ---- checkpoints -------------------------------------------------------------------------------------------- */

/** Write the weights, and if `whole` all that a resumed run needs. */
lathe_status lathe_checkpoint_write(lathe_run *run, const char *path, bool whole);

/** Bring the run where the checkpoint left it: weights, optimizer, scheduler, counts. Its history must be there already. */
lathe_status lathe_checkpoint_read(lathe_run *run, const char *path);

/* ---- the best weights --------------------------------------------------------------------------------------- */

/** Keep a copy of the weights as they are. */
lathe_status lathe_run_best_keep(lathe_run *run);

/** Exchange the weights with the copy. */
void lathe_run_best_swap(lathe_run *run);

/** If on_nan wants it: the first operation of the step whose result is not finite, as text; "" if none is. */
void lathe_run_find_nan(const lathe_tape *tape, char *text, size_t size);

#endif
