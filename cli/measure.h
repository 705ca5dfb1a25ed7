/* Metrics over a data set, in one pass. */
#ifndef LATHE_CLI_MEASURE_H
#define LATHE_CLI_MEASURE_H

#include <lathe/lathe.h>

typedef struct cli_measure {
    lathe_metric **metric;
    char **name; /* of each, as it was asked for */
    int metrics;
    int *head; /* [metrics] which head each is of; 0 for other data */
    const lathe_dataset *data;
    lathe_confusion *confusion; /* NULL for data of any number of classes, and of several heads */
    lathe_metric *curve;        /* an "average_precision" for its curves, if it was asked for */
} cli_measure;

/**
 * A metric for each of `text`, such as "accuracy:k=5,fbeta:beta=2"; of NULL one of each type that fits
 * what the data asks for. Of several heads each has its own, as "colour.accuracy". Free it in either case.
 */
lathe_status cli_measure_open(cli_measure *measure, const char *text, bool curve, const lathe_dataset *data);
void cli_measure_free(cli_measure *measure);

/** Measure the run's model on `data`. */
lathe_status cli_measure_data(lathe_run *run, const lathe_dataset *data, cli_measure *measure);

#endif
