/* The growing page of a run or a comparison, served to browsers on this machine while it trains. */
#ifndef LATHE_CLI_LIVE_H
#define LATHE_CLI_LIVE_H

#include "command.h"

typedef struct cli_live cli_live;

/** What is served: a page, and its data as it is now, each to be given to lathe_free; NULL: it could not be
 * made. */
typedef struct cli_live_source {
    char *(*page)(const void *context);
    char *(*data)(const void *context);
    const void *context;
} cli_live_source;

/** The port that --live gives; -1 without --live. Returns an exit code, after saying what is wrong. */
int cli_live_port(const cli_line *line, int64_t *port);

/**
 * Serve the source's page on 127.0.0.1 at `port`; 0: one that is free. Says where on stderr. With port -1
 * there is nothing to do, and `*live` is NULL. Returns an exit code, after saying what is wrong. A thread of
 * its own answers; it never touches what is served: the source is asked by these functions alone.
 */
int cli_live_start(const char *command, cli_live_source source, int64_t port, cli_live **live);

/** After a step: bring what is served up to date, if somebody has asked since the last time. NULL is fine. */
void cli_live_step(cli_live *live);

/** Let who looks on have the last data, for which a second is waited; hang up and stop. NULL is fine. */
void cli_live_stop(cli_live *live);

#endif
