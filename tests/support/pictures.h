/* Small picture files for tests of data sets. */
#ifndef LATHE_TESTS_PICTURES_H
#define LATHE_TESTS_PICTURES_H

/** Make the folders on the way to `path`, which lies in the test's folder. */
void test_make_folders(const char *path);

/** A grey PGM of width x height at `path`, with the folders on its way: of one level, or at each pixel level
 * + its number % 7 if `mixed`. */
void test_put_picture(const char *path, int width, int height, int level, int mixed);

/** A file of this text. */
void test_put_text(const char *path, const char *text);

#endif
