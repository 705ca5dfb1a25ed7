#include "live.h"

#include <stdio.h>

#include <lathe/lathe.h>

int cli_live_port(const cli_line *line, int64_t *port)
{
    *port = -1;
    return !cli_given_option(line, "live") || cli_number(line, "live", 0, 65535, port) ? CLI_DONE : CLI_USAGE;
}

#ifndef LATHE_MICROHTTPD

int cli_live_start(const char *command, cli_live_source source, int64_t port, cli_live **live)
{
    (void)source;
    *live = NULL;
    if (port < 0) return CLI_DONE;
    return cli_fail(CLI_USAGE,
        "%s: --live: this build shows no live page; build with -DLATHE_HTTP=ON and libmicrohttpd (Debian: "
        "libmicrohttpd-dev)",
        command);
}

void cli_live_step(cli_live *live) { (void)live; }

void cli_live_stop(cli_live *live) { (void)live; }

#else

#include <arpa/inet.h>
#include <math.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#include "http.h"

/* Seconds between two updates, and the largest part of the time that updates may take. */
static const double interval = 0.5, part = 0.05;
/* Seconds that a client may take for a request, and for which who asked is taken to look on still. */
enum { PATIENCE = 10, MOST_CLIENTS = 32, LOOKS_ON = 3 };

struct cli_live {
    cli_live_source source;
    struct MHD_Daemon *daemon;
    pthread_mutex_t lock; /* of `data` */
    char *page, *data;    /* the page as it was at the start, which asks for the data */
    atomic_bool wanted;   /* a browser has asked for the data since the last update */
    double made, next;    /* the last update, and the earliest time of the next; in cli_seconds */
    int client[MOST_CLIENTS], clients; /* sockets, the oldest first; for the web server's thread */
};

static enum MHD_Result answer(struct MHD_Connection *connection, unsigned status, const char *kind,
    const char *text)
{
    return cli_http_answer(connection, status, kind, text, strlen(text), NULL, NULL);
}

static enum MHD_Result handle(void *context, struct MHD_Connection *connection, const char *url,
    const char *method, const char *version, const char *upload, size_t *upload_size, void **state)
{
    (void)version, (void)upload, (void)upload_size, (void)state;
    cli_live *live = context;
    if (strcmp(method, "GET") != 0)
        return answer(connection, MHD_HTTP_METHOD_NOT_ALLOWED, "text/plain", "GET only\n");
    if (!cli_http_is_local(connection))
        return answer(connection, MHD_HTTP_FORBIDDEN, "text/plain", "for 127.0.0.1 only\n");
    if (!strcmp(url, "/")) return answer(connection, MHD_HTTP_OK, "text/html; charset=utf-8", live->page);
    if (strcmp(url, "/data.json") != 0)
        return answer(connection, MHD_HTTP_NOT_FOUND, "text/plain", "nothing here\n");
    pthread_mutex_lock(&live->lock);
    enum MHD_Result result = answer(connection, MHD_HTTP_OK, "application/json", live->data);
    atomic_store(&live->wanted, true);
    pthread_mutex_unlock(&live->lock);
    return result;
}

/* Make room for a new client by closing the oldest: who sends a request byte by byte keeps nobody out. */
static void count_client(void *context, struct MHD_Connection *connection, void **state,
    enum MHD_ConnectionNotificationCode code)
{
    (void)state;
    cli_live *live = context;
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
    if (!info) return;
    int gone = 0;
    if (code == MHD_CONNECTION_NOTIFY_CLOSED)
        while (gone < live->clients && live->client[gone] != info->connect_fd) gone++;
    else if (live->clients < MOST_CLIENTS) gone = live->clients;
    else shutdown(live->client[0], SHUT_RDWR);
    if (gone < live->clients)
        memmove(&live->client[gone], &live->client[gone + 1],
            (size_t)(--live->clients - gone) * sizeof live->client[0]);
    if (code == MHD_CONNECTION_NOTIFY_STARTED) live->client[live->clients++] = info->connect_fd;
}

/* Listen, with a message after a failure. */
static int start(cli_live *live, const char *command, int port)
{
    struct sockaddr_in address = { .sin_family = AF_INET,
        .sin_port = htons((uint16_t)port),
        .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    live->page = live->source.page(live->source.context);
    live->data = live->page ? live->source.data(live->source.context) : NULL;
    if (!live->data) return cli_library_failed();
    live->daemon = MHD_start_daemon(MHD_USE_INTERNAL_POLLING_THREAD, (uint16_t)port, NULL, NULL, handle, live,
        MHD_OPTION_SOCK_ADDR, (struct sockaddr *)&address, MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)PATIENCE,
        MHD_OPTION_CONNECTION_LIMIT, (unsigned)MOST_CLIENTS * 2, MHD_OPTION_NOTIFY_CONNECTION, count_client,
        live, MHD_OPTION_END);
    if (!live->daemon)
        return cli_fail(CLI_FAILED, "%s: --live: cannot listen on 127.0.0.1:%d; 0 takes a port that is free",
            command, port);
    fprintf(stderr, "note: live at http://127.0.0.1:%d/\n", port ? port : cli_http_port(live->daemon));
    return CLI_DONE;
}

int cli_live_start(const char *command, cli_live_source source, int64_t port, cli_live **live)
{
    *live = port < 0 ? NULL : lathe_alloc(1, sizeof **live);
    if (!*live) return port < 0 ? CLI_DONE : cli_library_failed();
    (*live)->source = source;
    pthread_mutex_init(&(*live)->lock, NULL);
    int code = start(*live, command, (int)port);
    if (!code) return code;
    cli_live_stop(*live);
    *live = NULL;
    return code;
}

static void make_data(cli_live *live)
{
    const double now = cli_seconds();
    char *data = live->source.data(live->source.context), *old = data;
    if (data) {
        pthread_mutex_lock(&live->lock);
        old = live->data;
        live->data = data;
        atomic_store(&live->wanted, false);
        pthread_mutex_unlock(&live->lock);
    }
    lathe_free(old);
    live->made = cli_seconds();
    live->next = live->made + fmax(interval, (live->made - now) / part);
}

void cli_live_step(cli_live *live)
{
    if (live && atomic_load_explicit(&live->wanted, memory_order_relaxed) && cli_seconds() >= live->next)
        make_data(live);
}

/* A browser that asked recently asks again within the second and gets the final data. */
static void tell_the_end(cli_live *live)
{
    if (!atomic_load(&live->wanted) && cli_seconds() - live->made > LOOKS_ON) return;
    make_data(live);
    for (int i = 0; i < 150 && !atomic_load(&live->wanted); i++)
        nanosleep(&(struct timespec){ 0, 10000000 }, NULL);
}

void cli_live_stop(cli_live *live)
{
    if (!live) return;
    if (live->daemon) {
        tell_the_end(live);
        MHD_stop_daemon(live->daemon);
    }
    pthread_mutex_destroy(&live->lock);
    lathe_free(live->page);
    lathe_free(live->data);
    lathe_free(live);
}

#endif
