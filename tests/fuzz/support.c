#define _GNU_SOURCE /* mkdtemp */
#include "fuzz.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char folder[64];

static void remove_folder(void)
{
    DIR *list = opendir(folder);
    for (struct dirent *entry; list && (entry = readdir(list));)
        if (entry->d_name[0] != '.') unlinkat(dirfd(list), entry->d_name, 0);
    if (list) closedir(list);
    rmdir(folder);
}

void fuzz_check(int fact, const char *what)
{
    if (fact) return;
    fprintf(stderr, "finding: %s; last message: %s\n", what, lathe_error_message());
    abort();
}

const char *fuzz_folder(void)
{
    if (*folder) return folder;
    strcpy(folder, access("/dev/shm", W_OK) ? "/tmp/lathe-fuzz-XXXXXX" : "/dev/shm/lathe-fuzz-XXXXXX");
    fuzz_check(mkdtemp(folder) != NULL, "no folder for files");
    atexit(remove_folder);
    return folder;
}

const char *fuzz_file(const char *name, const uint8_t *data, size_t size)
{
    static char paths[2][128];
    static int turn;
    char *path = paths[turn ^= 1];
    snprintf(path, sizeof paths[0], "%s/%s", fuzz_folder(), name);
    int handle = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    fuzz_check(handle >= 0 && write(handle, data, size) == (ssize_t)size, "a file cannot be written");
    close(handle);
    return path;
}

char *fuzz_text(const uint8_t *data, size_t size, size_t most)
{
    if (size > most) size = most;
    char *text = malloc(size + 1);
    fuzz_check(text != NULL, "out of memory");
    for (size_t i = 0; i < size; i++) text[i] = data[i] ? (char)data[i] : ' ';
    text[size] = '\0';
    return text;
}

void fuzz_read_all(lathe_dataset *data)
{
    if (!data) {
        fuzz_check(lathe_error() && *lathe_error_message(), "refused without a message");
        return;
    }
    uint8_t *scratch = malloc(lathe_data_scratch(data) + 1);
    fuzz_check(scratch != NULL && data->count > 0, "a data set without samples");
    for (size_t i = 0; i < data->count; i++) {
        lathe_sample sample;
        if (lathe_data_read(data, i, scratch, &sample)) continue;
        fuzz_check(sample.label >= 0 && sample.label < data->classes, "a label that is no class");
    }
    free(scratch);
    lathe_data_free(data);
}

void fuzz_read_tensors(lathe_safetensors *file, size_t size)
{
    fuzz_check(file || *lathe_error_message(), "refused without a message");
    for (size_t i = 0; file && i < file->tensors; i++) {
        size_t count = file->tensor[i].count;
        fuzz_check(count <= size, "a tensor of more numbers than the file has bytes");
        lathe_real *values = malloc((count + 1) * sizeof *values);
        fuzz_check(values != NULL, "out of memory");
        if (lathe_safetensors_get(file, &file->tensor[i], values, count)) lathe_error_clear();
        free(values);
    }
    lathe_safetensors_free(file);
    lathe_error_clear();
}
