/*
 * Loggers: what a run folder keeps of the run as it goes. One file a logger, with a const object such as
 * lathe_csv_logger; see CONTRIBUTING.md. Each function but `open` and `close` may be NULL.
 *
 * Of a resumed run a logger drops what is later than the run's step, so that it holds each step once, however
 * often the run was broken off.
 */
#ifndef LATHE_TRAIN_KEEPER_LOGGER_H
#define LATHE_TRAIN_KEEPER_LOGGER_H

#include "keeper.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct lathe_logger_type lathe_logger_type;

/** The beginning of every logger's struct. */
typedef struct lathe_logger {
    const lathe_logger_type *type;
} lathe_logger;

struct lathe_logger_type {
    const char *name;
    bool always; /* in each run folder; else where opts.log names it */
    /**
     * Begin, or continue behind step keeper->step and keeper->history.epochs epochs where the tables end at
     * `ends` (zeros: a new run). Errors: NULL.
     */
    lathe_logger *(*open)(const lathe_keeper *keeper, const lathe_history_ends *ends);
    lathe_status (*step)(lathe_logger *logger, const lathe_keeper *keeper, const lathe_step_row *row);
    /** `part`: an epoch that is not whole; `drop_part` takes it back when the run continues. */
    lathe_status (
        *epoch)(lathe_logger *logger, const lathe_keeper *keeper, const lathe_epoch_row *row, bool part);
    lathe_status (*drop_part)(lathe_logger *logger);
    /** The weights of this step are the best so far. */
    lathe_status (*best)(lathe_logger *logger, const lathe_keeper *keeper);
    /** No step follows for now. */
    lathe_status (*end)(lathe_logger *logger, const lathe_keeper *keeper, const lathe_ending *ending);
    /** Down to the disk: a checkpoint must not know of rows that are not there. */
    lathe_status (*flush)(lathe_logger *logger);
    /** Remove a former run's files that `open` does not overwrite. */
    lathe_status (*remove)(const lathe_keeper *keeper);
    lathe_status (*close)(lathe_logger *logger); /* close and free; NULL is fine */
};

/** All loggers, sorted by name; NULL after the last. */
const lathe_logger_type *lathe_logger_at(int index);

/** Does the list name loggers ("tensorboard"), each once, that are not always there? Errors: LATHE_ENAME,
 * LATHE_EARG. */
lathe_status lathe_loggers_check(const char *names);

#ifdef __cplusplus
}
#endif
#endif
