/*
 * The body of a request, as it arrives: a picture as it is, a form with files (multipart/form-data), or JSON
 * with pictures in base64 (Vertex AI's "instances").
 */
#ifndef LATHE_CLI_SERVE_UPLOAD_H
#define LATHE_CLI_SERVE_UPLOAD_H

#include <microhttpd.h>

#include "job.h"

typedef struct cli_upload cli_upload;

/**
 * Begin. Options of the query (top, confidence, mask) are read here, those of a form or of JSON later.
 * most     bytes of the body
 * Returns NULL without memory.
 */
cli_upload *cli_upload_new(struct MHD_Connection *connection, size_t most);

/** Free it, with the job if cli_upload_end did not hand it over. NULL is fine. */
void cli_upload_free(cli_upload *upload);

/** Take a part of the body. Returns false if the rest is not worth reading. */
bool cli_upload_take(cli_upload *upload, const char *bytes, size_t size);

/** The rest of the body is not wanted: cli_upload_end fails with this status and message. */
void cli_upload_refuse(cli_upload *upload, unsigned status, const char *why);

/** Bytes that it holds in memory. */
size_t cli_upload_bytes(const cli_upload *upload);

/**
 * The end of the body: check it, and hand over the job.
 *
 * why     becomes the message if the result is NULL
 * Returns NULL and sets *status to the HTTP status if it has no picture, or is not what its type says.
 */
cli_job *cli_upload_end(cli_upload *upload, unsigned *status, char why[LATHE_MESSAGE_SIZE]);

/** Returns true if the body has instances, so that the answer has them too. */
bool cli_upload_instances(const cli_upload *upload);

/**
 * Decode base64 (RFC 4648, also its URL form; white space and padding may be anywhere at the end) in place.
 * Returns false for other characters.
 */
bool cli_base64(char *text, size_t length, size_t *size);

#endif
