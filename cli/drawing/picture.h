/* Charts as SVG files. */
#ifndef LATHE_CLI_DRAWING_PICTURE_H
#define LATHE_CLI_DRAWING_PICTURE_H

#include <lathe/lathe.h>

/** Write the charts, whose widths and heights must be set, one below the other as an SVG file. */
lathe_status cli_picture_write(const char *path, const lathe_chart *chart, int count);

/** Where charts are written: as a picture, as a page, as both. NULL: not written. */
typedef struct cli_picture_files {
    const char *svg, *html;
} cli_picture_files;

#endif
