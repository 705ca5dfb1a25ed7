/* Lines in a terminal: braille characters with 2 x 4 dots, or stars if those cannot be shown. */
#ifndef LATHE_CLI_DRAWING_PLOT_H
#define LATHE_CLI_DRAWING_PLOT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

typedef struct cli_plot {
    const char *title, *x_label; /* x_label NULL: no axis is written */
    const double *x, *y;         /* points that are not finite are gaps */
    size_t count;
    bool log_x, log_y;
    const double *mark; /* x of vertical lines */
    int marks;
    int width, height; /* of the drawing, in characters; 0: 64 x 8 */
} cli_plot;

/** Draw it. Returns the number of lines: height, 1 for the title, and 1 for an axis. */
int cli_plot_print(FILE *file, const cli_plot *plot);

/** Returns true if a terminal can show braille, from LC_ALL, LC_CTYPE, LANG and TERM in the environment. */
bool cli_plot_unicode(void);

#endif
