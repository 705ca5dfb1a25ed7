#include "status.h"

#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>

#include "names.h"

static _Thread_local struct {
    lathe_status status;
    char message[LATHE_MESSAGE_SIZE];
    bool held;
} last;

static _Atomic(lathe_error_fn *) handler;

#undef lathe_fail /* what tools/analyze tells of it */
lathe_status lathe_fail(lathe_status status, const char *format, ...)
{
    /* Composed apart first: an argument may be the last message itself. */
    char message[LATHE_MESSAGE_SIZE];
    va_list arguments;
    va_start(arguments, format);
    message[0] = '\0';
    if (format) lathe_mark_cut(message, vsnprintf(message, sizeof message, format, arguments));
    va_end(arguments);
    /* One line without control characters, also for strange file names. */
    for (char *c = message; *c; c++)
        if ((unsigned char)*c < 32 || *c == 127) *c = '?';
    last.status = status;
    snprintf(last.message, sizeof last.message, "%s", message);
    lathe_error_fn *call = atomic_load(&handler);
    if (call && !last.held) call(status, last.message);
    return status;
}

lathe_status lathe_fail_null(const char *who, const char *what)
{
    return lathe_error() ?
        lathe_error() :
        lathe_fail(LATHE_EARG, "%s: %s is NULL", who ? who : "?", what ? what : "an argument");
}

lathe_status lathe_error(void) { return last.status; }

const char *lathe_error_message(void) { return last.message; }

void lathe_error_clear(void)
{
    last.status = LATHE_OK;
    last.message[0] = '\0';
}

lathe_error_fn *lathe_on_error(lathe_error_fn *new_handler) { return atomic_exchange(&handler, new_handler); }

bool lathe_error_hold(bool hold)
{
    bool before = last.held;
    last.held = hold;
    return before;
}

const char *lathe_status_name(lathe_status status)
{
    switch (status) {
    case LATHE_OK: return "LATHE_OK";
    case LATHE_ENOMEM: return "LATHE_ENOMEM";
    case LATHE_EARG: return "LATHE_EARG";
    case LATHE_ESHAPE: return "LATHE_ESHAPE";
    case LATHE_ESTATE: return "LATHE_ESTATE";
    case LATHE_ENAME: return "LATHE_ENAME";
    case LATHE_EIO: return "LATHE_EIO";
    case LATHE_EFORMAT: return "LATHE_EFORMAT";
    }
    return "unknown status";
}
