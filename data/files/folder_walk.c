#define _GNU_SOURCE /* openat, fdopendir, fstatat */
#include "folder_walk_impl.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../../core/alloc.h"

#define DEPTH 16
#define MOST 50000000

static lathe_status add(lathe_listing *listing, const char *name)
{
    if (listing->count == MOST)
        return lathe_fail(LATHE_EFORMAT, "%s: there are more than %d files", name, MOST);
    if (listing->count == listing->room) {
        size_t room = listing->room ? 2 * listing->room : 64;
        char **larger = lathe_grow(listing->name, listing->room, room, sizeof *larger);
        if (!larger) return LATHE_ENOMEM;
        listing->name = larger;
        listing->room = room;
    }
    char *copy = lathe_arena_strdup(listing->arena, name);
    if (!copy) return LATHE_ENOMEM;
    listing->name[listing->count++] = copy;
    return LATHE_OK;
}

static int by_bytes(const void *a, const void *b) { return strcmp(*(char *const *)a, *(char *const *)b); }

static void sort(lathe_listing *listing)
{
    if (listing->count) qsort(listing->name, listing->count, sizeof *listing->name, by_bytes);
}

/* The state of a walk through a tree of folders. */
typedef struct lathe_walk {
    const char *root;
    bool folders;                                 /* list the folders of the top level */
    bool (*wanted)(int handle, const char *name); /* or list the files of all levels */
    lathe_listing *listing;
    char path[4096]; /* relative to the root */
} lathe_walk;

static lathe_status walk_folder(lathe_walk *walk, int handle, size_t length, int depth);

/* Handle the entry walk->path, which is no folder. */
static lathe_status visit_file(lathe_walk *walk, int handle, const char *name, mode_t mode)
{
    lathe_passed *passed = walk->listing->passed;
    struct stat target;
    bool linked_folder = S_ISLNK(mode) && !fstatat(handle, name, &target, 0) && S_ISDIR(target.st_mode);
    if (S_ISLNK(mode)) lathe_passed_add(passed, linked_folder ? "linked folder" : "link", walk->path);
    else if (!S_ISREG(mode)) lathe_passed_add(passed, "special file", walk->path);
    else if (walk->folders || !walk->wanted(handle, name)) lathe_passed_add_file(passed, walk->path);
    else return add(walk->listing, walk->path);
    return LATHE_OK;
}

/* Handle one entry of the folder `handle`; its path is the first `length` bytes of walk->path. */
static lathe_status visit(lathe_walk *walk, int handle, const char *name, size_t length, int depth)
{
    struct stat about;
    if (name[0] == '.' || fstatat(handle, name, &about, AT_SYMLINK_NOFOLLOW))
        return LATHE_OK; /* hidden, or removed in the meantime */
    bool folder = S_ISDIR(about.st_mode);
    size_t room = sizeof walk->path - length;
    int written = snprintf(walk->path + length, room, "%s%s", length ? "/" : "", name);
    if (written < 0 || (size_t)written >= room)
        return lathe_fail(LATHE_EIO, "%s: the path %.200s... is longer than %zu bytes", walk->root,
            walk->path, sizeof walk->path);
    if (!folder) return visit_file(walk, handle, name, about.st_mode);
    if (!strcmp(name, "__MACOSX")) /* what macOS adds to archives */
        return lathe_passed_add(walk->listing->passed, "folder", walk->path), LATHE_OK;
    if (walk->folders) return add(walk->listing, name);
    if (depth == DEPTH)
        return lathe_fail(LATHE_EIO, "%s/%s: folders are nested deeper than %d", walk->root, walk->path,
            DEPTH);
    int inner = openat(handle, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (inner < 0) return lathe_fail(LATHE_EIO, "%s/%s: %s", walk->root, walk->path, strerror(errno));
    return walk_folder(walk, inner, length + (size_t)written, depth + 1);
}

/* Closes `handle`. */
static lathe_status walk_folder(lathe_walk *walk, int handle, size_t length, int depth)
{
    DIR *folder = fdopendir(handle);
    if (!folder) {
        close(handle);
        return lathe_fail(LATHE_EIO, "%s: %s", walk->root, strerror(errno));
    }
    lathe_status status = LATHE_OK;
    errno = 0;
    for (struct dirent *entry; !status && (entry = readdir(folder)); errno = 0) {
        status = visit(walk, dirfd(folder), entry->d_name, length, depth);
        walk->path[length] = '\0';
    }
    if (!status && errno)
        status = lathe_fail(LATHE_EIO, "%s/%s: %s", walk->root, walk->path, strerror(errno));
    closedir(folder);
    return status;
}

static lathe_status walk_root(lathe_walk *walk)
{
    int handle = open(walk->root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (handle < 0) return lathe_fail(LATHE_EIO, "%s: cannot be opened: %s", walk->root, strerror(errno));
    lathe_status status = walk_folder(walk, handle, 0, 0);
    if (!status) sort(walk->listing);
    return status;
}

lathe_status lathe_walk_folders(const char *folder, lathe_listing *listing)
{
    lathe_walk walk = { .root = folder, .folders = true, .listing = listing };
    return walk_root(&walk);
}

lathe_status lathe_walk_files(const char *folder, bool (*wanted)(int folder_handle, const char *name),
    lathe_listing *listing)
{
    lathe_walk walk = { .root = folder, .wanted = wanted, .listing = listing };
    return walk_root(&walk);
}

void lathe_listing_free(lathe_listing *listing)
{
    lathe_free(listing->name);
    listing->name = NULL;
    listing->count = listing->room = 0;
}
