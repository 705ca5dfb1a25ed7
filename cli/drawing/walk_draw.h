/* The path of an optimizer as a picture. */
#ifndef LATHE_CLI_DRAWING_WALK_DRAW_H
#define LATHE_CLI_DRAWING_WALK_DRAW_H

#include <lathe/lathe.h>

#include "picture.h"
#include "surface.h"

/** The position of an optimizer before a step, or at the end. */
typedef struct cli_walk_row {
    uint64_t step;
    double lr, value, p[2];
    double average[2]; /* NaN: no average yet */
} cli_walk_row;

/**
 * Draw rows [0, steps]: the path on the function's level lines, and the losses below it. A page has the
 * learning rates too.
 */
lathe_status cli_walk_draw(const cli_picture_files *files, const cli_surface *surface, const char *name,
    const cli_walk_row *row, uint64_t steps);

#endif
