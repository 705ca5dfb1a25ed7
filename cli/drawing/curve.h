/* Precision against recall, as a table or as a picture. */
#ifndef LATHE_CLI_DRAWING_CURVE_H
#define LATHE_CLI_DRAWING_CURVE_H

#include <lathe/lathe.h>

/**
 * Write the curves of an "average_precision": a picture if `path` ends in ".svg" (all classes together, and
 * of the single ones those six with the least area), else a table "class,precision,recall,threshold" with a
 * row for each point of each class, recall falling.
 */
lathe_status cli_curve_write(const char *path, const lathe_metric *metric, const char *const *class_names);

#endif
