/* The path of an optimizer as a picture. */
#ifndef LATHE_CLI_DRAWING_WALK_SVG_H
#define LATHE_CLI_DRAWING_WALK_SVG_H

#include <lathe/lathe.h>

#include "surface.h"

/** The position of an optimizer before a step, or at the end. */
typedef struct cli_walk_row {
    uint64_t step;
    double lr, value, p[2];
    double average[2]; /* NaN: no average yet */
} cli_walk_row;

/** Draw rows [0, steps]: the path on the function's level lines, and the losses below it. */
lathe_status cli_walk_svg(const char *path, const cli_surface *surface, const char *name,
    const cli_walk_row *row, uint64_t steps);

#endif
