/* The growing page of a run, served to browsers on this machine while it trains. */
#ifndef LATHE_CLI_LIVE_H
#define LATHE_CLI_LIVE_H

#include <lathe/lathe.h>

typedef struct cli_live cli_live;

/**
 * Serve the run's page on 127.0.0.1 at `port`; 0: one that is free. Says where on stderr. NULL after saying what is wrong.
 * A thread of its own answers; it never touches the run.
 */
cli_live *cli_live_start(const lathe_run *run, int port);

/** After a step: bring what is served up to date, if somebody has asked since the last time. NULL is fine. */
void cli_live_step(cli_live *live, const lathe_run *run);

/** Hang up and stop. NULL is fine. */
void cli_live_stop(cli_live *live);

#endif
