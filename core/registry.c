#include "registry.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "names.h"

static const char *name_of(const void *object) { return *(const char *const *)object; }

bool lathe_name_is(const char *name, const char *text, size_t length)
{
    if (!name || !text) return false;
    const char *end = text + length;
    for (;; name++, text++) {
        while (*name == '_' || *name == '-') name++;
        while (text < end && (*text == '_' || *text == '-')) text++;
        const bool ended = text == end || !*text;
        if (ended || *name != *text) return ended && !*name;
    }
}

static const char *alias_of(const lathe_registry *registry, const void *object)
{
    return registry->alias ? registry->alias(object) : NULL;
}

const void *lathe_registry_at(const lathe_registry *registry, int index)
{
    if (!registry || index < 0) return NULL;
    for (const void *const *own = registry->table; *own; own++)
        if (!index--) return *own;
    return index < registry->count ? registry->added[index] : NULL;
}

/* The object of this name or second name; NULL if it does not exist. */
static const void *named(const lathe_registry *registry, const char *name)
{
    const size_t length = strlen(name);
    const void *object;
    for (int i = 0; (object = lathe_registry_at(registry, i)); i++)
        if (lathe_name_is(name_of(object), name, length) ||
            lathe_name_is(alias_of(registry, object), name, length))
            return object;
    return NULL;
}

static const char *name_at(const void *registry, int index)
{
    const void *object = lathe_registry_at(registry, index);
    return object ? name_of(object) : NULL;
}

/* The name of one of the kind's functions, for messages. */
static const char *function_name(const lathe_registry *registry, const char *ending, char text[64])
{
    snprintf(text, 64, "%s_%s", registry->prefix, ending);
    return text;
}

const void *lathe_registry_find(const lathe_registry *registry, const char *name)
{
    char who[64];
    if (!registry) return lathe_fail_null("lathe_registry_find", "registry"), NULL;
    if (!name) return lathe_fail_null(function_name(registry, "find", who), "name"), NULL;
    const void *object = named(registry, name);
    if (!object) lathe_fail_name(registry->kind, name, name_at, registry);
    return object;
}

/* A name is a word of a settings text, of a comma list and of a command line. */
static lathe_status check_name(const lathe_registry *registry, const char *who, const void *object,
    const char *name)
{
    if (!*name || name[strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_-")])
        return lathe_fail(LATHE_EARG, "%s: the name '%.60s' is not of a-z, 0-9, _ and -", who, name);
    const void *holder = named(registry, name);
    if (!holder || holder == object) return LATHE_OK;
    return lathe_fail(LATHE_ENAME, "%s: the name '%.60s' is taken by another %s", who, name, registry->kind);
}

lathe_status lathe_registry_add(lathe_registry *registry, const void *object)
{
    char who[64];
    if (!registry) return lathe_fail_null("lathe_registry_add", "registry");
    function_name(registry, "register", who);
    if (!object) return lathe_fail_null(who, "type");
    if (!name_of(object)) return lathe_fail(LATHE_EARG, "%s: the %s has no name", who, registry->kind);
    const char *alias = alias_of(registry, object);
    lathe_status status = check_name(registry, who, object, name_of(object));
    if (!status && alias) status = check_name(registry, who, object, alias);
    if (!status && named(registry, name_of(object)) == object) return LATHE_OK;
    if (!status && registry->check) status = registry->check(registry, object);
    if (status) return status;
    if (registry->count == LATHE_REGISTRY_ROOM)
        return lathe_fail(LATHE_ENOMEM, "%s: %s: a program can add %d, and it has", who, name_of(object),
            LATHE_REGISTRY_ROOM);
    registry->added[registry->count++] = object;
    return LATHE_OK;
}

lathe_status lathe_registry_refuse(const lathe_registry *registry, const void *object, const char *format,
    ...)
{
    char who[64], problem[LATHE_MESSAGE_SIZE];
    if (!registry || !object)
        return lathe_fail_null("lathe_registry_refuse", registry ? "object" : "registry");
    va_list arguments;
    va_start(arguments, format);
    lathe_mark_cut(problem, vsnprintf(problem, sizeof problem, format, arguments));
    va_end(arguments);
    return lathe_fail(LATHE_EARG, "%s: %.60s: %s", function_name(registry, "register", who), name_of(object),
        problem);
}

/* ---- tables of fields ---------------------------------------------------------------------------------- */

/* Bytes of one number of a field, and the most numbers it can have. */
static size_t size_of(lathe_field_kind kind, int *most)
{
    *most = 1;
    switch (kind) {
    case LATHE_FIELD_DOUBLE: return *most = 2, sizeof(double);
    case LATHE_FIELD_INT: return *most = 2, sizeof(int);
    case LATHE_FIELD_STEPS: return *most = LATHE_FIELD_LIST, sizeof(uint64_t);
    case LATHE_FIELD_BOOL: return sizeof(bool);
    case LATHE_FIELD_CHOICE: return sizeof(int);
    case LATHE_FIELD_PATH: return sizeof(const char *);
    }
    return 0;
}

/* Is the default of a field outside of its range? A range of two zeros is any number. */
static bool preset_outside(const lathe_field *field, int length)
{
    if (field->required || (field->min == 0 && field->max == 0) || field->kind > LATHE_FIELD_STEPS)
        return false;
    for (int i = 0; i < length && i < 2 - (field->kind == LATHE_FIELD_STEPS); i++) {
        const double preset = field->preset[i];
        if (field->above_min ? preset <= field->min : preset < field->min) return true;
        if (field->below_max ? preset >= field->max : preset > field->max) return true;
    }
    return false;
}

static lathe_status check_field(const lathe_registry *registry, const void *object, const lathe_field *field,
    size_t size)
{
    int most;
    const int length = field->count ? field->count : 1;
    const size_t width = size_of(field->kind, &most);
    const char *name = field->name;
    if (!*name) return lathe_registry_refuse(registry, object, "a field has an empty name");
    if (!width)
        return lathe_registry_refuse(registry, object, "field %.60s: kind %d", name, (int)field->kind);
    if (length < 1 || length > most)
        return lathe_registry_refuse(registry, object, "field %.60s: count %d, 1 to %d are allowed", name,
            length, most);
    if (field->offset % width || field->offset > size || (size_t)length * width > size - field->offset)
        return lathe_registry_refuse(registry, object,
            "field %.60s: its %zu bytes at %zu are not within the struct's %zu", name, (size_t)length * width,
            field->offset, size);
    if (field->kind == LATHE_FIELD_CHOICE && (!field->choices || !field->choices[0]))
        return lathe_registry_refuse(registry, object, "field %.60s: it has no choices", name);
    if (field->min > field->max)
        return lathe_registry_refuse(registry, object, "field %.60s: min %g is above max %g", name,
            field->min, field->max);
    if (preset_outside(field, length))
        return lathe_registry_refuse(registry, object, "field %.60s: its default is outside of its range",
            name);
    return LATHE_OK;
}

lathe_status lathe_registry_check_fields(const lathe_registry *registry, const void *object,
    const lathe_field *fields, size_t size)
{
    if (!registry || !object)
        return lathe_fail_null("lathe_registry_check_fields", registry ? "object" : "registry");
    if (!fields) return lathe_registry_refuse(registry, object, "fields is NULL");
    lathe_status status = LATHE_OK;
    for (const lathe_field *field = fields; field->name && !status; field++) {
        status = check_field(registry, object, field, size);
        if (!status && lathe_fields_find(fields, field->name) != field)
            status = lathe_registry_refuse(registry, object, "field %.60s occurs twice", field->name);
    }
    return status;
}
