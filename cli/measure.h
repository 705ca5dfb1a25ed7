/* Every metric of the library over a data set, in one pass. */
#ifndef LATHE_CLI_MEASURE_H
#define LATHE_CLI_MEASURE_H

#include <lathe/lathe.h>

typedef struct cli_measure {
    lathe_metric **metric; /* one of each type, with its defaults */
    int metrics;
    lathe_confusion *confusion;
} cli_measure;

/** Measure the run's model on `data`. Free it in either case. */
lathe_status cli_measure_data(lathe_run *run, const lathe_dataset *data, cli_measure *measure);
void cli_measure_free(cli_measure *measure);

#endif
