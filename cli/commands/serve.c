#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include <lathe/lathe.h>

#include "../command.h"
#include "../json.h"
#include "../signals.h"
#include "../text.h"
#include "../trained.h"

#ifdef LATHE_MICROHTTPD

#include "../serve/server.h"

static int print_totals(const cli_line *line, cli_server *server, int lost)
{
    uint64_t requests, failed, pictures;
    cli_server_totals(server, &requests, &failed, &pictures);
    if (line->json) {
        cJSON *object = cli_json_new();
        cJSON_AddStringToObject(object, "address", cli_server_address(server));
        cli_json_number(object, "requests", (double)requests);
        cli_json_number(object, "failed", (double)failed);
        cli_json_number(object, "pictures", (double)pictures);
        cli_json_number(object, "lost", lost);
        cli_json_number(object, "seconds", cli_seconds());
        return cli_json_print(object);
    }
    printf("%" PRIu64 " requests for predictions, %" PRIu64 " of them refused; %" PRIu64 " pictures\n",
        requests, failed, pictures);
    return CLI_DONE;
}

static int serve(const cli_line *line, const cli_server_opts *opts)
{
    cli_server *server;
    int code = cli_server_new(opts, &server);
    if (code) return code;
    cli_say(line->json ? stderr : stdout, "serving %s at %s (batches of %s)", opts->trained->path,
        cli_server_address(server), cli_server_batches(server));
    fflush(stdout);
    const int lost = cli_server_run(server);
    code = print_totals(line, server, lost);
    if (lost) code = cli_fail(CLI_FAILED, "serve: %d requests were not answered before the end", lost);
    cli_server_free(server);
    return code;
}

/* The port: as given, else that of Vertex AI's container contract, else the default. */
static bool read_port(const cli_line *line, int *port)
{
    int64_t number;
    const char *text = getenv("AIP_HTTP_PORT");
    if (!text || !*text || cli_given_option(line, "port")) {
        if (!cli_number(line, "port", 0, 65535, &number)) return false;
    } else if (!lathe_parse_int64(text, &number) || number < 0 || number > 65535) {
        cli_fail(CLI_USAGE, "serve: AIP_HTTP_PORT '%s' in the environment is not a port", text);
        return false;
    }
    *port = (int)number;
    return true;
}

/* A route of Vertex AI's contract; NULL without one. */
static const char *route_of(const char *name)
{
    const char *text = getenv(name);
    return text && *text == '/' ? text : NULL;
}

static int run(const cli_line *line)
{
    int64_t threads, megapixels, megabytes, connections, seconds;
    cli_server_opts opts = { .host = cli_text(line, "host"),
        .predict = route_of("AIP_PREDICT_ROUTE"),
        .health = route_of("AIP_HEALTH_ROUTE"),
        .log = cli_given_option(line, "log") };
    if (!read_port(line, &opts.port) || !cli_number(line, "threads", 0, 256, &threads) ||
        !cli_number(line, "max-megapixels", 1, 1024, &megapixels) ||
        !cli_number(line, "max-megabytes", 1, 1024, &megabytes) ||
        !cli_number(line, "max-connections", 1, 16384, &connections) ||
        !cli_number(line, "timeout", 1, 3600, &seconds))
        return CLI_USAGE;
    if (line->json && opts.log) return cli_fail(CLI_USAGE, "serve: --json and --log are both for stdout");
    opts.max_pixels = (size_t)megapixels << 20;
    opts.max_bytes = (size_t)megabytes << 20;
    opts.connections = (int)connections;
    opts.patience = (int)seconds;
    cli_signals_watch();
    if (line->arguments + cli_trained_is_published(line) != 1)
        return cli_fail(CLI_USAGE, "serve: name a run, or --model and --init-weights");
    lathe_trained *trained = NULL;
    int code = cli_trained_open(line, &trained);
    if (!code && lathe_threads_set(NULL, (int)threads)) code = cli_library_failed();
    opts.trained = trained;
    if (!code) code = serve(line, &opts);
    lathe_trained_free(trained);
    return code;
}

#else

static int run(const cli_line *line)
{
    (void)line;
    return cli_fail(CLI_USAGE,
        "serve: this build serves nothing; build with -DLATHE_HTTP=ON and libmicrohttpd (Debian: "
        "libmicrohttpd-dev)");
}

#endif

static const cli_option options[] = {
    { .name = "port",
        .value = "N",
        .preset = "8080",
        .help = "listen on this port, 0: a free one; AIP_HTTP_PORT in the environment counts without it" },
    { .name = "host",
        .value = "ADDRESS",
        .preset = "127.0.0.1",
        .help = "listen on this address: 0.0.0.0 for the network, for instance in a container" },
    { .name = "threads", .value = "N", .preset = "0", .help = "threads, 0: one a processor" },
    { .name = "max-megabytes", .value = "N", .preset = "16", .help = "refuse requests with a larger body" },
    { .name = "max-megapixels",
        .value = "N",
        .preset = "32",
        .help = "refuse pictures with more pixels; of a JPEG that is decoded smaller, those count" },
    { .name = "max-connections",
        .value = "N",
        .preset = "512",
        .help = "connections at a time; further clients wait" },
    { .name = "timeout",
        .value = "SECONDS",
        .preset = "30",
        .help = "close connections that take longer to send a request" },
    { .name = "log", .help = "a line on stdout for each request" },
    { .name = NULL },
};

extern const cli_command lathe_serve_command;
const cli_command lathe_serve_command = {
    .name = "serve",
    .summary = "answers pictures over HTTP, by a run's model",
    .arguments = "[RUN]",
    .about =
        "Serves a page that takes dropped pictures, POST /predict for programs, GET /model, /metrics and\n"
        "/health. Requests that arrive together are answered together. RUN is a run folder or a\n"
        "checkpoint. Serves this machine alone, unless --host says otherwise. SIGTERM and Ctrl-C finish\n"
        "what was begun, and end it.",
    .example = "lathe serve runs/first --port 8080",
    .options = options,
    .shared = cli_trained_options,
    .most = 1,
    .run = run,
};
