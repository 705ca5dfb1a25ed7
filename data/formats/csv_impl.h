/* Private: comma-separated values as RFC 4180 has them. */
#ifndef LATHE_DATA_FORMATS_CSV_IMPL_H
#define LATHE_DATA_FORMATS_CSV_IMPL_H

#include <stddef.h>
#include <stdint.h>

#include "../../core/arena.h"
#include "../../core/status.h"

/** A table: a header and rows of as many cells. The texts lie in the arena. */
typedef struct lathe_csv {
    int columns;
    char **header; /* [columns] */
    size_t rows;
    char **cell; /* [rows, columns] */
    int *line;   /* [rows]: where each begins in the file, from 1 */
    char *texts; /* what is left of the file */
} lathe_csv;

/**
 * Read a table from a file: commas between cells, a cell in double quotes may hold commas, line ends and
 * doubled quotes; lines end with \n or \r\n; empty lines are passed over.
 * Errors   LATHE_EIO, LATHE_ENOMEM, LATHE_EFORMAT "FILE:LINE: ...": no header, a header with an empty or a
 *          repeated name, another number of cells, quotes that do not fit, a zero byte, more than 64 MiB,
 *          1024 columns or 20,000,000 rows.
 */
lathe_status lathe_csv_read(const char *path, lathe_csv *table);

void lathe_csv_free(lathe_csv *table);

#endif
