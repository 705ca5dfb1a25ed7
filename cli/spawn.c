#include "spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdint.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

/* Where the program's stdout and stderr go. Returns an errno. */
static int set_files(posix_spawn_file_actions_t *actions, bool quiet)
{
    int error = 0;
    if (quiet) error = posix_spawn_file_actions_addopen(actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
    return error ? error : posix_spawn_file_actions_adddup2(actions, STDERR_FILENO, STDOUT_FILENO);
}

int cli_spawn(const char *const *word, bool quiet)
{
    pid_t child;
    int status;
    posix_spawn_file_actions_t actions;
    if (posix_spawn_file_actions_init(&actions)) return 127;
    int error = set_files(&actions, quiet);
    if (!error) /* posix_spawnp changes no word, but its prototype does not say it */
        error = posix_spawnp(&child, word[0], &actions, NULL, (char *const *)(uintptr_t)word, environ);
    posix_spawn_file_actions_destroy(&actions);
    if (error) return 127;
    while (waitpid(child, &status, 0) < 0)
        if (errno != EINTR) return 127;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
