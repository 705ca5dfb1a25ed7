/* Private: what the files of a comparison share. */
#ifndef LATHE_STUDY_COMPARE_IMPL_H
#define LATHE_STUDY_COMPARE_IMPL_H

#include "../core/arena.h"
#include "compare.h"

/** One choice of an axis: some keys and their values. */
typedef struct lathe_choice {
    const char *name; /* "cyclic:triangular2", "lr 0.01" */
    const char **key, **text;
    int pairs;
    struct lathe_choice *next;
} lathe_choice;

/** The choices of one axis; each variant has one of them. */
typedef struct lathe_axis {
    lathe_choice *first, *last;
    int count;
} lathe_axis;

enum { LATHE_AXES = 16 };

/** Add a copy of a hypothesis. Errors: LATHE_ENOMEM, LATHE_EARG (too long). */
lathe_status lathe_compare_add_test(lathe_compare *compare, const char *text);

/** Check that the hypotheses can be read. Errors: those of lathe_hypotheses_of. */
lathe_status lathe_compare_check_tests(const lathe_compare *compare);

/** Free the hypotheses. */
void lathe_compare_drop_tests(lathe_compare *compare);

/**
 * An axis from "KEY=a,b,c", or from a file, whose [tests] are added to `compare`. Errors: LATHE_EARG,
 * LATHE_EIO, LATHE_EFORMAT, LATHE_ENOMEM.
 */
lathe_status lathe_axis_vary(lathe_arena *arena, const char *text, lathe_axis *axis);
lathe_status lathe_axis_runs(lathe_arena *arena, const char *path, lathe_axis *axis, lathe_compare *compare);

/** Choice number `index`. */
const lathe_choice *lathe_axis_at(const lathe_axis *axis, int index);

/** What fitting did. Begin with zeros. */
typedef struct lathe_fit {
    char note[LATHE_MESSAGE_SIZE];  /* the options that were set, "max_lr = 0.1, ..."; "": none */
    char rate[LATHE_SETTING_SHORT]; /* "0.0025 to 0.01 (peak = lr)" */
    const char *peak; /* where the peak rate comes from, if it was filled in: "lr", "max_lr"; NULL */
} lathe_fit;

/**
 * Remove options that the chosen types do not have. A removed max_lr is the optimizer's lr, if no lr was
 * given. Errors: those of lathe_settings_keep_options.
 */
lathe_status lathe_compare_fit_lr(lathe_settings *settings, lathe_fit *fit);

/**
 * Give the settings' schedule the options that lathe_compare_new describes, and check all settings.
 * Errors   those of lathe_run_length and lathe_run_preview
 */
lathe_status lathe_compare_fit(lathe_settings *settings, lathe_fit *fit);

/** A measurement along a run. NaN: not measured. */
typedef struct lathe_swing {
    double minima, maxima; /* means at extremes of the rate; NaN without a maximum between two minima */
    size_t count;          /* of such maxima */
    double best, last;     /* the greatest number; the mean of the last third */
} lathe_swing;

/** Of a column of probes.csv, or with -1 of the validation accuracy. Errors: LATHE_ENOMEM. */
lathe_status lathe_swing_of(const lathe_history *history, int column, lathe_swing *swing);

/**
 * The test accuracy of the last weights that keep_cycles kept, and of the mean prediction of all of them. NaN
 * without such weights or a test set. Errors: those of loading and evaluation.
 */
lathe_status lathe_snapshots_test(lathe_run *run, double *last, double *mean);

/** The number of a column of probes.csv; -1 without such a column. */
int lathe_probe_column(const lathe_history *history, const char *name);

/** Number `index` of a result and its name, "train_loss"; NULL after the last. */
double *lathe_result_number(lathe_compare_result *result, int index, const char **name);

/** The end of this name, "complete". Returns false if it does not exist. */
bool lathe_run_end_find(const char *name, lathe_run_end *end);

/** Write compare.json. */
lathe_status lathe_compare_write(const lathe_compare *compare);

/** "DIR/name". Errors: LATHE_EARG. */
lathe_status lathe_compare_path(const lathe_compare *compare, const char *name,
    char path[LATHE_SETTING_LONG + 64]);

#endif
