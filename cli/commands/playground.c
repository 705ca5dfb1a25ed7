#include <stdio.h>
#include <string.h>

#include <lathe/lathe.h>

#include "../command.h"
#include "../json.h"
#include "../text.h"

#ifdef LATHE_MICROHTTPD
#include <netinet/in.h>
#include <spawn.h>
#include <time.h>
#include <unistd.h>

#include "../http.h"
#include "../signals.h"
#endif

/* The page's pictures: so many of Fashion-MNIST's training pictures, each class in proportion. */
enum { TRAIN = 5000, VAL = 2000, SEED = 24 };

/* ---- the pictures as IDX files ------------------------------------------------------------------------- */

static void put_number(uint8_t *at, size_t number)
{
    for (int i = 0; i < 4; i++) at[i] = (uint8_t)(number >> (24 - 8 * i));
}

/* Write a file of `size` bytes for each of `count` samples, after a head of 1 + `sizes` numbers. */
static lathe_status write_idx(const char *folder, const char *name, size_t count, const size_t *side,
    int sizes, const uint8_t *bytes, size_t size)
{
    char path[LATHE_SETTING_LONG];
    uint8_t head[16] = { 0, 0, 8, (uint8_t)(1 + sizes) };
    put_number(head + 4, count);
    for (int i = 0; i < sizes; i++) put_number(head + 8 + 4 * i, side[i]);
    const lathe_bytes parts[] = { { head, (size_t)(8 + 4 * sizes) }, { bytes, count * size } };
    lathe_status status = lathe_file_join(folder, name, path, sizeof path);
    return status ? status : lathe_file_write(path, parts, 2);
}

/* Read all pictures and labels of a set. */
static lathe_status read_all(const lathe_dataset *data, uint8_t *pixels, uint8_t *labels)
{
    const size_t size = (size_t)data->height * (size_t)data->width;
    void *scratch = lathe_alloc(1, lathe_data_scratch(data) + 1);
    lathe_status status = scratch ? LATHE_OK : lathe_error();
    for (size_t i = 0; i < data->count && !status; i++) {
        lathe_sample sample;
        status = lathe_data_read(data, i, scratch, &sample);
        if (!status) memcpy(pixels + i * size, sample.pixels, size);
        labels[i] = (uint8_t)data->labels[i];
    }
    lathe_free(scratch);
    return status;
}

/* Write a set as "SET-images-idx3-ubyte" and "SET-labels-idx1-ubyte". */
static lathe_status write_set(const char *folder, const char *set, const lathe_dataset *data)
{
    char images[64], labels_name[64];
    const size_t side[] = { (size_t)data->height, (size_t)data->width }, size = lathe_times(side[0], side[1]);
    uint8_t *pixels = lathe_alloc(data->count, size), *labels = lathe_alloc(data->count, 1);
    snprintf(images, sizeof images, "%s-images-idx3-ubyte", set);
    snprintf(labels_name, sizeof labels_name, "%s-labels-idx1-ubyte", set);
    lathe_status status = pixels && labels ? read_all(data, pixels, labels) : lathe_error();
    if (!status) status = write_idx(folder, images, data->count, side, 2, pixels, size);
    if (!status) status = write_idx(folder, labels_name, data->count, NULL, 0, labels, 1);
    lathe_free(pixels);
    lathe_free(labels);
    return status;
}

/* Choose the pictures, always the same ones: those to train on, and others as the test set. */
static lathe_status choose(const lathe_dataset *all, const char *folder)
{
    lathe_dataset *some = lathe_feed_choose(all, TRAIN + VAL, SEED), *train = NULL, *val = NULL;
    const lathe_split_opts part = { .fraction = (double)VAL / (TRAIN + VAL), .seed = SEED };
    lathe_status status = some ? lathe_data_split(some, &part, &train, &val) : lathe_error();
    if (!status) status = lathe_file_make_folder(folder);
    if (!status) status = write_set(folder, "train", train);
    if (!status) status = write_set(folder, "t10k", val);
    lathe_data_free(train);
    lathe_data_free(val);
    lathe_data_free(some);
    return status;
}

static int print_pictures(const cli_line *line, const char *folder)
{
    if (!line->json) {
        cli_say(stdout,
            "%s: %d pictures to train on and %d for validation: --data fashion-mnist:%s --val-split 0",
            folder, TRAIN, VAL, folder);
        return CLI_DONE;
    }
    cJSON *object = cli_json_new();
    cJSON_AddStringToObject(object, "folder", folder);
    cJSON_AddNumberToObject(object, "train", TRAIN);
    cJSON_AddNumberToObject(object, "val", VAL);
    return cli_json_print(object);
}

static int write_pictures(const cli_line *line, const char *folder)
{
    lathe_dataset *all = lathe_data_fashion_mnist(NULL, LATHE_SPLIT_TRAIN);
    const int code = !all || choose(all, folder) ? cli_library_failed() : print_pictures(line, folder);
    lathe_data_free(all);
    return code;
}

/* ---- the page ------------------------------------------------------------------------------------------ */

#ifdef LATHE_MICROHTTPD

/* The page says itself what it may load, which is nothing. */
static const char policy[] = "frame-ancestors 'none'";

typedef struct served {
    char *text;
    size_t size;
} served;

static enum MHD_Result answer(struct MHD_Connection *connection, unsigned status, const char *kind,
    const char *text, size_t size)
{
    struct MHD_Response *response =
        MHD_create_response_from_buffer(size, (void *)(uintptr_t)text, MHD_RESPMEM_PERSISTENT);
    if (!response) return MHD_NO;
    MHD_add_response_header(response, "Content-Type", kind);
    MHD_add_response_header(response, "Cache-Control", "no-store");
    MHD_add_response_header(response, "Content-Security-Policy", policy);
    MHD_add_response_header(response, "X-Content-Type-Options", "nosniff");
    enum MHD_Result result = MHD_queue_response(connection, status, response);
    MHD_destroy_response(response);
    return result;
}

static enum MHD_Result refuse(struct MHD_Connection *connection, unsigned status, const char *why)
{
    return answer(connection, status, "text/plain", why, strlen(why));
}

static enum MHD_Result handle(void *context, struct MHD_Connection *connection, const char *url,
    const char *method, const char *version, const char *upload, size_t *upload_size, void **state)
{
    (void)version, (void)upload, (void)upload_size, (void)state;
    const served *page = context;
    if (strcmp(method, "GET") != 0) return refuse(connection, MHD_HTTP_METHOD_NOT_ALLOWED, "GET only\n");
    if (!cli_http_is_local(connection)) return refuse(connection, MHD_HTTP_FORBIDDEN, "for 127.0.0.1 only\n");
    if (strcmp(url, "/") != 0 && strcmp(url, "/index.html") != 0)
        return refuse(connection, MHD_HTTP_NOT_FOUND, "nothing here\n");
    return answer(connection, MHD_HTTP_OK, "text/html; charset=utf-8", page->text, page->size);
}

/* The page's file: as given, or where a build or an installation has it. Returns false after a message. */
static bool find_page(const cli_line *line, char *path, size_t size)
{
    static const char *const places[] = { "playground/index.html", "../share/lathe/playground/index.html" };
    char program[LATHE_SETTING_LONG];
    const char *given = cli_text(line, "page");
    if (given) return snprintf(path, size, "%s", given) > 0;
    const ssize_t length = readlink("/proc/self/exe", program, sizeof program - 1);
    program[length > 0 ? length : 0] = '\0';
    char *slash = strrchr(program, '/');
    for (size_t i = 0; slash && i < sizeof places / sizeof places[0]; i++) {
        *slash = '\0';
        if (!lathe_file_join(program, places[i], path, size) && lathe_file_exists(path)) return true;
    }
    cli_fail(CLI_FAILED,
        "playground: the page was not built; build it with tools/playground, or give --page FILE");
    return false;
}

/* Open an address in the browser of the desktop. */
static void open_browser(char *address)
{
    extern char **environ;
    char program[] = "xdg-open", *words[] = { program, address, NULL };
    pid_t child;
    const int failed = posix_spawnp(&child, program, NULL, NULL, words, environ);
    if (failed) cli_say(stderr, "note: %s: %s", program, strerror(failed));
}

/* Serve until a signal arrives. */
static int serve(served *page, int port, bool opens)
{
    char url[64];
    struct sockaddr_in address = { .sin_family = AF_INET,
        .sin_port = htons((uint16_t)port),
        .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    struct MHD_Daemon *daemon = MHD_start_daemon(MHD_USE_INTERNAL_POLLING_THREAD, (uint16_t)port, NULL, NULL,
        handle, page, MHD_OPTION_SOCK_ADDR, (struct sockaddr *)&address, MHD_OPTION_CONNECTION_TIMEOUT, 30u,
        MHD_OPTION_CONNECTION_LIMIT, 32u, MHD_OPTION_END);
    if (!daemon)
        return cli_fail(CLI_FAILED, "playground: cannot listen on 127.0.0.1:%d; --port 0 takes a free port",
            port);
    snprintf(url, sizeof url, "http://127.0.0.1:%d/", cli_http_port(daemon));
    cli_say(stdout, "open %s in a browser; Ctrl-C ends", url);
    fflush(stdout);
    if (opens) open_browser(url);
    while (!cli_signal()) nanosleep(&(struct timespec){ 0, 50000000 }, NULL);
    MHD_stop_daemon(daemon);
    return CLI_DONE;
}

static int serve_page(const cli_line *line)
{
    enum { MOST = 64 << 20 };
    char path[LATHE_SETTING_LONG];
    int64_t port;
    served page;
    if (!cli_number(line, "port", 0, 65535, &port)) return CLI_USAGE;
    if (!find_page(line, path, sizeof path)) return CLI_FAILED;
    page.text = lathe_file_read(path, MOST, &page.size);
    if (!page.text) return cli_library_failed();
    cli_signals_watch();
    const int code = serve(&page, (int)port, cli_given_option(line, "open"));
    lathe_free(page.text);
    return code;
}

#else

static int serve_page(const cli_line *line)
{
    (void)line;
    return cli_fail(CLI_USAGE,
        "playground: this build serves nothing; build with -DLATHE_HTTP=ON and libmicrohttpd (Debian: "
        "libmicrohttpd-dev), or open the page's file in a browser");
}

#endif

/* ---- the command --------------------------------------------------------------------------------------- */

static int run(const cli_line *line)
{
    const char *pictures = cli_text(line, "pictures");
    if (pictures) return write_pictures(line, pictures);
    if (line->json)
        return cli_fail(CLI_USAGE,
            "playground: --json is for --pictures; a page that is served has no results");
    return serve_page(line);
}

static const cli_option options[] = {
    { .name = "port", .value = "N", .preset = "8025", .help = "port on 127.0.0.1; 0: one that is free" },
    { .name = "open", .help = "also open the address in the browser, by xdg-open" },
    { .name = "page",
        .value = "FILE",
        .help = "the page [playground/index.html beside the command, or share/lathe/playground/index.html]" },
    { .name = "pictures",
        .value = "DIR",
        .help = "serve nothing: write the page's pictures into DIR, so that `lathe train` can use them" },
    { .name = NULL },
};

extern const cli_command lathe_playground_command;
const cli_command lathe_playground_command = {
    .name = "playground",
    .summary = "serve the page that trains in the browser",
    .arguments = "",
    .about = "Serves a page on this machine alone, in which a network learns while its schedule is drawn:\n"
             "the same library, in WebAssembly. tools/playground builds the page.",
    .example = "lathe playground --port 8025",
    .options = options,
    .run = run,
};
