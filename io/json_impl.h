/* Private: a strict reader of the JSON that files of weights contain, in place and without recursion. */
#ifndef LATHE_IO_JSON_IMPL_H
#define LATHE_IO_JSON_IMPL_H

#include <stdbool.h>
#include <stdint.h>

#include "../core/status.h"

/** A text on its way. It may be changed: strings are decoded in place. */
typedef struct lathe_json {
    const char *path, *what, *of; /* for messages: the file, "not a ...", and "" or " of the header" */
    char *start, *at, *end;
} lathe_json;

/** Fail at the present byte. Returns LATHE_EFORMAT. */
lathe_status lathe_json_fail(const lathe_json *json, const char *why);

void lathe_json_skip_blanks(lathe_json *json);

/** Skip blanks; if `c` comes next, pass it and return true. */
bool lathe_json_next_is(lathe_json *json, char c);

/** Skip blanks and pass `c`; `why` is the message if it does not come. */
lathe_status lathe_json_expect(lathe_json *json, char c, const char *why);

/** A string, decoded in place and ended by a 0 (at its closing quote or before). It is UTF-8. */
lathe_status lathe_json_string(lathe_json *json, char **string);

/** Up to `most` whole numbers in brackets. */
lathe_status lathe_json_numbers(lathe_json *json, uint64_t *numbers, int most, int *count);

/** Pass a value, whatever it is. Brackets are counted, but not compared. */
lathe_status lathe_json_skip(lathe_json *json);

#endif
