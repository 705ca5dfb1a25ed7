/* A curve drawn with block characters. */
#ifndef LATHE_CLI_DRAWING_CHART_H
#define LATHE_CLI_DRAWING_CHART_H

#include <stddef.h>
#include <stdio.h>

/**
 * Draw `values` from left to right under a line with the title. The smallest and the largest value are at the
 * left edge. A column that stands for several values shows the largest.
 */
void cli_chart(FILE *file, const char *title, const double *values, size_t count);

#endif
