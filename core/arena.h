/* Arena: memory that is allocated piece by piece and freed all at once. */
#ifndef LATHE_CORE_ARENA_H
#define LATHE_CORE_ARENA_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct lathe_arena lathe_arena;

/** A position in an arena, for lathe_arena_rewind. */
typedef struct lathe_arena_mark {
    size_t block, used;
} lathe_arena_mark;

/** Make an empty arena. Errors: LATHE_ENOMEM. */
lathe_arena *lathe_arena_new(void);

/** Free the arena and everything in it. NULL is fine. */
void lathe_arena_free(lathe_arena *arena);

/**
 * `count` objects of `size` bytes with undefined contents, aligned to LATHE_ALIGN. They are valid until the
 * arena is reset, freed, or rewound to an earlier mark.
 * Errors   LATHE_ENOMEM: returns NULL
 */
void *lathe_arena_alloc(lathe_arena *arena, size_t count, size_t size);

/** As lathe_arena_alloc, zeroed. */
void *lathe_arena_zeroed(lathe_arena *arena, size_t count, size_t size);

/** A copy of the text in the arena. */
char *lathe_arena_strdup(lathe_arena *arena, const char *text);

/**
 * Free everything in the arena, but keep its memory.
 *
 * Several blocks become one block of their joint size. So a loop that repeats the same work allocates nothing
 * after its second round. Under AddressSanitizer the memory is poisoned: the use of a stale pointer is
 * reported.
 */
void lathe_arena_reset(lathe_arena *arena);

/** The present position of the arena. */
lathe_arena_mark lathe_arena_tell(const lathe_arena *arena);

/** Free everything allocated since `mark`. */
void lathe_arena_rewind(lathe_arena *arena, lathe_arena_mark mark);

/** Bytes allocated since the last reset, with padding. */
size_t lathe_arena_used(const lathe_arena *arena);

/** Bytes that the arena has from the system. */
size_t lathe_arena_capacity(const lathe_arena *arena);

#ifdef __cplusplus
}
#endif
#endif
