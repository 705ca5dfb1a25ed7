/* Private: what the files of the keeper share. */
#ifndef LATHE_TRAIN_KEEPER_KEEPER_IMPL_H
#define LATHE_TRAIN_KEEPER_KEEPER_IMPL_H

#include "../../io/file.h"
#include "keeper.h"
#include "logger.h"

/** The most loggers and objects of a keeper, and the longest path of a folder. */
enum { LATHE_LOGGERS = 8, LATHE_STATES = 8, LATHE_FOLDER = 1024 };

/** The private part of a keeper. */
typedef struct lathe_keeping {
    lathe_lock *lock;
    lathe_logger *logger[LATHE_LOGGERS]; /* empty without a folder */
    int loggers;
    lathe_state state[LATHE_STATES];
    int states;
    lathe_tensor **tensor; /* of all objects */
    int tensors;
    lathe_real *best; /* the best numbers of the tensors, one tensor after the other */
    double saved;     /* time of the latest save, in seconds */
    bool warned;      /* of a table that was lost */
} lathe_keeping;

/** "DIR/name" of the run folder. Errors: LATHE_EARG. */
typedef char lathe_folder_path[LATHE_FOLDER + 64];
lathe_status lathe_keeper_path(const lathe_keeper *keeper, const char *name, lathe_folder_path path);

/** Send a message to the caller. */
void lathe_keeper_tell(const lathe_keeper *keeper, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/** Send a warning to the caller. */
void lathe_keeper_warn(const lathe_keeper *keeper, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/** Seconds on a clock that never goes back. */
double lathe_keeper_clock(void);

/** Make the folder, remove the files of a former run, and write the first files. */
lathe_status lathe_folder_begin(lathe_keeper *keeper);

/**
 * As lathe_folder_begin, for a run that resumes, with is_last from last.safetensors: the logs are cut off at
 * `ends`.
 */
lathe_status lathe_folder_reopen(lathe_keeper *keeper, const lathe_history_ends *ends, bool is_last);

/** Lock the folder, if it exists. Errors: LATHE_ESTATE if another process trains in it. */
lathe_status lathe_folder_lock(lathe_keeper *keeper);

/** Refuse a folder that holds a run which the options do not resume or overwrite. Errors: LATHE_ESTATE. */
lathe_status lathe_folder_check(const lathe_keeper *keeper);

/** Restore the checkpoint of opts.resume, or start again if the run was never saved. */
lathe_status lathe_keeper_resume(lathe_keeper *keeper);

/** Returns true for a checkpoint ("....safetensors"), false for a folder. */
bool lathe_keeper_is_checkpoint(const char *path);

/** Write the tensors; with `whole`, everything that a resumed run needs. */
lathe_status lathe_checkpoint_write(lathe_keeper *keeper, const char *path, bool whole);

/** The bytes of such a file with everything, for lathe_free. NULL after a failure. */
char *lathe_checkpoint_bytes(const lathe_keeper *keeper, size_t *size);

/** Check before the first step that such a checkpoint can be written. Errors: as lathe_notes_check. */
lathe_status lathe_checkpoint_can_write(const lathe_keeper *keeper);

/** The position of a checkpoint in a run. */
typedef struct lathe_checkpoint_place {
    uint64_t step, epochs; /* rows of steps.csv and epochs.csv that it counts */
    uint64_t best_step;    /* of the best weights so far; 0 without any */
} lathe_checkpoint_place;

/**
 * Check that this run can resume from the checkpoint. Nothing changes. Errors: LATHE_EFORMAT, those of the
 * objects' checks.
 */
lathe_status lathe_checkpoint_check(const lathe_safetensors *file, const lathe_keeper *keeper,
    lathe_checkpoint_place *place);

/** Restore the objects. Errors: LATHE_EFORMAT, LATHE_ESHAPE. */
lathe_status lathe_checkpoint_read(lathe_keeper *keeper, const lathe_safetensors *file);

/** The numbers of all objects' tensors. */
size_t lathe_keeper_numbers(const lathe_keeper *keeper);

/** Copy the tensors as the best ones. Errors: LATHE_ENOMEM. */
lathe_status lathe_keeper_keep(lathe_keeper *keeper);

/** Save the best weights as best.safetensors. */
lathe_status lathe_folder_save_best(lathe_keeper *keeper);

/** Open the run's loggers. After a failure, lathe_loggers_close closes those that were opened. */
lathe_status lathe_loggers_open(lathe_keeper *keeper, const lathe_history_ends *ends);

/** Call each logger; the first failure counts. Without a folder these functions do nothing. */
lathe_status lathe_loggers_step(lathe_keeper *keeper, const lathe_step_row *row);
lathe_status lathe_loggers_epoch(lathe_keeper *keeper, const lathe_epoch_row *row, bool part);
lathe_status lathe_loggers_eval(lathe_keeper *keeper, const lathe_eval_row *row);
lathe_status lathe_loggers_probe(lathe_keeper *keeper, uint64_t step, const double *values);
lathe_status lathe_loggers_drop_part(lathe_keeper *keeper);
lathe_status lathe_loggers_best(lathe_keeper *keeper);
lathe_status lathe_loggers_end(lathe_keeper *keeper, const lathe_ending *ending);
lathe_status lathe_loggers_flush(lathe_keeper *keeper);
const char *lathe_loggers_lost(const lathe_keeper *keeper);
lathe_status lathe_loggers_remove(const lathe_keeper *keeper);
lathe_status lathe_loggers_close(lathe_keeper *keeper);

#endif
