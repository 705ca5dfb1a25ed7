#define _DEFAULT_SOURCE
#include "support/pictures.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "support/folder.h"

void test_make_folders(const char *path)
{
    char part[2048];
    for (const char *c = path; *c; c++)
        if (*c == '/') {
            snprintf(part, sizeof part, "%.*s", (int)(c - path), path);
            mkdir(test_path(part), 0700);
        }
}

void test_put_picture(const char *path, int width, int height, int level, int mixed)
{
    size_t area = (size_t)width * (size_t)height;
    char *bytes = malloc(area + 32);
    int header = sprintf(bytes, "P5 %d %d 255\n", width, height);
    for (size_t i = 0; i < area; i++) bytes[(size_t)header + i] = (char)(level + (mixed ? (int)(i % 7) : 0));
    test_make_folders(path);
    test_write(test_path(path), bytes, (size_t)header + area);
    free(bytes);
}

void test_put_text(const char *path, const char *text)
{
    test_make_folders(path);
    test_write(test_path(path), text, strlen(text));
}
