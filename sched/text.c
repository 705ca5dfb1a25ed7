#include "text.h"

#include <stdio.h>
#include <string.h>

#include "../core/alloc.h"
#include "sched_impl.h"
#include "sequence.h"

enum { SEGMENTS = 32, NAME = 64 };

typedef struct parsed {
    lathe_segment segment[SEGMENTS]; /* their opts are ours */
    int count;
    bool sequence; /* lengths were given, or several names */
} parsed;

/* A segment's length is read as options are. */
static const lathe_field length_field[] = {
    { .name = "length", .kind = LATHE_FIELD_STEPS, .offset = 0, .required = true, .min = 1, .max = 9007199254740992.0 },
    { .name = NULL },
};

/* "cyclic:4ep", `size` characters of it. */
static lathe_status parse_segment(const char *text, size_t size, double steps_per_epoch, parsed *all)
{
    char name[NAME];
    if (size >= sizeof name) return lathe_fail(LATHE_EARG, "sched: '%.60s...' is not a schedule", text);
    if (all->count == SEGMENTS) return lathe_fail(LATHE_EARG, "sched: more than %d segments", SEGMENTS);
    memcpy(name, text, size);
    name[size] = '\0';
    char *length = strchr(name, ':');
    if (length) *length++ = '\0';
    lathe_segment *made = &all->segment[all->count];
    made->type = lathe_sched_find(name);
    if (!made->type) return LATHE_ENAME;
    if (length) {
        lathe_status status = lathe_fields_set(name, length_field, &made->steps, "length", length, steps_per_epoch);
        if (status) return status;
        all->sequence = true;
    }
    made->opts = lathe_alloc(1, made->type->opts_size);
    if (!made->opts) return LATHE_ENOMEM;
    all->count++;
    return LATHE_OK;
}

static lathe_status parse(const char *text, double steps_per_epoch, parsed *all)
{
    lathe_status status = LATHE_OK;
    for (const char *rest = text; rest && !status;) {
        size_t size = strcspn(rest, ",");
        status = parse_segment(rest, size, steps_per_epoch, all);
        rest = rest[size] ? rest + size + 1 : NULL;
    }
    if (all->count > 1) all->sequence = true;
    return status;
}

/* Is this option, "max_lr" or "cyclic.max_lr", one of that type's? Then *name is the part behind the point. */
static bool concerns(const lathe_sched_type *type, const char *key, const char **name)
{
    const char *point = strchr(key, '.');
    size_t length = point ? (size_t)(point - key) : 0;
    if (point && (strncmp(key, type->name, length) || type->name[length])) return false;
    *name = point ? point + 1 : key;
    return lathe_fields_find(type->fields, *name) != NULL;
}

static lathe_status set_option(const lathe_sched_option *option, double steps_per_epoch, const parsed *all, const char *text)
{
    bool known = false;
    for (int i = 0; i < all->count; i++) {
        const lathe_sched_type *type = all->segment[i].type;
        const char *name;
        if (!concerns(type, option->key, &name)) continue;
        known = true;
        void *opts = (void *)(uintptr_t)all->segment[i].opts;
        lathe_status status = lathe_fields_set(type->name, type->fields, opts, name, option->text, steps_per_epoch);
        if (status) return status;
    }
    return known ? LATHE_OK : lathe_fail(LATHE_ENAME, "sched: %.200s has no option '%.60s'", text, option->key);
}

static lathe_sched *build(lathe_optim *optim, const char *text, const lathe_sched_text_opts *o, parsed *all)
{
    if (parse(text, o->steps_per_epoch, all)) return NULL;
    for (int i = 0; i < o->options; i++)
        if (set_option(&o->option[i], o->steps_per_epoch, all, text)) return NULL;
    const lathe_segment *only = &all->segment[0];
    if (all->sequence)
        return lathe_sched_sequence(optim, &(lathe_sequence_opts){ .segment = all->segment, .count = all->count });
    lathe_sched_fill_length(only->type, (void *)(uintptr_t)only->opts, o->run_steps, true);
    return lathe_sched_new(only->type, optim, only->opts);
}

lathe_sched *lathe_sched_from_text(lathe_optim *optim, const char *text, const lathe_sched_text_opts *opts)
{
    if (!text) {
        if (!lathe_error()) lathe_fail(LATHE_EARG, "lathe_sched_from_text: text is NULL");
        return NULL;
    }
    parsed all = { .count = 0 };
    lathe_sched *sched = build(optim, text, opts ? opts : &(lathe_sched_text_opts){ 0 }, &all);
    for (int i = 0; i < all.count; i++) lathe_free((void *)(uintptr_t)all.segment[i].opts);
    return sched;
}
