#include "arena.h"

#include <stdint.h>
#include <string.h>

#include "alloc.h"
#include "status.h"

#if defined(__SANITIZE_ADDRESS__)
#define LATHE_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define LATHE_ASAN 1
#endif
#endif

#ifdef LATHE_ASAN
#include <sanitizer/asan_interface.h>
enum { GAP = LATHE_ALIGN }; /* poisoned bytes after each piece: an overrun is reported */
static void poison(const void *at, size_t bytes) { __asan_poison_memory_region(at, bytes); }
static void unpoison(const void *at, size_t bytes) { __asan_unpoison_memory_region(at, bytes); }
#else
enum { GAP = 0 };
static void poison(const void *at, size_t bytes) { (void)at, (void)bytes; }
static void unpoison(const void *at, size_t bytes) { (void)at, (void)bytes; }
#endif

enum { FIRST_BLOCK = 64 << 10, MAX_BLOCKS = 48 }; /* blocks double, so 48 outgrow any address space */

typedef struct block {
    unsigned char *at;
    size_t size, used;
} block;

struct lathe_arena {
    block blocks[MAX_BLOCKS];
    size_t count, current;
    size_t peak; /* most bytes in use at once since the last reset */
};

lathe_arena *lathe_arena_new(void) { return lathe_alloc(1, sizeof(lathe_arena)); }

static void free_blocks(lathe_arena *arena)
{
    for (size_t i = 0; i < arena->count; i++) {
        unpoison(arena->blocks[i].at, arena->blocks[i].size);
        lathe_free(arena->blocks[i].at);
    }
    arena->count = arena->current = 0;
}

void lathe_arena_free(lathe_arena *arena)
{
    if (!arena) return;
    free_blocks(arena);
    lathe_free(arena);
}

static bool add_block(lathe_arena *arena, size_t least)
{
    size_t size = arena->count ? arena->blocks[arena->count - 1].size : FIRST_BLOCK / 2;
    if (!lathe_size_mul(size, 2, &size) || size < least) size = least;
    if (arena->count == MAX_BLOCKS) {
        lathe_fail(LATHE_ENOMEM, "out of memory: an arena cannot grow beyond %d blocks", MAX_BLOCKS);
        return false;
    }
    unsigned char *at = lathe_alloc_raw(size, 1);
    if (!at) return false;
    poison(at, size);
    arena->blocks[arena->count] = (block){ at, size, 0 };
    arena->current = arena->count++;
    return true;
}

void *lathe_arena_alloc(lathe_arena *arena, size_t count, size_t size)
{
    if (!arena) return lathe_fail_null("lathe_arena_alloc", "arena"), NULL;
    size_t bytes, padded;
    if (!lathe_size_mul(count, size, &bytes) || !lathe_size_add(bytes, LATHE_ALIGN + GAP, &padded)) {
        lathe_fail(LATHE_ENOMEM, "out of memory: %zu objects of %zu bytes are more than an address space",
            count, size);
        return NULL;
    }
    padded -= padded % LATHE_ALIGN;
    while (arena->current < arena->count) {
        block *b = &arena->blocks[arena->current];
        if (b->size - b->used >= padded) break;
        if (arena->current + 1 == arena->count) {
            arena->current = arena->count;
            break;
        }
        arena->current++;
    }
    if (arena->current == arena->count && !add_block(arena, padded)) {
        arena->current = arena->count ? arena->count - 1 : 0;
        return NULL;
    }
    block *b = &arena->blocks[arena->current];
    void *piece = b->at + b->used;
    b->used += padded;
    unpoison(piece, bytes);
    size_t used = lathe_arena_used(arena);
    if (used > arena->peak) arena->peak = used;
    return piece;
}

void *lathe_arena_zeroed(lathe_arena *arena, size_t count, size_t size)
{
    void *piece = lathe_arena_alloc(arena, count, size);
    return piece ? memset(piece, 0, count * size) : NULL;
}

char *lathe_arena_strdup(lathe_arena *arena, const char *text)
{
    if (!arena || !text) return lathe_fail_null("lathe_arena_strdup", !arena ? "arena" : "text"), NULL;
    size_t length = strlen(text) + 1;
    char *copy = lathe_arena_alloc(arena, length, 1);
    return copy ? memcpy(copy, text, length) : NULL;
}

lathe_arena_mark lathe_arena_tell(const lathe_arena *arena)
{
    if (!arena) return (lathe_arena_mark){ 0, 0 };
    return (lathe_arena_mark){ arena->current, arena->count ? arena->blocks[arena->current].used : 0 };
}

void lathe_arena_rewind(lathe_arena *arena, lathe_arena_mark mark)
{
    if (!arena) return;
    for (size_t i = mark.block; i < arena->count; i++) {
        block *b = &arena->blocks[i];
        b->used = i == mark.block ? mark.used : 0; /* blocks after the mark's become empty */
        poison(b->at + b->used, b->size - b->used);
    }
    arena->current = mark.block;
}

void lathe_arena_reset(lathe_arena *arena)
{
    if (!arena) return;
    if (arena->count > 1) {
        free_blocks(arena);
        add_block(arena, arena->peak); /* if this fails, the next lathe_arena_alloc reports it */
    }
    lathe_arena_rewind(arena, (lathe_arena_mark){ 0, 0 });
    arena->peak = 0;
}

size_t lathe_arena_used(const lathe_arena *arena)
{
    if (!arena) return 0;
    size_t used = 0;
    for (size_t i = 0; i < arena->count; i++) used += arena->blocks[i].used;
    return used;
}

size_t lathe_arena_capacity(const lathe_arena *arena)
{
    if (!arena) return 0;
    size_t capacity = 0;
    for (size_t i = 0; i < arena->count; i++) capacity += arena->blocks[i].size;
    return capacity;
}
