/* Names of classes and files, made safe for a terminal or a CSV table. */
#ifndef LATHE_CLI_TEXT_H
#define LATHE_CLI_TEXT_H

#include <stdio.h>

#include <lathe/lathe.h>

/** `text` with control characters and invalid UTF-8 as \xHH, cut to `size` bytes. Returns `to`. */
char *cli_printable(const char *text, char *to, size_t size);

/**
 * Print one line, made as printf makes it, and made safe by cli_printable. Whatever has a name from outside
 * in it is printed by this function or as a cell of a table.
 */
void cli_say(FILE *file, const char *format, ...) __attribute__((format(printf, 2, 3)));

/**
 * Write a cell of a CSV file, in quotes if necessary (RFC 4180). A text that a spreadsheet would read as a
 * formula (it begins with = + - @, a tab or a line end) gets an apostrophe in front. Bytes that are not UTF-8
 * become \xHH, as in tables.
 */
void cli_csv_cell(const char *text, FILE *file);

/** Add a name as a cell of a CSV text, in quotes if necessary (RFC 4180). */
void cli_put_cell(lathe_text *out, const char *name);

/** "accuracy 97.25 %" or "mean IoU 0.9725", as the metric wants to be shown; returns `to`. */
char *cli_metric_text(const lathe_task_metric *metric, double value, char *to, size_t size);

/** "test accuracy 97.25 %, loss 0.0812 (10000 images)" with all metrics of the task, as a line on stdout. */
void cli_print_score(const char *set, const lathe_task *task, const lathe_score *score);

#endif
