/* Private: what the files of a run share. */
#ifndef LATHE_TRAIN_RUN_IMPL_H
#define LATHE_TRAIN_RUN_IMPL_H

#include "probe/probe.h"
#include "run.h"

/** Parameters that settings.freeze keeps as they are: freeze.c. */
typedef struct lathe_freezing {
    bool *frozen;   /* [parameters]; NULL: none */
    uint64_t until; /* the step from which on all are trained */
    bool on;        /* they are frozen at the moment */
} lathe_freezing;

/** Features of the training pictures behind the frozen layers: features.c. */
typedef struct lathe_features lathe_features;

/** The private state of a run. */
typedef struct lathe_run_state {
    double opened; /* time of lathe_run_new, on lathe_run_clock */
    double began;  /* time of lathe_run_train, earlier by the seconds of its former calls */
    /** the processes that share the run's batches; NULL: this one is alone */
    const lathe_exchange *exchange;
    bool save_is_due;                  /* after the present step: rank 0 says so */
    struct lathe_safetensors *weights; /* of settings.init_weights, until the net has them; or NULL */
    bool adopted;                      /* the settings say how pictures were prepared for them */
    /* what the learner is made of */
    lathe_task *task;
    lathe_optim *optim;
    lathe_sched *sched;
    const lathe_loss_type *loss_type;
    void *loss_opts, *plain_opts; /* of training; of evaluation */
    lathe_real *class_weights;    /* in loss_opts; NULL: all classes alike */
    lathe_freezing freezing;
    lathe_features *features; /* of the frozen layers; NULL: not kept */
    /* early stopping */
    lathe_task_column watched; /* the number of a row that decides */
    double reference;          /* the value that the next row is compared with */
    uint64_t waited;           /* rows since the last improvement */
    /** after an early stop: the net has the best weights, and the keeper has the last */
    bool restored;
    double *kept; /* [task->numbers]: the epoch's sums, while a part of it ends */
    /* measurements within an epoch */
    double distance;      /* of these in steps; 0: none */
    lathe_dataset *some;  /* the pictures for them; NULL: the whole validation set */
    double measuring;     /* seconds spent on them, and on probes, in this epoch */
    lathe_probes *probes; /* NULL: none */
    double probe_distance;
    lathe_epoch_row best; /* made of the row of evals.csv that decided: see lathe_run_tested_epoch */
} lathe_run_state;

/** Seconds on a clock that never goes back. */
double lathe_run_clock(void);

/** Send a message to the caller. */
void lathe_run_message(const lathe_run *run, const char *format, ...) __attribute__((format(printf, 2, 3)));

/** Returns true if the present step is the last one of an epoch, of the run. */
bool lathe_run_at_epoch_end(const lathe_run *run);
bool lathe_run_at_end(const lathe_run *run);

/** Steps in an epoch. With settings.accumulate above 1 a step has several batches. */
uint64_t lathe_run_epoch_steps(const lathe_run *run);

/*
 * ---- several processes: processes.c ----------------------------------------------------------------------
 */

/**
 * Give all processes the settings of rank 0. The others have no run folder and no file of first weights,
 * because they get what rank 0 has of them. Errors: LATHE_ESTATE if the processes are of different builds or
 * compute differently; LATHE_EIO.
 */
lathe_status lathe_run_tell_settings(lathe_run *run);

/** Check that all processes have the same pictures and labels. Errors: LATHE_ESTATE naming a rank. */
lathe_status lathe_run_check_data(const lathe_run *run);

/** Set the threads: those of the settings, or those that suit the processes of this host. */
lathe_status lathe_run_set_threads(const lathe_run *run);

/** Send a message about this process's part: "rank 0 of 4, 32 of 128 pictures a step, 1 thread". */
void lathe_run_tell_part(const lathe_run *run);

/*
 * ---- first weights: first_weights.c ----------------------------------------------------------------------
 */

/** Read the file of settings.init_weights, if a run begins with it. Errors: those of lathe_weights_read. */
lathe_status lathe_run_read_weights(lathe_run *run);

/**
 * Prepare pictures as that file's weights were made for, where the settings leave it open: a checkpoint of
 * lathe has its normalisation, and published weights are for the model's `input`.
 */
lathe_status lathe_run_adopt_input(lathe_run *run);

/**
 * Initialise the net, and take the file's weights. Shapes are compared first, so that a file that does not
 * fit takes no memory. A head of another size begins anew, unless settings.whole_weights is set.
 */
lathe_status lathe_run_fill_net(lathe_run *run, lathe_layer *net);

/**
 * Set the weights of settings.class_weights in the training loss. Errors: LATHE_EARG for another number of
 * classes, LATHE_ENOMEM.
 */
lathe_status lathe_run_weigh_classes(lathe_run *run);

/*
 * ---- measurements within an epoch: evals.c ---------------------------------------------------------------
 */

/** Prepare them: the distance and the pictures. Errors: LATHE_EARG, LATHE_ENOMEM. */
lathe_status lathe_run_open_evals(lathe_run *run);

/** Returns true if the present step is measured. The last step of each epoch is. */
bool lathe_run_eval_is_due(const lathe_run *run);

/** Measure within an epoch, and judge the row if it decides. Errors: those of forward and the loader. */
lathe_status lathe_run_eval(lathe_run *run);

/**
 * The same at the end of an epoch, when the net has its averaged weights. `whole` is the score of the
 * validation set.
 */
lathe_status lathe_run_eval_epoch(lathe_run *run, const lathe_score *whole);

/** Prepare the probes of settings.probe. Errors: those of lathe_probes_new. */
lathe_status lathe_run_open_probes(lathe_run *run);

/** Before a step: look into it if it is time. After it: record what was found. Errors: the probes'. */
lathe_status lathe_run_probe_begin(lathe_run *run, bool *looks);
lathe_status lathe_run_probe_end(lathe_run *run);

/*
 * ---- weights at the ends of cycles: cycles.c -------------------------------------------------------------
 */

/** Tell if the schedule has none, and remove those of a former run behind the present step. */
lathe_status lathe_run_open_cycles(lathe_run *run);

/** After a step: keep the weights if a cycle has ended. Errors: those of the average, LATHE_EIO. */
lathe_status lathe_run_keep_cycle(lathe_run *run);

/*
 * ---- frozen parameters: freeze.c -------------------------------------------------------------------------
 */

/**
 * Freeze the parameters and the norms of `net` as the settings say. Errors: LATHE_ENAME for a pattern that
 * matches no name; LATHE_EARG if nothing is left to train; LATHE_ENOMEM.
 */
lathe_status lathe_run_freeze(lathe_run *run, lathe_layer *net);

/** Before a step: unfreeze the parameters, if it is time. Errors: those of lathe_run_close_features. */
lathe_status lathe_run_unfreeze(lathe_run *run);

/*
 * ---- features of frozen layers: features.c ---------------------------------------------------------------
 */

/**
 * Before the first step: keep the features of the frozen layers from now on, if that is possible and of use.
 * Errors   those of forward on one picture; LATHE_ENOMEM
 */
lathe_status lathe_run_open_features(lathe_run *run);

/** Forget the features. The feed goes to its present position. Errors: those of lathe_feed_seek. */
lathe_status lathe_run_close_features(lathe_run *run);

/** Free the features. NULL is fine. */
void lathe_features_free(lathe_features *features);

/** In place of lathe_feed_next and lathe_feed_status: a batch without images if its features are known. */
bool lathe_features_next(lathe_features *features, lathe_batch *batch);
lathe_status lathe_features_status(const lathe_features *features);

/** Returns true if the next lathe_features_next will say that the epoch is over. */
bool lathe_features_at_end(const lathe_features *features);

/*
 * ---- what decides: judge.c -------------------------------------------------------------------------------
 */

/** Choose the column that decides. Errors: LATHE_ENAME, LATHE_EARG. */
lathe_status lathe_run_choose_watched(lathe_run *run);

/** If these rows decide: whether to stop, and whether the present weights are the best so far. */
lathe_status lathe_run_judge_epoch(lathe_run *run, const lathe_epoch_row *row);
lathe_status lathe_run_judge_eval(lathe_run *run, const lathe_eval_row *row);

/** Returns true if an earlier part of the run ended in an early stop. */
bool lathe_run_has_stopped_early(const lathe_run *run);

/*
 * ---- from settings to the options of the parts: options.c ------------------------------------------------
 */

lathe_status lathe_run_feed_opts(const lathe_settings *settings, lathe_feed_opts *opts);
lathe_status lathe_run_learner_opts(const lathe_run *run, lathe_learner_opts *opts);

/** The length of a run in steps, from its epochs or from max_steps. */
uint64_t lathe_run_steps_of(const lathe_settings *settings, double steps_per_epoch);

/**
 * Set settings.out to the folder of settings.resume. Errors: LATHE_EARG if settings.out is another folder.
 */
lathe_status lathe_resume_folder(lathe_settings *settings);

/** The settings as JSON members for log.jsonl, for lathe_free. Errors: NULL. */
char *lathe_run_about(const lathe_settings *settings);

/** The run's part of a checkpoint: settings, model, early stopping. */
lathe_state lathe_run_own_state(lathe_run *run);

/** Send messages about the schedule in this run's length, and about settings that it makes void, unless
 * settings.no_warnings. */
void lathe_sched_tell(const lathe_settings *settings, const lathe_run_hooks *hooks, const lathe_optim *optim,
    const lathe_sched *sched, double steps_per_epoch, uint64_t steps);

#endif
