/*
 * The functions that a written file needs, from template/, which is embedded as a text. A section begins with
 * a line that names it and what it needs, and ends at the next one.
 */
#include <ctype.h>
#include <string.h>

#include "plan_impl.h"

extern const unsigned char lathe_c_functions[];

typedef struct section {
    const char *name, *text, *end; /* the name is followed by others, up to the end of the line */
    bool needed;
} section;

static const char mark[] = "/*% ", begins[] = "section ";

/* All sections, in their order. Returns their number. */
static int read_sections(section *sections)
{
    int count = 0;
    for (const char *at = strstr((const char *)lathe_c_functions, mark); at; at = strstr(at + 1, mark)) {
        if (count && !sections[count - 1].end) sections[count - 1].end = at;
        const char *name = at + sizeof mark - 1;
        if (strncmp(name, begins, sizeof begins - 1) != 0 || count == LATHE_C_SECTIONS) continue;
        sections[count++] = (section){ .name = name + sizeof begins - 1, .text = strchr(at, '\n') + 1 };
    }
    return count;
}

static bool is_named(const section *s, const char *name, size_t length)
{
    return !strncmp(s->name, name, length) && !isalnum((unsigned char)s->name[length]) &&
        s->name[length] != '_';
}

/* Mark a section and what it needs: the words behind "needs" in its first line. */
static void need(section *sections, int count, const char *name, size_t length)
{
    int i = 0;
    while (i < count && !is_named(&sections[i], name, length)) i++;
    if (i == count || sections[i].needed) return;
    sections[i].needed = true;
    const char *word = strstr(sections[i].name, "needs ");
    if (!word || word > sections[i].text) return;
    for (word += strcspn(word, " ") + 1; *word != '*'; word += strspn(word, " ,")) {
        size_t letters = strcspn(word, " ,*");
        need(sections, count, word, letters);
        word += letters;
    }
}

/* "net_" and "NET_" at the beginning of a word become the name's. */
static void put_renamed(lathe_text *text, const char *from, const char *end, const char *name,
    const char *upper)
{
    for (const char *at = from; at < end; at++) {
        bool inside = at > from && (isalnum((unsigned char)at[-1]) || at[-1] == '_');
        bool small = !strncmp(at, "net_", 4);
        if (inside || (!small && strncmp(at, "NET_", 4) != 0)) continue;
        lathe_text_put_n(text, from, (size_t)(at - from));
        lathe_text_put(text, small ? name : upper);
        from = at + 3;
    }
    lathe_text_put_n(text, from, (size_t)(end - from));
}

void lathe_c_template(lathe_text *text, const lathe_c_plan *plan, const char *name)
{
    section sections[LATHE_C_SECTIONS] = { 0 };
    char upper[LATHE_MESSAGE_SIZE];
    size_t length = strlen(name);
    for (size_t i = 0; i <= length; i++) upper[i] = (char)toupper((unsigned char)name[i]);
    int count = read_sections(sections);
    for (int i = 0; i < plan->sections; i++)
        need(sections, count, plan->section[i], strlen(plan->section[i]));
    for (int i = 0; i < count; i++)
        if (sections[i].needed) put_renamed(text, sections[i].text, sections[i].end, name, upper);
}

void lathe_c_numbers(lathe_text *text, const float *numbers, size_t count)
{
    char number[40];
    for (size_t i = 0; i < count; i++) {
        lathe_text_put(text, i % 8 ? " " : "    ");
        lathe_text_put(text, lathe_c_float((double)numbers[i], number));
        lathe_text_put(text, i % 8 == 7 || i + 1 == count ? ",\n" : ",");
    }
}
