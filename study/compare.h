/*
 * Comparisons: the same run under several settings, each with the same seeds, so with the same first weights
 * and the same order of samples. Each (variant, seed) is a run folder as any other, DIR/VARIANT/seed-N;
 * DIR/compare.json lists them with their settings and results. A comparison that was stopped or killed goes
 * on where it was.
 */
#ifndef LATHE_STUDY_COMPARE_H
#define LATHE_STUDY_COMPARE_H

#include "../io/file.h"
#include "../train/run.h"

#ifdef __cplusplus
extern "C" {
#endif

/** What came of a run. NaN: not measured. */
typedef struct lathe_compare_result {
    lathe_run_end end; /* LATHE_RUN_OPEN: it has not ended yet */
    uint64_t steps, best_epoch;
    double train_loss, val_loss, val_accuracy; /* of the epoch whose weights were tested */
    double test_loss, test_accuracy;
    double seconds;
} lathe_compare_result;

typedef struct lathe_compare_run {
    /** its variant, for people: "cyclic:triangular2"; runs of a group differ in the seed alone */
    char group[LATHE_SETTING_SHORT];
    char folder[LATHE_SETTING_SHORT]; /* in the comparison's: "cyclic-triangular2/seed-1" */
    /** the settings that not all groups have: "sched = cyclic:triangular2\nmax_lr = 0.01\n" */
    char differs[LATHE_SETTING_LONG];
    lathe_settings settings; /* settings.out is its folder */
    lathe_compare_result result;
} lathe_compare_run;

typedef struct lathe_compare {
    char folder[LATHE_SETTING_LONG];
    lathe_compare_run *run; /* variant by variant, seed by seed */
    size_t runs;
    lathe_lock *lock; /* while it is open */
} lathe_compare;

/** What to compare. */
typedef struct lathe_compare_opts {
    const char *const
        *vary;  /* "KEY=a,b,c" each, with '|' between values that have commas themselves; NULL: nothing */
    int varies; /* several: all combinations */
    /** "[name]" and lines "key = value" for each variant; NULL: none. With `vary`: all combinations */
    const char *runs_file;
    int seeds; /* how many: settings.seed, settings.seed + 1, ...; 0 means 1 */
    void (*on_message)(void *context, const char *line); /* what was filled in; NULL: nobody wants to know */
    void *context;
} lathe_compare_opts;

/**
 * Plan a comparison in the folder settings->out; nothing is written, but data sets are opened to count them.
 * `settings` is what the variants have in common; an option of optimizer, schedule or loss that a variant's
 * types do not have is left out there, so that --max-lr may be given beside sched=constant,cyclic.
 *
 * A single schedule gets lengths and rates that fit the run where none are given, so that each variant has
 * the same budget and is complete at its end:
 *
 *     cyclic         max_lr = 3 lr, base_lr = max_lr / 4; whole cycles, one for each 6 epochs, at least 2
 *                    exp_range: gamma such that a tenth of the height is left at the end
 *     one_cycle      max_lr = 3 lr, total_steps = the run
 *     step           step_size = a third of the run
 *     multi_step     milestones at a half and at three quarters of the run
 *     exponential    gamma such that a hundredth of lr is left at the end
 *     warm_restarts  t_0 = half the run
 *     cosine, polynomial, linear, wsd: the run's length
 *
 * Errors   NULL; LATHE_ENAME, LATHE_EARG naming key or value, also for an option that no variant has; those
 *          of lathe_run_length.
 */
lathe_compare *lathe_compare_new(const lathe_settings *settings, const lathe_compare_opts *opts);

/**
 * The comparison of a folder, from its compare.json. Errors: LATHE_EIO, LATHE_EFORMAT, LATHE_ENOMEM; NULL.
 */
lathe_compare *lathe_compare_read(const char *folder);

/** Give it back, with the folder's lock. NULL is fine. */
void lathe_compare_free(lathe_compare *compare);

/**
 * Make the folder, take its lock and write compare.json. Where the folder has one, results of runs that are
 * in both are taken over, and those of its runs that are not planned stay in the comparison.
 * Errors   LATHE_ESTATE if another process has the folder; LATHE_EARG if a run of that name had other
 *          settings; LATHE_EIO, LATHE_EFORMAT.
 */
lathe_status lathe_compare_open(lathe_compare *compare);

/** Run number `index`, ready to be trained: begun anew, or gone on with if its folder holds a part of it.
 * Errors: those of lathe_run_new. */
lathe_run *lathe_compare_begin(lathe_compare *compare, size_t index, const lathe_run_hooks *hooks);

/** After lathe_run_train: note the result and write compare.json. A run that was interrupted stays open.
 * Errors: LATHE_EIO, LATHE_ENOMEM. */
lathe_status lathe_compare_end(lathe_compare *compare, size_t index, const lathe_run *run);

#ifdef __cplusplus
}
#endif
#endif
