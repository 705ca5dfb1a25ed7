/* A folder of a test's own, empty at first and gone at the end. */
#ifndef LATHE_TESTS_FOLDER_H
#define LATHE_TESTS_FOLDER_H

#include <stddef.h>

/** Make an empty folder for this test program under the build tree; returns its path, valid until the process
 * ends. */
const char *test_folder(void);

/** Have the folder in memory (/dev/shm), if that is there: for tests that save thousands of times. Before the
 * first test_folder. */
void test_folder_in_memory(void);

/** "folder/name"; valid until the fourth call after it. */
const char *test_path(const char *name);

/** Remove the folder and all in it. */
void test_folder_remove(void);

/** How many entries are in the folder. */
int test_folder_entries(void);

/** The bytes of a file, ended by a 0; the caller frees them. Fails the test if it cannot be read. */
char *test_bytes(const char *path, size_t *size);

/** Write a file of these bytes at `path`. */
void test_write(const char *path, const void *bytes, size_t size);

#endif
