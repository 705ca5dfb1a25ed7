#define _GNU_SOURCE /* nftw */
#include "program.h"

#include <fcntl.h>
#include <ftw.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "support.h"

extern char **environ;

enum { MAX_WORDS = 128 };

static char *slurp(FILE *file)
{
    size_t size = 0, room = 1 << 16;
    char *text = malloc(room);
    for (size_t got; text && (got = fread(text + size, 1, room - size - 1, file)) > 0;) {
        size += got;
        if (size + 1 == room) text = realloc(text, room *= 2);
    }
    if (text) text[size] = '\0';
    return text;
}

void program_start(program *p, const char *path, const char *arguments)
{
    char words[4096], *argv[MAX_WORDS + 2] = { (char *)path };
    int count = 1;
    assert_true(strlen(arguments) < sizeof words);
    strcpy(words, arguments);
    for (char *word = strtok(words, " "); word && count <= MAX_WORDS; word = strtok(NULL, " "))
        argv[count++] = word;
    *p = (program){ .files = { tmpfile(), tmpfile() } };
    assert_non_null(p->files[0]);
    assert_non_null(p->files[1]);
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_adddup2(&actions, fileno(p->files[0]), 1);
    posix_spawn_file_actions_adddup2(&actions, fileno(p->files[1]), 2);
    assert_int_equal(posix_spawn(&p->pid, path, &actions, NULL, argv, environ), 0);
    posix_spawn_file_actions_destroy(&actions);
}

void program_wait(program *p)
{
    int status;
    assert_int_equal(waitpid(p->pid, &status, 0), p->pid);
    p->code = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
    rewind(p->files[0]);
    rewind(p->files[1]);
    p->out = slurp(p->files[0]);
    p->err = slurp(p->files[1]);
    fclose(p->files[0]);
    fclose(p->files[1]);
    assert_true(p->out && p->err);
}

void program_run(program *p, const char *path, const char *arguments)
{
    program_start(p, path, arguments);
    program_wait(p);
}

void program_free(program *p)
{
    free(p->out);
    free(p->err);
}

void assert_refused(const program *p, int code, const char *fragment)
{
    const char *end = strchr(p->err, '\n');
    if (p->code != code || strncmp(p->err, "lathe: ", 7) || !end || end[1] || !strstr(p->err, fragment))
        fail_msg("expected exit %d and one line with '%s', got exit %d and:\n%s", code, fragment, p->code,
            p->err);
}

char *read_text(const char *path)
{
    FILE *file = fopen(path, "rb");
    if (!file) return NULL;
    char *text = slurp(file);
    fclose(file);
    return text;
}

void folder_make(char path[64])
{
    strcpy(path, "/tmp/lathe-test-XXXXXX");
    assert_non_null(mkdtemp(path));
}

static int remove_entry(const char *path, const struct stat *info, int kind, struct FTW *where)
{
    (void)info, (void)kind, (void)where;
    return remove(path);
}

void folder_remove(const char *path) { nftw(path, remove_entry, 16, FTW_DEPTH | FTW_PHYS); }

char folder[64];

int make_folder(void **state)
{
    (void)state;
    folder_make(folder);
    return 0;
}

int remove_folder(void **state)
{
    (void)state;
    folder_remove(folder);
    return 0;
}
