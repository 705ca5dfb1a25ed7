/* Private: messages in the wire format of Protocol Buffers. */
#ifndef LATHE_DEPLOY_ONNX_PROTO_IMPL_H
#define LATHE_DEPLOY_ONNX_PROTO_IMPL_H

#include <stdint.h>

#include "../../io/text.h"

/** Bytes of someone else that belong into a message at place `at` of its own bytes. */
typedef struct lathe_lent {
    size_t at;
    const void *data;
    size_t size;
} lathe_lent;

/**
 * A message under construction; zeros are an empty message. Large arrays are lent, not copied, until the
 * message is written. After a failure to grow, later additions do nothing.
 */
typedef struct lathe_proto {
    lathe_text own;
    lathe_lent *lent;
    size_t lents, room;
    size_t size; /* of all bytes */
    bool failed;
} lathe_proto;

/** Add field number `field` of an integer type, of type float, string and bytes. */
void lathe_proto_int(lathe_proto *proto, int field, int64_t number);
void lathe_proto_float(lathe_proto *proto, int field, double number);
void lathe_proto_text(lathe_proto *proto, int field, const char *text);
void lathe_proto_bytes(lathe_proto *proto, int field, const void *data, size_t size);

/** Add bytes that stay where they are, unchanged until the message is written. */
void lathe_proto_lend(lathe_proto *proto, int field, const void *data, size_t size);

/** Add a whole message as a field. `part` is empty afterwards. */
void lathe_proto_message(lathe_proto *proto, int field, lathe_proto *part);

/**
 * Write the message as the file at `path`, atomically.
 * Errors   LATHE_EARG for more than 2 GiB, which no reader takes; LATHE_ENOMEM; LATHE_EIO.
 */
lathe_status lathe_proto_write(const lathe_proto *proto, const char *path);

/** Free the message's memory; it is empty then. */
void lathe_proto_free(lathe_proto *proto);

#endif
