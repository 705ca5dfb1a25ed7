/* For the health check of a container that holds nothing but lathe. */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <lathe/lathe.h>

#include "../command.h"
#include "../json.h"

/* A connection to a port of this machine, which gives up after some seconds; -1 if there is none. */
static int connect_to(int port, int64_t seconds)
{
    const struct sockaddr_in to = { .sin_family = AF_INET,
        .sin_port = htons((uint16_t)port),
        .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    const struct timeval limit = { .tv_sec = (time_t)seconds };
    int file = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (file < 0) return -1;
    setsockopt(file, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
    setsockopt(file, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    if (!connect(file, (const struct sockaddr *)&to, sizeof to)) return file;
    const int error = errno;
    close(file);
    errno = error;
    return -1;
}

/* The status of the answer to a request, such as 200; 0 if there is none. */
static int ask(int file)
{
    static const char request[] = "GET /v2/health/ready HTTP/1.0\r\nHost: 127.0.0.1\r\n\r\n";
    char answer[64] = "";
    size_t length = 0;
    if (send(file, request, sizeof request - 1, MSG_NOSIGNAL) != (ssize_t)sizeof request - 1) return 0;
    for (ssize_t read = 1; read > 0 && length<12; length += read> 0 ? (size_t)read : 0)
        read = recv(file, answer + length, sizeof answer - 1 - length, 0);
    return !strncmp(answer, "HTTP/1.", 7) && length >= 12 ? atoi(answer + 9) : 0;
}

static int run(const cli_line *line)
{
    int64_t port, seconds;
    const char *given = cli_given_option(line, "port") ? NULL : getenv("AIP_HTTP_PORT");
    if (!cli_number(line, "port", 1, 65535, &port) || !cli_number(line, "timeout", 1, 3600, &seconds))
        return CLI_USAGE;
    if (given && *given && (!lathe_parse_int64(given, &port) || port < 1 || port > 65535))
        return cli_fail(CLI_USAGE, "health: AIP_HTTP_PORT '%s' in the environment is not a port", given);
    int file = connect_to((int)port, seconds);
    if (file < 0) return cli_fail(CLI_FAILED, "health: port %d: %s", (int)port, strerror(errno));
    const int status = ask(file);
    close(file);
    if (line->json) {
        cJSON *object = cli_json_new();
        cJSON_AddBoolToObject(object, "ready", status == 200);
        cJSON_AddNumberToObject(object, "status", status);
        int code = cli_json_print(object);
        return code ? code : status == 200 ? CLI_DONE : CLI_FAILED;
    }
    if (!status) return cli_fail(CLI_FAILED, "health: port %d does not answer", (int)port);
    if (status != 200) return cli_fail(CLI_FAILED, "health: port %d is not ready: %d", (int)port, status);
    puts("ready");
    return CLI_DONE;
}

static const cli_option options[] = {
    { .name = "port",
        .value = "N",
        .preset = "8080",
        .help = "the server's port; AIP_HTTP_PORT in the environment counts without it" },
    { .name = "timeout", .value = "SECONDS", .preset = "3", .help = "give up after this time" },
    { .name = NULL },
};

extern const cli_command lathe_health_command;
const cli_command lathe_health_command = {
    .name = "health",
    .summary = "is the server of this machine ready? for a container's health check",
    .arguments = "",
    .about = "Asks the `lathe serve` of this machine whether it is ready. The exit code is 0 if it is,\n"
             "else 1. The health check of a container that holds nothing but lathe.",
    .example = "lathe health --port 8080",
    .options = options,
    .run = run,
};
