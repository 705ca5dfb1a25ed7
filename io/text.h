/* Texts that grow, and that other formats can hold. */
#ifndef LATHE_IO_TEXT_H
#define LATHE_IO_TEXT_H

#include <stdbool.h>
#include <stddef.h>

#include "../core/status.h"

#ifdef __cplusplus
extern "C" {
#endif

/** A text being composed. Zeros are an empty one. After a failure to grow, nothing more is added and
 * lathe_text_take says so. */
typedef struct lathe_text {
    char *chars;
    size_t length, room;
    bool failed;
} lathe_text;

/** Add as printf does; numbers are written by the caller with lathe_double_text, which knows no locale. */
void lathe_text_add(lathe_text *text, const char *format, ...) __attribute__((format(printf, 2, 3)));

/** Add a string as it is. */
void lathe_text_put(lathe_text *text, const char *string);

/** Add `count` characters. */
void lathe_text_put_n(lathe_text *text, const char *string, size_t count);

/** Add a number so that it reads back exactly; "null" if it is not finite. */
void lathe_text_number(lathe_text *text, double number);

/** Add a string as JSON writes it, in double quotes. Bytes that are not UTF-8 become U+FFFD. */
void lathe_text_json(lathe_text *text, const char *string);

/** Add a string so that HTML and XML show it: < > & " ' escaped, control characters and bytes that are not
 * UTF-8 as U+FFFD. */
void lathe_text_html(lathe_text *text, const char *string);

/** The finished text, to be given to lathe_free; NULL (LATHE_ENOMEM) if memory ran out. `text` is empty then.
 */
char *lathe_text_take(lathe_text *text);

/** Give up what was composed. */
void lathe_text_free(lathe_text *text);

/** Bytes of the UTF-8 character at `string`, 1 ... 4; 0 if there is no valid one (too long forms, surrogates,
 * ends too early). */
int lathe_utf8_length(const char *string);

#ifdef __cplusplus
}
#endif
#endif
