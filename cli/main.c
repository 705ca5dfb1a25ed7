/* The lathe program. Each sub-command is one file. */
#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <lathe/lathe.h>

#include "command.h"
#include "drawing/table.h"
#include "text.h"

static double started; /* on the monotonic clock, less the time that loading took */

static double clock_seconds(clockid_t clock)
{
    struct timespec now;
    clock_gettime(clock, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

double cli_seconds(void) { return clock_seconds(CLOCK_MONOTONIC) - started; }

int cli_fail(int code, const char *format, ...)
{
    char message[LATHE_MESSAGE_SIZE + 64];
    va_list list;
    va_start(list, format);
    lathe_mark_cut(message, vsnprintf(message, sizeof message, format, list));
    va_end(list);
    cli_say(stderr, "lathe: %s", message);
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

static void print_help(FILE *file)
{
    fputs("usage: lathe COMMAND [options] [arguments]\n\nTrain image models and see what a learning-rate "
          "schedule does.\n\n",
        file);
    cli_table *table = cli_table_new("ll");
    const cli_command *command;
    for (int i = 0; (command = lathe_registry_at(&commands, i)); i++)
        cli_table_row(table, (const char *const[]){ command->name, command->summary });
    cli_table_print(table, file, 2);
    fputs("\n`lathe COMMAND --help` tells a command's options with their defaults; `lathe --version` the "
          "version.\n"
          "Exit codes: 0 done, 1 the run failed, 2 the command line or settings are wrong, 130 or 143 "
          "stopped by a signal\n"
          "after saving.\n\nexample: lathe train --data shapes --model lenet5 --epochs 2\n",
        file);
}

static int run_command(const cli_command *command, int words, char **word)
{
    cli_line line;
    int code = cli_line_parse(command, words, word, &line);
    if (!code && line.help) cli_help(command, stdout);
    else if (!code) code = command->run(&line);
    cli_line_free(&line);
    return code;
}

static int run(int argc, char **argv)
{
    const char *word = argc > 1 ? argv[1] : "--help";
    if (!strcmp(word, "--version")) {
        printf("lathe %s\n", lathe_version());
        return CLI_DONE;
    }
    bool help = !strcmp(word, "--help") || !strcmp(word, "-h") || !strcmp(word, "help");
    if (help && argc <= 2) {
        print_help(argc == 1 ? stderr : stdout);
        return argc == 1 ? CLI_USAGE : CLI_DONE;
    }
    const cli_command *command = lathe_registry_find(&commands, help ? argv[2] : word);
    if (!command) return cli_library_failed();
    if (help) {
        cli_help(command, stdout);
        return CLI_DONE;
    }
    return run_command(command, argc - 2, argv + 2);
}

int main(int argc, char **argv)
{
    started = clock_seconds(CLOCK_MONOTONIC) - clock_seconds(CLOCK_PROCESS_CPUTIME_ID);
    signal(SIGPIPE,
        SIG_IGN); /* a reader that closes the pipe must not end a run; the write reports its error */
#ifdef SIGXFSZ
    signal(SIGXFSZ, SIG_IGN); /* nor a limit on file sizes, which the write reports too */
#endif
    int code = run(argc, argv);
    bool lost = ferror(stdout);
    if (fclose(stdout) || lost) {
        /* A closed pipe needs no message; other failures do. */
        if (errno != EPIPE) cli_fail(CLI_FAILED, "cannot write to standard output: %s", strerror(errno));
        if (!code) code = CLI_FAILED;
    }
    return code;
}
