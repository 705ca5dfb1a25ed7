#include "shards_impl.h"

#include <stdlib.h>
#include <string.h>

#include "../core/alloc.h"
#include "json_impl.h"
#include "safetensors_impl.h"

/* Where a tensor is, as the index says. */
typedef struct place {
    const char *tensor, *shard;
} place;

typedef struct reader {
    lathe_safetensors *file;
    lathe_json json;
    place *place;
    size_t places, room;
} reader;

bool lathe_shards_is(const char *bytes, size_t size)
{
    /* The length of a safetensors header is below 2^32, so that its highest bytes are 0. */
    size_t at = 0;
    while (at < size && at < 64 && strchr(" \t\r\n", bytes[at]) && bytes[at]) at++;
    return size >= 8 && at < size && bytes[at] == '{' && !memchr(bytes, 0, 8);
}

/* Refuse what is no name of a file in the folder. */
static lathe_status check_shard(const reader *r, const char *name)
{
    static const char ending[] = ".safetensors";
    const size_t length = strlen(name), end = sizeof ending - 1;
    const char *why = NULL;
    if (strchr(name, '/') || strchr(name, '\\')) why = "leaves the folder of the index";
    else if (length <= end || strcmp(name + length - end, ending) != 0 || *name == '.')
        why = "is no name of a safetensors file";
    else why = lathe_safetensors_bad_name(name);
    if (!why) return LATHE_OK;
    return lathe_fail(LATHE_EFORMAT, "%s: its file '%.80s' %s", r->file->path, name, why);
}

static lathe_status add_place(reader *r)
{
    char *tensor, *shard = NULL;
    lathe_status status = lathe_json_string(&r->json, &tensor);
    if (!status) status = lathe_json_expect(&r->json, ':', "expected ':'");
    if (!status) status = lathe_json_string(&r->json, &shard);
    if (!status) status = check_shard(r, shard);
    if (status) return status;
    const char *bad = lathe_safetensors_bad_name(tensor);
    if (bad) return lathe_fail(LATHE_EFORMAT, "%s: tensor '%.80s' %s", r->file->path, tensor, bad);
    if (r->places == LATHE_SAFETENSORS_ENTRIES) return lathe_json_fail(&r->json, "more than 65,536 tensors");
    if (r->places == r->room) {
        const size_t room = 2 * r->room + 64;
        place *grown = lathe_grow(r->place, r->places, room, sizeof *grown);
        if (!grown) return lathe_error();
        r->place = grown;
        r->room = room;
    }
    r->place[r->places++] = (place){ tensor, shard };
    return LATHE_OK;
}

static lathe_status read_map(reader *r, bool *seen)
{
    if (*seen) return lathe_json_fail(&r->json, "weight_map occurs twice");
    *seen = true;
    lathe_status status = lathe_json_expect(&r->json, '{', "expected '{'");
    if (status || lathe_json_next_is(&r->json, '}')) return status;
    do status = add_place(r);
    while (!status && lathe_json_next_is(&r->json, ','));
    return status ? status : lathe_json_expect(&r->json, '}', "expected ',' or '}'");
}

static lathe_status read_index(reader *r)
{
    bool seen = false;
    lathe_status status = lathe_json_expect(&r->json, '{', "expected '{'");
    do {
        char *key;
        if (!status) status = lathe_json_string(&r->json, &key);
        if (!status) status = lathe_json_expect(&r->json, ':', "expected ':'");
        if (!status) status = strcmp(key, "weight_map") ? lathe_json_skip(&r->json) : read_map(r, &seen);
    } while (!status && lathe_json_next_is(&r->json, ','));
    if (!status) status = lathe_json_expect(&r->json, '}', "expected ',' or '}'");
    lathe_json_skip_blanks(&r->json);
    if (!status && r->json.at != r->json.end)
        status = lathe_json_fail(&r->json, "something follows the object");
    if (!status && !r->places)
        status = lathe_fail(LATHE_EFORMAT, "%s: has no weight_map with tensors", r->file->path);
    return status;
}

static int by_shard(const void *a, const void *b)
{
    const place *x = a, *y = b;
    const int order = strcmp(x->shard, y->shard);
    return order ? order : strcmp(x->tensor, y->tensor);
}

/* The path of a shard, beside the index. */
static char *path_of(const char *index, const char *name)
{
    const char *slash = strrchr(index, '/');
    const size_t folder = slash ? (size_t)(slash - index) + 1 : 0, length = strlen(name);
    char *path = lathe_alloc_raw(lathe_plus(folder, length + 1), 1);
    if (!path) return NULL;
    memcpy(path, index, folder);
    memcpy(path + folder, name, length + 1);
    return path;
}

/* Read one shard, whose `count` places are sorted by name as its tensors are. */
static lathe_status read_shard(reader *r, const place *wanted, size_t count)
{
    lathe_safetensors *file = r->file;
    char *path = path_of(file->path, wanted->shard);
    lathe_safetensors *shard = path ? lathe_safetensors_read(path) : NULL;
    lathe_free(path);
    if (!shard) return lathe_error();
    file->shard[file->shards++] = shard; /* owned from here on */
    for (size_t i = 0; i < count; i++) {
        const lathe_safetensor *found = lathe_safetensors_find(shard, wanted[i].tensor);
        if (!found)
            return lathe_fail(LATHE_EFORMAT, "%s: tensor '%.80s' is not in %s, as the index says", file->path,
                wanted[i].tensor, wanted->shard);
        file->tensor[file->tensors++] = *found;
    }
    for (size_t i = 0; i < shard->tensors && shard->tensors != count; i++)
        if (i >= count || strcmp(shard->tensor[i].name, wanted[i].tensor) != 0)
            return lathe_fail(LATHE_EFORMAT, "%s: has tensor '%.80s', which %s does not name", shard->path,
                shard->tensor[i].name, file->path);
    return LATHE_OK;
}

static lathe_status read_shards(reader *r)
{
    lathe_safetensors *file = r->file;
    qsort(r->place, r->places, sizeof *r->place, by_shard);
    size_t shards = 1;
    for (size_t i = 1; i < r->places; i++) {
        const bool other = strcmp(r->place[i - 1].shard, r->place[i].shard) != 0;
        shards += other;
        if (!other && !strcmp(r->place[i - 1].tensor, r->place[i].tensor))
            return lathe_fail(LATHE_EFORMAT, "%s: tensor '%.80s' occurs twice", file->path,
                r->place[i].tensor);
    }
    if (shards > LATHE_SHARDS_MOST)
        return lathe_fail(LATHE_EFORMAT, "%s: names %zu files, at most %d are allowed", file->path, shards,
            LATHE_SHARDS_MOST);
    file->shard = lathe_alloc(shards, sizeof *file->shard);
    file->tensor = lathe_alloc(r->places, sizeof *file->tensor);
    lathe_status status = file->shard && file->tensor ? LATHE_OK : LATHE_ENOMEM;
    for (size_t begin = 0, end; begin < r->places && !status; begin = end) {
        for (end = begin + 1; end < r->places && !strcmp(r->place[begin].shard, r->place[end].shard);) end++;
        status = read_shard(r, r->place + begin, end - begin);
    }
    return status ? status : lathe_safetensors_unique(file);
}

lathe_status lathe_shards_read(lathe_safetensors *file, size_t size)
{
    if (size > LATHE_SAFETENSORS_HEADER)
        return lathe_fail(LATHE_EFORMAT, "%s: an index of %zu bytes, at most %d are allowed", file->path,
            size, LATHE_SAFETENSORS_HEADER);
    reader r = { .file = file,
        .json = { .path = file->path,
            .what = "not an index of safetensors",
            .of = "",
            .start = file->bytes,
            .at = file->bytes,
            .end = file->bytes + size } };
    lathe_status status = read_index(&r);
    if (!status) status = read_shards(&r);
    lathe_free(r.place);
    return status;
}
