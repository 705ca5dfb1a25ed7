/*
 * Registries: the objects of one kind (optimizers, layers, ...) by name. The build makes a table of the
 * library's own objects (cmake/registry.cmake); a program adds its own at run time.
 *
 * Each kind has three functions on its registry: lathe_optim_at, lathe_optim_find and lathe_optim_register.
 * Register before other threads use the library: a registry has no lock. What is registered stays until the
 * process ends, so let it be `static const`.
 */
#ifndef LATHE_CORE_REGISTRY_H
#define LATHE_CORE_REGISTRY_H

#include "field.h"

#ifdef __cplusplus
extern "C" {
#endif

/** The most objects of one kind that a program can add. */
#define LATHE_REGISTRY_ROOM 64

/** The objects of one kind. An object is a struct whose first member is its name, a `const char *`. */
typedef struct lathe_registry lathe_registry;

struct lathe_registry {
    const char *kind;         /* for messages: "optimizer" */
    const char *prefix;       /* of the kind's functions: "lathe_optim" */
    const void *const *table; /* the library's own, sorted by name, ended by NULL */
    /** Fails, with lathe_registry_refuse, for an object that cannot be used. May be NULL. */
    lathe_status (*check)(const lathe_registry *registry, const void *object);
    /** An object's second name or NULL. NULL: the kind has none. */
    const char *(*alias)(const void *object);
    const void *added[LATHE_REGISTRY_ROOM];
    int count; /* of those added */
};

/** Is `text`, of `length` characters, the name? Hyphens and underscores do not matter. NULL is no name. */
bool lathe_name_is(const char *name, const char *text, size_t length);

/** Object number `index`: the library's, then the program's in order of registration; NULL after the last. */
const void *lathe_registry_at(const lathe_registry *registry, int index);

/**
 * The object of that name. Hyphens and underscores do not matter.
 * Errors: LATHE_EARG for NULL; LATHE_ENAME, listing the known names.
 */
const void *lathe_registry_find(const lathe_registry *registry, const char *name);

/**
 * Add an object. One that is there already, the same object, is left as it is.
 * Errors   LATHE_EARG if it is NULL, has no name or a name of other characters than a-z, 0-9, _ and -, or if
 *          the kind's check refuses it; LATHE_ENAME if the name is taken; LATHE_ENOMEM if LATHE_REGISTRY_ROOM
 *          are added already.
 */
lathe_status lathe_registry_add(lathe_registry *registry, const void *object);

/**
 * For a kind's check: check that `fields` can describe a struct of `size` bytes.
 * Errors   LATHE_EARG naming the field: for NULL, an empty name, a name that occurs twice, numbers outside
 *          the
 *          struct or not aligned, an empty range, and a default outside the range.
 */
lathe_status lathe_registry_check_fields(const lathe_registry *registry, const void *object,
    const lathe_field *fields, size_t size);

/** For a kind's check: "lathe_optim_register: mine: update is NULL" as LATHE_EARG. */
lathe_status lathe_registry_refuse(const lathe_registry *registry, const void *object, const char *format,
    ...) __attribute__((format(printf, 3, 4)));

#ifdef __cplusplus
}
#endif
#endif
