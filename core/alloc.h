/* Memory: all allocations of the library, and the only place where sizes are multiplied. */
#ifndef LATHE_CORE_ALLOC_H
#define LATHE_CORE_ALLOC_H

#include <stdbool.h>
#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

/** The alignment of every block in bytes: a cache line, which is also the widest vector. */
#define LATHE_ALIGN 64

/** *product = a * b. Returns false, with *product unchanged, if the product does not fit a size_t. */
bool lathe_size_mul(size_t a, size_t b, size_t *product);

/** *sum = a + b. Returns false, with *sum unchanged, if the sum does not fit a size_t. */
bool lathe_size_add(size_t a, size_t b, size_t *sum);

/** a * b and a + b for the size of an allocation; SIZE_MAX, which every allocator refuses, on overflow. */
size_t lathe_times(size_t a, size_t b);
size_t lathe_plus(size_t a, size_t b);

/**
 * `count` objects of `size` bytes, zeroed, aligned to LATHE_ALIGN.
 * Errors   LATHE_ENOMEM if memory runs out or the product overflows: returns NULL.
 */
void *lathe_alloc(size_t count, size_t size);

/** As lathe_alloc, but the contents are undefined: for large blocks whose pages are not to be touched yet. */
void *lathe_alloc_raw(size_t count, size_t size);

/**
 * Grow the block from `old_count` to `new_count` objects. The new part is zeroed. A block of NULL is
 * allocated.
 * Errors   LATHE_ENOMEM: returns NULL, and the old block is unchanged.
 */
void *lathe_grow(void *block, size_t old_count, size_t new_count, size_t size);

/** Free a block. NULL is fine. */
void lathe_free(void *block);

/** A copy of the text, for lathe_free. NULL for NULL, and if memory runs out. */
char *lathe_strdup(const char *text);

/**
 * For tests: make allocation number `nth` from now on fail (1: the next), and all later ones if `persistent`.
 * 0 switches this off. It holds for the whole process.
 * Returns the number of allocations since the last call.
 */
size_t lathe_alloc_fail_at(size_t nth, bool persistent);

#ifdef __cplusplus
}
#endif
#endif
