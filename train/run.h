/*
 * A run: a feed, a learner and a keeper from settings, and their training. The inner loop is the one that
 * every program can write with these three (examples/07_your_own_loop.c). Around it are validation, early
 * stopping and the results.
 */
#ifndef LATHE_TRAIN_RUN_H
#define LATHE_TRAIN_RUN_H

#include "feed/feed.h"
#include "keeper/keeper.h"
#include "learner/learner.h"
#include "settings/settings.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct lathe_run lathe_run;

/**
 * Functions that a run calls; the library itself prints nothing. Each may be NULL. They are called in the
 * thread of lathe_run_new or lathe_run_train.
 */
typedef struct lathe_run_hooks {
    void *context;
    /**
     * After each step. Returns false to stop: the run saves and ends as if it were complete. All processes
     * stop if one does.
     */
    bool (*on_step)(void *context, const lathe_run *run, const lathe_step_row *row);
    /** After each epoch, with its validation. */
    void (*on_epoch)(void *context, const lathe_run *run, const lathe_epoch_row *row);
    /** A message of one line without newline: an unusual schedule, an early stop, a resumed run. */
    void (*on_message)(void *context, const char *line);
    /** Something is wrong with the run, such as a table that is gone. NULL: on_message gets it. */
    void (*on_warning)(void *context, const char *line);
} lathe_run_hooks;

/** How a run ended. */
typedef enum lathe_run_end {
    LATHE_RUN_OPEN,        /* not ended */
    LATHE_RUN_COMPLETE,    /* all steps made */
    LATHE_RUN_EARLY_STOP,  /* no improvement for `patience` rows */
    LATHE_RUN_INTERRUPTED, /* on_step returned false */
    LATHE_RUN_NAN          /* a non-finite value, and on_nan is stop: see learner->not_finite */
} lathe_run_end;

/** A run. Its fields may be read directly; all are valid until lathe_run_free. */
struct lathe_run {
    lathe_settings settings;
    lathe_run_hooks hooks;
    lathe_feed *feed;       /* the data */
    lathe_model *model;     /* the memory of learner->net */
    lathe_learner *learner; /* net, optimizer, schedule, task */
    lathe_keeper *keeper;   /* history, best epoch, run folder */
    double steps_per_epoch;
    uint64_t total_steps; /* length in steps */
    lathe_run_end end;

    /* results */
    lathe_score test_score;        /* count 0: not measured */
    double seconds;                /* in all calls of lathe_run_train */
    double train_seconds;          /* of these seconds, in steps: without evaluation and saving */
    double seconds_to_first_step;  /* from lathe_run_new to the end of the first step */
    struct lathe_run_state *state; /* private */
};

/**
 * Prepare a run: check the settings, open and split the data, build and initialise the model, make optimizer
 * and scheduler, and start the run folder if settings->out is given. `hooks` may be NULL; both arguments are
 * copied.
 *
 * With settings->resume, a run folder or one of its checkpoints, the run resumes in that folder (a folder:
 * from last.safetensors). It keeps its settings, except those marked `free`, and ends with the same bits as
 * without the interruption. A run that was never saved starts from the beginning. One process at a time uses
 * a folder.
 *
 * If the default context shares batches (lathe_dist_init, or lathe_context_set_exchange), all its processes
 * call the functions of this header alike, with hooks of their own. Rank 0's settings count. It reads the
 * files that they name, but the data, which every process reads, and it alone has the run folder: in the
 * others settings.out is "". The data are compared. A process whose call fails tells the others by
 * lathe_dist_fail, unless all fail alike.
 * Errors   the message names the setting, file or layer; LATHE_ESTATE if another process has the folder:
 *          returns NULL.
 */
lathe_run *lathe_run_new(const lathe_settings *settings, const lathe_run_hooks *hooks);

/**
 * Read the settings of a run folder, or of a checkpoint's folder, over `settings`. settings->resume and
 * settings->out are set so that the run resumes. Errors: those of lathe_settings_read.
 */
lathe_status lathe_run_read_settings(const char *resume, lathe_settings *settings);

/** Free the run. The run folder stays. NULL is fine. */
void lathe_run_free(lathe_run *run);

/**
 * Train from learner->step to the end of the run. Each epoch is validated and saved: steps.csv, epochs.csv,
 * last.safetensors and best.safetensors. With settings.eval_every the validation set is also measured within
 * an epoch, into evals.csv, which changes no bit of the training. At the end the best weights are tested, or
 * the last weights without a validation set.
 *
 * With settings.ema or swa_start, validation, best weights and test use the averaged weights, once they
 * exist. After an early stop the net has the best weights. The same seed gives the same bits: steps.csv and
 * the weights do not depend on the number of threads or workers.
 * Errors   the first failure of an operation, LATHE_EIO. An early stop is not a failure: see run->end.
 */
lathe_status lathe_run_train(lathe_run *run);

/**
 * Check that the net can train on each batch of an epoch, before the first step: batch norm cannot train on a
 * last batch of one picture if it sees one number a channel. lathe_run_train checks it too.
 * Errors   LATHE_ESHAPE; the message names the remedy
 */
lathe_status lathe_run_check_batches(lathe_run *run);

/**
 * Make one step of a feed and a learner with the next `accumulate` batches, or with the rest of the epoch. At
 * the end of an epoch *more is false: no step was made, and the next call begins the next epoch. Errors:
 * those of both.
 */
lathe_status lathe_train_step(lathe_feed *feed, lathe_learner *learner, int accumulate, lathe_step_row *row,
    bool *more);

/**
 * Evaluate the run's model on a data set, in LATHE_EVAL: the loss, the metrics, and `measure` (may be NULL).
 * Errors: those of lathe_evaluate.
 */
lathe_status lathe_run_evaluate(lathe_run *run, const lathe_dataset *data, lathe_measure *measure,
    lathe_score *score);

/**
 * Give the net of an ended run the weights that were tested: the best weights if there was validation, else
 * the average if there is one. `leave` restores the net's own weights, also after a failure. Errors: those of
 * forward and the loader.
 */
lathe_status lathe_run_tested_enter(lathe_run *run);
void lathe_run_tested_leave(lathe_run *run);

/**
 * Load weights by name into the run's model. Errors: LATHE_EIO, LATHE_EFORMAT; mismatches are listed by name.
 */
lathe_status lathe_run_load(lathe_run *run, const char *path);

/** Training speed in images per second, without evaluation and saving; 0 before the first step. */
double lathe_run_images_per_second(const lathe_run *run);

/** The most memory that this process has used, in MiB. */
double lathe_peak_rss_mib(void);

/**
 * The row of the epoch whose weights are tested: the best with validation, otherwise the last; NULL without
 * epochs. With settings.best = eval it is made of the best row of evals.csv, and its training is NaN. Valid
 * until the next call.
 */
const lathe_epoch_row *lathe_run_tested_epoch(const lathe_run *run);

/**
 * The results as a JSON object on one line without newline: {"model":...,"data":...,...}. Numbers that were
 * not measured are null. Free the result with lathe_free. Errors: LATHE_ENOMEM: NULL.
 */
char *lathe_run_json(const lathe_run *run);

/**
 * Make the default folder of a run: "PARENT/MODEL-DATA-N" with the smallest N from 1 that is free. Runs that
 * begin at once get folders of their own. Errors: LATHE_EIO, LATHE_EARG (too long).
 */
lathe_status lathe_run_next_folder(const lathe_settings *settings, const char *parent,
    char folder[LATHE_SETTING_LONG]);

/**
 * The length of a run with these settings. The data is opened and counted; no run is made. Errors: those of
 * settings and data.
 */
lathe_status lathe_run_length(const lathe_settings *settings, double *steps_per_epoch, uint64_t *steps);

/**
 * Compute the rates of the settings' optimizer and scheduler in a run of `steps`, without data or model:
 * step, epoch, lr and momentum (loss 0) of each row.
 *
 * The numbers have the same digits as in the run's steps.csv. A schedule that observes a loss observes
 * nothing here. The rates are those of parameters outside settings.groups. With rows NULL the schedule is
 * only checked. Of the hooks (NULL: none) only on_message is called, with the run's messages about its
 * schedule.
 * Errors   those of lathe_settings_check, LATHE_ENOMEM
 */
lathe_status lathe_run_preview(const lathe_settings *settings, double steps_per_epoch, uint64_t steps,
    const lathe_run_hooks *hooks, lathe_step_row *rows);

#ifdef __cplusplus
}
#endif
#endif
