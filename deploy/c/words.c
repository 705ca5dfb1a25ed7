/* Names from outside, as parts of a C file. */
#include <string.h>

#include "../../core/alloc.h"
#include "plan_impl.h"

void lathe_c_remark(lathe_text *text, const char *string)
{
    while (*string) {
        const int length = lathe_utf8_length(string);
        const bool mark = !strncmp(string, "*/", 2) || !strncmp(string, "/*", 2);
        if (!length) lathe_text_put(text, "?");
        else if (length == 1 && (unsigned char)*string < ' ') lathe_text_put(text, " ");
        else lathe_text_put_n(text, string, (size_t)length);
        if (mark) lathe_text_put(text, " ");
        string += length ? length : 1;
    }
}

void lathe_c_word(lathe_text *text, const char *name, const char *suffix)
{
    lathe_text renamed = { 0 }, word = { 0 };
    lathe_text_put_n(&renamed, name, strlen(name) - (*suffix ? 2 : 0));
    lathe_text_put(&renamed, suffix);
    char *whole = lathe_text_take(&renamed);
    if (whole) lathe_text_shell(&word, whole);
    lathe_free(whole);
    char *quoted = whole ? lathe_text_take(&word) : NULL;
    if (quoted) lathe_c_remark(text, quoted);
    else text->failed = true;
    lathe_free(quoted);
}

void lathe_c_string(lathe_text *text, const char *string)
{
    lathe_text_put(text, "\"");
    while (*string) {
        const unsigned char c = (unsigned char)*string;
        const int length = lathe_utf8_length(string);
        if (length > 1) lathe_text_put_n(text, string, (size_t)length);
        else if (!length || c < ' ' || c == 127) lathe_text_add(text, "\\%03o", c);
        else lathe_text_add(text, strchr("\"\\?", c) ? "\\%c" : "%c", c);
        string += length ? length : 1;
    }
    lathe_text_put(text, "\"");
}
