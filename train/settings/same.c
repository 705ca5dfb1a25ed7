/* Compare two settings, line by line of their texts: are they those of one run? */
#include <string.h>

#include "../../core/alloc.h"
#include "section.h"

/*
 * A line without its comment mark, because a default equals the same value given: "# lr = 0.001" and "lr =
 * 0.001".
 */
static const char *bare(const char *line, int *length)
{
    bool is_default = !strncmp(line, "# ", 2);
    if (is_default) *length -= 2;
    return is_default ? line + 2 : line;
}

static bool has_line(const char *text, const char *line, int length)
{
    while (*text) {
        int other = (int)strcspn(text, "\n");
        const char *next = text + other, *found = bare(text, &other);
        if (other == length && !memcmp(found, line, (size_t)length)) return true;
        text = next + (*next == '\n');
    }
    return false;
}

/*
 * The first line of `a` that `b` does not have, and its length; 0 without one. Options may be in another
 * order.
 */
static const char *lacking_line(const char *a, const char *b, int *length)
{
    while (*a) {
        *length = (int)strcspn(a, "\n");
        const char *next = a + *length, *line = bare(a, length);
        if (!has_line(b, line, *length)) return line;
        a = next + (*next == '\n');
    }
    *length = 0;
    return a;
}

static lathe_status compare_texts(const char *path, const char *then, const char *now)
{
    int length[2];
    const char *line[2] = { lacking_line(then, now, &length[0]), lacking_line(now, then, &length[1]) };
    if (!length[0] && !length[1]) return LATHE_OK;
    return lathe_fail(LATHE_EARG,
        "%s: a run with '%.*s', the settings say '%.*s'; a run resumes with its own settings, except "
        "its length (--epochs, --max-steps) and what does not change the result",
        path, length[0], line[0], length[1], line[1]);
}

/* Copy the settings that may differ from `settings`, so that only the others are compared. */
static void copy_free(lathe_settings *to, const lathe_settings *settings)
{
    for (int i = 0; lathe_setting_at(i); i++) {
        char text[LATHE_SETTING_LONG];
        const lathe_setting *setting = lathe_setting_at(i);
        if (setting->flags & (LATHE_SETTING_FREE | LATHE_SETTING_PLACE))
            lathe_settings_set(to, setting->field.name, lathe_setting_text(setting, settings, text));
    }
}

lathe_status lathe_settings_same_run(const char *path, const lathe_settings *then, const lathe_settings *now)
{
    if (!path || !then || !now)
        return lathe_fail_null("lathe_settings_same_run", !path ? "path" : !then ? "then" : "now");
    lathe_settings adapted = *then;
    copy_free(&adapted, now);
    char *before = lathe_settings_text(&adapted), *after = before ? lathe_settings_text(now) : NULL;
    lathe_status status = after ? compare_texts(path, before, after) : lathe_error();
    lathe_free(before);
    lathe_free(after);
    return status;
}
