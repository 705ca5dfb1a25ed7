/* The version of lathe, and what was built in. */
#ifndef LATHE_CLI_VERSION_H
#define LATHE_CLI_VERSION_H

#include "drawing/table.h"
#include "json.h"

/** Add rows of two cells: what, and what it is. */
void cli_version_rows(cli_table *table);

/** Add `version`, `real`, `isa`, `blas`, `threading`, `jpeg`, `png`, `zlib`, `json`, `http`, ... */
void cli_version_json(cJSON *object);

/** `lathe --version`. Returns an exit code. */
int cli_version(bool json);

#endif
