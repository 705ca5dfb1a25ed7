/* What the tests of metrics share: data sets and values of tests/golden/metrics.txt. */
#ifndef LATHE_TESTS_METRIC_TEST_H
#define LATHE_TESTS_METRIC_TEST_H

#include "support.h"

/** Scores with labels, or with targets. */
typedef struct metric_data {
    const char *name;
    int samples, classes;
    bool many;
    lathe_real *scores;
    int *labels; /* or targets */
} metric_data;

/** A data set of the golden file. Give it back with metric_data_free. */
metric_data metric_data_open(const char *name, bool many);
void metric_data_free(metric_data *data);

/**
 * A metric of that type that has been fed the whole set in pieces of 7, after other samples and a reset. The
 * caller frees it.
 */
lathe_metric *metric_fed(const lathe_metric_type *type, const void *opts, const metric_data *data);

/** One number of the golden file: NAME.WHAT. */
double golden_number(const char *name, const char *what);

/** Fail unless computing gives NAME.WHAT to 1e-12. */
void assert_metric(const lathe_metric_type *type, const void *opts, const metric_data *data, const char *name,
    const char *what);

/** Fail unless the values of the single classes are NAME.WHAT to 1e-12. */
void assert_each_class(const lathe_metric_type *type, const void *opts, const metric_data *data,
    const char *name, const char *what);

/** For the end of a group of tests: golden_counts of the metrics. */
int count_metrics(void **state);

#endif
