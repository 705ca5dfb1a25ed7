/* The scores of a net for each picture, as a table, for `lathe eval --scores FILE`. */
#ifndef CLI_SCORES_H
#define CLI_SCORES_H

#include <lathe/lathe.h>

/**
 * Write a CSV file: a row for each picture with its name, its class, and the net's output before any softmax.
 * For one class a picture. Errors: LATHE_EARG for other tasks; those of lathe_infer and of writing.
 */
lathe_status cli_scores_write(const char *path, lathe_run *run, const lathe_dataset *data);

#endif
