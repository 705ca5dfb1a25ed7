#define _GNU_SOURCE /* nftw */
#include "folder.h"

#include <dirent.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "support.h"

static char folder[1024];

const char *test_folder(void)
{
    if (!*folder) {
        snprintf(folder, sizeof folder, "%s/test-XXXXXX", LATHE_TEST_BINARY);
        if (!mkdtemp(folder)) fail_msg("no folder for the test can be made");
    }
    return folder;
}

void test_folder_in_memory(void)
{
    assert_int_equal(*folder, 0);
    snprintf(folder, sizeof folder, "/dev/shm/lathe-test-XXXXXX");
    if (!mkdtemp(folder)) folder[0] = '\0';
}

const char *test_path(const char *name)
{
    static char paths[4][2048];
    static int next;
    char *path = paths[next++ % 4];
    snprintf(path, sizeof paths[0], "%s/%s", test_folder(), name);
    return path;
}

static int remove_entry(const char *path, const struct stat *info, int kind, struct FTW *at)
{
    (void)info, (void)kind, (void)at;
    return remove(path);
}

void test_folder_remove(void)
{
    if (*folder) nftw(folder, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
    folder[0] = '\0';
}

int test_folder_entries(void)
{
    DIR *listing = opendir(test_folder());
    assert_non_null(listing);
    int count = 0;
    for (struct dirent *entry; (entry = readdir(listing));) count += entry->d_name[0] != '.';
    closedir(listing);
    return count;
}

char *test_bytes(const char *path, size_t *size)
{
    FILE *in = fopen(path, "rb");
    if (!in) fail_msg("%s cannot be opened", path);
    char *bytes = NULL;
    size_t room = 0;
    *size = 0;
    for (size_t got = 1; got; *size += got) {
        if (room - *size < 65536) bytes = realloc(bytes, (room = 2 * room + 65536) + 1);
        assert_non_null(bytes);
        got = fread(bytes + *size, 1, room - *size, in);
    }
    fclose(in);
    bytes[*size] = '\0';
    return bytes;
}

void test_write(const char *path, const void *bytes, size_t size)
{
    FILE *out = fopen(path, "wb");
    if (!out) fail_msg("%s cannot be made", path);
    assert_int_equal(fwrite(bytes, 1, size, out), size);
    assert_int_equal(fclose(out), 0);
}
