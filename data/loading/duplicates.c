#include "duplicates.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "../../core/alloc.h"
#include "../../core/threads.h"
#include "../files/byte_file_impl.h"

/* The hash of sample `index`, 128 bits. */
typedef struct lathe_print {
    uint64_t hash[2];
    size_t index;
    bool known;
} lathe_print;

typedef struct printing {
    const lathe_dataset *data;
    bool files;
    lathe_print *print;
} printing;

/* Two multiplicative hashes of eight bytes at a time, with different odd constants. */
static void hash_bytes(const uint8_t *bytes, size_t size, uint64_t hash[2])
{
    hash[0] = size ^ 0x9E3779B97F4A7C15u;
    hash[1] = ~size;
    for (size_t at = 0; at < size; at += 8) {
        uint64_t word = 0;
        memcpy(&word, bytes + at, size - at < 8 ? size - at : 8);
        hash[0] = (hash[0] ^ word) * 0xD6E8FEB86659FD93u;
        hash[0] ^= hash[0] >> 32;
        hash[1] = (hash[1] + word) * 0xA0761D6478BD642Fu;
        hash[1] ^= hash[1] >> 29;
    }
}

static bool print_file(const char *path, lathe_print *print)
{
    uint8_t *bytes;
    size_t size;
    if (lathe_data_file_load(path, (size_t)1 << 26, &bytes, &size)) return false;
    hash_bytes(bytes, size, print->hash);
    lathe_free(bytes);
    return true;
}

static bool print_pixels(const lathe_dataset *data, size_t index, lathe_print *print)
{
    lathe_sample sample;
    uint8_t *scratch = lathe_alloc_raw(lathe_data_scratch(data), 1);
    bool good = scratch && !data->type->read(data, index, scratch, &sample);
    if (good)
        hash_bytes(sample.pixels, (size_t)sample.channels * (size_t)sample.height * (size_t)sample.width,
            print->hash);
    lathe_free(scratch);
    return good;
}

static void print_one(void *context, int index)
{
    const printing *p = context;
    lathe_print *print = &p->print[index];
    bool held = lathe_error_hold(true);
    print->index = (size_t)index;
    print->known = p->files ? print_file(lathe_data_sample_file(p->data, (size_t)index), print) :
                              print_pixels(p->data, (size_t)index, print);
    if (!print->known) lathe_error_clear();
    lathe_error_hold(held);
}

static lathe_print *print_all(const lathe_dataset *data, bool files)
{
    lathe_print *print = lathe_alloc(data->count, sizeof *print);
    if (print) lathe_parallel(NULL, (int)data->count, print_one, &(printing){ data, files, print });
    return print;
}

static int by_hash(const void *a, const void *b)
{
    const lathe_print *x = a, *y = b;
    if (x->known != y->known) return x->known ? -1 : 1;
    for (int i = 0; i < 2; i++)
        if (x->hash[i] != y->hash[i]) return x->hash[i] < y->hash[i] ? -1 : 1;
    return 0;
}

static int by_hash_and_index(const void *a, const void *b)
{
    const lathe_print *x = a, *y = b;
    int order = by_hash(a, b);
    return order ? order : x->index < y->index ? -1 : x->index > y->index;
}

/* The first sample with the same hash. */
static const lathe_print *find(const lathe_print *prints, size_t count, const lathe_print *print)
{
    const lathe_print *found = print->known ? bsearch(print, prints, count, sizeof *prints, by_hash) : NULL;
    while (found && found > prints && !by_hash(found - 1, print)) found--;
    return found;
}

static bool all_files(const lathe_dataset *data)
{
    return data->type->file && lathe_data_sample_file(data, 0);
}

lathe_status lathe_data_duplicates(const lathe_dataset *a, const lathe_dataset *b, lathe_duplicate *pairs,
    size_t most, size_t *count)
{
    if (!a || !b || !count || (most && !pairs))
        return lathe_fail_null("lathe_data_duplicates", !a ? "a" : !b ? "b" : !count ? "count" : "pairs");
    if (!a->count || !b->count || a->count > INT_MAX || b->count > INT_MAX)
        return lathe_fail(LATHE_EARG, "lathe_data_duplicates: %zu and %zu samples, expected 1 to %d",
            a->count, b->count, INT_MAX);
    bool files = all_files(a) && all_files(b);
    lathe_print *print_a = print_all(a, files), *print_b = print_a ? print_all(b, files) : NULL;
    *count = 0;
    if (print_b) {
        qsort(print_a, a->count, sizeof *print_a, by_hash_and_index);
        for (size_t i = 0; i < b->count; i++) {
            const lathe_print *found = find(print_a, a->count, &print_b[i]);
            if (found && *count < most) pairs[*count] = (lathe_duplicate){ found->index, i };
            *count += found != NULL;
        }
    }
    lathe_status status = print_b ? LATHE_OK : LATHE_ENOMEM;
    lathe_free(print_a);
    lathe_free(print_b);
    return status;
}
