/* Signals that ask a run to end: the first is noted, so that the step can be finished and saved; the second
 * ends the program. */
#ifndef LATHE_CLI_SIGNALS_H
#define LATHE_CLI_SIGNALS_H

/** Watch SIGINT, SIGTERM and SIGHUP from now on. */
void cli_signals_watch(void);

/** The first signal that came, 0 if none. */
int cli_signal(void);

#endif
