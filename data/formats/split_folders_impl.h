/* Private: folders, and words in a table, that name a split. */
#ifndef LATHE_DATA_FORMATS_SPLIT_FOLDERS_IMPL_H
#define LATHE_DATA_FORMATS_SPLIT_FOLDERS_IMPL_H

#include "../dataset.h"
#include "../files/folder_walk_impl.h"

/** The split that a word names, in any case (train, training, val, valid, validation, dev, test, testing); -1
 * for others. */
int lathe_split_named(const char *word);

/** Whether a name has such a word, as "training_set" and "seg-test" have: it may be a split. */
bool lathe_split_in_name(const char *name);

/** The folders of a data set that are splits. The names are those of the listing. */
typedef struct lathe_split_folders {
    const char *of[3]; /* by lathe_split; NULL: none */
    size_t others;     /* folders that name no split ... */
    const char *other; /* ... and the first of them */
} lathe_split_folders;

/** Find the splits among the folders `inside` dir. Errors: LATHE_EFORMAT (two folders for one split). */
lathe_status lathe_split_folders_find(const char *dir, const lathe_listing *inside,
    lathe_split_folders *found);

/** Returns true if dir has a folder for training and one for validation or testing. */
bool lathe_split_folders_pair(const lathe_split_folders *found);

/**
 * Check that the validation split may be read: it is one only beside a test split. Errors: LATHE_ESTATE.
 */
lathe_status lathe_split_folders_check(const char *dir, const lathe_split_folders *found, lathe_split split);

/** The folder of a split. The test split takes the folder for validation if there is none for testing. */
const char *lathe_split_folder(const lathe_split_folders *found, lathe_split split);

#endif
