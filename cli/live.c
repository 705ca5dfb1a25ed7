#include "live.h"

#include <stdio.h>

#include "command.h"

#ifndef LATHE_MICROHTTPD

cli_live *cli_live_start(const lathe_run *run, int port)
{
    (void)run, (void)port;
    cli_fail(CLI_USAGE, "train: --live needs a lathe that was built with libmicrohttpd (Debian: libmicrohttpd-dev)");
    return NULL;
}

void cli_live_step(cli_live *live, const lathe_run *run)
{
    (void)live, (void)run;
}

void cli_live_stop(cli_live *live)
{
    (void)live;
}

#else

#include <arpa/inet.h>
#include <microhttpd.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/socket.h>

/* Seconds between two pictures of the run, and that a client may take for a request. */
static const double interval = 0.5;
enum { PATIENCE = 10, MOST_CLIENTS = 32 };

struct cli_live {
    struct MHD_Daemon *daemon;
    pthread_mutex_t lock;  /* of `data` */
    char *page, *data;     /* the page as it was at the start, which asks for the data */
    atomic_bool wanted;    /* somebody has asked for it */
    double made;           /* when it was made, in cli_seconds */
};

static enum MHD_Result answer(struct MHD_Connection *connection, unsigned status, const char *kind, const char *text)
{
    struct MHD_Response *response = MHD_create_response_from_buffer(strlen(text), (void *)(uintptr_t)text, MHD_RESPMEM_MUST_COPY);
    if (!response) return MHD_NO;
    MHD_add_response_header(response, "Content-Type", kind);
    MHD_add_response_header(response, "Cache-Control", "no-store");
    enum MHD_Result result = MHD_queue_response(connection, status, response);
    MHD_destroy_response(response);
    return result;
}

/* A page of elsewhere must not read this one under a name of its own that leads here. */
static bool is_local(struct MHD_Connection *connection)
{
    const char *host = MHD_lookup_connection_value(connection, MHD_HEADER_KIND, "Host");
    return host && (!strncmp(host, "127.0.0.1", 9) || !strncmp(host, "localhost", 9));
}

static enum MHD_Result handle(void *context, struct MHD_Connection *connection, const char *url, const char *method, const char *version,
    const char *upload, size_t *upload_size, void **state)
{
    (void)version, (void)upload, (void)upload_size, (void)state;
    cli_live *live = context;
    if (strcmp(method, "GET") != 0) return answer(connection, MHD_HTTP_METHOD_NOT_ALLOWED, "text/plain", "GET only\n");
    if (!is_local(connection)) return answer(connection, MHD_HTTP_FORBIDDEN, "text/plain", "for 127.0.0.1 only\n");
    if (!strcmp(url, "/")) return answer(connection, MHD_HTTP_OK, "text/html; charset=utf-8", live->page);
    if (strcmp(url, "/data.json") != 0) return answer(connection, MHD_HTTP_NOT_FOUND, "text/plain", "nothing here\n");
    pthread_mutex_lock(&live->lock);
    enum MHD_Result result = answer(connection, MHD_HTTP_OK, "application/json", live->data);
    pthread_mutex_unlock(&live->lock);
    atomic_store(&live->wanted, true);
    return result;
}

static int port_of(struct MHD_Daemon *daemon)
{
    const union MHD_DaemonInfo *info = MHD_get_daemon_info(daemon, MHD_DAEMON_INFO_BIND_PORT);
    return info ? info->port : 0;
}

cli_live *cli_live_start(const lathe_run *run, int port)
{
    struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons((uint16_t)port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    cli_live *live = lathe_alloc(1, sizeof *live);
    if (live) live->page = lathe_report_page(run), live->data = lathe_report_data(run);
    if (!live || !live->page || !live->data) {
        cli_fail(CLI_FAILED, "train: no memory for --live");
        cli_live_stop(live);
        return NULL;
    }
    pthread_mutex_init(&live->lock, NULL);
    live->daemon = MHD_start_daemon(MHD_USE_INTERNAL_POLLING_THREAD, (uint16_t)port, NULL, NULL, handle, live, MHD_OPTION_SOCK_ADDR,
        (struct sockaddr *)&address, MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)PATIENCE, MHD_OPTION_CONNECTION_LIMIT, (unsigned)MOST_CLIENTS, MHD_OPTION_END);
    if (live->daemon) {
        fprintf(stderr, "note: live at http://127.0.0.1:%d/\n", port ? port : port_of(live->daemon));
        return live;
    }
    cli_fail(CLI_FAILED, "train: --live: cannot listen on 127.0.0.1:%d; 0 takes a port that is free", port);
    cli_live_stop(live);
    return NULL;
}

void cli_live_step(cli_live *live, const lathe_run *run)
{
    if (!live || !atomic_load_explicit(&live->wanted, memory_order_relaxed) || cli_seconds() - live->made < interval) return;
    char *data = lathe_report_data(run), *old = data;
    if (data) {
        pthread_mutex_lock(&live->lock);
        old = live->data;
        live->data = data;
        pthread_mutex_unlock(&live->lock);
    }
    lathe_free(old);
    atomic_store(&live->wanted, false);
    live->made = cli_seconds();
}

void cli_live_stop(cli_live *live)
{
    if (!live) return;
    if (live->daemon) MHD_stop_daemon(live->daemon);
    lathe_free(live->page);
    lathe_free(live->data);
    lathe_free(live);
}

#endif
