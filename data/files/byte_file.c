#include "byte_file_impl.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../../core/alloc.h"

#define BUFFER 262144
#define DEFLATE_MOST 1032 /* bytes that one compressed byte can become */
#define PICTURES_MOST 100 /* bytes of pictures that a compressed byte becomes, in sets above ... */
#define PICTURES_FREE ((uint64_t)1 << 26) /* ... this size */

/* Read up to `count` bytes from the system; fewer only at the end of the file. */
static lathe_status read_raw(lathe_data_file *file, uint8_t *bytes, size_t count, size_t *got)
{
    for (*got = 0; *got < count;) {
        ssize_t step = read(file->handle, bytes + *got, count - *got);
        if (step < 0 && errno == EINTR) continue;
        if (step < 0) return lathe_fail(LATHE_EIO, "%s: cannot be read: %s", file->path, strerror(errno));
        if (step == 0) break;
        *got += (size_t)step;
    }
    return LATHE_OK;
}

static lathe_status refill(lathe_data_file *file)
{
    file->used = 0;
    return read_raw(file, file->buffer, BUFFER, &file->held);
}

static lathe_status open_handle(lathe_data_file *file, const char *path)
{
    file->handle = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK); /* O_NONBLOCK: do not wait for a pipe */
    if (file->handle < 0) return lathe_fail(LATHE_EIO, "%s: cannot be opened: %s", path, strerror(errno));
    struct stat about;
    if (fstat(file->handle, &about)) return lathe_fail(LATHE_EIO, "%s: %s", path, strerror(errno));
    if (!S_ISREG(about.st_mode)) return lathe_fail(LATHE_EIO, "%s: is not a file", path);
    file->length = (uint64_t)about.st_size;
    return LATHE_OK;
}

lathe_status lathe_data_file_open(lathe_data_file *file, const char *path)
{
    *file = (lathe_data_file)LATHE_DATA_NO_FILE;
    lathe_status status = open_handle(file, path);
    if (!status) {
        file->path = lathe_strdup(path);
        file->buffer = lathe_alloc_raw(BUFFER, 1);
        if (!file->path || !file->buffer) status = LATHE_ENOMEM;
    }
    if (!status) status = refill(file);
    if (!status && file->held >= 2 && file->buffer[0] == 0x1F && file->buffer[1] == 0x8B) {
        file->gzip = lathe_gzip_new(file->path);
        if (!file->gzip) status = lathe_error();
    }
    if (status) lathe_data_file_close(file);
    return status;
}

static lathe_status read_plain(lathe_data_file *file, uint8_t *bytes, size_t count)
{
    while (count) {
        size_t part = count < file->held ? count : file->held;
        lathe_status status = LATHE_OK;
        if (part) {
            memcpy(bytes, file->buffer + file->used, part);
            file->used += part;
            file->held -= part;
        } else if (count < BUFFER) {
            status = refill(file);
            if (!status && file->held) continue;
        } else status = read_raw(file, bytes, count, &part); /* a large part: without the buffer */
        if (status) return status;
        if (!part)
            return lathe_fail(LATHE_EFORMAT, "%s: ends after %llu bytes, more were expected", file->path,
                (unsigned long long)file->length);
        bytes += part;
        count -= part;
    }
    return LATHE_OK;
}

/* Unpack up to `count` bytes; fewer only when the stream ends, complete and with the right CRC. */
static lathe_status unpack(lathe_data_file *file, uint8_t *bytes, size_t count, size_t *got)
{
    lathe_status status = LATHE_OK;
    for (*got = 0; *got < count && !file->finished && !status;) {
        if (!file->held) status = refill(file);
        if (status) return status;
        if (!file->held) return lathe_fail(LATHE_EFORMAT, "%s: the gzip data is truncated", file->path);
        size_t held = file->held, room = count - *got;
        status = lathe_gzip_unpack(file->gzip, file->buffer + file->used, &file->held, bytes + *got, &room,
            &file->finished);
        file->used += held - file->held;
        *got = count - room;
    }
    return status;
}

lathe_status lathe_data_file_read(lathe_data_file *file, void *bytes, size_t count)
{
    if (!file->gzip) return read_plain(file, bytes, count);
    size_t got;
    lathe_status status = unpack(file, bytes, count, &got);
    if (!status && got < count)
        return lathe_fail(LATHE_EFORMAT,
            "%s: the gzip data ends after %llu unpacked bytes, more were expected", file->path,
            (unsigned long long)lathe_gzip_unpacked(file->gzip));
    return status;
}

/* What the gzip trailer says of the unpacked size, modulo 2^32. */
static lathe_status trailer_size(lathe_data_file *file, uint32_t *size)
{
    uint8_t trailer[4];
    if (file->length < 18 || pread(file->handle, trailer, 4, (off_t)file->length - 4) != 4)
        return lathe_fail(LATHE_EFORMAT, "%s: the gzip data is truncated: %llu bytes", file->path,
            (unsigned long long)file->length);
    *size = trailer[0] | (uint32_t)trailer[1] << 8 | (uint32_t)trailer[2] << 16 | (uint32_t)trailer[3] << 24;
    return LATHE_OK;
}

/* Refuse a small file that becomes a large one: photographs and drawings do not compress so well. */
static lathe_status check_bomb(const lathe_data_file *file, uint64_t total)
{
    if (total <= PICTURES_FREE || total / PICTURES_MOST <= file->length) return LATHE_OK;
    return lathe_fail(LATHE_EFORMAT,
        "%s: %llu compressed bytes become %llu, more than %d times as many: unpack the file if that is meant",
        file->path, (unsigned long long)file->length, (unsigned long long)total, PICTURES_MOST);
}

lathe_status lathe_data_file_size(lathe_data_file *file, uint64_t *size)
{
    *size = file->length;
    if (!file->gzip) return LATHE_OK;
    uint32_t said = 0;
    lathe_status status = trailer_size(file, &said);
    if (status) return status;
    if (said / DEFLATE_MOST > file->length)
        return lathe_fail(LATHE_EFORMAT,
            "%s: the gzip trailer says %lu bytes in %llu compressed: truncated, damaged or followed "
            "by something",
            file->path, (unsigned long)said, (unsigned long long)file->length);
    *size = said;
    return check_bomb(file, said);
}

lathe_status lathe_data_file_expect(lathe_data_file *file, uint64_t total, const char *reason)
{
    unsigned long long wanted = total, length = file->length;
    if (!file->gzip) {
        if (total == file->length) return LATHE_OK;
        return lathe_fail(LATHE_EFORMAT, "%s: has %llu bytes, %s needs %llu", file->path, length, reason,
            wanted);
    }
    uint32_t said = 0;
    lathe_status status = trailer_size(file, &said);
    if (status) return status;
    if (said != (uint32_t)total || total / DEFLATE_MOST > file->length)
        return lathe_fail(LATHE_EFORMAT,
            "%s: %s needs %llu bytes, but the gzip trailer says %lu in %llu compressed: "
            "truncated, damaged or followed by something",
            file->path, reason, wanted, (unsigned long)said, length);
    return check_bomb(file, total);
}

lathe_status lathe_data_file_end(lathe_data_file *file)
{
    uint8_t extra;
    size_t got = 0;
    if (file->gzip) {
        lathe_status status = unpack(file, &extra, 1, &got);
        if (status) return status;
        if (got) return lathe_fail(LATHE_EFORMAT, "%s: unpacks to more bytes than expected", file->path);
    }
    if (!file->held) {
        lathe_status status = refill(file);
        if (status) return status;
    }
    if (file->held) return lathe_fail(LATHE_EFORMAT, "%s: trailing bytes follow the data", file->path);
    return LATHE_OK;
}

lathe_status lathe_data_file_restart(lathe_data_file *file, size_t skip)
{
    uint8_t passed[64];
    file->finished = false;
    if (lseek(file->handle, 0, SEEK_SET) || (file->gzip && !lathe_gzip_restart(file->gzip)))
        return lathe_fail(LATHE_EIO, "%s: cannot be read again: %s", file->path, strerror(errno));
    lathe_status status = refill(file);
    for (size_t part; skip && !status; skip -= part) {
        part = skip < sizeof passed ? skip : sizeof passed;
        status = lathe_data_file_read(file, passed, part);
    }
    return status;
}

void lathe_data_file_close(lathe_data_file *file)
{
    lathe_gzip_free(file->gzip);
    if (file->handle >= 0) close(file->handle);
    lathe_free(file->path);
    lathe_free(file->buffer);
    *file = (lathe_data_file)LATHE_DATA_NO_FILE;
}

lathe_status lathe_data_file_load(const char *path, size_t most, uint8_t **bytes, size_t *size)
{
    lathe_data_file file = LATHE_DATA_NO_FILE;
    *bytes = NULL;
    lathe_status status = open_handle(&file, path);
    if (!status && file.length > most)
        status = lathe_fail(LATHE_EFORMAT, "%s: has %llu bytes, at most %zu are allowed", path,
            (unsigned long long)file.length, most);
    if (!status && !(*bytes = lathe_alloc_raw((size_t)file.length, 1))) status = LATHE_ENOMEM;
    if (!status && !(file.path = lathe_strdup(path))) status = LATHE_ENOMEM;
    if (!status) status = read_raw(&file, *bytes, (size_t)file.length, size);
    if (!status && *size < file.length)
        status = lathe_fail(LATHE_EIO, "%s: became shorter while it was read", path);
    lathe_data_file_close(&file);
    if (!status) return LATHE_OK;
    lathe_free(*bytes);
    *bytes = NULL;
    return status;
}

bool lathe_data_file_exists(const char *path)
{
    struct stat about;
    return stat(path, &about) == 0;
}

char *lathe_data_path(const char *folder, const char *name)
{
    size_t length = strlen(folder), room = length + strlen(name) + 2;
    char *path = lathe_alloc(room, 1);
    if (path) snprintf(path, room, "%s%s%s", folder, length && folder[length - 1] == '/' ? "" : "/", name);
    return path;
}

char *lathe_data_place(const char *dir, const char *name)
{
    if (dir) return lathe_strdup(dir);
    const char *root = getenv("LATHE_DATA");
    return lathe_data_path(root && *root ? root : "/usr/share/datasets", name);
}
