#include "processes.h"

#include <stdio.h>
#include <string.h>

#include <lathe/lathe.h>

#include "signals.h"

bool cli_is_first(void) { return !lathe_dist_rank(); }

/* Rank 0's words would count for all, and nobody would know: so all must have the same ones. */
static int check_words(int argc, char **argv)
{
    const lathe_exchange *exchange = lathe_dist_exchange();
    uint64_t flags = 0;
    uint32_t sum = 0, first;
    for (int i = 1; i < argc; i++) sum = lathe_crc32(sum, argv[i], strlen(argv[i]) + 1);
    first = sum;
    if (lathe_exchange_tell(exchange, &first, sizeof first)) return cli_library_failed();
    flags = first != sum;
    if (lathe_exchange_agree(exchange, &flags)) return cli_library_failed();
    for (int i = 1; flags; i++) {
        char what[96];
        uint64_t more = i < argc;
        if (lathe_exchange_agree(exchange, &more)) return cli_library_failed();
        if (!more) return cli_fail(CLI_FAILED, "the processes have different command lines");
        snprintf(what, sizeof what, "the processes have different command lines: word %d", i);
        if (lathe_exchange_same(exchange, what, i < argc ? argv[i] : "missing")) return cli_library_failed();
    }
    return CLI_DONE;
}

/* The rank in a failure that names one, so that all processes know it; NULL: it is this process's alone. */
static const char *named(const char *message)
{
    const char *at = strstr(message, ": rank ");
    return !strncmp(message, "rank ", 5) ? message : at ? at + 2 : NULL;
}

int cli_processes_join(int *argc, char ***argv)
{
    char build[128];
    if (lathe_dist_init(argc, argv)) return cli_library_failed();
    if (!cli_is_first() && !freopen("/dev/null", "w", stdout)) return cli_fail(CLI_FAILED, "no /dev/null");
    snprintf(build, sizeof build, "lathe %s with settings of %zu bytes", lathe_version(),
        sizeof(lathe_settings));
    if (lathe_exchange_same(lathe_dist_exchange(), "the processes are of different builds", build))
        return cli_library_failed();
    return check_words(*argc, *argv);
}

int cli_processes_leave(int code)
{
    const char *failure = cli_last_failure();
    if (*failure && !named(failure) && (code == CLI_FAILED || code == CLI_USAGE)) lathe_dist_fail(failure);
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
    const char *rank = named(message);
    return !rank || (!strncmp(rank, "rank 0 ", 7) && strstr(rank, "has not been heard of"));
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
