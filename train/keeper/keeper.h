/*
 * The keeper of a training loop: its run folder with tables, logs and checkpoints, from which the loop
 * resumes to the same bits. It knows no net and no data: objects with state are added to it.
 *
 *     lathe_keeper_opts opts = { .folder = "runs/mine", .resume = "runs/mine" };
 *     lathe_keeper *keeper = lathe_keeper_new(&opts);
 *     lathe_keeper_add(keeper, lathe_learner_state(learner));
 *     lathe_keeper_add(keeper, lathe_feed_state(feed));
 *     lathe_keeper_open(keeper);
 *     ... lathe_keeper_step(keeper, &row); ... lathe_keeper_epoch(keeper, &row);
 *     lathe_keeper_save(keeper, false);
 */
#ifndef LATHE_TRAIN_KEEPER_KEEPER_H
#define LATHE_TRAIN_KEEPER_KEEPER_H

#include "../../core/shard.h"
#include "../../io/state.h"
#include "../../task/evaluate.h"
#include "history.h"

#ifdef __cplusplus
extern "C" {
#endif

/** Zeros: write nothing; history and best weights stay in memory. The texts are copied. */
typedef struct lathe_keeper_opts {
    const char *folder; /* the run folder; NULL or "": no folder */
    /**
     * A checkpoint in that folder, or the folder, which means its last.safetensors. A run that was never
     * saved starts from the beginning. NULL or "": a new run.
     */
    const char *resume;
    bool overwrite;     /* a new run may overwrite one that the folder holds; false: this is refused */
    const char *config; /* the text of config.ini, such as lathe_settings_text; NULL: no such file */
    const char *about;  /* JSON members for the first line of log.jsonl: "\"data\":\"shapes\""; may be NULL */
    const char *log;    /* further loggers, separated by commas: "tensorboard"; may be NULL */
    /** The columns of epochs.csv; NULL: losses only. Must outlive the keeper. */
    const lathe_task_metric *metrics;
    /** When a run resumes, an epoch's row with another number of steps is replaced; 0: no row is. */
    uint64_t steps_per_epoch;
    bool evals;          /* write evals.csv */
    const char *probes;  /* the header of probes.csv, "step,grad_norm,..."; NULL: no such file */
    int groups;          /* parameter groups, whose rates are columns of steps.csv; 0 means 1 */
    uint64_t save_steps; /* also save at this distance of steps ... */
    double save_seconds; /* ... or of seconds; 0: see lathe_keeper_is_due */
    int keep;            /* keep this many of these saves; 0: none */
    bool no_times;       /* leave the times of epochs.csv empty, so that equal runs have equal files */
    void *context;
    void (*on_message)(void *context, const char *line); /* may be NULL */
    /** Something is wrong with the run folder. NULL: on_message. */
    void (*on_warning)(void *context, const char *line);
} lathe_keeper_opts;

/** A keeper. Its fields may be read directly. */
typedef struct lathe_keeper {
    const char *folder;     /* "": no folder */
    lathe_keeper_opts opts; /* all options but the texts may be changed until lathe_keeper_open */
    lathe_history history;
    uint64_t step;                  /* steps so far, with those before a resume */
    bool resumed;                   /* lathe_keeper_open has restored a checkpoint */
    bool has_best;                  /* there are best weights */
    double best;                    /* their value; NaN without best weights */
    uint64_t best_epoch, best_step; /* of the best weights */
    struct lathe_keeping *own;      /* private */
} lathe_keeper;

/** The end of a run, for the logs. */
typedef struct lathe_ending {
    const char *how;         /* "complete", "interrupted", ... */
    const char *what;        /* the message of a failure; may be NULL */
    const lathe_score *test; /* NULL: not measured */
} lathe_ending;

/**
 * Make a keeper. If its folder exists, it is locked: one process at a time trains in it.
 * Errors   LATHE_ESTATE if another process has the folder, or if it holds a run and opts.overwrite is false;
 *          LATHE_ENAME, LATHE_EARG for opts.log; LATHE_EIO, LATHE_ENOMEM: returns NULL.
 */
lathe_keeper *lathe_keeper_new(const lathe_keeper_opts *opts);

/** Close the logs, give the lock back and free the keeper. Saved files stay. NULL is fine. */
void lathe_keeper_free(lathe_keeper *keeper);

/** Add an object whose state checkpoints store, before lathe_keeper_open. Errors: LATHE_EARG. */
lathe_status lathe_keeper_add(lathe_keeper *keeper, lathe_state state);

/**
 * Begin a new run, or restore the checkpoint of opts.resume. The tables are then cut off after the rows that
 * the checkpoint counts, so the run has the same bits as one without interruption.
 * Errors   LATHE_EIO, LATHE_EFORMAT, LATHE_ESHAPE; LATHE_EARG from an object's check if the checkpoint is of
 *          another run
 */
lathe_status lathe_keeper_open(lathe_keeper *keeper);

/**
 * After lathe_keeper_open: give all processes of an exchange (core/shard.h; NULL: alone) what rank 0's keeper
 * has, new or restored: the tensors and the state of its objects, the history, the best weights. So rank 0
 * alone needs the run folder; the others' keepers have none.
 * Errors   LATHE_EIO, LATHE_ENOMEM; LATHE_ESHAPE, LATHE_EFORMAT if the objects differ
 */
lathe_status lathe_keeper_share(lathe_keeper *keeper, const lathe_exchange *exchange);

/** Record a step. Errors: LATHE_ENOMEM, LATHE_EIO. */
lathe_status lathe_keeper_step(lathe_keeper *keeper, const lathe_step_row *row);

/** Record an epoch, or the partial epoch at the end of a run. Errors: LATHE_ENOMEM, LATHE_EIO. */
lathe_status lathe_keeper_epoch(lathe_keeper *keeper, const lathe_epoch_row *row);

/**
 * Record a measurement of the validation set after the present step, before the epoch's row. Errors:
 * LATHE_ENOMEM, LATHE_EIO.
 */
lathe_status lathe_keeper_eval(lathe_keeper *keeper, const lathe_eval_row *row);

/**
 * Record what probes found in the present step: a number for each column. Errors: LATHE_ESTATE without
 * opts.probes, LATHE_ENOMEM, LATHE_EIO.
 */
lathe_status lathe_keeper_probe(lathe_keeper *keeper, const double *values);

/** The number of complete epochs: all rows, or all but the last. */
size_t lathe_keeper_whole_epochs(const lathe_keeper *keeper);

/** Remove the row of a partial epoch, because the run continues. Errors: LATHE_EIO. */
lathe_status lathe_keeper_drop_part(lathe_keeper *keeper);

/** Copy the objects' tensors as the best so far, after epoch `epoch`. Errors: LATHE_ENOMEM. */
lathe_status lathe_keeper_best(lathe_keeper *keeper, double value, uint64_t epoch);

/** Exchange the objects' tensors with the best ones. Errors: LATHE_ESTATE without best weights. */
lathe_status lathe_keeper_swap_best(lathe_keeper *keeper);

/** Returns true if opts.save_steps or save_seconds ask for a save now. */
bool lathe_keeper_is_due(const lathe_keeper *keeper);

/**
 * Flush the logs to the disk, then save everything as last.safetensors. With `also_step` also save
 * step-N.safetensors and keep the newest opts.keep of these. If the weights became the best in this step,
 * also save best.safetensors.
 * Errors   LATHE_EIO, LATHE_ENOMEM
 */
lathe_status lathe_keeper_save(lathe_keeper *keeper, bool also_step);

/**
 * Save the objects' tensors as they are, with what an evaluation needs, as the file `name` of the folder: the
 * run does not resume from it. Without a folder nothing happens. Errors: LATHE_EIO, LATHE_ENOMEM.
 */
lathe_status lathe_keeper_save_weights(lathe_keeper *keeper, const char *name);

/** Flush the logs to the disk without a checkpoint: the former checkpoint stays. Errors: LATHE_EIO. */
lathe_status lathe_keeper_flush(lathe_keeper *keeper);

/** Write the end of the run into the logs. The run may still continue. Errors: LATHE_EIO. */
lathe_status lathe_keeper_end(lathe_keeper *keeper, const lathe_ending *ending);

#ifdef __cplusplus
}
#endif
#endif
