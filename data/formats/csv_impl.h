/* Private: comma-separated values as in RFC 4180. */
#ifndef LATHE_DATA_FORMATS_CSV_IMPL_H
#define LATHE_DATA_FORMATS_CSV_IMPL_H

#include <stddef.h>
#include <stdint.h>

#include "../../core/arena.h"
#include "../../core/status.h"

/** A table: a header, and rows with as many cells as the header. The texts lie in `texts`. */
typedef struct lathe_csv {
    int columns;
    char **header; /* [columns] */
    size_t rows;
    char **cell; /* [rows, columns] */
    int *line;   /* [rows]: the line in the file where each row begins, from 1 */
    char *texts; /* the bytes of the cells */
} lathe_csv;

/**
 * Read a table from a file. Cells are separated by commas. A cell in double quotes may contain commas, line
 * ends and doubled quotes. Lines end with \n or \r\n. Empty lines are skipped.
 * Errors   LATHE_EIO, LATHE_ENOMEM, LATHE_EFORMAT "FILE:LINE: ...": no header, an empty or repeated name in
 *          the header, another number of cells, unbalanced quotes, a zero byte, or more than 64 MiB, 1024
 *          columns or 20,000,000 rows.
 */
lathe_status lathe_csv_read(const char *path, lathe_csv *table);

void lathe_csv_free(lathe_csv *table);

#endif
