/* Results as JSON: one object on one line. */
#ifndef LATHE_CLI_JSON_H
#define LATHE_CLI_JSON_H

#include <stdbool.h>

#ifdef LATHE_JSON
#include <cjson/cJSON.h>
#else
#include "no_json.h"
#endif

/** Returns false in a build without JSON, where --json is refused. */
bool cli_has_json(void);

/** A new object. Add members with cJSON's functions. After a failure of one of them, cli_json_print fails. */
cJSON *cli_json_new(void);

/** Add a number with enough digits to read it back exactly; null if it is not finite, as JSON has no NaN. */
void cli_json_number(cJSON *object, const char *name, double number);
void cli_json_add(cJSON *array, double number);

/** Print the object as one line to stdout and delete it. Returns an exit code. */
int cli_json_print(cJSON *object);

#endif
