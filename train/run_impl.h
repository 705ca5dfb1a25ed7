/* Private: what the files of a run share. */
#ifndef LATHE_TRAIN_RUN_IMPL_H
#define LATHE_TRAIN_RUN_IMPL_H

#include "../io/file.h"
#include "../io/safetensors.h"
#include "../metrics/average.h"
#include "../optim/averaged.h"
#include "run.h"

/** How many loggers a run can have. */
enum { LATHE_LOGGERS = 8 };

/** What of a run is nobody else's business. */
typedef struct lathe_run_state {
    double opened;                              /* when lathe_run_new was called, on lathe_run_clock */
    lathe_lock *lock;                           /* of the run folder */
    struct lathe_logger *logger[LATHE_LOGGERS]; /* none without a run folder */
    int loggers;
    lathe_save_every save_every;
    double saved; /* when the newest save was, on lathe_run_clock */
    const lathe_loss_type *loss_type;
    void *loss_opts, *plain_opts; /* of training, of evaluation */
    double *group_rates; /* lr and momentum of the step, of each group but the first; NULL where that is the
                            only one */
    char *row_text;      /* room for a row of steps.csv, with those */
    lathe_real *class_weights;      /* in loss_opts; NULL: all classes are alike */
    double *counted, *step_counted; /* [task->numbers] of the epoch so far and of the step, for the metrics */
    double *kept_counted;           /* room for the epoch's while it ends in part */
    lathe_average loss;             /* of the epoch so far */
    double reference;               /* what early stopping compares with */
    uint64_t waited;                /* epochs since it improved */
    uint64_t best_step;             /* steps made when the epoch run->best_epoch ended */
    lathe_real *best; /* all numbers of the net's state when it was best, one tensor after the other */
    bool has_best;
    bool restored;            /* after an early stop: the net has the best weights, `best` the last */
    lathe_averaged *averaged; /* weights; NULL: they are not averaged */
    lathe_swa swa;
    bool has_average; /* the net has the average now */
    lathe_real
        *own_buffers;    /* the running statistics of the weights, while the net has those of the average */
    lathe_real *buffers; /* the net's running statistics before the step, where it may be skipped */
} lathe_run_state;

/** Seconds on a clock that only goes forward. */
double lathe_run_clock(void);

/** Tell the caller a line. */
void lathe_run_message(const lathe_run *run, const char *format, ...) __attribute__((format(printf, 2, 3)));

/** Tell what the schedule does with the run's length, and what is odd about it, unless the settings say
 * no_warnings. */
void lathe_run_tell_schedule(const lathe_run *run);

/** Rows of the history that are of whole epochs: all but the last of a run whose length is no whole number of
 * them. */
size_t lathe_run_whole_epochs(const lathe_run *run);

/** The options of the run's feed. Errors: LATHE_EARG for a fold that is none. */
lathe_status lathe_run_feed_opts(const lathe_settings *settings, lathe_feed_opts *opts);

/** A run's length, by the epochs or by max_steps. */
uint64_t lathe_run_steps_of(const lathe_settings *settings, double steps_per_epoch);

/** Give the training loss the weights of settings.class_weights. Errors: LATHE_EARG for another number of
 * classes, LATHE_ENOMEM. */
lathe_status lathe_run_weigh_classes(lathe_run *run);

/* ---- the rates of groups: nothing with one group alone ------------------------------------------------- */

/** Make room for them. Errors: LATHE_ENOMEM. */
lathe_status lathe_run_groups_open(lathe_run *run);

/** Note the rates that the next step is made with. */
void lathe_run_groups_note(lathe_run *run);

/** A row of steps.csv, or with NULL its header, with the columns lr.1, momentum.1, lr.2, ... of groups; valid
 * until the next. */
const char *lathe_run_step_text(lathe_run *run, const lathe_step_row *row);

/* ---- a step -------------------------------------------------------------------------------------------- */

/** Steps in an epoch, and batches that the steps so far have taken: with settings.accumulate above 1 a step
 * takes several. */
uint64_t lathe_run_epoch_steps(const lathe_run *run);
uint64_t lathe_run_batches_done(const lathe_run *run);

/**
 * One step of `batches` batches with `samples` samples: `batch`, and the next of the run's feed; fills in its
 * row of steps.csv. Errors   the first failure of an operation or of the loader. What is not a number is
 * none:
 * see settings.on_nan.
 */
lathe_status lathe_run_step(lathe_run *run, lathe_batch *batch, uint64_t batches, double samples,
    lathe_step_row *row);

/* ---- averages of the weights: nothing without settings.ema or settings.swa_start ----------------------- */

/** Make room for the average. Errors: LATHE_EARG, LATHE_ENOMEM. */
lathe_status lathe_run_average_open(lathe_run *run);

/** After the optimizer's step: take the weights in, if it is time for that. */
lathe_status lathe_run_average_weights(lathe_run *run);

/** Is there an average already? */
bool lathe_run_has_average(const lathe_run *run);

/**
 * Give the net the average, if there is one, and the running statistics that belong to it; and its own
 * weights again, also after a failure. Errors: those of forward and the loader.
 */
lathe_status lathe_run_average_enter(lathe_run *run);
void lathe_run_average_leave(lathe_run *run);

/** Of a net: parameters and buffers, or buffers alone, which forward itself changes (running statistics). */
typedef enum lathe_net_part { LATHE_NET_ALL, LATHE_NET_BUFFERS } lathe_net_part;

/** Copy the net's numbers to `kept`, or back; NULL: only count. Returns how many numbers. */
size_t lathe_run_copy_net(const lathe_run *run, lathe_net_part part, lathe_real *kept, bool back);

/* ---- the run folder: nothing without settings.out ------------------------------------------------------ */

/** Lock the folder, if it is there. Errors: LATHE_ESTATE: another process trains in it. */
lathe_status lathe_run_folder_lock(lathe_run *run);

/** Make the folder and write its beginning: config.ini and empty logs. What a former run has left goes. */
lathe_status lathe_run_folder_open(lathe_run *run);

/** The same for a run that goes on: the logs are cut off at their ends. */
lathe_status lathe_run_folder_reopen(lathe_run *run, const lathe_history_ends *ends);

/** "DIR/name" of the run folder. Errors: LATHE_EARG. */
typedef char lathe_folder_path[LATHE_SETTING_LONG + 64];
lathe_status lathe_run_folder_path(const lathe_run *run, const char *name, lathe_folder_path path);

/** Add the newest row of the history. */
lathe_status lathe_run_folder_epoch(lathe_run *run, const lathe_epoch_row *row);

/**
 * Bring the logs to the disk, then save everything as last.safetensors; with `also_step` as
 * step-N.safetensors too, of which the newest settings.keep stay.
 */
lathe_status lathe_run_folder_save(lathe_run *run, bool also_step);

/** Take the row of an epoch that was not whole out of history and logs again: the run goes on. */
lathe_status lathe_run_folder_drop_part(lathe_run *run);

/** Save the best weights, which were kept in this step, as best.safetensors. */
lathe_status lathe_run_folder_save_best(lathe_run *run);

/** Close the logs and give the lock back. */
lathe_status lathe_run_folder_close(lathe_run *run);

/* ---- checkpoints --------------------------------------------------------------------------------------- */

/** Write the weights, and if `whole` all that a resumed run needs. */
lathe_status lathe_checkpoint_write(lathe_run *run, const char *path, bool whole);

/** Where in a run a checkpoint is. */
typedef struct lathe_checkpoint_place {
    uint64_t step, epochs; /* rows of steps.csv and epochs.csv that it knows of */
    uint64_t best_step;    /* of the best weights so far; 0: there are none */
} lathe_checkpoint_place;

/** Is it one that this run can go on from? Nothing is changed. Errors: LATHE_EFORMAT, LATHE_EARG (other
 * settings). */
lathe_status lathe_checkpoint_check(const lathe_safetensors *file, const lathe_run *run,
    lathe_checkpoint_place *place);

/** Bring the run where the checkpoint left it: weights, optimizer, scheduler, counts. Errors: LATHE_EFORMAT,
 * LATHE_ESHAPE. */
lathe_status lathe_checkpoint_read(lathe_run *run, const lathe_safetensors *file);

/* ---- going on ------------------------------------------------------------------------------------------ */

/** Say whose folder settings.resume is, as settings.out. Errors: LATHE_EARG if settings.out is another. */
lathe_status lathe_resume_folder(lathe_settings *settings);

/** Go on with the run of settings.resume, or begin it anew if it was never saved. */
lathe_status lathe_resume(lathe_run *run);

/** That the checkpoint's run has the same settings, but for those that may differ. Errors: LATHE_EARG naming
 * one, LATHE_EFORMAT. */
lathe_status lathe_resume_check_settings(const lathe_safetensors *file, const lathe_settings *settings);

/* ---- the best weights ---------------------------------------------------------------------------------- */

/** Keep a copy of the weights as they are. */
lathe_status lathe_run_best_keep(lathe_run *run);

/** Exchange the weights with the copy. */
void lathe_run_best_swap(lathe_run *run);

/* ---- what is not a number: see settings.on_nan --------------------------------------------------------- */

/** Forward of a batch on the run's tape, in LATHE_TRAIN; returns the loss, NULL after a failure. `output`:
 * what the net gave. */
lathe_tensor *lathe_run_forward(lathe_run *run, const lathe_batch *batch, lathe_tensor **output);

/** Before a step: keep what forward changes, if the step may be skipped. Errors: LATHE_ENOMEM. */
lathe_status lathe_guard_begin(lathe_run *run);

/**
 * After forward, after backward: true if the loss, a gradient is not finite and the step is not to be made;
 * the caller has been told why. Without `all`, gradients of weights are not looked at, unless steps may be
 * skipped.
 */
bool lathe_guard_loss(lathe_run *run, double loss);
bool lathe_guard_gradients(lathe_run *run, const lathe_batch *batch, bool all);

/** Before a save: false if the weights are not finite; the run ends then, and the former checkpoint stays. */
bool lathe_guard_weights(lathe_run *run);

#endif
