#include "processes.h"

#include <stdio.h>
#include <string.h>

#include <lathe/lathe.h>

#include "signals.h"

bool cli_is_first(void) { return !lathe_dist_rank(); }

int cli_processes_join(int *argc, char ***argv)
{
    char build[128];
    if (lathe_dist_init(argc, argv)) return cli_library_failed();
    if (!cli_is_first() && !freopen("/dev/null", "w", stdout)) return cli_fail(CLI_FAILED, "no /dev/null");
    snprintf(build, sizeof build, "lathe %s with settings of %zu bytes", lathe_version(),
        sizeof(lathe_settings));
    return lathe_exchange_same(lathe_dist_exchange(), "the processes are of different builds", build) ?
        cli_library_failed() :
        CLI_DONE;
}

int cli_processes_leave(int code)
{
    if (*cli_last_failure() && (code == CLI_FAILED || code == CLI_USAGE)) lathe_dist_fail(cli_last_failure());
    return lathe_dist_finalize() && !code ? cli_library_failed() : code;
}

bool cli_processes_take_part(const cli_command *command)
{
    if (command->processes != CLI_SHARES_BATCHES) lathe_context_set_exchange(NULL, NULL);
    return cli_is_first() || command->processes != CLI_ONE_WORKS;
}

/* A failure that names a rank is of that process. Rank 0 cannot print that it is gone. */
bool cli_prints_failure(int code, const char *message)
{
    if (cli_is_first()) return true;
    if (code == CLI_USAGE) return false; /* the same words were given to all */
    const char *at = strstr(message, ": rank ");
    const char *named = !strncmp(message, "rank ", 5) ? message : at ? at + 2 : NULL;
    return !named || (!strncmp(named, "rank 0 ", 7) && strstr(named, "has not been heard of"));
}

int cli_tell(int code, void *data, size_t bytes)
{
    const lathe_exchange *exchange = lathe_dist_exchange();
    if (lathe_exchange_tell(exchange, &code, sizeof code)) return cli_library_failed();
    if (code) return code;
    return lathe_exchange_tell(exchange, data, bytes) ? cli_library_failed() : CLI_DONE;
}

int cli_signal_of_any(void)
{
    uint64_t all = cli_signal() ? (uint64_t)1 << cli_signal() : 0;
    if (lathe_exchange_agree(lathe_dist_exchange(), &all)) return cli_signal();
    for (int number = 1; number < 64; number++)
        if (all >> number & 1) return number;
    return 0;
}
