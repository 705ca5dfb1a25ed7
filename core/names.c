#include "names.h"

#include <stdio.h>
#include <string.h>

#include "status.h"

/* Room for " and N more" with any number. */
enum { MORE = sizeof " and 2147483647 more" - 1 };

lathe_names lathe_names_in(char *text, size_t size)
{
    if (!text || !size) return (lathe_names){ 0 };
    text[0] = '\0';
    return (lathe_names){ .text = text, .size = size };
}

void lathe_names_add(lathe_names *names, const char *between, const char *name)
{
    if (!names || !between || !name) {
        lathe_fail_null("lathe_names_add", !names ? "names" : !between ? "between" : "name");
        return;
    }
    if (!names->text) return;
    if (!names->listed) between = "";
    const size_t needed = strlen(between) + strlen(name), room = names->size - names->used;
    if (!names->left_out && needed + MORE < room) {
        names->used += (size_t)snprintf(names->text + names->used, room, "%s%s", between, name);
        names->listed++;
        return;
    }
    names->left_out++;
    snprintf(names->text + names->used, room, names->listed ? " and %d more" : "%d", names->left_out);
}

void lathe_mark_cut(char *text, int length)
{
    static const char dots[] = " ...";
    if (!text) return;
    const size_t used = strlen(text);
    if (length < 0 || (size_t)length <= used || used < 2 * sizeof dots) return;
    size_t end = used - (sizeof dots - 1);
    const size_t least = end - end / 4; /* a longer word is cut */
    while (end > least && text[end] != ' ') end--;
    if (text[end] != ' ')
        for (end = used - (sizeof dots - 1); end && ((unsigned char)text[end] & 0xC0) == 0x80;) end--;
    memcpy(text + end, dots, sizeof dots);
}
