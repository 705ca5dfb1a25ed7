#include <stdint.h>
#include <string.h>

#include "../core/checksum.h"
#include "zip_impl.h"

enum { END = 22, END64 = 56, LOCATOR = 20, CENTRAL = 46, LOCAL = 30, LONGEST_COMMENT = 65535 };
enum { MOST_FILES = 1 << 17 };

typedef struct archive {
    const unsigned char *bytes;
    size_t size;
    const char *path;
    uint64_t begin, length, files; /* of the list of files */
    size_t left;                   /* bytes that no file has yet */
} archive;

/* The number of `bytes` bytes at a place, lowest first. The caller has checked that they are there. */
static uint64_t number_at(const archive *a, size_t place, int bytes)
{
    uint64_t number = 0;
    for (int i = bytes; i--;) number = number << 8 | a->bytes[place + (size_t)i];
    return number;
}

static lathe_status damaged(const archive *a, const char *why)
{
    return lathe_fail(LATHE_EFORMAT, "%s: damaged zip archive: %s", a->path, why);
}

/* The place of the record at the archive's end; SIZE_MAX without one. */
static size_t find_end(const archive *a)
{
    const size_t most = a->size < END + LONGEST_COMMENT ? a->size : END + LONGEST_COMMENT;
    for (size_t back = END; back <= most; back++)
        if (!memcmp(a->bytes + a->size - back, "PK\5\6", 4)) return a->size - back;
    return SIZE_MAX;
}

/* Read where the list of files is: from the end, or from the record with 64 bits that stands before it. */
static lathe_status find_list(archive *a)
{
    const size_t end = find_end(a);
    if (end == SIZE_MAX) return damaged(a, "its end is missing; was the download complete?");
    a->files = number_at(a, end + 10, 2);
    a->length = number_at(a, end + 12, 4);
    a->begin = number_at(a, end + 16, 4);
    if (end >= LOCATOR && !memcmp(a->bytes + end - LOCATOR, "PK\6\7", 4)) {
        const uint64_t place = number_at(a, end - LOCATOR + 8, 8);
        if (a->size < END64 || place > a->size - END64 || memcmp(a->bytes + place, "PK\6\6", 4))
            return damaged(a, "the record of 64-bit sizes is missing");
        a->files = number_at(a, (size_t)place + 32, 8);
        a->length = number_at(a, (size_t)place + 40, 8);
        a->begin = number_at(a, (size_t)place + 48, 8);
    }
    if (a->begin > a->size || a->length > a->size - a->begin || a->files > a->length / CENTRAL)
        return damaged(a, "the list of files is outside of it");
    return a->files > MOST_FILES ? damaged(a, "too many files") : LATHE_OK;
}

/* Sizes and places that do not fit into 32 bits stand in the entry's extra field 1, in this order. */
static void read_large(const archive *a, size_t extra, size_t length, uint64_t *const number[3])
{
    while (length >= 4) {
        const uint64_t id = number_at(a, extra, 2), bytes = number_at(a, extra + 2, 2);
        if (bytes > length - 4) return;
        size_t place = extra + 4, left = (size_t)bytes;
        for (int i = 0; id == 1 && i < 3; i++) {
            if (*number[i] != UINT32_MAX || left < 8) continue;
            *number[i] = number_at(a, place, 8);
            place += 8, left -= 8;
        }
        extra += 4 + (size_t)bytes, length -= 4 + (size_t)bytes;
    }
}

/* The data behind the entry's local header. */
static lathe_status find_data(const archive *a, uint64_t local, uint64_t size, uint32_t sum,
    lathe_zip_entry *entry)
{
    if (a->size < LOCAL || local > a->size - LOCAL || memcmp(a->bytes + local, "PK\3\4", 4))
        return damaged(a, "a file is missing");
    const uint64_t begin =
        local + LOCAL + number_at(a, (size_t)local + 26, 2) + number_at(a, (size_t)local + 28, 2);
    if (begin > a->size || size > a->size - begin) return damaged(a, "a file ends too early");
    /* Files that overlap could ask for any amount of work. */
    if (size > a->left) return damaged(a, "its files overlap");
    entry->data = a->bytes + begin;
    entry->size = (size_t)size;
    if (lathe_crc32(0, entry->data, entry->size) != sum)
        return lathe_fail(LATHE_EFORMAT, "%s: damaged zip archive: the checksum of '%.80s' is wrong", a->path,
            entry->name);
    return LATHE_OK;
}

/* Read the entry at *place, and go to the next. */
static lathe_status read_entry(const archive *a, size_t *place, lathe_arena *arena, lathe_zip_entry *entry)
{
    const size_t end = (size_t)(a->begin + a->length), at = *place;
    if (end - at < CENTRAL || memcmp(a->bytes + at, "PK\1\2", 4)) return damaged(a, "the list of files");
    uint64_t packed = number_at(a, at + 20, 4), size = number_at(a, at + 24, 4),
             local = number_at(a, at + 42, 4);
    const size_t name = (size_t)number_at(a, at + 28, 2), extra = (size_t)number_at(a, at + 30, 2),
                 comment = (size_t)number_at(a, at + 32, 2);
    if (end - at - CENTRAL < name + extra + comment) return damaged(a, "the list of files ends too early");
    read_large(a, at + CENTRAL + name, extra, (uint64_t *const[]){ &size, &packed, &local });
    char *text = lathe_arena_alloc(arena, name + 1, 1);
    if (!text) return lathe_error();
    memcpy(text, a->bytes + at + CENTRAL, name);
    text[name] = '\0';
    entry->name = text;
    *place = at + CENTRAL + name + extra + comment;
    if (number_at(a, at + 8, 2) & 1 || number_at(a, at + 10, 2) || packed != size)
        return lathe_fail(LATHE_EFORMAT, "%s: '%.80s' in the archive is compressed or encrypted; store it",
            a->path, text);
    return find_data(a, local, size, (uint32_t)number_at(a, at + 16, 4), entry);
}

lathe_status lathe_zip_list(const unsigned char *bytes, size_t size, const char *path, lathe_arena *arena,
    lathe_zip_entry **entry, size_t *count)
{
    archive a = { .bytes = bytes, .size = size, .path = path, .left = size };
    lathe_status status = find_list(&a);
    if (status) return status;
    *count = (size_t)a.files;
    *entry = lathe_arena_zeroed(arena, *count + 1, sizeof **entry);
    if (!*entry) return lathe_error();
    size_t place = (size_t)a.begin;
    for (size_t i = 0; i < *count && !status; i++) {
        status = read_entry(&a, &place, arena, &(*entry)[i]);
        a.left -= status ? 0 : (*entry)[i].size;
    }
    return status;
}
