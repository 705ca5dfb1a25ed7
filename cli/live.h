/* The page of a run or a comparison, served to browsers on this machine during the run. */
#ifndef LATHE_CLI_LIVE_H
#define LATHE_CLI_LIVE_H

#include "command.h"

typedef struct cli_live cli_live;

/** What is served: a page, and its present data, each for lathe_free; NULL after a failure. */
typedef struct cli_live_source {
    char *(*page)(const void *context);
    char *(*data)(const void *context);
    const void *context;
} cli_live_source;

/** The port of --live; -1 without --live. Returns an exit code, after a message if it is not CLI_DONE. */
int cli_live_port(const cli_line *line, int64_t *port);

/**
 * Serve the source's page on 127.0.0.1 at `port` (0: a free one), and print the address to stderr. With port
 * -1, do nothing and set *live to NULL.
 *
 * A thread of its own answers requests. It never calls the source; only these functions do.
 * Returns an exit code, after a message if it is not CLI_DONE.
 */
int cli_live_start(const char *command, cli_live_source source, int64_t port, cli_live **live);

/** After a step: update what is served, if a browser has asked since the last update. NULL is fine. */
void cli_live_step(cli_live *live);

/** Wait up to a second until browsers have the final data; then stop. NULL is fine. */
void cli_live_stop(cli_live *live);

#endif
