/* Arena: memory that is handed out piece by piece and given back all at once. */
#ifndef LATHE_CORE_ARENA_H
#define LATHE_CORE_ARENA_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct lathe_arena lathe_arena;

/** A place in an arena to go back to. */
typedef struct lathe_arena_mark {
    size_t block, used;
} lathe_arena_mark;

/** An empty arena. Errors: LATHE_ENOMEM. */
lathe_arena *lathe_arena_new(void);

/** Free the arena and everything in it. NULL is fine. */
void lathe_arena_free(lathe_arena *arena);

/**
 * `count` objects of `size` bytes, aligned to LATHE_ALIGN; their contents are undefined.
 * Valid until the arena is reset, rewound to before them, or freed. Errors: LATHE_ENOMEM.
 */
void *lathe_arena_alloc(lathe_arena *arena, size_t count, size_t size);

/** The same, zeroed. */
void *lathe_arena_zeroed(lathe_arena *arena, size_t count, size_t size);

/** A copy of the text in the arena. */
char *lathe_arena_strdup(lathe_arena *arena, const char *text);

/**
 * Take everything back. When the arena had grown into several blocks they become one of their joint size,
 * so a loop that does the same work again allocates nothing after its second round.
 * Under AddressSanitizer the memory is poisoned: using a stale pointer is reported.
 */
void lathe_arena_reset(lathe_arena *arena);

/** Where the arena stands now. */
lathe_arena_mark lathe_arena_tell(const lathe_arena *arena);

/** Take back everything handed out since `mark`. */
void lathe_arena_rewind(lathe_arena *arena, lathe_arena_mark mark);

/** Bytes handed out since the last reset, with padding. */
size_t lathe_arena_used(const lathe_arena *arena);

/** Bytes the arena holds from the system. */
size_t lathe_arena_capacity(const lathe_arena *arena);

#ifdef __cplusplus
}
#endif
#endif
