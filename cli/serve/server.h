/* The web server of `lathe serve`: its routes, its connections and its end. */
#ifndef LATHE_CLI_SERVE_SERVER_H
#define LATHE_CLI_SERVE_SERVER_H

#include <lathe/lathe.h>

typedef struct cli_server cli_server;

typedef struct cli_server_opts {
    const lathe_trained *trained;
    const char *host; /* an address in numbers: "127.0.0.1", "0.0.0.0", "::" */
    int port;         /* 0: a free one */
    size_t max_bytes; /* of a request's body */
    size_t max_pixels;
    int connections;              /* the most at a time; others wait in the system's queue */
    int patience;                 /* seconds that a client may take to send a request */
    const char *predict, *health; /* further names of these routes; NULL: none */
    bool log;                     /* a line on stdout for each request */
} cli_server_opts;

/** Begin to listen. Returns an exit code, after a message if it is not CLI_DONE. */
int cli_server_new(const cli_server_opts *opts, cli_server **server);

/** "http://127.0.0.1:8080/"; valid until the server is freed. */
const char *cli_server_address(const cli_server *server);

/** "1, 16, 64": the sizes of its batches. */
const char *cli_server_batches(const cli_server *server);

/**
 * Serve until a signal of cli_signals_watch. Then finish what was begun: every request that has arrived is
 * answered. Clients that are still sending have some seconds.
 * Returns the number of requests that had arrived and got no answer.
 */
int cli_server_run(cli_server *server);

/** Requests for predictions, those of them that failed, and pictures that were answered. */
void cli_server_totals(cli_server *server, uint64_t *requests, uint64_t *failed, uint64_t *pictures);

/** Stop listening. NULL is fine. */
void cli_server_free(cli_server *server);

#endif
