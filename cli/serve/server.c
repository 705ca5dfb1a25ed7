#define _GNU_SOURCE /* accept4 */
#include "server.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/filter.h>
#include <netinet/in.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "../command.h"
#include "../http.h"
#include "../signals.h"
#include "../text.h"
#include "answer.h"
#include "meter.h"
#include "seats.h"
#include "upload.h"
#include "worker.h"

/* Seconds: between two looks at the connections; for a slow client where all seats are taken; at the end for
 * clients that are connecting, for idle ones, and for those that are still sending. */
static const double look = 0.05, crowded = 2, settle = 0.1, grace = 2, at_most = 8;
/* Bytes of all bodies together, if one is not larger. */
static const size_t all_bodies = (size_t)1 << 29;

/* The kinds of requests; those for predictions come first. */
enum { PREDICT, PAGE, HEALTH, LIVE, READY, MODEL, METRICS, OTHER };
static const char *const routes[] = { "/predict", "/", "/health", "/v2/health/live", "/v2/health/ready",
    "/model", "/metrics", "other", NULL };

extern const unsigned char cli_page_html[], cli_page_css[], cli_page_js[];

struct cli_server {
    cli_server_opts opts;
    struct MHD_Daemon *daemon;
    cli_worker *worker;
    cli_meter *meter;
    cli_seats seats;
    char address[80], *page;
    bool local; /* listens on a loopback address */
    atomic_bool draining;
    size_t held; /* bytes of bodies; of the web server's thread */
};

/* A request for predictions. */
typedef struct request {
    cli_server *server;
    struct MHD_Connection *connection;
    cli_seat *seat;
    cli_upload *upload; /* until the body has arrived */
    size_t held;        /* its part of server->held */
    cli_job *job;       /* afterwards */
    bool instances;
    bool refused; /* the worker did not take it */
    double began;
} request;

/* ---- answers ------------------------------------------------------------------------------------------- */

static cli_seat *seat_of(struct MHD_Connection *connection)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
    return info ? info->socket_context : NULL;
}

static void write_log(int route, const char *method, unsigned status, double seconds, int pictures)
{
    char when[32];
    struct tm utc;
    const time_t now = time(NULL);
    gmtime_r(&now, &utc);
    strftime(when, sizeof when, "%Y-%m-%dT%H:%M:%SZ", &utc);
    cli_say(stdout, "%s %s %s %u, %.2f ms, pictures %d", when, method, routes[route], status, 1e3 * seconds,
        pictures);
    fflush(stdout);
}

/* Answer with a text, which is freed. */
static enum MHD_Result send_text(cli_server *server, struct MHD_Connection *connection, int route,
    unsigned status, const char *kind, lathe_text *text)
{
    const char *header = status == 503 ? "Retry-After" : status == 405 ? "Allow" : NULL;
    const char *value = status == 503 ? "1" : route == PREDICT ? "POST" : "GET, HEAD";
    if (atomic_load(&server->draining)) header = "Connection", value = "close";
    const size_t length = text->length;
    char *chars = lathe_text_take(text);
    cli_seats_set(&server->seats, seat_of(connection), CLI_SEAT_BUSY);
    enum MHD_Result result =
        chars ? cli_http_answer(connection, status, kind, chars, length, header, value) : MHD_NO;
    lathe_free(chars);
    return result;
}

static enum MHD_Result refuse(cli_server *server, struct MHD_Connection *connection, int route,
    const char *method, unsigned status, const char *why)
{
    lathe_text text = { 0 };
    cli_answer_error(why, &text);
    cli_meter_request(server->meter, route, status, 0);
    if (server->opts.log) write_log(route, method, status, 0, 0);
    return send_text(server, connection, route, status, "application/json", &text);
}

static void write_metrics(cli_server *server, lathe_text *text)
{
    cli_meter_text(server->meter,
        (cli_meter_now){ .waiting = cli_worker_waiting(server->worker),
            .connections = cli_seats_count(&server->seats),
            .bytes = server->held,
            .ready = !atomic_load(&server->draining) },
        text);
}

/* Whatever is no prediction. */
static enum MHD_Result get(cli_server *server, struct MHD_Connection *connection, int route)
{
    const bool ready = !atomic_load(&server->draining);
    const unsigned status = !ready && (route == HEALTH || route == READY) ? 503 : 200;
    const char *kind = "application/json";
    lathe_text text = { 0 };
    if (route == PAGE) {
        kind = "text/html; charset=utf-8";
        lathe_text_put(&text, server->page);
    } else if (route == MODEL)
        cli_answer_model(server->opts.trained, cli_worker_batches(server->worker), &text);
    else if (route == METRICS) {
        kind = "text/plain; version=0.0.4; charset=utf-8";
        write_metrics(server, &text);
    } else if (route == LIVE) lathe_text_put(&text, "{\"live\":true}\n");
    else if (route == READY) lathe_text_add(&text, "{\"ready\":%s}\n", ready ? "true" : "false");
    else lathe_text_add(&text, "{\"status\":\"%s\"}\n", ready ? "ok" : "ending");
    cli_meter_request(server->meter, route, status, 0);
    if (server->opts.log && (route == PAGE || route == MODEL)) write_log(route, "GET", status, 0, 0);
    return send_text(server, connection, route, status, kind, &text);
}

/* ---- predictions --------------------------------------------------------------------------------------- */

/* Called by the worker's thread. */
static void resume(cli_job *job)
{
    const request *r = job->context;
    MHD_resume_connection(r->connection);
}

static enum MHD_Result finish(request *r, unsigned status, lathe_text *text)
{
    cli_server *server = r->server;
    const double seconds = cli_seconds() - r->began;
    cli_meter_request(server->meter, PREDICT, status, seconds);
    if (server->opts.log) write_log(PREDICT, "POST", status, seconds, r->job ? r->job->shots : 0);
    return send_text(server, r->connection, PREDICT, status, "application/json", text);
}

static enum MHD_Result finish_refused(request *r, unsigned status, const char *why)
{
    lathe_text text = { 0 };
    cli_answer_error(why, &text);
    return finish(r, status, &text);
}

static enum MHD_Result finish_job(request *r)
{
    lathe_text text = { 0 };
    if (r->refused) return finish_refused(r, 503, "too many pictures wait; try again");
    const unsigned status = cli_answer_job(r->server->opts.trained, r->job, r->instances, &text);
    return finish(r, status, &text);
}

/* The body has arrived: queue its pictures, and let the connection sleep until they are answered. */
static enum MHD_Result end_of_body(request *r)
{
    char why[LATHE_MESSAGE_SIZE];
    unsigned status;
    r->job = cli_upload_end(r->upload, &status, why);
    r->instances = cli_upload_instances(r->upload);
    cli_upload_free(r->upload);
    r->upload = NULL;
    if (!r->job) return finish_refused(r, status, why);
    r->job->received = cli_seconds();
    r->job->done = resume;
    r->job->context = r;
    cli_seats_set(&r->server->seats, r->seat, CLI_SEAT_BUSY);
    MHD_suspend_connection(r->connection);
    if (cli_worker_push(r->server->worker, r->job)) return MHD_YES;
    r->refused = true;
    MHD_resume_connection(r->connection);
    return MHD_YES;
}

static enum MHD_Result take_body(request *r, const char *bytes, size_t *size)
{
    cli_server *server = r->server;
    const bool more = cli_upload_take(r->upload, bytes, *size);
    const size_t holds = cli_upload_bytes(r->upload);
    const size_t most = all_bodies > server->opts.max_bytes ? all_bodies : server->opts.max_bytes;
    server->held += holds - r->held;
    r->held = holds;
    if (server->held > most) cli_upload_refuse(r->upload, 503, "too many bytes wait; try again");
    *size = 0;
    return more ? MHD_YES : MHD_NO;
}

static enum MHD_Result begin(cli_server *server, struct MHD_Connection *connection, void **state)
{
    request *r = lathe_alloc(1, sizeof *r);
    if (r) r->upload = cli_upload_new(connection, server->opts.max_bytes);
    if (!r || !r->upload) {
        lathe_free(r);
        return refuse(server, connection, PREDICT, "POST", 503, "out of memory");
    }
    r->server = server;
    r->connection = connection;
    r->seat = seat_of(connection);
    r->began = cli_seconds();
    cli_seats_set(&server->seats, r->seat, CLI_SEAT_READING);
    *state = r;
    return MHD_YES;
}

/* A body that its header says is too large: refused before it is sent, if its sender waits for that. */
static bool is_too_large(const cli_server *server, struct MHD_Connection *connection)
{
    const char *length = MHD_lookup_connection_value(connection, MHD_HEADER_KIND, "Content-Length");
    const char *expects = MHD_lookup_connection_value(connection, MHD_HEADER_KIND, "Expect");
    double bytes;
    if (!length || !lathe_parse_double(length, &bytes)) return false;
    return bytes > (double)server->opts.max_bytes * (expects ? 1 : 4);
}

/* ---- requests ------------------------------------------------------------------------------------------ */

static int route_of(const cli_server *server, const char *url)
{
    if (server->opts.predict && !strcmp(url, server->opts.predict)) return PREDICT;
    if (server->opts.health && !strcmp(url, server->opts.health)) return HEALTH;
    int route = 0;
    while (route < OTHER && strcmp(url, routes[route]) != 0) route++;
    return route;
}

static enum MHD_Result handle(void *context, struct MHD_Connection *connection, const char *url,
    const char *method, const char *version, const char *bytes, size_t *size, void **state)
{
    (void)version;
    cli_server *server = context;
    request *r = *state;
    if (r && *size) return take_body(r, bytes, size);
    if (r) return r->upload ? end_of_body(r) : finish_job(r);
    const int route = route_of(server, url);
    const bool post = !strcmp(method, "POST"), read = !strcmp(method, "GET") || !strcmp(method, "HEAD");
    if (server->local && !cli_http_is_local(connection))
        return refuse(server, connection, route, method, 403, "for this machine only; --host opens it");
    if (route == OTHER) return refuse(server, connection, route, method, 404, "nothing here; see GET /");
    if (route == PREDICT ? !post : !read)
        return refuse(server, connection, route, method, 405, route == PREDICT ? "POST only" : "GET only");
    if (route != PREDICT) return get(server, connection, route);
    if (is_too_large(server, connection))
        return refuse(server, connection, route, method, 413, "the body is too large");
    return begin(server, connection, state);
}

static void completed(void *context, struct MHD_Connection *connection, void **state,
    enum MHD_RequestTerminationCode why)
{
    (void)why;
    cli_server *server = context;
    request *r = *state;
    cli_seats_set(&server->seats, seat_of(connection), CLI_SEAT_IDLE);
    if (!r) return;
    server->held -= r->held;
    cli_upload_free(r->upload);
    cli_job_free(r->job);
    lathe_free(r);
    *state = NULL;
}

static void notify(void *context, struct MHD_Connection *connection, void **seat,
    enum MHD_ConnectionNotificationCode code)
{
    cli_server *server = context;
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
    if (code == MHD_CONNECTION_NOTIFY_STARTED && info)
        *seat = cli_seats_add(&server->seats, info->connect_fd, false);
    else if (code == MHD_CONNECTION_NOTIFY_CLOSED) {
        cli_seats_remove(&server->seats, *seat);
        *seat = NULL;
    }
}

/* ---- beginning ----------------------------------------------------------------------------------------- */

static char *make_page(void)
{
    lathe_text page = { 0 };
    const char *rest = (const char *)cli_page_html, *mark;
    while ((mark = strstr(rest, "{{"))) {
        const bool style = !strncmp(mark, "{{style}}", 9);
        lathe_text_put_n(&page, rest, (size_t)(mark - rest));
        lathe_text_put(&page, (const char *)(style ? cli_page_css : cli_page_js));
        rest = strstr(mark, "}}") + 2;
    }
    lathe_text_put(&page, rest);
    return lathe_text_take(&page);
}

typedef union address {
    struct sockaddr any;
    struct sockaddr_in four;
    struct sockaddr_in6 six;
} address;

/* Read --host. Returns false for what is no address. */
static bool set_address(cli_server *server, address *to)
{
    const char *host = server->opts.host;
    const uint16_t port = htons((uint16_t)server->opts.port);
    memset(to, 0, sizeof *to);
    if (inet_pton(AF_INET, host, &to->four.sin_addr) == 1) {
        to->four.sin_family = AF_INET;
        to->four.sin_port = port;
        server->local = ntohl(to->four.sin_addr.s_addr) >> 24 == 127;
        return true;
    }
    if (inet_pton(AF_INET6, host, &to->six.sin6_addr) != 1) return false;
    to->six.sin6_family = AF_INET6;
    to->six.sin6_port = port;
    server->local = IN6_IS_ADDR_LOOPBACK(&to->six.sin6_addr);
    return true;
}

static int start(cli_server *server)
{
    address to;
    const cli_server_opts *opts = &server->opts;
    if (!set_address(server, &to))
        return cli_fail(CLI_USAGE, "serve: --host '%s' is no address such as 127.0.0.1 or 0.0.0.0",
            opts->host);
    const bool six = to.any.sa_family == AF_INET6;
    server->daemon = MHD_start_daemon((unsigned)MHD_USE_AUTO_INTERNAL_THREAD | MHD_ALLOW_SUSPEND_RESUME |
            MHD_USE_ITC | (six ? MHD_USE_DUAL_STACK : 0),
        (uint16_t)opts->port, NULL, NULL, handle, server, MHD_OPTION_SOCK_ADDR, &to.any,
        MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)opts->patience, MHD_OPTION_CONNECTION_LIMIT,
        (unsigned)opts->connections, MHD_OPTION_NOTIFY_COMPLETED, completed, server,
        MHD_OPTION_NOTIFY_CONNECTION, notify, server, MHD_OPTION_END);
    if (!server->daemon)
        return cli_fail(CLI_FAILED, "serve: cannot listen on %s port %d: %s; --port 0 takes a free port",
            opts->host, opts->port, strerror(errno));
    snprintf(server->address, sizeof server->address, six ? "http://[%s]:%d/" : "http://%s:%d/", opts->host,
        opts->port ? opts->port : cli_http_port(server->daemon));
    return CLI_DONE;
}

int cli_server_new(const cli_server_opts *opts, cli_server **made)
{
    cli_server *server = lathe_alloc(1, sizeof *server);
    *made = NULL;
    if (!server) return cli_library_failed();
    server->opts = *opts;
    pthread_mutex_init(&server->seats.lock, NULL);
    server->page = make_page();
    server->meter = server->page ? cli_meter_new(opts->trained, routes) : NULL;
    server->worker =
        server->meter ? cli_worker_new(opts->trained, opts->max_pixels, cli_meter_job, server->meter) : NULL;
    int code = server->worker ? start(server) : cli_library_failed();
    if (!code) *made = server;
    else cli_server_free(server);
    return code;
}

const char *cli_server_address(const cli_server *server) { return server->address; }

const char *cli_server_batches(const cli_server *server) { return cli_worker_batches(server->worker); }

void cli_server_totals(cli_server *server, uint64_t *requests, uint64_t *failed, uint64_t *pictures)
{
    cli_meter_totals(server->meter, requests, failed, pictures);
}

/* ---- the end ------------------------------------------------------------------------------------------- */

static void pause_for(double seconds) { nanosleep(&(struct timespec){ 0, (long)(seconds * 1e9) }, NULL); }

/*
 * Let no further client connect: those that try now try again, and are told that nobody listens. If the
 * socket were just closed, clients that have connected but are not accepted yet would be cut off.
 */
static void refuse_new(int door)
{
    struct sock_filter code[] = {
        BPF_STMT(BPF_LD | BPF_B | BPF_ABS, 13), /* flags of the TCP header */
        BPF_STMT(BPF_ALU | BPF_AND | BPF_K, 0x12),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0x02, 0, 1), /* SYN without ACK */
        BPF_STMT(BPF_RET | BPF_K, 0),
        BPF_STMT(BPF_RET | BPF_K, UINT32_MAX),
    };
    const struct sock_fprog program = { sizeof code / sizeof code[0], code };
    setsockopt(door, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof program);
    pause_for(settle);
}

/* Wait for a free seat, until the time is up. */
static void wait_for_seat(cli_server *server, double last)
{
    while (cli_seats_count(&server->seats) >= server->opts.connections && cli_seconds() < last) {
        cli_seats_close(&server->seats, CLI_SEAT_IDLE, grace);
        pause_for(0.01);
    }
}

/* Take in whoever has connected already, then listen no more. */
static void close_door(cli_server *server, double last)
{
    address from;
    const MHD_socket door = MHD_quiesce_daemon(server->daemon);
    if (door == MHD_INVALID_SOCKET) return;
    refuse_new(door);
    for (;;) {
        wait_for_seat(server, last);
        socklen_t size = sizeof from;
        const int socket = accept4(door, &from.any, &size, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (socket < 0) break;
        cli_seat *seat = cli_seats_add(&server->seats, socket, true);
        if (MHD_add_connection(server->daemon, socket, &from.any, size) != MHD_YES)
            cli_seats_remove(&server->seats, seat);
    }
    close(door);
}

/* Wait until no client has a request here, and give those that are sending some seconds. */
static int drain(cli_server *server)
{
    atomic_store(&server->draining, true);
    const double began = cli_seconds();
    close_door(server, began + at_most);
    for (double spent = 0; cli_seats_count(&server->seats) && spent < at_most;
         spent = cli_seconds() - began) {
        if (spent > grace) cli_seats_close(&server->seats, CLI_SEAT_IDLE, grace);
        pause_for(0.01);
    }
    cli_worker_end(server->worker); /* answers what waits */
    for (int i = 0; i < 100 && cli_seats_in(&server->seats, CLI_SEAT_BUSY); i++) pause_for(0.01);
    return cli_seats_in(&server->seats, CLI_SEAT_BUSY);
}

int cli_server_run(cli_server *server)
{
    while (!cli_signal()) {
        const bool full = cli_seats_count(&server->seats) >= server->opts.connections;
        const double patience = full && crowded < server->opts.patience ? crowded : server->opts.patience;
        cli_seats_close(&server->seats, CLI_SEAT_IDLE, patience);
        cli_seats_close(&server->seats, CLI_SEAT_READING, patience);
        pause_for(look);
    }
    return drain(server);
}

void cli_server_free(cli_server *server)
{
    if (!server) return;
    if (server->worker) cli_worker_end(server->worker); /* no connection may sleep when its daemon stops */
    if (server->daemon) MHD_stop_daemon(server->daemon);
    cli_worker_free(server->worker);
    cli_meter_free(server->meter);
    pthread_mutex_destroy(&server->seats.lock);
    lathe_free(server->page);
    lathe_free(server);
}
