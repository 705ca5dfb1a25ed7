/*
 * Private: loggers, what a run folder keeps of the run as it goes. One file a logger: a `const
 * lathe_logger_type lathe_NAME_logger = { ... };` at the beginning of a line, found by that line. Each
 * function but `open` and `close` may be NULL. `lathe list` has no kind for them: --log names those that are
 * not always there.
 *
 * Of a run that goes on, a logger drops what is later than the run's step, so that it holds each step once,
 * however often the run was broken off.
 */
#ifndef LATHE_TRAIN_LOGGER_IMPL_H
#define LATHE_TRAIN_LOGGER_IMPL_H

#include "run_impl.h"

typedef struct lathe_logger_type lathe_logger_type;

/** What every logger begins with. */
typedef struct lathe_logger {
    const lathe_logger_type *type;
} lathe_logger;

struct lathe_logger_type {
    const char *name;
    bool always; /* in each run folder; else where settings.log names it */
    /** Begin, or go on behind step run->step and run->history.epochs epochs where the tables end at `ends`
     * (zeros: a new run). Errors: NULL. */
    lathe_logger *(*open)(lathe_run *run, const lathe_history_ends *ends);
    lathe_status (*step)(lathe_logger *logger, lathe_run *run, const lathe_step_row *row);
    /** `part`: an epoch that is not whole; `drop_part` takes it back when the run goes on. */
    lathe_status (*epoch)(lathe_logger *logger, lathe_run *run, const lathe_epoch_row *row, bool part);
    lathe_status (*drop_part)(lathe_logger *logger);
    lathe_status (*best)(lathe_logger *logger, lathe_run *run); /* new best weights */
    lathe_status (
        *end)(lathe_logger *logger, lathe_run *run); /* no step follows in this call of lathe_run_train */
    lathe_status (*flush)(
        lathe_logger *logger); /* down to the disk: a checkpoint must not know of rows that are not there */
    lathe_status (*remove)(const lathe_run *run); /* a former run's files that `open` does not write over */
    lathe_status (*close)(lathe_logger *logger);  /* and free; NULL is fine */
};

/** All loggers, sorted by name; NULL after the last. */
const lathe_logger_type *lathe_logger_at(int index);

/** settings.log names loggers, each once, that are not always there. Errors: LATHE_ENAME, LATHE_EARG. */
lathe_status lathe_loggers_check(const char *names);

/** Open those of the run; on a failure those that were opened are closed by lathe_loggers_close. */
lathe_status lathe_loggers_open(lathe_run *run, const lathe_history_ends *ends);

/** Tell all of them; the first failure counts. Nothing without a run folder. */
lathe_status lathe_loggers_step(lathe_run *run, const lathe_step_row *row);
lathe_status lathe_loggers_epoch(lathe_run *run, const lathe_epoch_row *row, bool part);
lathe_status lathe_loggers_drop_part(lathe_run *run);
lathe_status lathe_loggers_best(lathe_run *run);
lathe_status lathe_loggers_end(lathe_run *run);
lathe_status lathe_loggers_flush(lathe_run *run);
lathe_status lathe_loggers_remove(const lathe_run *run);
lathe_status lathe_loggers_close(lathe_run *run);

#endif
