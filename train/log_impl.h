/* Private: log.jsonl of a run folder: what has happened, one JSON object a line. Saves are not in it: they depend on breaks, and lie in the folder. */
#ifndef LATHE_TRAIN_LOG_IMPL_H
#define LATHE_TRAIN_LOG_IMPL_H

#include "run_impl.h"

/**
 * Open the log. Of a run that goes on from step run->step, what is later than that, and an end, is cut off, so that the log ends up as that of a run
 * without the break; a new one begins with the settings. Errors: LATHE_EIO, LATHE_ENOMEM.
 */
lathe_status lathe_log_open(lathe_run *run, bool goes_on);

/** An epoch's row, new best weights, the end. Nothing without a run folder. Errors: LATHE_EIO, LATHE_ENOMEM. */
lathe_status lathe_log_epoch(lathe_run *run, const lathe_epoch_row *row);
lathe_status lathe_log_best(lathe_run *run);
lathe_status lathe_log_end(lathe_run *run);

#endif
