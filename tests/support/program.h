/* Running a program as a user does: words in, exit code and text out. */
#ifndef LATHE_TESTS_PROGRAM_H
#define LATHE_TESTS_PROGRAM_H

#include <stdbool.h>

/** What a program left behind. A finished one's exit code, 128 + the number of the signal that killed it. */
typedef struct program {
    int code;
    char *out, *err; /* all of stdout and stderr; to be freed by program_free */
    int pid;         /* of one that runs */
    void *files[2];  /* private */
} program;

/** Run `path` with the words of `arguments`, which are separated by single spaces, and wait for its end. */
void program_run(program *p, const char *path, const char *arguments);

/** The same in two steps, to send it signals in between. */
void program_start(program *p, const char *path, const char *arguments);
void program_wait(program *p);

void program_free(program *p);

/** Fail the test unless stderr is one line that begins with "lathe: " and holds `fragment`, and the exit code
 * is `code`. */
void assert_refused(const program *p, int code, const char *fragment);

/** All of a file, NULL if it cannot be read. The caller frees it. */
char *read_text(const char *path);

/** A new empty folder below /tmp, and its end with everything in it. */
void folder_make(char path[64]);
void folder_remove(const char *path);

/** Such a folder for all of a test program's tests: set up and torn down by cmocka. */
extern char folder[64];
int make_folder(void **state);
int remove_folder(void **state);

#endif
