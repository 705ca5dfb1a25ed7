/* Results for programs: one JSON object as one line. */
#ifndef LATHE_CLI_JSON_H
#define LATHE_CLI_JSON_H

#include <stdbool.h>

#ifdef LATHE_JSON
#include <cjson/cJSON.h>
#else
#include "no_json.h"
#endif

/** False in a build without JSON, which accepts no --json. */
bool cli_has_json(void);

/** A new object. Members are added with cJSON's functions; a failure on the way makes cli_json_print fail. */
cJSON *cli_json_new(void);

/** Add a number so that it reads back exactly, or null where it is not finite: JSON has no NaN. */
void cli_json_number(cJSON *object, const char *name, double number);
void cli_json_add(cJSON *array, double number);

/** Print the object as one line to stdout and delete it. Returns an exit code. */
int cli_json_print(cJSON *object);

#endif
