/* A schedule as a picture in a file. */
#ifndef LATHE_CLI_DRAWING_SCHEDULE_SVG_H
#define LATHE_CLI_DRAWING_SCHEDULE_SVG_H

#include <lathe/lathe.h>

/** Write the learning rate against the step to an SVG file, and the momentum below it if it changes. */
lathe_status cli_schedule_svg(const char *path, const lathe_step_row *row, uint64_t steps);

#endif
