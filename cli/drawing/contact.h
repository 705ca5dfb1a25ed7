/* Contact sheets: pictures in rows and columns with a name below each, as a PNG or in a terminal. */
#ifndef LATHE_CLI_DRAWING_CONTACT_H
#define LATHE_CLI_DRAWING_CONTACT_H

#include <stdio.h>

#include <lathe/lathe.h>

typedef struct cli_sheet {
    int channels, height, width; /* of a picture */
    int zoom;                    /* small pictures are shown larger */
    int columns, rows, count;
    int across, down; /* of the whole sheet, in pixels */
    uint8_t *pixels;  /* [down, across, 3] */
} cli_sheet;

/** A sheet for `most` pictures of this size. Errors: LATHE_EARG (too large), LATHE_ENOMEM: returns NULL. */
cli_sheet *cli_sheet_new(int channels, int height, int width, int most, int columns);
void cli_sheet_free(cli_sheet *sheet);

/** Add the next picture, of the sheet's size or smaller, and its name (cut to the picture's width). */
void cli_sheet_add(cli_sheet *sheet, const lathe_image *image, const char *name);

/** Write the used rows as a PNG. Errors: LATHE_EIO, LATHE_ENOMEM. */
lathe_status cli_sheet_write(const cli_sheet *sheet, const char *path);

/** Draw the sheet with half blocks in 24-bit colours, scaled down to at most 80 columns. */
void cli_sheet_preview(const cli_sheet *sheet, FILE *file);

#endif
