/* Texts that must fit a buffer: lists of names, and lines that end at a whole word. */
#ifndef LATHE_CORE_NAMES_H
#define LATHE_CORE_NAMES_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

/** A list of names in a buffer: "a, b, c", or "a, b and 7 more" if not all of them fit. */
typedef struct lathe_names {
    char *text; /* the list so far, ended by a zero */
    size_t size, used;
    int listed, left_out;
} lathe_names;

/** An empty list in `text`, which has `size` bytes, at least 1. NULL makes a list that takes no names. */
lathe_names lathe_names_in(char *text, size_t size);

/**
 * Add a name, after `between` unless it is the first. The first name that does not fit whole and each one
 * after it are only counted: "... and 7 more".
 */
void lathe_names_add(lathe_names *names, const char *between, const char *name);

/**
 * Mark a text that was too long for its buffer: it then ends after a whole word, or at least after a whole
 * UTF-8 character, with " ...".
 *
 * length   of the whole text, as vsnprintf returns it; if it is that of `text`, nothing is changed
 * text     NULL does nothing
 */
void lathe_mark_cut(char *text, int length);

#ifdef __cplusplus
}
#endif
#endif
