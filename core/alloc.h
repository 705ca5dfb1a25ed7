/* Memory: the one layer through which the library allocates, and the only place where sizes are multiplied.
 */
#ifndef LATHE_CORE_ALLOC_H
#define LATHE_CORE_ALLOC_H

#include <stdbool.h>
#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Every block starts on a cache line, which is also the widest vector. */
#define LATHE_ALIGN 64

/** *product = a * b; false (and *product untouched) if that does not fit a size_t. */
bool lathe_size_mul(size_t a, size_t b, size_t *product);

/** *sum = a + b; false (and *sum untouched) if that does not fit a size_t. */
bool lathe_size_add(size_t a, size_t b, size_t *sum);

/** a * b and a + b for the size of an allocation: SIZE_MAX if that does not fit, which every allocator
 * refuses. */
size_t lathe_times(size_t a, size_t b);
size_t lathe_plus(size_t a, size_t b);

/**
 * `count` objects of `size` bytes, zeroed, aligned to LATHE_ALIGN.
 * Errors   LATHE_ENOMEM if memory runs out or the product overflows: returns NULL.
 */
void *lathe_alloc(size_t count, size_t size);

/** The same with undefined contents, for large blocks whose pages should not be touched before their use. */
void *lathe_alloc_raw(size_t count, size_t size);

/**
 * The block grown from `old_count` to `new_count` objects; the new part is zeroed. NULL grows from nothing.
 * Errors   LATHE_ENOMEM: returns NULL and leaves the old block as it was.
 */
void *lathe_grow(void *block, size_t old_count, size_t new_count, size_t size);

/** Give a block back. NULL is fine. */
void lathe_free(void *block);

/** A copy of the text, to be given to lathe_free. NULL for NULL or when memory runs out. */
char *lathe_strdup(const char *text);

/**
 * For tests: let allocation number `nth` from now (1 is the next) fail, and if `persistent` all after it.
 * 0 switches it off. Returns how many allocations were asked for since the last call. Counts the whole
 * process.
 */
size_t lathe_alloc_fail_at(size_t nth, bool persistent);

#ifdef __cplusplus
}
#endif
#endif
