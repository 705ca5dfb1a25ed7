/* Texts that grow, with escapes for JSON, HTML and XML. */
#ifndef LATHE_IO_TEXT_H
#define LATHE_IO_TEXT_H

#include <stdbool.h>
#include <stddef.h>

#include "../core/status.h"

#ifdef __cplusplus
extern "C" {
#endif

/**
 * A text under construction; zeros are an empty text. After a failure to grow, later additions do nothing.
 */
typedef struct lathe_text {
    char *chars;
    size_t length, room;
    bool failed;
} lathe_text;

/** Add as printf does. For numbers use lathe_double_text: its output does not depend on the locale. */
void lathe_text_add(lathe_text *text, const char *format, ...) __attribute__((format(printf, 2, 3)));

/** Add a string unchanged. */
void lathe_text_put(lathe_text *text, const char *string);

/** Add `count` characters. */
void lathe_text_put_n(lathe_text *text, const char *string, size_t count);

/** Add a number with enough digits to read it back exactly; "null" if it is not finite. */
void lathe_text_number(lathe_text *text, double number);

/** Add a string in JSON's form, in double quotes. Bytes that are not UTF-8 become U+FFFD. */
void lathe_text_json(lathe_text *text, const char *string);

/** Add a string for HTML or XML: < > & " ' escaped; control characters and invalid UTF-8 become U+FFFD. */
void lathe_text_html(lathe_text *text, const char *string);

/** Add a string as one word of a shell's command: as it is, or in single quotes where that is needed. */
void lathe_text_shell(lathe_text *text, const char *string);

/** The finished text, for lathe_free; NULL (LATHE_ENOMEM) after a failure to grow. `text` is empty then. */
char *lathe_text_take(lathe_text *text);

/** Free a text that is not finished. */
void lathe_text_free(lathe_text *text);

/** Bytes (1 to 4) of the UTF-8 character at `string`; 0 if it is not valid (overlong, surrogate, cut off). */
int lathe_utf8_length(const char *string);

#ifdef __cplusplus
}
#endif
#endif
