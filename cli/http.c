#include "http.h"

#include <stdint.h>
#include <string.h>
#include <strings.h>

/* A page has its script and its styles in it, saves pictures, and asks for nothing but its data. */
static const char policy[] = "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; "
                             "img-src data: blob:; connect-src 'self'; base-uri 'none'; form-action 'none'; "
                             "frame-ancestors 'none'";

enum MHD_Result cli_http_answer(struct MHD_Connection *connection, unsigned status, const char *kind,
    const char *text, size_t size, const char *header, const char *value)
{
    struct MHD_Response *response =
        MHD_create_response_from_buffer(size, (void *)(uintptr_t)text, MHD_RESPMEM_MUST_COPY);
    if (!response) return MHD_NO;
    MHD_add_response_header(response, "Content-Type", kind);
    MHD_add_response_header(response, "Cache-Control", "no-store");
    MHD_add_response_header(response, "Content-Security-Policy", policy);
    MHD_add_response_header(response, "X-Content-Type-Options", "nosniff");
    MHD_add_response_header(response, "X-Frame-Options", "DENY");
    if (header) MHD_add_response_header(response, header, value);
    enum MHD_Result result = MHD_queue_response(connection, status, response);
    MHD_destroy_response(response);
    return result;
}

bool cli_http_is_local(struct MHD_Connection *connection)
{
    static const char *const names[] = { "127.0.0.1", "localhost", "[::1]" };
    const char *host = MHD_lookup_connection_value(connection, MHD_HEADER_KIND, "Host"), *port = NULL;
    for (size_t i = 0; host && i < sizeof names / sizeof names[0]; i++)
        if (!strncasecmp(host, names[i], strlen(names[i]))) port = host + strlen(names[i]);
    if (!port) return false;
    const size_t digits = *port == ':' ? strspn(port + 1, "0123456789") : 0;
    return !*port || (digits > 0 && digits < 6 && !port[1 + digits]);
}

int cli_http_port(struct MHD_Daemon *daemon)
{
    const union MHD_DaemonInfo *info = MHD_get_daemon_info(daemon, MHD_DAEMON_INFO_BIND_PORT);
    return info ? info->port : 0;
}
