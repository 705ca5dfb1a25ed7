/* Private: list folders without following links out of them and without waiting for pipes. */
#ifndef LATHE_DATA_FILES_FOLDER_WALK_IMPL_H
#define LATHE_DATA_FILES_FOLDER_WALK_IMPL_H

#include <stdbool.h>

#include "../../core/arena.h"
#include "../../core/status.h"
#include "passed_over_impl.h"

/** Names, sorted by their bytes, in an arena. */
typedef struct lathe_listing {
    lathe_arena *arena;
    char **name; /* [count], freed by lathe_listing_free; the texts lie in the arena */
    size_t count, room;
    lathe_passed *passed; /* counts what is passed over, except hidden names; may be NULL */
} lathe_listing;

/**
 * List the folders in `folder` whose names do not begin with a point. Symbolic links are skipped.
 * Errors   LATHE_EIO, LATHE_ENOMEM.
 */
lathe_status lathe_walk_folders(const char *folder, lathe_listing *listing);

/**
 * List the files in `folder` and in its subfolders, to a depth of 16, as paths relative to `folder`. Names
 * that begin with a point, symbolic links and files that are not regular are skipped. `wanted` returns true
 * for a file `name` of an open folder that is to be listed.
 * Errors   LATHE_EIO, LATHE_ENOMEM, LATHE_EFORMAT (more than 50,000,000 files).
 */
lathe_status lathe_walk_files(const char *folder, bool (*wanted)(int folder_handle, const char *name),
    lathe_listing *listing);

/** Free the array of names. */
void lathe_listing_free(lathe_listing *listing);

#endif
