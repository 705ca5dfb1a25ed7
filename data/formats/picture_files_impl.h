/*
 * Private: lists of picture files, and what their data sets share: decoding, keeping, skipping damaged files.
 */
#ifndef LATHE_DATA_FORMATS_PICTURE_FILES_IMPL_H
#define LATHE_DATA_FORMATS_PICTURE_FILES_IMPL_H

#include "../../core/arena.h"
#include "../files/passed_over_impl.h"
#include "../open.h"
#include "../pictures/picture.h"
#include "folder.h"
#include "picture_files.h"

/** A list of picture files with their targets. Zeros and an arena are an empty list. */
typedef struct lathe_file_list {
    lathe_arena *arena; /* of the names, and of all fields that are not from lathe_alloc */
    char **file;        /* [count] paths; this array and those below are from lathe_alloc */
    char **mask;        /* [count]: the file of each picture's mask; NULL without masks */
    int *label;         /* [count] */
    int *group;         /* [count], or NULL */
    int *target;        /* [count, targets_each], or NULL */
    size_t count, room;
    size_t max_pixels; /* of a file; 0: the default */
    int background;    /* of transparent pixels */
    double crop_ratio; /* these as lathe_files_opts has them */
    lathe_filter interpolation;
    bool full_size;
    const char *task; /* as lathe_dataset has it */
    bool masks;
    lathe_passed passed; /* over, in the folders */
    int targets_each, heads, classes;
    const lathe_head *head;         /* [heads], in the arena */
    const char *const *class_names; /* [classes], in the arena */
    uint8_t class_of[256];          /* of each level of a mask; 255: no class */
} lathe_file_list;

/**
 * Add a picture. Its targets are copied. Give `mask` and `targets` for all pictures of a list or for no
 * picture.
 * Errors   LATHE_ENOMEM, also for a NULL path.
 */
lathe_status lathe_file_list_add(lathe_file_list *list, char *path, char *mask, int label,
    const int *targets);

void lathe_file_list_free(lathe_file_list *list);

/**
 * Decode picture `index` with `channels`, and its mask.
 *
 * part    of the picture; without choose the part that the list's crop_ratio says
 * pixels  [channels, part->height, part->width]
 * mask    [part->height, part->width]; NULL: not decoded
 * Errors  those of lathe_picture_read, LATHE_EFORMAT for a mask that is not for the picture
 */
lathe_status lathe_file_list_decode(const lathe_file_list *list, size_t index, int channels,
    const lathe_part *part, uint8_t *pixels, uint8_t *mask);

/** "a/b" in the arena. Errors: LATHE_ENOMEM: returns NULL. */
char *lathe_arena_path(lathe_arena *arena, const char *a, const char *b);

/**
 * Make a data set of the list and take over the list, also after a failure. If `status` is a failure (of
 * making the list), only free the list. The options labels, classes and class_names are ignored; the others
 * must be resolved and are checked. `where` names the data set in messages.
 */
lathe_dataset *lathe_files_open(lathe_status status, lathe_file_list *list, const lathe_files_opts *opts,
    const char *where);

/** Fill in the defaults and check; `who` begins messages. Errors: LATHE_EARG. */
lathe_status lathe_files_resolve(const char *who, const lathe_files_opts *opts, lathe_files_opts *resolved);

/** The options of a folder, a table or masks: `dir` and `split` are checked too. Errors: LATHE_EARG. */
lathe_status lathe_folder_resolve(const char *who, const char *dir, lathe_split split,
    const lathe_folder_opts *opts, lathe_folder_opts *resolved, lathe_files_opts *files);

/** The folder's options that follow from the options of lathe_data_open. */
lathe_folder_opts lathe_folder_opts_of(const lathe_data_opts *opts);

/** Returns true if a file of an open folder is a picture, by its name's ending or else by its first bytes. */
bool lathe_is_picture(int folder, const char *name);

#endif
