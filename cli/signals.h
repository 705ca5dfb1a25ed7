/*
 * Signals that end a run. The first is recorded, so that the step can finish and be saved; the second ends at
 * once.
 */
#ifndef LATHE_CLI_SIGNALS_H
#define LATHE_CLI_SIGNALS_H

/** Handle SIGINT, SIGTERM and SIGHUP from now on. */
void cli_signals_watch(void);

/** The first signal that arrived; 0 without one. */
int cli_signal(void);

#endif
