/* Text tables with aligned columns. */
#ifndef LATHE_CLI_DRAWING_TABLE_H
#define LATHE_CLI_DRAWING_TABLE_H

#include <stdio.h>

enum { CLI_TABLE_COLUMNS = 8 };

typedef struct cli_table cli_table;

/**
 * A table. `align` has a letter for each column: l left, r right. NULL without memory, which all calls
 * accept.
 */
cli_table *cli_table_new(const char *align);

/** Add a row: for each column a text, copied and made safe by cli_printable. The first row is the heading. */
void cli_table_row(cli_table *table, const char *const *cells);

/** Print the table, each line indented by `indent` columns, and free it. */
void cli_table_print(cli_table *table, FILE *file, int indent);

#endif
