#include "find_pictures.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "../../core/alloc.h"
#include "../files/byte_file_impl.h"
#include "../files/folder_walk_impl.h"
#include "picture_files_impl.h"

static lathe_status add(lathe_file_names *names, char *path)
{
    if (!path) return LATHE_ENOMEM;
    if (names->count == names->room) {
        size_t room = names->room ? 2 * names->room : 64;
        char **longer = lathe_grow(names->file, names->room, room, sizeof *longer);
        if (!longer) {
            lathe_free(path);
            return LATHE_ENOMEM;
        }
        names->file = longer;
        names->room = room;
    }
    names->file[names->count++] = path;
    return LATHE_OK;
}

static lathe_status add_folder(lathe_file_names *names, const char *path)
{
    lathe_listing listing = { .arena = lathe_arena_new() };
    lathe_status status = listing.arena ? lathe_walk_files(path, lathe_is_picture, &listing) : LATHE_ENOMEM;
    if (!status && !listing.count)
        status = lathe_fail(LATHE_EFORMAT, "%s: a folder without pictures (JPEG, PNG, BMP, PNM)", path);
    for (size_t i = 0; i < listing.count && !status; i++)
        status = add(names, lathe_data_path(path, listing.name[i]));
    lathe_listing_free(&listing);
    lathe_arena_free(listing.arena);
    return status;
}

lathe_status lathe_data_find(const char *path, lathe_file_names *names)
{
    struct stat about;
    if (!path || !names) return lathe_fail_null("lathe_data_find", path ? "names" : "path");
    if (stat(path, &about)) return lathe_fail(LATHE_EIO, "%s: %s", path, strerror(errno));
    return S_ISDIR(about.st_mode) ? add_folder(names, path) : add(names, lathe_strdup(path));
}

void lathe_file_names_free(lathe_file_names *names)
{
    if (!names) return;
    for (size_t i = 0; i < names->count; i++) lathe_free(names->file[i]);
    lathe_free(names->file);
    *names = (lathe_file_names){ 0 };
}
