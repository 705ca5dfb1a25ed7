/* Private: cells of the tables that a comparison keeps. */
#ifndef LATHE_STUDY_ROWS_IMPL_H
#define LATHE_STUDY_ROWS_IMPL_H

#include "../data/formats/csv_impl.h"
#include "../io/text.h"
#include "compare.h"

/** Add a cell, in double quotes if it needs them. */
void lathe_cell_put(lathe_text *out, const char *cell);

/** Add a comma and a number; nothing behind the comma if it is not finite. */
void lathe_cell_put_number(lathe_text *out, double number, int digits);

/** The cell of a column by its name; "" without such a column. */
const char *lathe_cell_at(const lathe_csv *table, size_t row, const char *column);

/** That cell as a number; NaN if it is none. */
double lathe_cell_number(const lathe_csv *table, size_t row, const char *column);

/** Read a table; a file that does not exist is an empty table. Errors: those of lathe_csv_read. */
lathe_status lathe_cells_read(const char *path, lathe_csv *table);

/** The run that a row names by its columns variant and seed; compare->runs if it is not planned. */
size_t lathe_cells_run(const lathe_compare *compare, const lathe_csv *table, size_t row);

/** Write the text and free it. Errors: LATHE_EIO, LATHE_ENOMEM. */
lathe_status lathe_cells_write(lathe_text *out, const char *path);

#endif
