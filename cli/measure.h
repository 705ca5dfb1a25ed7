/* Metrics over a data set, in one pass. */
#ifndef LATHE_CLI_MEASURE_H
#define LATHE_CLI_MEASURE_H

#include <lathe/lathe.h>

typedef struct cli_measure {
    lathe_metric **metric;
    char **name; /* of each metric, as asked for */
    int metrics;
    int *head; /* [metrics]: the head of each metric; 0 for other data */
    const lathe_dataset *data;
    lathe_confusion *confusion; /* NULL for data with several heads or any number of classes */
    lathe_metric *curve;        /* an "average_precision" for the curves, if asked for */
} cli_measure;

/**
 * Make the metrics in `text`, such as "accuracy:k=5,fbeta:beta=2"; for NULL, one of each type that fits the
 * data. With several heads, each head has its own metrics ("colour.accuracy"). Call cli_measure_free also
 * after a
 * failure.
 */
lathe_status cli_measure_open(cli_measure *measure, const char *text, bool curve, const lathe_dataset *data);
void cli_measure_free(cli_measure *measure);

/** Evaluate the run's model on `data`. */
lathe_status cli_measure_data(lathe_run *run, const lathe_dataset *data, cli_measure *measure);

#endif
