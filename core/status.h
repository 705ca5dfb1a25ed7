/* Errors: one function, one line, both facts. The library never prints, exits or aborts. */
#ifndef LATHE_CORE_STATUS_H
#define LATHE_CORE_STATUS_H

#include <stdbool.h>

#ifdef __cplusplus
extern "C" {
#endif

/** The kind of failure; the message has the details. */
typedef enum lathe_status {
    LATHE_OK = 0,
    LATHE_ENOMEM, /* memory ran out */
    LATHE_EARG,   /* an argument is outside its legal range, or NULL */
    LATHE_ESHAPE, /* shapes do not fit each other */
    LATHE_ESTATE, /* called at the wrong time: backward twice, a model not initialised, ... */
    LATHE_ENAME,  /* an unknown name; the message lists the known ones */
    LATHE_EIO,    /* the operating system refused: open, read, write, rename, ... */
    LATHE_EFORMAT /* a file does not have the expected form */
} lathe_status;

/** The longest message in characters, with its final zero; longer messages are cut. */
#define LATHE_MESSAGE_SIZE 512

/** Called at each failure, in the thread of the failure, with the complete message. */
typedef void lathe_error_fn(lathe_status status, const char *message);

/**
 * Record a failure for this thread: the status and a message of one line. Then call the handler, if there is
 * one.
 *
 * The message names the function and both facts, without a full stop or newline: "lathe_linear: x has 128
 * features, weight expects 99". Control characters become question marks.
 * Returns  `status`, so that a function can end with `return lathe_fail(...)`.
 */
lathe_status lathe_fail(lathe_status status, const char *format, ...) __attribute__((format(printf, 2, 3)));

/**
 * Fail with LATHE_EARG and "who: what is NULL". If this thread has failed before, keep that failure, because
 * it is the cause.
 * Returns  the status
 */
lathe_status lathe_fail_null(const char *who, const char *what);

/** The latest failure of this thread since lathe_error_clear; LATHE_OK without one. */
lathe_status lathe_error(void);

/** The message of that failure; "" without one. Valid until the next failure of this thread. */
const char *lathe_error_message(void);

/** Forget this thread's failure. */
void lathe_error_clear(void);

/** Set the handler of all later failures in the process (NULL: no handler). Returns the former handler. */
lathe_error_fn *lathe_on_error(lathe_error_fn *handler);

/**
 * Switch the handler off (or on) for this thread; failures are still recorded. For helper threads whose
 * failures another thread reports.
 * Returns  the former setting
 */
bool lathe_error_hold(bool hold);

/** "LATHE_ESHAPE" for LATHE_ESHAPE, and so on. */
const char *lathe_status_name(lathe_status status);

#ifdef __cplusplus
}
#endif
#endif
