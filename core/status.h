/* Errors: one funnel, one line, both facts. The library never prints, exits or aborts. */
#ifndef LATHE_CORE_STATUS_H
#define LATHE_CORE_STATUS_H

#include <stdbool.h>

#ifdef __cplusplus
extern "C" {
#endif

/** What kind of mistake or misfortune; the message says which. */
typedef enum lathe_status {
    LATHE_OK = 0,
    LATHE_ENOMEM, /* memory ran out */
    LATHE_EARG,   /* an argument is outside its legal range, or NULL */
    LATHE_ESHAPE, /* shapes do not fit each other */
    LATHE_ESTATE, /* called at the wrong moment: backward twice, a model not initialised, ... */
    LATHE_ENAME,  /* an unknown name; the message lists the known ones */
    LATHE_EIO,    /* the operating system refused: open, read, write, rename, ... */
    LATHE_EFORMAT /* a file is not what it should be */
} lathe_status;

/** Longest message, with its ending zero; longer ones are cut. */
#define LATHE_MESSAGE_SIZE 512

/** Called at every failure, on the thread where it happens, with the message already composed. */
typedef void lathe_error_fn(lathe_status status, const char *message);

/**
 * Record a failure: the status and one line for this thread, then call the handler, if there is one.
 *
 * The message names the function or thing and both facts, without a full stop or newline:
 * "lathe_linear: x has 128 features, weight expects 99". Control characters become question marks.
 * Returns `status`, so that a function can end in `return lathe_fail(...)`.
 */
lathe_status lathe_fail(lathe_status status, const char *format, ...) __attribute__((format(printf, 2, 3)));

/** "who: what is NULL" as LATHE_EARG, unless this thread has failed already: then that failure, which made it
 * so, stays. Returns the status. */
lathe_status lathe_fail_null(const char *who, const char *what);

/** The newest failure on this thread since lathe_error_clear; LATHE_OK if none. */
lathe_status lathe_error(void);

/** Its message; "" if none. Valid until the next failure on this thread. */
const char *lathe_error_message(void);

/** Forget this thread's failure. */
void lathe_error_clear(void);

/** Install a handler for every later failure in the process (NULL: none, the default). Returns the former
 * one. */
lathe_error_fn *lathe_on_error(lathe_error_fn *handler);

/**
 * While held, this thread's failures are recorded but the handler is not called: for helper threads whose
 * failures another thread reports. Returns whether they were held before.
 */
bool lathe_error_hold(bool hold);

/** "LATHE_ESHAPE" for LATHE_ESHAPE, and so on. */
const char *lathe_status_name(lathe_status status);

#ifdef __cplusplus
}
#endif
#endif
