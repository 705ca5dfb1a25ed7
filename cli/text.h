/* Names of classes and files, made safe for a terminal or a CSV table. */
#ifndef LATHE_CLI_TEXT_H
#define LATHE_CLI_TEXT_H

#include <stdio.h>

/** `text` with control characters and invalid UTF-8 as \xHH, cut to `size` bytes. Returns `to`. */
char *cli_printable(const char *text, char *to, size_t size);

/**
 * Write a cell of a CSV file, in quotes if necessary (RFC 4180). A text that a spreadsheet would read as a
 * formula (it begins with = + - @, a tab or a line end) gets an apostrophe in front.
 */
void cli_csv_cell(const char *text, FILE *file);

#endif
