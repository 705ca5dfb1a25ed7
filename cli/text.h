/* Names from outside (of classes and files), made fit for a terminal or a table of values. */
#ifndef LATHE_CLI_TEXT_H
#define LATHE_CLI_TEXT_H

#include <stdio.h>

/** `text` with control characters and bytes that are no UTF-8 as \xHH, cut to fit `size`; returns `to`. */
char *cli_printable(const char *text, char *to, size_t size);

/**
 * A cell of a CSV file, in quotes where it must be (RFC 4180). What a spreadsheet would take for a formula
 * (it begins with = + - @, a tab or a line's end) gets an apostrophe in front.
 */
void cli_csv_cell(const char *text, FILE *file);

#endif
