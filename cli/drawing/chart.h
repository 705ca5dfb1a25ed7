/* A curve drawn with block characters. */
#ifndef LATHE_CLI_DRAWING_CHART_H
#define LATHE_CLI_DRAWING_CHART_H

#include <stddef.h>
#include <stdio.h>

/**
 * Draw `values` from left to right under a line with the title, the least and the greatest of them at the
 * left edge. Where a column stands for several values it shows the greatest.
 */
void cli_chart(FILE *file, const char *title, const double *values, size_t count);

#endif
