/* What the command's web servers share: answers, and who may ask. For builds with libmicrohttpd. */
#ifndef LATHE_CLI_HTTP_H
#define LATHE_CLI_HTTP_H

#include <stdbool.h>
#include <stddef.h>

#include <microhttpd.h>

/**
 * Queue an answer with headers that keep a page to itself: it loads nothing from elsewhere, and no foreign
 * page shows it. Nothing is cached.
 *
 * kind    the Content-Type
 * header  a further header, or NULL; and its value
 */
enum MHD_Result cli_http_answer(struct MHD_Connection *connection, unsigned status, const char *kind,
    const char *text, size_t size, const char *header, const char *value);

/**
 * Returns true if a request names this machine: 127.0.0.1 or localhost, with or without a port. A foreign
 * page's request has that page's host name, also if the name leads here (DNS rebinding).
 */
bool cli_http_is_local(struct MHD_Connection *connection);

/** The port that a daemon listens on. */
int cli_http_port(struct MHD_Daemon *daemon);

#endif
