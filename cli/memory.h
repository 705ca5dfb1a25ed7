/* What a C file of a model needs, for `lathe export`. */
#ifndef LATHE_CLI_MEMORY_H
#define LATHE_CLI_MEMORY_H

#include <lathe/lathe.h>

#include "json.h"

/** Print the memory of the model's C file: a line for each operation, and the sums. */
lathe_status cli_memory_print(const lathe_trained *trained, bool no_fold);

/** The same as JSON: "multiply_adds", "weight_bytes", "scratch_bytes", and "operations". */
lathe_status cli_memory_json(const lathe_trained *trained, bool no_fold, cJSON *object);

#endif
