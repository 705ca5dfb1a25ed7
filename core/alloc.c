#include "alloc.h"

#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "status.h"
#include "threads_impl.h"

/* Bytes of a block that asks for large pages. */
enum { LARGE_BLOCK = 4 << 20 };

static atomic_size_t asked;   /* allocations since lathe_alloc_fail_at was called */
static atomic_size_t fail_at; /* 0: never */
static atomic_bool fail_onwards;

bool lathe_size_mul(size_t a, size_t b, size_t *product)
{
    size_t result;
    if (!product || __builtin_mul_overflow(a, b, &result)) return false;
    *product = result;
    return true;
}

bool lathe_size_add(size_t a, size_t b, size_t *sum)
{
    size_t result;
    if (!sum || __builtin_add_overflow(a, b, &result)) return false;
    *sum = result;
    return true;
}

size_t lathe_times(size_t a, size_t b)
{
    size_t product = SIZE_MAX;
    lathe_size_mul(a, b, &product);
    return product;
}

size_t lathe_plus(size_t a, size_t b)
{
    size_t sum = SIZE_MAX;
    lathe_size_add(a, b, &sum);
    return sum;
}

size_t lathe_alloc_fail_at(size_t nth, bool persistent)
{
    atomic_store(&fail_onwards, persistent);
    atomic_store(&fail_at, nth);
    return atomic_exchange(&asked, 0);
}

static bool told_to_fail(void)
{
    size_t number = atomic_fetch_add(&asked, 1) + 1;
    size_t target = atomic_load(&fail_at);
    return target && (number == target || (number > target && atomic_load(&fail_onwards)));
}

void *lathe_alloc_raw(size_t count, size_t size)
{
    size_t bytes;
    if (!lathe_size_mul(count, size, &bytes) || !lathe_size_add(bytes, LATHE_ALIGN, &bytes)) {
        lathe_fail(LATHE_ENOMEM, "out of memory: %zu objects of %zu bytes are more than an address space",
            count, size);
        return NULL;
    }
    bytes -= bytes % LATHE_ALIGN; /* never 0: every block has its own address */
    void *block = told_to_fail() ? NULL : aligned_alloc(LATHE_ALIGN, bytes);
    if (!block) lathe_fail(LATHE_ENOMEM, "out of memory: %zu bytes were refused", bytes);
    else if (bytes >= LARGE_BLOCK) lathe_large_pages(block, bytes);
    return block;
}

void *lathe_alloc(size_t count, size_t size)
{
    void *block = lathe_alloc_raw(count, size);
    return block ? memset(block, 0, count * size) : NULL;
}

void *lathe_grow(void *block, size_t old_count, size_t new_count, size_t size)
{
    void *larger = lathe_alloc(new_count, size);
    if (larger && block) {
        memcpy(larger, block, (old_count < new_count ? old_count : new_count) * size);
        lathe_free(block);
    }
    return larger;
}

void lathe_free(void *block) { free(block); }

char *lathe_strdup(const char *text)
{
    if (!text) return NULL;
    size_t length = strlen(text) + 1;
    char *copy = lathe_alloc(length, 1);
    return copy ? memcpy(copy, text, length) : NULL;
}
