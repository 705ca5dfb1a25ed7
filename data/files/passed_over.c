#include "passed_over_impl.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../core/names.h"

/* Copy the beginning of a name, fit for a line of text. */
static void copy_name(char *to, size_t room, const char *name)
{
    snprintf(to, room, "%s", name);
    for (char *c = to; *c; c++)
        if ((unsigned char)*c < ' ' || *c == 0x7f) *c = '?';
}

void lathe_passed_add(lathe_passed *passed, const char *kind, const char *path)
{
    if (!passed) return;
    size_t k = 0;
    while (k < passed->kinds && strcmp(passed->of[k].kind, kind)) k++;
    if (k == LATHE_PASSED_KINDS) {
        passed->rest++;
        return;
    }
    char name[sizeof passed->of[k].example];
    copy_name(name, sizeof name, path);
    if (k == passed->kinds) {
        passed->kinds++;
        snprintf(passed->of[k].kind, sizeof passed->of[k].kind, "%s", kind);
    }
    if (!passed->of[k].count++ || strcmp(name, passed->of[k].example) < 0)
        memcpy(passed->of[k].example, name, sizeof name);
}

void lathe_passed_add_file(lathe_passed *passed, const char *path)
{
    char kind[24] = "file";
    const char *slash = strrchr(path, '/'), *point = strrchr(slash ? slash : path, '.');
    size_t length = point ? strlen(point) : 0;
    bool plain = length > 1 && length < 12;
    for (size_t i = 1; i < length && plain; i++) plain = isalnum((unsigned char)point[i]);
    if (plain) {
        snprintf(kind, sizeof kind, "%s file", point);
        for (size_t i = 0; i < length; i++) kind[i] = (char)tolower((unsigned char)kind[i]);
    }
    lathe_passed_add(passed, kind, path);
}

static int by_kind(const void *a, const void *b) { return strcmp(a, b); /* both begin with the kind */ }

const char *lathe_passed_text(const lathe_passed *passed, char text[LATHE_PASSED_TEXT])
{
    lathe_passed sorted = *passed;
    qsort(sorted.of, sorted.kinds, sizeof sorted.of[0], by_kind);
    lathe_names names = lathe_names_in(text, LATHE_PASSED_TEXT);
    char one[192];
    for (size_t k = 0; k < sorted.kinds; k++) {
        size_t count = sorted.of[k].count;
        snprintf(one, sizeof one, "%zu %s%s%s", count, sorted.of[k].kind, count > 1 ? "s, such as " : ": ",
            sorted.of[k].example);
        lathe_names_add(&names, "; ", one);
    }
    snprintf(one, sizeof one, "%zu of other kinds", sorted.rest);
    if (sorted.rest) lathe_names_add(&names, "; ", one);
    return text;
}
