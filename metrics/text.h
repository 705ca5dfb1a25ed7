/* Metrics from text, as the command line gives them. */
#ifndef LATHE_METRICS_TEXT_H
#define LATHE_METRICS_TEXT_H

#include "metric.h"

#ifdef __cplusplus
extern "C" {
#endif

/** The longest text of one metric in characters, with its final zero. */
#define LATHE_METRIC_TEXT 256

/**
 * A metric from its name, "accuracy", or its name and options, "fbeta:beta=2:average=micro". Hyphens in names
 * are underscores.
 * Errors   LATHE_ENAME for an unknown metric or option, naming the known ones; LATHE_EARG for a bad value or
 *          an option without a value; those of lathe_metric_new.
 */
lathe_metric *lathe_metric_from_text(const char *text, int classes);

#ifdef __cplusplus
}
#endif
#endif
