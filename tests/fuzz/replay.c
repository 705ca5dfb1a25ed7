/* Calls a fuzz target with each file of its corpus, and with each file cut short: what libFuzzer found stays
 * found. */
#include "fuzz.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int replay(const char *path)
{
    static uint8_t bytes[1 << 20];
    FILE *file = fopen(path, "rb");
    if (!file) return 0;
    size_t size = fread(bytes, 1, sizeof bytes, file);
    fclose(file);
    for (size_t cut = 0; cut <= 16; cut++) { /* of its own size, so that a read beyond the end is seen */
        size_t length = size * (16 - cut) / 16;
        uint8_t *copy = malloc(length ? length : 1);
        if (!copy) return 0;
        memcpy(copy, bytes, length);
        LLVMFuzzerTestOneInput(copy, length);
        lathe_error_clear();
        free(copy);
    }
    return 1;
}

int main(int argc, char **argv)
{
    if (argc != 2) return 2;
    DIR *folder = opendir(argv[1]);
    int count = 0;
    for (struct dirent *entry; folder && (entry = readdir(folder));) {
        char path[4096];
        snprintf(path, sizeof path, "%s/%s", argv[1], entry->d_name);
        if (entry->d_name[0] != '.') count += replay(path);
    }
    if (folder) closedir(folder);
    printf("%d files replayed\n", count);
    return count > 0 ? 0 : 1;
}
