/*
 * A field is a key, (number << 3) | wire type, and its value. Wire type 0 is a varint: seven bits a byte from
 * the lowest, the eighth says that more follow. Type 5 is four bytes, type 2 a length and as many bytes.
 * Source: "Protocol Buffers: Encoding", protobuf.dev.
 */
#include "proto_impl.h"

#include <limits.h>
#include <string.h>

#include "../../core/alloc.h"
#include "../../io/file.h"

enum { VARINT = 0, BYTES = 2, FOUR = 5 };

static void put(lathe_proto *proto, const void *data, size_t size)
{
    if (proto->failed) return;
    if (size) lathe_text_put_n(&proto->own, data, size);
    proto->size = lathe_plus(proto->size, size);
    proto->failed = proto->own.failed;
}

static void put_varint(lathe_proto *proto, uint64_t number)
{
    unsigned char bytes[10];
    size_t count = 0;
    do {
        bytes[count++] = (unsigned char)((number & 127) | (number > 127 ? 128 : 0));
        number >>= 7;
    } while (number);
    put(proto, bytes, count);
}

static void put_key(lathe_proto *proto, int field, int type)
{
    put_varint(proto, (uint64_t)field << 3 | (uint64_t)type);
}

void lathe_proto_int(lathe_proto *proto, int field, int64_t number)
{
    put_key(proto, field, VARINT);
    put_varint(proto, (uint64_t)number);
}

void lathe_proto_float(lathe_proto *proto, int field, double number)
{
    unsigned char bytes[4];
    float single = (float)number;
    uint32_t bits;
    memcpy(&bits, &single, sizeof bits);
    for (int i = 0; i < 4; i++) bytes[i] = (unsigned char)(bits >> 8 * i);
    put_key(proto, field, FOUR);
    put(proto, bytes, sizeof bytes);
}

void lathe_proto_bytes(lathe_proto *proto, int field, const void *data, size_t size)
{
    put_key(proto, field, BYTES);
    put_varint(proto, size);
    put(proto, data, size);
}

void lathe_proto_text(lathe_proto *proto, int field, const char *text)
{
    lathe_proto_bytes(proto, field, text, strlen(text));
}

/* The bytes come after those that the message has now. */
static void lend(lathe_proto *proto, const lathe_lent *lent)
{
    if (proto->lents == proto->room) {
        size_t room = lathe_times(proto->room, 2);
        if (room < 16) room = 16;
        lathe_lent *grown = lathe_grow(proto->lent, proto->room, room, sizeof *grown);
        if (!grown) {
            proto->failed = true;
            return;
        }
        proto->lent = grown;
        proto->room = room;
    }
    proto->lent[proto->lents++] = *lent;
    proto->size = lathe_plus(proto->size, lent->size);
}

void lathe_proto_lend(lathe_proto *proto, int field, const void *data, size_t size)
{
    put_key(proto, field, BYTES);
    put_varint(proto, size);
    if (!proto->failed) lend(proto, &(lathe_lent){ proto->own.length, data, size });
}

void lathe_proto_message(lathe_proto *proto, int field, lathe_proto *part)
{
    put_key(proto, field, BYTES);
    put_varint(proto, part->size);
    size_t before = proto->own.length;
    put(proto, part->own.chars, part->own.length);
    for (size_t i = 0; i < part->lents && !proto->failed; i++) {
        const lathe_lent *lent = &part->lent[i];
        lend(proto, &(lathe_lent){ before + lent->at, lent->data, lent->size });
    }
    if (part->failed) proto->failed = true;
    lathe_proto_free(part);
}

/* The message's own bytes, and the lent ones between them. */
static int cut(const lathe_proto *proto, lathe_bytes *parts)
{
    int count = 0;
    size_t done = 0;
    for (size_t i = 0; i < proto->lents; i++) {
        const lathe_lent *lent = &proto->lent[i];
        parts[count++] = (lathe_bytes){ proto->own.chars + done, lent->at - done };
        parts[count++] = (lathe_bytes){ lent->data, lent->size };
        done = lent->at;
    }
    parts[count++] = (lathe_bytes){ proto->own.chars + done, proto->own.length - done };
    return count;
}

lathe_status lathe_proto_write(const lathe_proto *proto, const char *path)
{
    if (proto->failed)
        return lathe_fail(LATHE_ENOMEM, "%s: no memory for the file's %zu bytes", path, proto->size);
    if (proto->size > INT_MAX)
        return lathe_fail(LATHE_EARG,
            "%s: the file would have %zu bytes; readers of Protocol Buffers take %d", path, proto->size,
            INT_MAX);
    lathe_bytes *parts = lathe_alloc(lathe_plus(lathe_times(proto->lents, 2), 1), sizeof *parts);
    lathe_status status = parts ? lathe_file_write(path, parts, cut(proto, parts)) : lathe_error();
    lathe_free(parts);
    return status;
}

void lathe_proto_free(lathe_proto *proto)
{
    lathe_text_free(&proto->own);
    lathe_free(proto->lent);
    *proto = (lathe_proto){ 0 };
}
