/* The lathe program. Each sub-command is one file. */
#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <lathe/lathe.h>

#include "command.h"
#include "help.h"
#include "processes.h"
#include "text.h"
#include "version.h"

static double started; /* on the monotonic clock, less the time that loading took */

static double clock_seconds(clockid_t clock)
{
    struct timespec now;
    clock_gettime(clock, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

double cli_seconds(void) { return clock_seconds(CLOCK_MONOTONIC) - started; }

static char failure[LATHE_MESSAGE_SIZE + 64]; /* the last one, for other processes */

const char *cli_last_failure(void) { return failure; }

int cli_fail(int code, const char *format, ...)
{
    char message[sizeof failure];
    va_list list;
    va_start(list, format);
    lathe_mark_cut(message, vsnprintf(message, sizeof message, format, list));
    va_end(list);
    if (lathe_dist_size() > 1) snprintf(failure, sizeof failure, "%s", message);
    if (!cli_prints_failure(code, message)) return code;
    if (cli_is_first()) cli_say(stderr, "lathe: %s", message);
    else cli_say(stderr, "lathe: %s: %s", lathe_dist_name(), message);
    return code;
}

int cli_library_failed(void)
{
    lathe_status status = lathe_error();
    bool usage = status == LATHE_EARG || status == LATHE_ENAME || status == LATHE_ESHAPE;
    return cli_fail(usage ? CLI_USAGE : CLI_FAILED, "%s",
        *lathe_error_message() ? lathe_error_message() : "failed");
}

extern const void *const lathe_command_types[]; /* made by cmake/registry.cmake */

static const lathe_registry commands = { .kind = "command",
    .prefix = "lathe_command",
    .table = lathe_command_types };

const cli_command *cli_command_at(int index) { return lathe_registry_at(&commands, index); }

const cli_command *cli_command_find(const char *name) { return lathe_registry_find(&commands, name); }

static int run_command(const cli_command *command, int words, char **word)
{
    cli_line line;
    int code = cli_line_parse(command, words, word, &line);
    if (!code && line.help) cli_help(command, stdout);
    else if (!code && cli_processes_take_part(command)) code = command->run(&line);
    cli_line_free(&line);
    return code;
}

static int print_version(int words, char **word)
{
    const bool json = words && !strcmp(word[0], "--json");
    if (words > json) return cli_fail(CLI_USAGE, "--version: '%s' is one argument too many", word[json]);
    if (json && !cli_has_json())
        return cli_fail(CLI_USAGE,
            "--version: --json: this build writes no JSON; build with -DLATHE_JSON=ON");
    return cli_version(json);
}

static int run(int argc, char **argv)
{
    const char *word = argc > 1 ? argv[1] : "--help";
    if (!strcmp(word, "--version")) return print_version(argc - 2, argv + 2);
    if (!strcmp(word, "--help") || !strcmp(word, "-h")) word = "help";
    if (argc == 1) {
        cli_help_all(stderr);
        return CLI_USAGE;
    }
    const cli_command *command = cli_command_find(word);
    return command ? run_command(command, argc - 2, argv + 2) : cli_library_failed();
}

int main(int argc, char **argv)
{
    started = clock_seconds(CLOCK_MONOTONIC) - clock_seconds(CLOCK_PROCESS_CPUTIME_ID);
    signal(SIGPIPE,
        SIG_IGN); /* a reader that closes the pipe must not end a run; the write reports its error */
#ifdef SIGXFSZ
    signal(SIGXFSZ, SIG_IGN); /* nor a limit on file sizes, which the write reports too */
#endif
    int code = cli_processes_join(&argc, &argv);
    if (!code) code = run(argc, argv);
    bool lost = ferror(stdout);
    if (fclose(stdout) || lost) {
        /* A closed pipe needs no message; other failures do. */
        if (errno != EPIPE) cli_fail(CLI_FAILED, "cannot write to standard output: %s", strerror(errno));
        if (!code) code = CLI_FAILED;
    }
    return cli_processes_leave(code);
}
