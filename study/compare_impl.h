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

/** An axis from "KEY=a,b,c", or from a file. Errors: LATHE_EARG, LATHE_EIO, LATHE_EFORMAT, LATHE_ENOMEM. */
lathe_status lathe_axis_vary(lathe_arena *arena, const char *text, lathe_axis *axis);
lathe_status lathe_axis_runs(lathe_arena *arena, const char *path, lathe_axis *axis);

/** Choice number `index`. */
const lathe_choice *lathe_axis_at(const lathe_axis *axis, int index);

/**
 * Give the settings' schedule the options that lathe_compare_new describes, list them in `note` ("": no
 * option), and check all settings.
 * Errors   those of lathe_run_length and lathe_run_preview
 */
lathe_status lathe_compare_fit(lathe_settings *settings, char note[LATHE_MESSAGE_SIZE]);

/** Write compare.json. */
lathe_status lathe_compare_write(const lathe_compare *compare);

/** "DIR/name". Errors: LATHE_EARG. */
lathe_status lathe_compare_path(const lathe_compare *compare, const char *name,
    char path[LATHE_SETTING_LONG + 64]);

#endif
