#define _XOPEN_SOURCE 700
#define _DEFAULT_SOURCE /* flock */
#include "unpacked_cache_impl.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../../core/alloc.h"

/* The source file of a cache, and its length. */
typedef struct cache_header {
    char magic[16];
    uint64_t device, inode, length, modified, changed; /* of the source; times in nanoseconds */
    uint64_t count, checksum;                          /* of the bytes that follow */
} cache_header;

enum { PIECE = 1 << 18, LANES = 4 };

_Static_assert(sizeof(cache_header) == LATHE_DATA_CACHE_BEGIN, "the header fills its place");

static uint64_t nanoseconds(struct timespec time)
{
    return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
}

static bool describe(const lathe_data_file *source, size_t count, cache_header *header)
{
    struct stat about;
    if (fstat(source->handle, &about)) return false;
    *header = (cache_header){ "lathe cache 2\n", (uint64_t)about.st_dev, (uint64_t)about.st_ino,
        (uint64_t)about.st_size, nanoseconds(about.st_mtim), nanoseconds(about.st_ctim), count, 0 };
    return true;
}

/*
 * A checksum that is as fast as the memory: words are multiplied into lanes that do not wait for each other.
 * Each step is a bijection, so one changed word is always noticed. The last bytes are filled up with zeros.
 */
typedef struct checksum {
    uint64_t lane[LANES];
} checksum;

static checksum checksum_begin(void)
{
    return (checksum){ { 0x243F6A8885A308D3u, 0x13198A2E03707344u, 0xA4093822299F31D0u,
        0x082EFA98EC4E6C89u } }; /* digits of pi */
}

static void checksum_lanes(checksum *sum, const uint8_t *bytes)
{
    for (int i = 0; i < LANES; i++) {
        uint64_t word;
        memcpy(&word, bytes + 8 * i, 8);
        word ^= sum->lane[i];
        sum->lane[i] = (word << 29 | word >> 35) * 0x9E3779B97F4A7C15u;
    }
}

/* `count` is a multiple of 8 * LANES in all calls but the last. */
static void checksum_add(checksum *sum, const uint8_t *bytes, size_t count)
{
    uint8_t rest[8 * LANES] = { 0 };
    size_t whole = count / sizeof rest * sizeof rest;
    for (size_t at = 0; at < whole; at += sizeof rest) checksum_lanes(sum, bytes + at);
    if (whole == count) return;
    memcpy(rest, bytes + whole, count - whole);
    checksum_lanes(sum, rest);
}

static uint64_t checksum_end(const checksum *sum)
{
    checksum all = checksum_begin();
    for (int i = 0; i < LANES; i++) all.lane[0] = (all.lane[0] ^ sum->lane[i]) * 0x9E3779B97F4A7C15u;
    return all.lane[0];
}

/* The cache folder, for lathe_free; it is made if necessary. NULL: no cache. */
static char *cache_folder(void)
{
    const char *chosen = getenv("LATHE_CACHE"), *caches = getenv("XDG_CACHE_HOME"), *home = getenv("HOME");
    if (chosen) return *chosen && strcmp(chosen, "off") ? lathe_strdup(chosen) : NULL;
    if (caches && *caches == '/') return lathe_data_path(caches, "lathe");
    return home && *home == '/' ? lathe_data_path(home, ".cache/lathe") : NULL;
}

/* The path of a source's cache, for lathe_free. Its name is the FNV-1a hash of the source's path. */
static char *cache_path(const lathe_data_file *source)
{
    char *folder = cache_folder(), *whole = folder ? realpath(source->path, NULL) : NULL, name[32];
    uint64_t hash = 14695981039346656037u;
    for (const char *c = whole; c && *c; c++) hash = (hash ^ (unsigned char)*c) * 1099511628211u;
    snprintf(name, sizeof name, "%016" PRIx64, hash);
    char *path = whole ? lathe_data_path(folder, name) : NULL;
    free(whole); /* realpath's own */
    lathe_free(folder);
    return path;
}

/* Returns true if the bytes of a cache file have the checksum of its header. `kept` may be NULL. */
static bool is_intact(int handle, const cache_header *header, uint8_t *kept)
{
    uint8_t *room = kept ? NULL : lathe_alloc_raw(PIECE, 1);
    checksum sum = checksum_begin();
    bool good = kept || room;
    for (uint64_t at = 0; good && at < header->count;) {
        size_t part = header->count - at < PIECE ? (size_t)(header->count - at) : PIECE, got = 0;
        uint8_t *piece = kept ? kept + at : room;
        while (got < part) {
            ssize_t step = pread(handle, piece + got, part - got, (off_t)(sizeof *header + at + got));
            if (step < 0 && errno == EINTR) continue;
            if (step <= 0) break;
            got += (size_t)step;
        }
        good = got == part;
        if (good) checksum_add(&sum, piece, part);
        at += part;
    }
    lathe_free(room);
    return good && checksum_end(&sum) == header->checksum;
}

/* Returns true for "0123456789abcdef.123": the name of a file that is being made. */
static bool is_temporary(const char *name)
{
    const size_t hash = strspn(name, "0123456789abcdef");
    return hash == 16 && name[16] == '.' && name[17] && !name[17 + strspn(name + 17, "0123456789")];
}

/* Remove what killed processes left in the folder: a process that lives holds a lock on its file. */
static void sweep(const char *folder)
{
    DIR *list = opendir(folder);
    if (!list) return;
    for (const struct dirent *entry; (entry = readdir(list));) {
        if (!is_temporary(entry->d_name)) continue;
        int handle = openat(dirfd(list), entry->d_name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
        if (handle < 0) continue;
        if (!flock(handle, LOCK_EX | LOCK_NB)) unlinkat(dirfd(list), entry->d_name, 0);
        close(handle);
    }
    closedir(list);
}

/* Remove what killed processes left beside a cache file. */
static void sweep_beside(char *path)
{
    char *slash = strrchr(path, '/');
    *slash = '\0';
    sweep(path);
    *slash = '/';
}

int lathe_data_cache_open(const lathe_data_file *source, size_t count, uint8_t *kept)
{
    cache_header wanted, found;
    struct stat about;
    char *path = cache_path(source);
    if (path) sweep_beside(path);
    int handle =
        path && describe(source, count, &wanted) ? open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK) : -1;
    lathe_free(path);
    if (handle < 0) return -1;
    bool good = !fstat(handle, &about) && S_ISREG(about.st_mode) &&
        (uint64_t)about.st_size == sizeof wanted + (uint64_t)count &&
        pread(handle, &found, sizeof found, 0) == (ssize_t)sizeof found;
    if (good) {
        wanted.checksum = found.checksum;
        good = !memcmp(&found, &wanted, sizeof found) && is_intact(handle, &found, kept);
    }
    if (good) return handle;
    close(handle);
    return -1;
}

/* Make the missing folders of a path. A failure is noticed when the file is made. */
static void make_folders(char *path)
{
    for (char *slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        mkdir(path, 0700);
        *slash = '/';
    }
}

static bool write_all(int handle, const void *bytes, size_t count)
{
    for (const char *at = bytes; count;) {
        ssize_t step = write(handle, at, count);
        if (step < 0 && errno == EINTR) continue;
        if (step <= 0) return false;
        at += step;
        count -= (size_t)step;
    }
    return true;
}

/*
 * Write all bytes and the header, which then knows their checksum, and sync them. *good becomes false if the
 * file system fails.
 */
static lathe_status fill(lathe_data_file *source, size_t count, uint8_t *kept, cache_header *header,
    int handle, bool *good)
{
    checksum sum = checksum_begin();
    uint8_t *room = kept ? NULL : lathe_alloc_raw(PIECE, 1);
    lathe_status status = kept || room ? LATHE_OK : LATHE_ENOMEM;
    *good = write_all(handle, header, sizeof *header);
    for (size_t at = 0, part; at < count && !status && *good; at += part) {
        uint8_t *piece = kept ? kept + at : room;
        part = count - at < PIECE ? count - at : PIECE;
        status = lathe_data_file_read(source, piece, part);
        if (status) break;
        checksum_add(&sum, piece, part);
        *good = write_all(handle, piece, part);
    }
    lathe_free(room);
    if (!status && *good) status = lathe_data_file_end(source);
    header->checksum = checksum_end(&sum);
    if (!status && *good)
        *good = pwrite(handle, header, sizeof *header, 0) == (ssize_t)sizeof *header && !fsync(handle);
    return status;
}

/*
 * "path.123", for lathe_free, and a handle on that new file, with a lock that says that its process lives.
 * NULL if it cannot be made.
 */
static char *new_file(const char *path, int *handle)
{
    size_t room = strlen(path) + 24;
    char *temporary = lathe_alloc(room, 1);
    if (!temporary) return NULL;
    snprintf(temporary, room, "%s.%ld", path, (long)getpid());
    make_folders(temporary);
    *handle = open(temporary, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (*handle >= 0 && !flock(*handle, LOCK_EX | LOCK_NB)) return temporary;
    if (*handle >= 0) {
        unlink(temporary);
        close(*handle);
    }
    lathe_free(temporary);
    return NULL;
}

lathe_status lathe_data_cache_make(lathe_data_file *source, size_t begin, size_t count, uint8_t *kept,
    int *handle)
{
    cache_header header;
    bool good = false;
    char *path = cache_path(source);
    char *temporary = path && describe(source, count, &header) ? new_file(path, handle) : NULL;
    lathe_status status = LATHE_OK;
    if (temporary) {
        status = fill(source, count, kept, &header, *handle, &good);
        if (!status && good) good = !rename(temporary, path);
        if (status || !good) {
            unlink(temporary);
            close(*handle);
        }
        if (!status && !good) status = lathe_data_file_restart(source, begin);
    }
    if (status || !good) *handle = -1;
    lathe_free(temporary);
    lathe_free(path);
    return status;
}
