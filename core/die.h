/*
 * lathe_die: the error handler of small programs. It is in a header because the library never prints or
 * exits.
 */
#ifndef LATHE_CORE_DIE_H
#define LATHE_CORE_DIE_H

#include <stdio.h>
#include <stdlib.h>

#include "status.h"

/** Print the message to stderr and exit with 1: `lathe_on_error(lathe_die)`. */
static inline void lathe_die(lathe_status status, const char *message)
{
    (void)status;
    fprintf(stderr, "lathe: %s\n", message);
    exit(EXIT_FAILURE);
}

#endif
