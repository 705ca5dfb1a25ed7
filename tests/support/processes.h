/* Processes that share batches, without MPI: forked, with an exchange in shared memory. */
#ifndef LATHE_TESTS_PROCESSES_H
#define LATHE_TESTS_PROCESSES_H

#include "support.h"

/**
 * The body of a process. It must not use cmocka's checks. Returns NULL, or what went wrong: a text of the
 * library's or a constant.
 */
typedef const char *processes_body(int rank, void *job);

/**
 * Run `body` in `size` processes (1 to 8), whose default contexts share batches. The test fails with the
 * first text that a process returns, unless `failure` is not NULL: then it becomes a copy of the text of each
 * process ("": none), and no text fails the test. The library's threads must not run before.
 */
enum { PROCESSES = 8, PROCESSES_TEXT = 800 };
void processes_run(int size, processes_body *body, void *job, char failure[PROCESSES][PROCESSES_TEXT]);

#endif
