#include "file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../core/alloc.h"
#include "calls_impl.h"

/* ---- small things -------------------------------------------------------------------------------------- */

static lathe_status fail(const char *path, const char *what)
{
    int error = errno;
    return lathe_fail(LATHE_EIO, "%s: cannot %s: %s", path, what, strerror(error));
}

static lathe_status write_all(int handle, const void *data, size_t size, const char *path)
{
    const char *bytes = data;
    for (size_t written = 0; written < size;) {
        ssize_t count = lathe_call_write(handle, bytes + written, size - written);
        if (count < 0 && errno == EINTR) continue;
        if (count == 0) errno = ENOSPC; /* a write of 0 bytes without an error */
        if (count <= 0) return fail(path, "write");
        written += (size_t)count;
    }
    return LATHE_OK;
}

bool lathe_file_exists(const char *path)
{
    struct stat info;
    return path && *path && lstat(path, &info) == 0;
}

lathe_status lathe_file_remove(const char *path)
{
    if (!path) return lathe_fail_null("lathe_file_remove", "path");
    return lathe_call_unlink(path) && errno != ENOENT ? fail(path, "remove") : LATHE_OK;
}

lathe_status lathe_file_join(const char *folder, const char *name, char *path, size_t size)
{
    if (!folder || !name || !path)
        return lathe_fail_null("lathe_file_join", !folder ? "folder" : !name ? "name" : "path");
    size_t length = strlen(folder);
    const char *slash = length && folder[length - 1] == '/' ? "" : "/";
    int needed = snprintf(path, size, "%s%s%s", folder, slash, name);
    if (needed < 0 || (size_t)needed >= size)
        return lathe_fail(LATHE_EARG, "%.200s...: the path is longer than %zu characters", folder, size - 1);
    return LATHE_OK;
}

/* Make a path its folder: "a/b" becomes "a", "/b" becomes "/", "b" becomes ".". */
static void cut_to_folder(char *path)
{
    char *slash = strrchr(path, '/');
    if (slash) slash[slash == path] = '\0'; /* the root keeps its slash */
    else strcpy(path, ".");
}

/* Sync the folder, so that a new entry or a rename survives a power cut. */
static lathe_status sync_folder(const char *folder)
{
    lathe_status status = LATHE_OK;
    int handle = lathe_call_open(folder, O_RDONLY | O_DIRECTORY);
    if (handle < 0) return fail(folder, "open");
    /* Some file systems have no fsync for folders and return EINVAL; then there is nothing to do. */
    if (lathe_call_sync(handle) && errno != EINVAL) status = fail(folder, "sync");
    close(handle);
    return status;
}

/* Make one folder and sync its entry. *made: false if something was there before. */
static lathe_status make_one(const char *path, bool *made)
{
    *made = !lathe_call_mkdir(path);
    if (!*made) return errno == EEXIST ? LATHE_OK : fail(path, "make the folder");
    size_t size = strlen(path) + 2;
    char *parent = lathe_alloc(size, 1);
    if (!parent) return lathe_error();
    snprintf(parent, size, "%s", path);
    cut_to_folder(parent);
    lathe_status status = sync_folder(parent);
    lathe_free(parent);
    return status;
}

lathe_status lathe_file_make_folder(const char *path)
{
    if (!path) return lathe_fail_null("lathe_file_make_folder", "path");
    char *part = lathe_strdup(path);
    if (!part) return lathe_error();
    lathe_status status = LATHE_OK;
    for (char *end = part + (*part == '/'); !status; end++) {
        if (*end && *end != '/') continue;
        char kept = *end;
        *end = '\0';
        bool made;
        if (*part && end[-1] != '/') status = make_one(part, &made);
        *end = kept;
        if (!kept) break;
    }
    lathe_free(part);
    struct stat info;
    if (!status && (stat(path, &info) || !S_ISDIR(info.st_mode)))
        status = lathe_fail(LATHE_EIO, "%s: cannot make the folder: something else is there", path);
    return status;
}

lathe_status lathe_file_number_folder(const char *parent, const char *prefix, char *path, size_t size)
{
    if (!parent || !prefix || !path)
        return lathe_fail_null("lathe_file_number_folder", !parent ? "parent" : !prefix ? "prefix" : "path");
    lathe_status status = lathe_file_make_folder(parent);
    bool made = false;
    for (int n = 1; !status && !made; n++) {
        char name[256];
        int length = snprintf(name, sizeof name, "%s%d", prefix, n);
        if (length < 0 || (size_t)length >= sizeof name)
            return lathe_fail(LATHE_EARG, "%.100s...: the name is longer than %zu characters", prefix,
                sizeof name - 1);
        status = lathe_file_join(parent, name, path, size);
        if (!status) status = make_one(path, &made);
    }
    return status;
}

/* ---- reading ------------------------------------------------------------------------------------------- */

static void *read_open(int handle, const char *path, size_t limit, size_t *size)
{
    struct stat info;
    if (fstat(handle, &info)) return fail(path, "read"), NULL;
    if (!S_ISREG(info.st_mode))
        return lathe_fail(LATHE_EIO, "%s: cannot read: not a regular file", path), NULL;
    if ((uint64_t)info.st_size > limit) {
        lathe_fail(LATHE_EFORMAT, "%s: has %lld bytes, more than the %zu allowed", path,
            (long long)info.st_size, limit);
        return NULL;
    }
    size_t length = (size_t)info.st_size, got = 0;
    char *bytes = lathe_alloc_raw(length + 1, 1);
    if (!bytes) return NULL;
    while (got < length) {
        ssize_t count = lathe_call_read(handle, bytes + got, length - got);
        if (count < 0 && errno == EINTR) continue;
        if (count < 0) fail(path, "read");
        if (count == 0) lathe_fail(LATHE_EIO, "%s: cannot read: it became shorter while it was read", path);
        if (count <= 0) return lathe_free(bytes), NULL;
        got += (size_t)count;
    }
    bytes[length] = '\0';
    *size = length;
    return bytes;
}

void *lathe_file_read(const char *path, size_t limit, size_t *size)
{
    if (!path || !size) return lathe_fail_null("lathe_file_read", !path ? "path" : "size"), NULL;
    /* O_NONBLOCK: a pipe must be refused, not waited for. */
    int handle = lathe_call_open(path, O_RDONLY | O_NONBLOCK);
    if (handle < 0) return fail(path, "open"), NULL;
    void *bytes = read_open(handle, path, limit, size);
    close(handle);
    return bytes;
}

/* ---- writing whole files ------------------------------------------------------------------------------- */

static lathe_status write_parts(int handle, const lathe_bytes *parts, int count, const char *path)
{
    lathe_status status = LATHE_OK;
    for (int i = 0; i < count && !status; i++) status = write_all(handle, parts[i].data, parts[i].size, path);
    if (!status && lathe_call_sync(handle)) status = fail(path, "sync");
    return status;
}

/*
 * Returns true for a pipe, and for a device or a link under /dev, such as /dev/stdout: they are written to,
 * for a file in their place would break them. A link or a device elsewhere may be a trap in a folder from
 * others.
 */
static bool is_stream(const char *path)
{
    struct stat info;
    if (!strncmp(path, "/dev/", 5))
        return !stat(path, &info) && !S_ISREG(info.st_mode) && !S_ISDIR(info.st_mode);
    return !lstat(path, &info) && S_ISFIFO(info.st_mode);
}

static lathe_status write_to_stream(const char *path, const lathe_bytes *parts, int count)
{
    const int handle = lathe_call_open(path, O_WRONLY);
    if (handle < 0) return fail(path, "open");
    lathe_status status = LATHE_OK;
    for (int i = 0; i < count && !status; i++) status = write_all(handle, parts[i].data, parts[i].size, path);
    if (lathe_call_close(handle) && !status) status = fail(path, "close");
    return status;
}

lathe_status lathe_file_write(const char *path, const lathe_bytes *parts, int count)
{
    if (!path || (count > 0 && !parts)) return lathe_fail_null("lathe_file_write", path ? "parts" : "path");
    if (is_stream(path)) return write_to_stream(path, parts, count);
    size_t size = strlen(path) + 32;
    char *temporary = lathe_alloc(size, 1);
    if (!temporary) return lathe_error();
    snprintf(temporary, size, "%s.tmp.%ld", path, (long)getpid());
    lathe_status status = LATHE_OK;
    int handle = lathe_call_open(temporary, O_WRONLY | O_CREAT | O_EXCL);
    if (handle < 0 && errno == EEXIST && !unlink(temporary)) /* of a process that was killed, or a link */
        handle = lathe_call_open(temporary, O_WRONLY | O_CREAT | O_EXCL);
    if (handle < 0) status = fail(path, "create");
    else {
        status = write_parts(handle, parts, count, path);
        if (lathe_call_close(handle) && !status) status = fail(path, "close");
        if (!status && lathe_call_rename(temporary, path)) status = fail(path, "rename the finished file");
        if (status) unlink(temporary);
    }
    if (!status) {
        cut_to_folder(temporary);
        status = sync_folder(temporary);
    }
    lathe_free(temporary);
    return status;
}

lathe_status lathe_file_write_text(const char *path, const char *text)
{
    if (!path || !text) return lathe_fail_null("lathe_file_write_text", !path ? "path" : "text");
    return lathe_file_write(path, &(lathe_bytes){ text, strlen(text) }, 1);
}

/* "anything.tmp.NUMBER" */
static bool is_stale(const char *name)
{
    const char *mark = strstr(name, ".tmp.");
    return mark && mark[5] && !mark[5 + strspn(mark + 5, "0123456789")];
}

lathe_status lathe_file_remove_stale(const char *folder)
{
    if (!folder) return lathe_fail_null("lathe_file_remove_stale", "folder");
    DIR *listing = opendir(folder);
    if (!listing) return fail(folder, "list");
    lathe_status status = LATHE_OK;
    for (struct dirent *entry; !status && (entry = readdir(listing));) {
        char path[4096];
        if (!is_stale(entry->d_name)) continue;
        status = lathe_file_join(folder, entry->d_name, path, sizeof path);
        if (!status) status = lathe_file_remove(path);
    }
    closedir(listing);
    return status;
}

/* The number in "PREFIX NUMBER SUFFIX"; false if the name is not of this form. */
static bool number_in(const char *name, const char *prefix, const char *suffix, uint64_t *number)
{
    char *end;
    size_t length = strlen(prefix);
    if (strncmp(name, prefix, length) || name[length] < '0' || name[length] > '9') return false;
    errno = 0;
    *number = strtoull(name + length, &end, 10);
    return !errno && !strcmp(end, suffix);
}

static int by_size(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return x < y ? -1 : x > y;
}

uint64_t *lathe_file_numbers(const char *folder, const char *prefix, const char *suffix, size_t *count)
{
    if (!folder || !prefix || !suffix || !count)
        return lathe_fail_null("lathe_file_numbers",
                   !folder     ? "folder" :
                       !prefix ? "prefix" :
                       !suffix ? "suffix" :
                                 "count"),
               NULL;
    size_t room = 16;
    uint64_t *numbers = lathe_alloc(room, sizeof *numbers), number;
    DIR *listing = numbers ? opendir(folder) : NULL;
    *count = 0;
    if (numbers && !listing) fail(folder, "list");
    for (struct dirent *entry; listing && numbers && (entry = readdir(listing));) {
        if (!number_in(entry->d_name, prefix, suffix, &number)) continue;
        if (*count == room) {
            uint64_t *grown = lathe_grow(numbers, room, lathe_times(2, room), sizeof *numbers);
            if (!grown) lathe_free(numbers);
            numbers = grown;
            room *= 2;
        }
        if (numbers) numbers[(*count)++] = number;
    }
    if (!listing) {
        lathe_free(numbers);
        return NULL;
    }
    closedir(listing);
    if (numbers) qsort(numbers, *count, sizeof *numbers, by_size);
    return numbers;
}

/* ---- growing files ------------------------------------------------------------------------------------- */

struct lathe_writer {
    int handle;
    char *path;
    uint64_t position; /* of the next byte, buffered bytes included */
    size_t used;
    lathe_status status;
    char gathered[16384];
};

/*
 * Open a growing file without following a link. A new one is created: what was there, also a link, is removed
 * first, so that no other file with these bytes is changed. Devices and pipes stay.
 */
static int open_growing(const char *path, bool is_new)
{
    struct stat info;
    const bool there = !lstat(path, &info);
    const bool replaced = is_new && (!there || S_ISREG(info.st_mode) || S_ISLNK(info.st_mode));
    if (replaced && there && lathe_call_unlink(path)) return -1;
    return lathe_call_open(path, O_WRONLY | O_CREAT | O_NOFOLLOW | (replaced ? O_EXCL : 0));
}

lathe_writer *lathe_writer_open(const char *path, uint64_t position)
{
    if (!path) return lathe_fail_null("lathe_writer_open", "path"), NULL;
    lathe_writer *writer = lathe_alloc(1, sizeof *writer);
    if (!writer) return NULL;
    *writer = (lathe_writer){ .handle = -1, .position = position, .path = lathe_strdup(path) };
    writer->handle = writer->path ? open_growing(path, position == 0) : -1;
    struct stat info;
    lathe_status status = LATHE_OK;
    if (!writer->path) status = LATHE_ENOMEM;
    else if (writer->handle < 0 || fstat(writer->handle, &info)) status = fail(path, "open for writing");
    else if (position && S_ISREG(info.st_mode) && info.st_nlink != 1)
        status = lathe_fail(LATHE_EIO,
            "%s: has another name too (a hard link), and writing would change both; replace it with a copy",
            path);
    else if ((uint64_t)info.st_size < position)
        status = lathe_fail(LATHE_EIO, "%s: has %lld bytes, expected at least %llu", path,
            (long long)info.st_size, (unsigned long long)position);
    else if (S_ISREG(info.st_mode) && lathe_call_truncate(writer->handle, (off_t)position))
        status = fail(path, "shorten");
    else if (position && lseek(writer->handle, (off_t)position, SEEK_SET) < 0) status = fail(path, "seek");
    if (!status) return writer;
    if (writer->handle >= 0) close(writer->handle);
    lathe_free(writer->path);
    lathe_free(writer);
    return NULL;
}

lathe_status lathe_writer_flush(lathe_writer *writer, bool sync)
{
    if (!writer) return lathe_fail_null("lathe_writer_flush", "writer");
    if (writer->status) return lathe_fail(writer->status, "%s: an earlier write has failed", writer->path);
    writer->status = write_all(writer->handle, writer->gathered, writer->used, writer->path);
    writer->used = 0;
    /* Devices such as /dev/full and pipes have nothing to sync. */
    if (!writer->status && sync && lathe_call_sync(writer->handle) && errno != EINVAL)
        writer->status = fail(writer->path, "sync");
    return writer->status;
}

static lathe_status add(lathe_writer *writer, const void *bytes, size_t length)
{
    if (writer->status || length > sizeof writer->gathered - writer->used) {
        lathe_status status = lathe_writer_flush(writer, false);
        if (status) return status;
    }
    writer->position += length;
    if (length > sizeof writer->gathered)
        return writer->status = write_all(writer->handle, bytes, length, writer->path);
    memcpy(writer->gathered + writer->used, bytes, length);
    writer->used += length;
    return LATHE_OK;
}

lathe_status lathe_writer_add(lathe_writer *writer, const char *text)
{
    if (!writer || !text) return lathe_fail_null("lathe_writer_add", !writer ? "writer" : "text");
    return add(writer, text, strlen(text));
}

lathe_status lathe_writer_add_bytes(lathe_writer *writer, const lathe_bytes *bytes)
{
    if (!writer || !bytes) return lathe_fail_null("lathe_writer_add_bytes", !writer ? "writer" : "bytes");
    if (!bytes->data && bytes->size)
        return lathe_fail(LATHE_EARG, "lathe_writer_add_bytes: %zu bytes at NULL", bytes->size);
    return bytes->size ? add(writer, bytes->data, bytes->size) : LATHE_OK;
}

uint64_t lathe_writer_position(const lathe_writer *writer)
{
    if (!writer) return 0;
    return writer->position;
}

const char *lathe_writer_lost(const lathe_writer *writer)
{
    struct stat held, named;
    if (!writer) return NULL;
    const bool there = !fstat(writer->handle, &held) && !lstat(writer->path, &named) &&
        held.st_dev == named.st_dev && held.st_ino == named.st_ino &&
        (!S_ISREG(held.st_mode) || (uint64_t)held.st_size >= writer->position - writer->used);
    return there ? NULL : writer->path;
}

lathe_status lathe_writer_close(lathe_writer *writer)
{
    if (!writer) return LATHE_OK;
    lathe_status status = writer->status ? writer->status : lathe_writer_flush(writer, false);
    if (lathe_call_close(writer->handle) && !status) status = fail(writer->path, "close");
    lathe_free(writer->path);
    lathe_free(writer);
    return status;
}

lathe_status lathe_writer_cut(lathe_writer *writer, uint64_t position)
{
    if (!writer) return lathe_fail_null("lathe_writer_cut", "writer");
    lathe_status status = lathe_writer_flush(writer, false);
    if (!status && lathe_call_truncate(writer->handle, (off_t)position))
        status = fail(writer->path, "shorten");
    if (!status && lseek(writer->handle, (off_t)position, SEEK_SET) < 0) status = fail(writer->path, "seek");
    if (!status) writer->position = position;
    return writer->status = status;
}
