/*
 * A client for servers of predictions: some connections send one picture after the other, for some seconds.
 *
 *     bench_serving PORT PATH FILE CONNECTIONS SECONDS
 *
 * Talks to 127.0.0.1 alone. A connection that the server keeps open is used again. Prints one JSON object:
 * answers, failures, seconds, and the median and the 99th percentile of the milliseconds from the first byte
 * sent to the last received.
 */
#define _GNU_SOURCE /* strcasestr */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { MOST = 1 << 20, CLIENTS = 1024, ANSWER = 1 << 16 };

typedef struct client {
    pthread_t thread;
    int socket; /* -1: closed */
    double *ms;
    size_t count, room, failed;
} client;

static struct sockaddr_in server;
static char *request;
static size_t request_size;
static double until;

static double now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + 1e-9 * (double)time.tv_nsec;
}

static bool send_all(int socket)
{
    for (size_t at = 0; at < request_size;) {
        ssize_t sent = send(socket, request + at, request_size - at, MSG_NOSIGNAL);
        if (sent <= 0) return false;
        at += (size_t)sent;
    }
    return true;
}

/* Read an answer with a Content-Length. Returns false for another status than 200. */
static bool receive(client *c)
{
    char answer[ANSWER], *end = NULL, *length;
    size_t size = 0, whole = 0;
    while (!whole || size < whole) {
        ssize_t got = recv(c->socket, answer + size, sizeof answer - 1 - size, 0);
        if (got <= 0) return false;
        size += (size_t)got;
        answer[size] = '\0';
        if (whole || !(end = strstr(answer, "\r\n\r\n"))) continue;
        length = strcasestr(answer, "content-length:");
        if (!length || length > end) return false;
        whole = (size_t)(end + 4 - answer) + strtoul(length + 15, NULL, 10);
    }
    *end = '\0';
    if (strcasestr(answer, "connection: close") || !strncmp(answer, "HTTP/1.0", 8)) {
        close(c->socket);
        c->socket = -1;
    }
    return !strncmp(answer + 8, " 200", 4);
}

static bool ask(client *c)
{
    const int on = 1;
    if (c->socket < 0) {
        c->socket = socket(AF_INET, SOCK_STREAM, 0);
        setsockopt(c->socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        if (connect(c->socket, (struct sockaddr *)&server, sizeof server)) return false;
    }
    return send_all(c->socket) && receive(c);
}

static void *work(void *context)
{
    client *c = context;
    for (double began; (began = now()) < until;) {
        if (!ask(c)) {
            c->failed++;
            if (c->socket >= 0) close(c->socket);
            c->socket = -1;
            usleep(1000);
            continue;
        }
        if (c->count == c->room) c->ms = realloc(c->ms, (c->room = 2 * c->room + 1024) * sizeof *c->ms);
        if (!c->ms) exit(1);
        c->ms[c->count++] = 1e3 * (now() - began);
    }
    return NULL;
}

static int compare(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static bool read_request(const char *path, const char *name)
{
    FILE *file = fopen(name, "rb");
    char *body = malloc(MOST);
    request = malloc(MOST + 1024);
    if (!file || !body || !request) return false;
    const size_t size = fread(body, 1, MOST, file);
    const int head = snprintf(request, 1024,
        "POST %s HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/octet-stream\r\n"
        "Content-Length: %zu\r\n\r\n",
        path, size);
    memcpy(request + head, body, size);
    request_size = (size_t)head + size;
    free(body);
    return !fclose(file);
}

int main(int argc, char **argv)
{
    if (argc != 6 || !read_request(argv[2], argv[3])) {
        fputs("usage: bench_serving PORT PATH FILE CONNECTIONS SECONDS\n", stderr);
        return 2;
    }
    static client clients[CLIENTS];
    const int count = atoi(argv[4]) < CLIENTS ? atoi(argv[4]) : CLIENTS;
    server = (struct sockaddr_in){ .sin_family = AF_INET,
        .sin_port = htons((uint16_t)atoi(argv[1])),
        .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    const double began = now();
    until = began + atof(argv[5]);
    size_t answers = 0, failed = 0;
    for (int i = 0; i < count; i++) {
        clients[i].socket = -1;
        if (pthread_create(&clients[i].thread, NULL, work, &clients[i])) return 1;
    }
    for (int i = 0; i < count; i++) {
        pthread_join(clients[i].thread, NULL);
        answers += clients[i].count;
        failed += clients[i].failed;
    }
    const double seconds = now() - began;
    double *ms = malloc((answers + 1) * sizeof *ms);
    if (!ms) return 1;
    ms[0] = 0;
    for (int i = 0, at = 0; i < count; at += (int)clients[i++].count)
        if (clients[i].count) memcpy(ms + at, clients[i].ms, clients[i].count * sizeof *ms);
    qsort(ms, answers, sizeof *ms, compare);
    printf("{\"answers\":%zu,\"failed\":%zu,\"seconds\":%.3f,\"per_second\":%.1f,\"ms_median\":%.4f,\"ms_"
           "99th\":%.4f}\n",
        answers, failed, seconds, (double)answers / seconds, ms[answers / 2], ms[answers * 99 / 100]);
    return 0;
}
