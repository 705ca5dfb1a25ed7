/*
 * Loggers write a run's measurements into its folder during the run. Each is one file with a const object
 * such as lathe_csv_logger; see CONTRIBUTING.md. Every function except `open` and `close` may be NULL.
 *
 * When a run resumes, a logger removes what is later than the run's step. So it has each step once, after any
 * number of interruptions.
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
    bool always; /* in each run folder; false: if opts.log names it */
    /**
     * Starts a log, or continues it after step keeper->step and keeper->history.epochs epochs, where the
     * tables end at `ends` (zeros: a new run). Errors: NULL.
     */
    lathe_logger *(*open)(const lathe_keeper *keeper, const lathe_history_ends *ends);
    lathe_status (*step)(lathe_logger *logger, const lathe_keeper *keeper, const lathe_step_row *row);
    /** `part`: an epoch that is not complete. `drop_part` removes it when the run continues. */
    lathe_status (
        *epoch)(lathe_logger *logger, const lathe_keeper *keeper, const lathe_epoch_row *row, bool part);
    lathe_status (*drop_part)(lathe_logger *logger);
    lathe_status (*eval)(lathe_logger *logger, const lathe_keeper *keeper, const lathe_eval_row *row);
    /** A row of probes.csv: a number for each of opts.probes' columns. */
    lathe_status (
        *probe)(lathe_logger *logger, const lathe_keeper *keeper, uint64_t step, const double *values);
    /** The weights of this step are the best so far. */
    lathe_status (*best)(lathe_logger *logger, const lathe_keeper *keeper);
    /** No step follows for now. */
    lathe_status (*end)(lathe_logger *logger, const lathe_keeper *keeper, const lathe_ending *ending);
    /** Flushes to the disk: a checkpoint must not count rows that are not there. */
    lathe_status (*flush)(lathe_logger *logger);
    /**
     * The path of a file that a resumed run needs, if it was removed or replaced since it was opened;
     * otherwise NULL.
     */
    const char *(*lost)(const lathe_logger *logger);
    /** Removes files of a former run that `open` does not overwrite. */
    lathe_status (*remove)(const lathe_keeper *keeper);
    lathe_status (*close)(lathe_logger *logger); /* close and free; NULL is fine */
};

/** Logger number `index`: the library's sorted by name, then the program's; NULL after the last. */
const lathe_logger_type *lathe_logger_at(int index);

/**
 * Add a logger of the program (see core/registry.h). The setting log names it.
 * Errors   LATHE_ENAME if the name is taken; LATHE_EARG if it has no open or no close.
 */
lathe_status lathe_logger_register(const lathe_logger_type *type);

/** Check that the list names optional loggers ("tensorboard"), each once. Errors: LATHE_ENAME, LATHE_EARG. */
lathe_status lathe_loggers_check(const char *names);

#ifdef __cplusplus
}
#endif
#endif
