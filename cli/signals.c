#include "signals.h"

#include <signal.h>
#include <unistd.h>

static volatile sig_atomic_t first;

static void note(int number)
{
    if (first) _exit(128 + number);
    first = number;
}

void cli_signals_watch(void)
{
    static const int watched[] = { SIGINT, SIGTERM, SIGHUP };
    struct sigaction action = { .sa_handler = note, .sa_flags = SA_RESTART };
    sigemptyset(&action.sa_mask);
    for (unsigned i = 0; i < sizeof watched / sizeof watched[0]; i++) {
        struct sigaction former;
        sigaction(watched[i], NULL, &former);
        /* Signals that were ignored at the start stay ignored: nohup, a shell's background job. */
        if (former.sa_handler != SIG_IGN) sigaction(watched[i], &action, NULL);
    }
}

int cli_signal(void) { return first; }
