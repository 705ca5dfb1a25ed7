/* What a program says with --json. */
#ifndef LATHE_TESTS_PROGRAM_JSON_H
#define LATHE_TESTS_PROGRAM_JSON_H

#include <cjson/cJSON.h>

#include "program.h"

/** Run a program as program_run does; its output is one JSON object, to be freed by cJSON_Delete. Fails the
 * test if not, or if the exit code is not 0. */
cJSON *program_json(const char *path, const char *arguments);

/** A number of an object; fails the test if there is none of that name. */
double json_number(const cJSON *object, const char *name);

#endif
