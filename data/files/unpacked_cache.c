#define _XOPEN_SOURCE 700
#include "unpacked_cache_impl.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../../core/alloc.h"

/* The source file of a cache, and its length. */
typedef struct cache_header {
    char magic[16];
    uint64_t device, inode, length, modified, changed; /* of the source; times in nanoseconds */
    uint64_t count;
} cache_header;

_Static_assert(sizeof(cache_header) == LATHE_DATA_CACHE_BEGIN, "the header fills its place");

static uint64_t nanoseconds(struct timespec time)
{
    return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
}

static bool describe(const lathe_data_file *source, size_t count, cache_header *header)
{
    struct stat about;
    if (fstat(source->handle, &about)) return false;
    *header = (cache_header){ "lathe cache 1\n", (uint64_t)about.st_dev, (uint64_t)about.st_ino,
        (uint64_t)about.st_size, nanoseconds(about.st_mtim), nanoseconds(about.st_ctim), count };
    return true;
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

int lathe_data_cache_open(const lathe_data_file *source, size_t count)
{
    cache_header wanted, found;
    struct stat about;
    char *path = cache_path(source);
    int handle =
        path && describe(source, count, &wanted) ? open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK) : -1;
    lathe_free(path);
    if (handle < 0) return -1;
    bool good = !fstat(handle, &about) && S_ISREG(about.st_mode) &&
        (uint64_t)about.st_size == sizeof wanted + (uint64_t)count &&
        pread(handle, &found, sizeof found, 0) == (ssize_t)sizeof found &&
        !memcmp(&found, &wanted, sizeof found);
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

/* The header and all bytes into `handle`, and that to the disk. *good: whether the file system did its part.
 */
static lathe_status fill(lathe_data_file *source, size_t count, const cache_header *header, int handle,
    bool *good)
{
    enum { PIECE = 1 << 18 };
    uint8_t *piece = lathe_alloc_raw(PIECE, 1);
    lathe_status status = piece ? LATHE_OK : LATHE_ENOMEM;
    *good = write_all(handle, header, sizeof *header);
    for (size_t part; count && !status && *good; count -= part) {
        part = count < PIECE ? count : PIECE;
        status = lathe_data_file_read(source, piece, part);
        if (!status) *good = write_all(handle, piece, part);
    }
    lathe_free(piece);
    if (!status && *good) status = lathe_data_file_end(source);
    if (!status && *good) *good = !fsync(handle);
    return status;
}

/* "path.123", to be given to lathe_free, and a handle on that new file; NULL: it cannot be made. */
static char *new_file(const char *path, int *handle)
{
    size_t room = strlen(path) + 24;
    char *temporary = lathe_alloc(room, 1);
    if (!temporary) return NULL;
    snprintf(temporary, room, "%s.%ld", path, (long)getpid());
    make_folders(temporary);
    *handle = open(temporary, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (*handle >= 0) return temporary;
    lathe_free(temporary);
    return NULL;
}

lathe_status lathe_data_cache_make(lathe_data_file *source, size_t begin, size_t count, int *handle)
{
    cache_header header;
    bool good = false;
    char *path = cache_path(source);
    char *temporary = path && describe(source, count, &header) ? new_file(path, handle) : NULL;
    lathe_status status = LATHE_OK;
    if (temporary) {
        status = fill(source, count, &header, *handle, &good);
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
