#include "text.h"

#include <stdio.h>
#include <string.h>

#include "../core/alloc.h"

/* One "option=value". */
static lathe_status set_option(const lathe_metric_type *type, void *opts, char *word)
{
    char *value = strchr(word, '=');
    if (!value)
        return lathe_fail(LATHE_EARG, "%s: '%s' is not an option with a value; write NAME=VALUE", type->name,
            word);
    *value++ = '\0';
    return lathe_fields_set(type->name, type->fields, opts, word, value, 0);
}

/* The next word before a colon; NULL after the last one. */
static char *next_word(char **rest)
{
    char *word = *rest + strspn(*rest, ":");
    if (!*word) return NULL;
    *rest = word + strcspn(word, ":");
    if (**rest) *(*rest)++ = '\0';
    return word;
}

lathe_metric *lathe_metric_from_text(const char *text, int classes)
{
    char copy[LATHE_METRIC_TEXT], *rest = copy;
    if (!text) return lathe_fail_null("lathe_metric_from_text", "text"), NULL;
    if (strlen(text) >= sizeof copy)
        return lathe_fail(LATHE_EARG, "lathe_metric_from_text: text is longer than a metric can be"), NULL;
    snprintf(copy, sizeof copy, "%s", text);
    char *word = next_word(&rest);
    const lathe_metric_type *type = lathe_metric_find(word ? word : "");
    void *opts = type ? lathe_alloc(1, type->opts_size) : NULL;
    if (!opts) return NULL;
    lathe_status status = LATHE_OK;
    while (!status && (word = next_word(&rest))) status = set_option(type, opts, word);
    lathe_metric *metric = status ? NULL : lathe_metric_new(type, classes, opts);
    lathe_free(opts);
    return metric;
}
