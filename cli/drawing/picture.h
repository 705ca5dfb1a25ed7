/* Charts as a picture of their own. */
#ifndef LATHE_CLI_DRAWING_PICTURE_H
#define LATHE_CLI_DRAWING_PICTURE_H

#include <lathe/lathe.h>

/** Write the charts, one below the other and each with its width and height given, as an SVG file. */
lathe_status cli_picture_write(const char *path, const lathe_chart *chart, int count);

#endif
