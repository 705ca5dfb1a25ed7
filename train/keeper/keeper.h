/*
 * The keeper of a training loop: its run folder with steps.csv, epochs.csv, logs and checkpoints, from which
 * the loop resumes to the same bits. It knows neither net nor data: objects with state are added to it.
 *
 *     lathe_keeper *keeper = lathe_keeper_new(&(lathe_keeper_opts){ .folder = "runs/mine", .resume = "runs/mine" });
 *     lathe_keeper_add(keeper, lathe_learner_state(learner));
 *     lathe_keeper_add(keeper, lathe_feed_state(feed));
 *     lathe_keeper_open(keeper);
 *     ... lathe_keeper_step(keeper, &row); ... lathe_keeper_epoch(keeper, &row); lathe_keeper_save(keeper, false);
 */
#ifndef LATHE_TRAIN_KEEPER_KEEPER_H
#define LATHE_TRAIN_KEEPER_KEEPER_H

#include "../../io/state.h"
#include "../../task/evaluate.h"
#include "history.h"

#ifdef __cplusplus
extern "C" {
#endif

/** Zeros: nothing is written; the history and the best weights are kept in memory. The texts are copied. */
typedef struct lathe_keeper_opts {
    const char *folder; /* the run folder; NULL or "": none */
    const char
        *resume; /* a checkpoint in that folder, or the folder: its last.safetensors. A run that was never
                           saved begins anew. NULL or "": a new run, which overwrites a former one */
    const char *config; /* the text of config.ini, such as lathe_settings_text; NULL: there is no such file */
    const char *about;  /* JSON members for the first line of log.jsonl: "\"data\":\"shapes\""; NULL: none */
    const char *log;    /* loggers beside the tables and log.jsonl, with commas: "tensorboard"; NULL: none */
    const lathe_task_metric
        *metrics; /* the columns of epochs.csv; NULL: losses alone. Must outlive the keeper */
    uint64_t
        steps_per_epoch; /* an epoch's row with another number of steps is replaced on resume; 0: none is */
    int groups;          /* parameter groups, whose rates are columns of steps.csv; 0 means 1 */
    uint64_t save_steps; /* also save each so many steps ... */
    double save_seconds; /* ... or seconds; 0: see lathe_keeper_is_due */
    int keep;            /* so many of those saves stay; 0: none */
    bool no_times;       /* leave the times of epochs.csv empty, so that equal runs have equal files */
    void *context;
    void (*on_message)(void *context, const char *line); /* may be NULL */
} lathe_keeper_opts;

/** A keeper. Read its fields as you like. */
typedef struct lathe_keeper {
    const char *folder;     /* "": none */
    lathe_keeper_opts opts; /* all but the texts may be changed until lathe_keeper_open */
    lathe_history history;
    uint64_t step;                  /* steps made, those of a resumed run included */
    bool resumed;                   /* lathe_keeper_open has restored a checkpoint */
    bool has_best;                  /* best weights are kept */
    double best;                    /* their value; NaN: there are none */
    uint64_t best_epoch, best_step; /* when they were kept */
    struct lathe_keeping *own;      /* private */
} lathe_keeper;

/** How a run ended, for the logs. */
typedef struct lathe_ending {
    const char *how;         /* "complete", "interrupted", ... */
    const char *what;        /* the message of a failure; NULL: there was none */
    const lathe_score *test; /* NULL: not measured */
} lathe_ending;

/**
 * A keeper. If its folder exists it is locked: one process at a time trains in it.
 * Errors   LATHE_ESTATE: another process has the folder; LATHE_ENAME, LATHE_EARG for opts.log; LATHE_EIO,
 *          LATHE_ENOMEM: NULL.
 */
lathe_keeper *lathe_keeper_new(const lathe_keeper_opts *opts);

/** Close the logs, give the lock back and free it. What was saved stays. NULL is fine. */
void lathe_keeper_free(lathe_keeper *keeper);

/** Add an object whose state belongs into checkpoints. Before lathe_keeper_open. Errors: LATHE_EARG. */
lathe_status lathe_keeper_add(lathe_keeper *keeper, lathe_state state);

/**
 * Begin a new run, or restore the checkpoint of opts.resume: the tables are cut off behind the rows it knows
 * of, so that the same bits come out as without the break.
 * Errors   LATHE_EIO, LATHE_EFORMAT, LATHE_ESHAPE; LATHE_EARG from an object's check: the checkpoint is of
 *          another
 *          run.
 */
lathe_status lathe_keeper_open(lathe_keeper *keeper);

/** Take in a step that was made. Errors: LATHE_ENOMEM, LATHE_EIO. */
lathe_status lathe_keeper_step(lathe_keeper *keeper, const lathe_step_row *row);

/** Take in an epoch, or the part of one with which a run ends. Errors: LATHE_ENOMEM, LATHE_EIO. */
lathe_status lathe_keeper_epoch(lathe_keeper *keeper, const lathe_epoch_row *row);

/** Rows of whole epochs: all, or all but the last. */
size_t lathe_keeper_whole_epochs(const lathe_keeper *keeper);

/** Take back the row of an epoch that was not whole: the run continues. Errors: LATHE_EIO. */
lathe_status lathe_keeper_drop_part(lathe_keeper *keeper);

/** Keep a copy of the objects' tensors as the best so far, after epoch `epoch`. Errors: LATHE_ENOMEM. */
lathe_status lathe_keeper_best(lathe_keeper *keeper, double value, uint64_t epoch);

/** Exchange the objects' tensors with the best that are kept. Errors: LATHE_ESTATE if there are none. */
lathe_status lathe_keeper_swap_best(lathe_keeper *keeper);

/** Is a save asked for now, by opts.save_steps or save_seconds? */
bool lathe_keeper_is_due(const lathe_keeper *keeper);

/**
 * Save everything as last.safetensors, after the logs are on the disk; with `also_step` as step-N.safetensors
 * too, of which the newest opts.keep stay. Weights that became the best in this step are saved as
 * best.safetensors.
 * Errors   LATHE_EIO, LATHE_ENOMEM.
 */
lathe_status lathe_keeper_save(lathe_keeper *keeper, bool also_step);

/** Bring the logs to the disk without a checkpoint: the former one stays. Errors: LATHE_EIO. */
lathe_status lathe_keeper_flush(lathe_keeper *keeper);

/** Tell the logs how the run ended. It may still be continued. Errors: LATHE_EIO. */
lathe_status lathe_keeper_end(lathe_keeper *keeper, const lathe_ending *ending);

#ifdef __cplusplus
}
#endif
#endif
