/* A schedule from a table of rates. */
#ifndef LATHE_SCHED_TABLE_H
#define LATHE_SCHED_TABLE_H

#include "sched.h"

#ifdef __cplusplus
extern "C" {
#endif

/** From a step on these rates hold. */
typedef struct lathe_table_row {
    uint64_t step;
    double lr;
    double momentum; /* negative: momentum is left alone; the same sign in all rows */
} lathe_table_row;

typedef struct lathe_table_opts {
    const char *file;           /* a CSV file; NULL: rows are given */
    const lathe_table_row *row; /* steps rising; copied */
    size_t rows;
    bool interpolate; /* straight lines between the rows, not steps */
} lathe_table_opts;

/**
 * The rates of a table: at step t those of the last row that is not above t, or on the straight line to the
 * next. Before the first row its rates hold, and after the last row those.
 *
 * The file begins with a header that names its columns: "step", "lr" and, if there is one, "momentum"; other
 * columns are skipped. What `lathe preview --csv` writes, and a run's steps.csv, are such files, so a run's
 * schedule can be given to another.
 * Errors   LATHE_EARG: neither file nor rows, or both; steps that do not rise; a negative rate. LATHE_EIO,
 *          LATHE_EFORMAT naming file and line; LATHE_ENOMEM.
 * Momentum, where the table has it, is an error with an optimizer that has none.
 */
lathe_sched *lathe_sched_table(lathe_optim *optim, const lathe_table_opts *opts);

extern const lathe_sched_type lathe_table_type;

#ifdef __cplusplus
}
#endif
#endif
