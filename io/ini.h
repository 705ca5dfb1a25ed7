/* Texts of "[section]" and "key = value" lines: settings files, and lists of runs. */
#ifndef LATHE_IO_INI_H
#define LATHE_IO_INI_H

#include "../core/status.h"

#ifdef __cplusplus
extern "C" {
#endif

/** A section's heading, or a key with its value. */
typedef struct lathe_ini_line {
    const char *section; /* the heading, or the one above the key; "" before the first */
    const char *key;     /* NULL: the line is a heading */
    const char
        *value; /* without the blanks around it; double quotes around it keep blanks and are left out */
} lathe_ini_line;

/** Receives one line. A failure ends the reading. */
typedef lathe_status lathe_ini_take(void *context, const lathe_ini_line *line);

/**
 * Give each heading and each key of a text to `take`, in order. Empty lines and lines that begin with # or ;
 * are passed over. The text is changed: the lines point into it.
 * name     what messages call the text: "run.ini"
 * Errors   LATHE_EFORMAT, and those of `take`: "run.ini:3: ..." names the text and the line.
 */
lathe_status lathe_ini_read(char *text, const char *name, lathe_ini_take *take, void *context);

#ifdef __cplusplus
}
#endif
#endif
