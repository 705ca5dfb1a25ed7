/* Names that a reader cannot tell apart, such as "cat" and "cat ", or two spellings of one accent. */
#ifndef LATHE_DATA_ALIKE_H
#define LATHE_DATA_ALIKE_H

#ifdef __cplusplus
extern "C" {
#endif

/**
 * Returns what makes two different names look alike, for a message: "blanks" or "the bytes of an accent".
 * NULL if they are equal or look different, or one is NULL. Blanks at the ends, double blanks and no-break
 * spaces are blanks. A letter with a combining accent looks like the letter that has that accent (U+00C0 to
 * U+017F).
 */
const char *lathe_names_alike(const char *a, const char *b);

#ifdef __cplusplus
}
#endif
#endif
