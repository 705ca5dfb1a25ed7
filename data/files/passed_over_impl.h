/* Private: count what a walk through folders passes over. */
#ifndef LATHE_DATA_FILES_PASSED_OVER_IMPL_H
#define LATHE_DATA_FILES_PASSED_OVER_IMPL_H

#include <stddef.h>

enum { LATHE_PASSED_KINDS = 32, LATHE_PASSED_TEXT = 1024 };

/** Counts by kind ("link", "folder", ".heic file"). Zeros are nothing. */
typedef struct lathe_passed {
    struct {
        char kind[24], example[80]; /* of the names of this kind, the first by its bytes */
        size_t count;
    } of[LATHE_PASSED_KINDS];
    size_t kinds;
    size_t rest; /* of more kinds */
} lathe_passed;

/** Count one of a kind, with the path that is its example. NULL for `passed` is fine. */
void lathe_passed_add(lathe_passed *passed, const char *kind, const char *path);

/** Count a file, by its name's ending. */
void lathe_passed_add_file(lathe_passed *passed, const char *path);

/** "3 .heic files, such as 1.heic; 1 link: b", sorted by kind; empty for nothing. Returns `text`. */
const char *lathe_passed_text(const lathe_passed *passed, char text[LATHE_PASSED_TEXT]);

#endif
