#include "alike.h"

#include <stdbool.h>
#include <string.h>

/* The letters below the accents of U+00C0 to U+017F, and the accents after U+0300; '?' has neither. */
static const char letter[] = "AAAAAA?CEEEEIIII?NOOOOO??UUUUY??aaaaaa?ceeeeiiii?nooooo??uuuuy?y"
                             "AaAaAaCcCcCcCcDd??EeEeEeEeEeGgGgGgGgHh??IiIiIiIiI???JjKk?LlLlLl?"
                             "???NnNnNn???OoOoOo??RrRrRrSsSsSsSsTtTt??UuUuUuUuUuUuWwYyYZzZzZz?";
static const unsigned char accent[] = { 0, 1, 2, 3, 8, 10, 0, 39, 0, 1, 2, 8, 0, 1, 2, 8, 0, 3, 0, 1, 2, 3, 8,
    0, 0, 0, 1, 2, 8, 1, 0, 0, 0, 1, 2, 3, 8, 10, 0, 39, 0, 1, 2, 8, 0, 1, 2, 8, 0, 3, 0, 1, 2, 3, 8, 0, 0, 0,
    1, 2, 8, 1, 0, 8, 4, 4, 6, 6, 40, 40, 1, 1, 2, 2, 7, 7, 12, 12, 12, 12, 0, 0, 4, 4, 6, 6, 7, 7, 40, 40,
    12, 12, 2, 2, 6, 6, 7, 7, 39, 39, 2, 2, 0, 0, 3, 3, 4, 4, 6, 6, 40, 40, 7, 0, 0, 0, 2, 2, 39, 39, 0, 1, 1,
    39, 39, 12, 12, 0, 0, 0, 0, 1, 1, 39, 39, 12, 12, 0, 0, 0, 4, 4, 6, 6, 11, 11, 0, 0, 1, 1, 39, 39, 12, 12,
    1, 1, 2, 2, 39, 39, 12, 12, 39, 39, 12, 12, 0, 0, 3, 3, 4, 4, 6, 6, 10, 10, 11, 11, 40, 40, 2, 2, 2, 2, 8,
    1, 1, 7, 7, 12, 12, 0 };

/* A name as it looks: letters and accents apart, as Unicode's form NFD has them. */
typedef struct reader {
    const char *at;
    int accent; /* of the letter before; 0: none */
} reader;

/* Skip blanks, also the no-break space U+00A0. */
static const char *skip_blanks(const char *text)
{
    for (;;)
        if (*text == ' ' || *text == '\t') text++;
        else if (!strncmp(text, "\xc2\xa0", 2)) text += 2;
        else return text;
}

/* The next letter, accent or other byte; one blank for several; 0 at the end, also before last blanks. */
static int next_seen(reader *r)
{
    const int before = r->accent;
    const char *after = skip_blanks(r->at);
    r->accent = 0;
    if (before) return before;
    if (!*after) return 0;
    if (after != r->at) return r->at = after, ' ';
    const unsigned char *at = (const unsigned char *)r->at;
    if ((at[0] == 0xCC || at[0] == 0xCD) && (at[1] & 0xC0) == 0x80) { /* U+0300 to U+037F */
        r->at += 2;
        return 0x300 + (at[0] - 0xCC) * 64 + (at[1] & 0x3F);
    }
    if (at[0] >= 0xC3 && at[0] <= 0xC5 && (at[1] & 0xC0) == 0x80) { /* U+00C0 to U+017F */
        const int index = (at[0] - 0xC3) * 64 + (at[1] & 0x3F);
        if (letter[index] != '?') {
            r->at += 2;
            r->accent = 0x300 + accent[index];
            return letter[index];
        }
    }
    r->at++;
    return at[0];
}

/* Returns true if the names are equal without their blanks. */
static bool differ_in_blanks(const char *a, const char *b)
{
    for (;;) {
        a = skip_blanks(a), b = skip_blanks(b);
        if (*a != *b) return false;
        if (!*a) return true;
        a++, b++;
    }
}

const char *lathe_names_alike(const char *a, const char *b)
{
    if (!a || !b || !strcmp(a, b)) return NULL;
    reader x = { .at = skip_blanks(a) }, y = { .at = skip_blanks(b) };
    for (;;) {
        const int seen = next_seen(&x);
        if (seen != next_seen(&y)) return NULL;
        if (!seen) return differ_in_blanks(a, b) ? "blanks" : "the bytes of an accent";
    }
}
