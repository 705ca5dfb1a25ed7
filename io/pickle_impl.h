/*
 * Private: pickle, Python's format of objects, read as data. Nothing is called: a call is a value with the
 * name of what it would call, and only names that the caller knows are accepted.
 *
 * Source: CPython, Lib/pickletools.py (the opcodes of protocols 2 to 5).
 */
#ifndef LATHE_IO_PICKLE_IMPL_H
#define LATHE_IO_PICKLE_IMPL_H

#include <stdbool.h>
#include <stdint.h>

#include "../core/arena.h"
#include "../core/status.h"

#ifdef __cplusplus
extern "C" {
#endif

/** Limits of one pickle: bytes, values, values in containers (a shared value in each), and on the stack. */
#define LATHE_PICKLE_BYTES (64 << 20)
#define LATHE_PICKLE_VALUES (1 << 20)
#define LATHE_PICKLE_ITEMS (1 << 22)
#define LATHE_PICKLE_STACK (1 << 18)

typedef enum lathe_pickle_kind {
    LATHE_PICKLE_NONE,
    LATHE_PICKLE_BOOL,       /* integer: 0 or 1 */
    LATHE_PICKLE_INTEGER,    /* integer, of at most 64 bits */
    LATHE_PICKLE_LONG,       /* text: the bytes of a longer one, lowest first */
    LATHE_PICKLE_NUMBER,     /* number */
    LATHE_PICKLE_TEXT,       /* text, with a 0 behind it */
    LATHE_PICKLE_BYTES_KIND, /* text */
    LATHE_PICKLE_LIST,       /* item [count]; sets too */
    LATHE_PICKLE_TUPLE,      /* item [count] */
    LATHE_PICKLE_DICT,       /* item [count]: key, value, key, value, ... */
    LATHE_PICKLE_GLOBAL,     /* text: "module.name" */
    LATHE_PICKLE_CALL,       /* item [2]: a global, and the tuple of its arguments */
    LATHE_PICKLE_PERSISTENT  /* item [1]: an id that the file's format explains */
} lathe_pickle_kind;

typedef struct lathe_pickle_value lathe_pickle_value;

/** A value. Values may be shared, and a container may hold itself: who walks through them sets a limit. */
struct lathe_pickle_value {
    lathe_pickle_kind kind;
    int64_t integer;
    double number;
    const char *text;
    size_t length; /* of text, in bytes */
    lathe_pickle_value **item;
    size_t count, room;
};

/** How to read. */
typedef struct lathe_pickle_opts {
    const char *name; /* of the file, in messages */
    /** Whether a pickle may name this global, such as "collections.OrderedDict". */
    bool (*knows)(const char *global);
} lathe_pickle_opts;

/** A pickle that was read. */
typedef struct lathe_pickle {
    lathe_pickle_value *root;
    lathe_pickle_value *persistent; /* a list of all ids, in the order in which they came */
    size_t used;                    /* bytes */
} lathe_pickle;

/**
 * Read one pickle from the beginning of `bytes`. Texts are valid UTF-8. The values live in the arena.
 * Errors   LATHE_EFORMAT naming the file and the place or the unknown global; LATHE_ENOMEM
 */
lathe_status lathe_pickle_read(const void *bytes, size_t size, lathe_arena *arena,
    const lathe_pickle_opts *opts, lathe_pickle *pickle);

/** The value of a text key of a dictionary; NULL without it, or if `dict` is no dictionary. */
const lathe_pickle_value *lathe_pickle_get(const lathe_pickle_value *dict, const char *key);

#ifdef __cplusplus
}
#endif
#endif
