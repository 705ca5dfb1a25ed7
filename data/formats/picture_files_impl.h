/* Private: what data sets of picture files share: a list of them, decoding, keeping, leaving out what is
 * damaged. */
#ifndef LATHE_DATA_FORMATS_PICTURE_FILES_IMPL_H
#define LATHE_DATA_FORMATS_PICTURE_FILES_IMPL_H

#include "../../core/arena.h"
#include "picture_files.h"
#include "folder.h"
#include "../open.h"

/** A list of picture files, and what is known of each. Zeros with an arena are an empty one. */
typedef struct lathe_file_list {
    lathe_arena *arena; /* of the names and all else that is not said to be lathe_alloc's */
    char **file;        /* [count] paths from the working folder on; lathe_alloc's, as are the arrays below */
    char **mask;        /* [count]: the file of each picture's mask, or NULL if there are none */
    int *label;         /* [count] */
    int *group;         /* [count], or NULL */
    int *target;        /* [count, targets_each], or NULL */
    size_t count, room;
    lathe_task task;
    int targets_each, heads, classes;
    const lathe_head *head;         /* [heads], in the arena */
    const char *const *class_names; /* [classes], in the arena */
    uint8_t class_of[256];          /* of each level of a mask; 255: of none */
} lathe_file_list;

/**
 * Add a picture. Its targets are copied. `mask` and `targets` are given for all of a list's or for none.
 * Errors: LATHE_ENOMEM (also for a NULL path).
 */
lathe_status lathe_file_list_add(lathe_file_list *list, char *path, char *mask, int label,
    const int *targets);

void lathe_file_list_free(lathe_file_list *list);

/** "a/b" in the arena; NULL: memory ran out. */
char *lathe_arena_path(lathe_arena *arena, const char *a, const char *b);

/**
 * A data set of the list, which becomes its own, also when this fails; with a `status` that says the list
 * could not be made it only goes. Of the options labels, classes and class_names are not
 * looked at; the others are checked and have been filled in. `where` is what messages call the whole.
 */
lathe_dataset *lathe_files_open(lathe_status status, lathe_file_list *list, const lathe_files_opts *opts,
    const char *where);

/** Fill in the defaults and check; `who` begins messages. Errors: LATHE_EARG. */
lathe_status lathe_files_resolve(const char *who, const lathe_files_opts *opts, lathe_files_opts *resolved);

/** The options of a folder, a table or masks: `dir` and `split` are checked too. Errors: LATHE_EARG. */
lathe_status lathe_folder_resolve(const char *who, const char *dir, lathe_split split,
    const lathe_folder_opts *opts, lathe_folder_opts *resolved, lathe_files_opts *files);

/** Of train/, val/ and test/, which a split is in: the test is val/ where there is no test/. */
const char *lathe_folder_place(lathe_split split, bool val, bool test);

/** What a name on the command line leaves open. */
lathe_folder_opts lathe_folder_opts_of(const lathe_data_opts *opts);

/** Does a file of an open folder look like a picture, by its name's ending or, without such, by its first
 * bytes? */
bool lathe_is_picture(int folder, const char *name);

#endif
