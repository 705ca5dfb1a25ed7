/* A schedule from a table of rates. */
#ifndef LATHE_SCHED_TABLE_H
#define LATHE_SCHED_TABLE_H

#include "sched.h"

#ifdef __cplusplus
extern "C" {
#endif

/** The rates from a step on. */
typedef struct lathe_table_row {
    uint64_t step;
    double lr;
    double momentum; /* negative: the momentum does not change; the same sign in all rows */
} lathe_table_row;

typedef struct lathe_table_opts {
    const char *file;           /* a CSV file; NULL: use `row` */
    const lathe_table_row *row; /* in rising order of steps; copied */
    size_t rows;
    bool interpolate; /* draw straight lines between the rows; false: rates change at the rows only */
} lathe_table_opts;

/**
 * The rates of a table. At step t they are those of the last row that is not above t, or lie on the straight
 * line to the next row. Before the first row its rates hold; after the last row its rates hold.
 *
 * The file's header names its columns: "step", "lr" and optionally "momentum"; other columns are skipped.
 * `lathe preview --csv` writes such files, and steps.csv of a run is one. So a run can use another run's
 * schedule.
 * Errors   LATHE_EARG: neither file nor rows, or both; steps that do not rise; a negative rate; a table with
 *          momentum for an optimizer without momentum. LATHE_EIO; LATHE_EFORMAT naming file and line;
 *          LATHE_ENOMEM.
 */
lathe_sched *lathe_sched_table(lathe_optim *optim, const lathe_table_opts *opts);

extern const lathe_sched_type lathe_table_sched;

#ifdef __cplusplus
}
#endif
#endif
