/* Private: what lies in folders, without following a link out of them and without waiting for anything. */
#ifndef LATHE_DATA_FORMATS_FOLDER_WALK_IMPL_H
#define LATHE_DATA_FORMATS_FOLDER_WALK_IMPL_H

#include <stdbool.h>

#include "../../core/arena.h"
#include "../../core/status.h"

/** Names, sorted by their bytes, in an arena. */
typedef struct lathe_listing {
    lathe_arena *arena;
    char **name; /* [count], to be given back with lathe_free; the texts lie in the arena */
    size_t count, room;
} lathe_listing;

/**
 * The folders in `folder` whose names do not begin with a point. Symbolic links are passed over.
 * Errors   LATHE_EIO, LATHE_ENOMEM.
 */
lathe_status lathe_walk_folders(const char *folder, lathe_listing *listing);

/**
 * The files in `folder` and in the folders in it, to a depth of 16, as paths from `folder` on. Names that
 * begin with a point, symbolic links and what is no regular file are passed over. `wanted` says whether file
 * `name` of an open folder is to be listed.
 * Errors   LATHE_EIO, LATHE_ENOMEM, LATHE_EFORMAT (more than 50,000,000 files).
 */
lathe_status lathe_walk_files(const char *folder, bool (*wanted)(int folder_handle, const char *name),
    lathe_listing *listing);

/** Give the array of names back. */
void lathe_listing_free(lathe_listing *listing);

#endif
