/* Numbers and names as lines of text that read back exactly: how a checkpoint's metadata holds them. */
#ifndef LATHE_IO_LINES_H
#define LATHE_IO_LINES_H

#include <stdbool.h>

#include "../core/arena.h"
#include "text.h"

#ifdef __cplusplus
extern "C" {
#endif

/**
 * `count` numbers with commas between them: "0.5,1e-08,nan,inf". The text is to be given to lathe_free.
 * Errors   LATHE_EARG, LATHE_ENOMEM: NULL.
 */
char *lathe_numbers_text(const double *numbers, int count);

/**
 * Read `count` such numbers from *text, up to the end of its line. *text then points at the line's end or at
 * the text's end. Returns false if the line has another count of numbers.
 */
bool lathe_numbers_read(const char **text, double *numbers, int count);

/**
 * Add a name to a text as one line of UTF-8. A backslash begins an escape: \\, \n, and \xHH for each byte
 * that is no text.
 */
void lathe_name_put(lathe_text *text, const char *name);

/**
 * Read names, one a line, into memory of the arena: *names [*count].
 * Errors   LATHE_EFORMAT (an unknown escape, no name, above a million names), LATHE_ENOMEM.
 */
lathe_status lathe_names_read(lathe_arena *arena, const char *text, const char *const **names, int *count);

#ifdef __cplusplus
}
#endif
#endif
