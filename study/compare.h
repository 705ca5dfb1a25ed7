/*
 * Comparisons: a run under several settings, each with the same seeds. So the variants have the same first
 * weights and the same order of samples. Each (variant, seed) is an ordinary run folder, DIR/VARIANT/seed-N.
 * DIR/compare.json lists the runs with their settings and results. A comparison that was stopped or killed
 * can be resumed.
 */
#ifndef LATHE_STUDY_COMPARE_H
#define LATHE_STUDY_COMPARE_H

#include "../core/shard.h"
#include "../io/file.h"
#include "../train/run.h"

#ifdef __cplusplus
extern "C" {
#endif

/** A probe along a run: its mean over the last third, at minima of the rate, and at maxima between them. */
typedef struct lathe_compare_probe {
    double last, minima, maxima;
} lathe_compare_probe;

/** The result of a run. NaN: not measured. */
typedef struct lathe_compare_result {
    lathe_run_end end; /* LATHE_RUN_OPEN: not ended yet */
    uint64_t steps, best_epoch;
    double train_loss, val_loss, val_accuracy; /* of the epoch whose weights were tested */
    double test_loss, test_accuracy;
    double best_val_accuracy; /* of all measurements of the run */
    /** Validation accuracy at the rate's maxima, and its mean at the minima before and after each of them. */
    double maxima_accuracy, minima_accuracy;
    /** Of runs with keep_cycles: test accuracy of the last cycle's weights, and of the mean prediction. */
    double snapshot_accuracy, ensemble_accuracy;
    lathe_compare_probe grad_norm, update_ratio, sharpness;
    double seconds;
} lathe_compare_result;

typedef struct lathe_compare_run {
    /** The variant's name: "cyclic:triangular2". Runs of a group differ only in the seed. */
    char group[LATHE_SETTING_SHORT];
    char folder[LATHE_SETTING_SHORT]; /* in the comparison's folder: "cyclic-triangular2/seed-1" */
    /**
     * The settings that not all groups share, and the rates of the run if they differ: "sched =
     * cyclic:triangular2\nmax_lr = 0.01\nrate = 0.0025 to 0.01 (peak = lr)\n".
     */
    char differs[LATHE_SETTING_LONG];
    lathe_settings settings; /* settings.out is its folder */
    lathe_compare_result result;
} lathe_compare_run;

typedef struct lathe_compare {
    char folder[LATHE_SETTING_LONG];
    lathe_compare_run *run; /* variant by variant, seed by seed */
    size_t runs;
    char **test; /* [tests]: the hypotheses as named, see lathe_hypothesis */
    int tests;
    lathe_lock *lock; /* held after lathe_compare_open */
} lathe_compare;

/** The name of an end: "open", "complete", "early_stop", "interrupted", "not_a_number"; NULL: none. */
const char *lathe_run_end_name(lathe_run_end end);

/** What to compare. */
typedef struct lathe_compare_opts {
    /** "KEY=a,b,c" each; '|' separates values that contain commas. Several: all combinations. May be NULL. */
    const char *const *vary;
    int varies;
    /**
     * A file with "[name]" and lines "key = value" for each variant, combined with `vary`. A section [tests]
     * has lines "test = HYPOTHESIS". May be NULL.
     */
    const char *runs_file;
    const char *const *test; /* further hypotheses; the folder's own hold if there are none */
    int tests;
    int seeds; /* their number: settings.seed, settings.seed + 1, ...; 0 means 1 */
    void (*on_message)(void *context, const char *line); /* gets what was filled in; may be NULL */
    void *context;
} lathe_compare_opts;

/**
 * Plan a comparison in the folder settings->out. Nothing is written, but data sets are opened to count their
 * samples.
 *
 * `settings` are what the variants share. An option of optimizer, schedule or loss that a variant's types do
 * not have is left out of that variant. So --max-lr may be given together with sched=constant,cyclic.
 *
 * A single schedule without lengths and rates gets values that fit the run. So each variant has the same
 * budget and is complete at its end:
 *
 *     cyclic         max_lr = lr, base_lr = max_lr / 4; whole cycles, one for each 6 epochs, at least 2
 *                    exp_range: gamma such that a tenth of the height is left at the end
 *     one_cycle      max_lr = lr, total_steps = the run
 *     step           step_size = a third of the run
 *     multi_step     milestones at a half and at three quarters of the run
 *     exponential    gamma such that a hundredth of lr is left at the end
 *     warm_restarts  t_0 = half the run
 *     linear         start_factor = 1, end_factor = 0: down to 0 over the run
 *     cosine, polynomial, wsd: the run's length
 *
 * So all variants have the same peak rate, unless rates are given: lr. If only max_lr is given, schedules
 * without max_lr have it as their lr.
 *
 * Errors   LATHE_ENAME, LATHE_EARG naming the key or value, also for an option that no variant has; those of
 *          lathe_run_length: returns NULL.
 */
lathe_compare *lathe_compare_new(const lathe_settings *settings, const lathe_compare_opts *opts);

/**
 * The comparison of a folder, from its compare.json. Errors: LATHE_EIO, LATHE_EFORMAT, LATHE_ENOMEM: NULL.
 */
lathe_compare *lathe_compare_read(const char *folder);

/** Free the comparison and give the folder's lock back. NULL is fine. */
void lathe_compare_free(lathe_compare *compare);

/**
 * Make the folder, take its lock and write compare.json. If the folder has a compare.json, results of planned
 * runs are taken from it, and its other runs stay in the comparison.
 * Errors   LATHE_ESTATE if another process has the folder; LATHE_EARG if a run of this name had other
 *          settings; LATHE_EIO, LATHE_EFORMAT.
 */
lathe_status lathe_compare_open(lathe_compare *compare);

/**
 * The next runs to train, at most `most`: of those not ended, the first with the smallest seeds. So all
 * variants have seed 1 before one of them has seed 2, and a page grows evenly.
 * Returns their count, 0 if all runs have ended; their indices are in index [most].
 */
size_t lathe_compare_next(const lathe_compare *compare, size_t most, size_t *index);

/**
 * Run number `index`, ready to train: new, or resumed if its folder has a part. Errors: those of
 * lathe_run_new.
 */
lathe_run *lathe_compare_begin(lathe_compare *compare, size_t index, const lathe_run_hooks *hooks);

/**
 * After lathe_run_train: store the result. With keep_cycles the net then has the weights of the last cycle.
 * An interrupted run stays open. Errors: LATHE_EIO, LATHE_ENOMEM.
 */
lathe_status lathe_compare_end(lathe_compare *compare, size_t index, lathe_run *run);

/**
 * Spread the runs over processes (core/shard.h), whose contexts have no exchange then: each makes whole runs,
 * and writes their folders, which must lie in one place for all. Alone (NULL) nothing is to do.
 *
 *     compare = lathe_compare_share(compare, exchange);      rank 0's plan; the others come with NULL
 *     while ((count = lathe_compare_next(compare, size, index))) {
 *         if (rank < count) ... train run number index[rank] ...
 *         lathe_compare_gather(compare, exchange, index, count);
 *     }
 *
 * All processes get the results of the round, and rank 0 writes compare.json.
 * Errors   LATHE_EIO, LATHE_ENOMEM, for lathe_compare_share: NULL; LATHE_EIO if rank 0 does not see a run's
 *          folder
 */
lathe_compare *lathe_compare_share(lathe_compare *compare, const lathe_exchange *exchange);
lathe_status lathe_compare_gather(lathe_compare *compare, const lathe_exchange *exchange, const size_t *index,
    size_t count);

/**
 * Take results from a table, PATH, and add those of the comparison to it. So results that were kept are not
 * computed again, also without their run folders. The table has a row for each run that has ended: variant,
 * seed, end, steps, best_epoch, and the numbers of its lathe_compare_result, with 6 digits. Reading passes
 * over rows of runs that are not planned; writing keeps them. Settings are not in the table: one table is for
 * one experiment.
 * Errors   LATHE_EIO, LATHE_EFORMAT, LATHE_ENOMEM. A file that does not exist is empty.
 */
lathe_status lathe_compare_read_rows(lathe_compare *compare, const char *path);
lathe_status lathe_compare_write_rows(const lathe_compare *compare, const char *path);

#ifdef __cplusplus
}
#endif
#endif
