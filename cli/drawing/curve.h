/* Precision and recall, as a table or as a picture. */
#ifndef LATHE_CLI_DRAWING_CURVE_H
#define LATHE_CLI_DRAWING_CURVE_H

#include <lathe/lathe.h>

/**
 * Write the curves of an "average_precision" metric. If `path` ends in ".svg" it is a picture: all classes
 * together, and the six classes with the smallest area. Otherwise it is a table
 * "class,precision,recall,threshold" with a row for each point of each class, in falling order of recall.
 */
lathe_status cli_curve_write(const char *path, const lathe_metric *metric, const char *const *class_names);

#endif
