#include "text.h"

#include <stdio.h>
#include <string.h>

#include "../core/alloc.h"
#include "../core/registry.h"
#include "sched_impl.h"
#include "sequence.h"

enum { NAME = 64 };

/* "cyclic:triangular2:4ep" taken apart. */
typedef struct words {
    char text[NAME];
    const lathe_sched_type *type;
    const char *mode, *length; /* in `text`; NULL: not given */
} words;

typedef struct parsed {
    words word[LATHE_SCHED_SEGMENTS];
    lathe_segment segment[LATHE_SCHED_SEGMENTS]; /* their opts are ours */
    int count;
    bool sequence; /* a length was given, so that one name is a sequence too */
} parsed;

/* A segment's length is read as options are. */
static const lathe_field length_field[] = {
    { .name = "length",
        .kind = LATHE_FIELD_STEPS,
        .offset = 0,
        .required = true,
        .min = 1,
        .max = 9007199254740992.0 },
    { .name = NULL },
};

/* ---- words --------------------------------------------------------------------------------------------- */

static bool has_modes(const lathe_sched_type *type)
{
    const lathe_field *mode = lathe_fields_find(type->fields, "mode");
    return mode && mode->kind == LATHE_FIELD_CHOICE;
}

/* `size` characters of the text. */
static lathe_status read_segment(const char *text, size_t size, words *w)
{
    if (size >= sizeof w->text) return lathe_fail(LATHE_EARG, "sched: '%.60s...' is not a schedule", text);
    memcpy(w->text, text, size);
    w->text[size] = '\0';
    char *rest = strchr(w->text, ':');
    if (rest) *rest++ = '\0';
    w->type = lathe_sched_find(w->text);
    if (!w->type) return LATHE_ENAME;
    bool mode = rest && has_modes(w->type) && !strchr("0123456789.", *rest);
    if (mode) {
        w->mode = rest;
        rest = strchr(rest, ':');
        if (rest) *rest++ = '\0';
    }
    w->length = rest;
    return LATHE_OK;
}

static lathe_status read_words(const char *text, words *word, int *count)
{
    lathe_status status = LATHE_OK;
    *count = 0;
    for (const char *rest = text; rest && !status;) {
        size_t size = strcspn(rest, ",");
        if (*count == LATHE_SCHED_SEGMENTS)
            return lathe_fail(LATHE_EARG, "sched: more than %d segments", LATHE_SCHED_SEGMENTS);
        status = read_segment(rest, size, &word[*count]);
        ++*count;
        rest = rest[size] ? rest + size + 1 : NULL;
    }
    return status;
}

lathe_status lathe_sched_text_types(const char *text, const lathe_sched_type *type[LATHE_SCHED_SEGMENTS],
    int *count)
{
    if (!text || !type || !count)
        return lathe_fail_null("lathe_sched_text_types", !text ? "text" : !type ? "type" : "count");
    words word[LATHE_SCHED_SEGMENTS] = { { .type = NULL } };
    *count = 0;
    lathe_status status = read_words(text, word, count);
    for (int i = 0; i < *count; i++) type[i] = word[i].type;
    return status;
}

/* ---- options ------------------------------------------------------------------------------------------- */

static lathe_status set_option(const lathe_sched_option *option, double steps_per_epoch, const parsed *all,
    const char *text)
{
    bool known = false;
    for (int i = 0; i < all->count; i++) {
        const lathe_sched_type *type = all->segment[i].type;
        const lathe_field *field = lathe_fields_find_of(type->name, type->fields, option->key);
        if (!field) continue;
        known = true;
        void *opts = (void *)(uintptr_t)all->segment[i].opts;
        lathe_status status =
            lathe_fields_set(type->name, type->fields, opts, field->name, option->text, steps_per_epoch);
        if (status) return status;
    }
    return known ? LATHE_OK :
                   lathe_fail(LATHE_ENAME, "sched: %.200s has no option '%.60s'", text, option->key);
}

/* ---- making it ----------------------------------------------------------------------------------------- */

static lathe_status make_segment(const words *w, double steps_per_epoch, parsed *all)
{
    lathe_segment *made = &all->segment[all->count];
    made->type = w->type;
    if (w->length) {
        lathe_status status =
            lathe_fields_set(w->type->name, length_field, &made->steps, "length", w->length, steps_per_epoch);
        if (status) return status;
        all->sequence = true;
    }
    made->opts = lathe_alloc(1, made->type->opts_size);
    if (!made->opts) return LATHE_ENOMEM;
    all->count++;
    return LATHE_OK;
}

/* The modes in the text come last: they are said of one segment, and an option of all. */
static lathe_status set_modes(const parsed *all)
{
    lathe_status status = LATHE_OK;
    for (int i = 0; i < all->count && !status; i++) {
        const lathe_sched_type *type = all->segment[i].type;
        void *opts = (void *)(uintptr_t)all->segment[i].opts;
        if (all->word[i].mode)
            status = lathe_fields_set(type->name, type->fields, opts, "mode", all->word[i].mode, 0);
    }
    return status;
}

static lathe_sched *build(lathe_optim *optim, const char *text, const lathe_sched_text_opts *o, parsed *all)
{
    int count;
    if (read_words(text, all->word, &count)) return NULL;
    for (int i = 0; i < count; i++)
        if (make_segment(&all->word[i], o->steps_per_epoch, all)) return NULL;
    for (int named = 0; named < 2; named++) /* what is said of one schedule by name comes after */
        for (int i = 0; i < o->options; i++)
            if (named == (strchr(o->option[i].key, '.') != NULL) &&
                set_option(&o->option[i], o->steps_per_epoch, all, text))
                return NULL;
    if (set_modes(all)) return NULL;
    const lathe_segment *only = &all->segment[0];
    if (all->sequence || count > 1)
        return lathe_sched_sequence(optim,
            &(lathe_sequence_opts){ .segment = all->segment,
                .count = all->count,
                .run_steps = o->run_steps });
    lathe_sched_fill_length(only->type, (void *)(uintptr_t)only->opts, o->run_steps, true);
    return lathe_sched_new(only->type, optim, only->opts);
}

lathe_sched *lathe_sched_from_text(lathe_optim *optim, const char *text, const lathe_sched_text_opts *opts)
{
    if (!text) return lathe_fail_null("lathe_sched_from_text", "text"), NULL;
    if (opts && !(opts->steps_per_epoch >= 0 && opts->steps_per_epoch <= 0x1p53)) {
        lathe_fail(LATHE_EARG, "lathe_sched_from_text: steps_per_epoch = %g is not legal: [0, 2^53]",
            opts->steps_per_epoch);
        return NULL;
    }
    parsed all = { .count = 0 };
    lathe_sched *sched = build(optim, text, opts ? opts : &(lathe_sched_text_opts){ 0 }, &all);
    for (int i = 0; i < all.count; i++) lathe_free((void *)(uintptr_t)all.segment[i].opts);
    return sched;
}
