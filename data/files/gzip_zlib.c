/* gzip through zlib, whose memory is lathe's. */
#include "gzip_impl.h"

#include <zlib.h>

#include "../../core/alloc.h"

struct lathe_gzip {
    z_stream stream;
    const char *path;
};

static voidpf take(voidpf opaque, uInt items, uInt size)
{
    (void)opaque;
    return lathe_alloc_raw(items, size);
}

static void give(voidpf opaque, voidpf block)
{
    (void)opaque;
    lathe_free(block);
}

lathe_gzip *lathe_gzip_new(const char *path)
{
    lathe_gzip *gzip = lathe_alloc(1, sizeof *gzip);
    if (!gzip) return NULL;
    gzip->path = path;
    gzip->stream.zalloc = take;
    gzip->stream.zfree = give;
    int code = inflateInit2(&gzip->stream, 15 + 16); /* 16: a gzip wrapper and no other */
    if (code == Z_OK) return gzip;
    lathe_free(gzip);
    lathe_fail(LATHE_ENOMEM, "%s: zlib cannot start: code %d", path, code);
    return NULL;
}

void lathe_gzip_free(lathe_gzip *gzip)
{
    if (gzip) inflateEnd(&gzip->stream);
    lathe_free(gzip);
}

bool lathe_gzip_restart(lathe_gzip *gzip) { return inflateReset(&gzip->stream) == Z_OK; }

static uInt at_most_2_30(size_t count) { return count < 1u << 30 ? (uInt)count : 1u << 30; }

lathe_status lathe_gzip_unpack(lathe_gzip *gzip, const uint8_t *from, size_t *held, uint8_t *to, size_t *room,
    bool *finished)
{
    z_stream *stream = &gzip->stream;
    uInt offered = at_most_2_30(*held), space = at_most_2_30(*room);
    stream->next_in = (Bytef *)(uintptr_t)from; /* zlib does not write there */
    stream->avail_in = offered;
    stream->next_out = to;
    stream->avail_out = space;
    int code = inflate(stream, Z_NO_FLUSH);
    *held -= offered - stream->avail_in;
    *room -= space - stream->avail_out;
    *finished = code == Z_STREAM_END;
    if (code == Z_OK || code == Z_STREAM_END) return LATHE_OK;
    if (code == Z_MEM_ERROR) return LATHE_ENOMEM;
    return lathe_fail(LATHE_EFORMAT, "%s: the gzip data is damaged: %s", gzip->path,
        stream->msg ? stream->msg : "no progress");
}

uint64_t lathe_gzip_unpacked(const lathe_gzip *gzip) { return gzip->stream.total_out; }
