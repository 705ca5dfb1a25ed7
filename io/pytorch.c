#include "pytorch_impl.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../core/alloc.h"
#include "pickle_impl.h"
#include "safetensors_impl.h"
#include "zip_impl.h"

/* Limits: nested dictionaries, entries that are looked at, tensors. */
enum { MOST_DEPTH = 12, MOST_ENTRIES = 1 << 18, MOST_TENSORS = 1 << 17 };

/* The numbers of a storage. */
typedef struct storage {
    const char *key;
    const unsigned char *data;
    size_t size;
} storage;

typedef struct reader {
    lathe_safetensors *file;
    const storage *storage;
    size_t storages, room; /* of file->tensor */
    size_t entries;        /* looked at so far */
    size_t copied, size;   /* bytes of tensors that are copies; of the file */
} reader;

/* ---- names --------------------------------------------------------------------------------------------- */

static const struct {
    const char *name, *dtype;
} types[] = { { "Float", "F32" }, { "Double", "F64" }, { "Half", "F16" }, { "BFloat16", "BF16" },
    { "Long", "I64" }, { "Int", "I32" }, { "Short", "I16" }, { "Char", "I8" }, { "Byte", "U8" },
    { "Bool", "BOOL" } };

/* The type of "torch.FloatStorage"; NULL for another name. */
static const char *dtype_of(const char *global)
{
    static const char *const modules[] = { "torch.", "torch.cuda." };
    for (size_t m = 0; m < 2; m++)
        for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
            char name[48];
            snprintf(name, sizeof name, "%s%sStorage", modules[m], types[i].name);
            if (!strcmp(name, global)) return types[i].dtype;
        }
    return NULL;
}

static bool knows(const char *global)
{
    static const char *const names[] = { "collections.OrderedDict", "torch._utils._rebuild_tensor_v2",
        "torch._utils._rebuild_tensor", "torch._utils._rebuild_parameter", "torch.Size" };
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (!strcmp(names[i], global)) return true;
    return dtype_of(global) != NULL;
}

/* The arguments if a value is a call of this global; else NULL. */
static const lathe_pickle_value *arguments_of(const lathe_pickle_value *value, const char *global)
{
    if (value->kind != LATHE_PICKLE_CALL || strcmp(value->item[0]->text, global) != 0) return NULL;
    return value->item[1];
}

/* The arguments of the call that makes a tensor, also inside a parameter; NULL for another value. */
static const lathe_pickle_value *tensor_of(const lathe_pickle_value *value)
{
    const lathe_pickle_value *parameter = arguments_of(value, "torch._utils._rebuild_parameter");
    if (parameter && !parameter->count) return NULL;
    if (parameter) value = parameter->item[0];
    const lathe_pickle_value *tensor = arguments_of(value, "torch._utils._rebuild_tensor_v2");
    return tensor ? tensor : arguments_of(value, "torch._utils._rebuild_tensor");
}

/* ---- a tensor ------------------------------------------------------------------------------------------ */

static lathe_status bad(const reader *r, const char *name, const char *why)
{
    return lathe_fail(LATHE_EFORMAT, "%s: tensor '%.80s': %s", r->file->path, name, why);
}

/* The whole numbers of a tuple, from 0 to 2^40. Returns false for another value. */
static bool read_numbers(const lathe_pickle_value *tuple, uint64_t *number, int *count)
{
    const lathe_pickle_value *size = arguments_of(tuple, "torch.Size");
    if (size) tuple = size->count ? size->item[0] : tuple;
    if (tuple->kind != LATHE_PICKLE_TUPLE || tuple->count > LATHE_SAFETENSORS_RANK) return false;
    *count = (int)tuple->count;
    for (int i = 0; i < *count; i++) {
        const lathe_pickle_value *item = tuple->item[i];
        if (item->kind != LATHE_PICKLE_INTEGER || item->integer < 0 || item->integer >> 40) return false;
        number[i] = (uint64_t)item->integer;
    }
    return true;
}

static int by_key(const void *a, const void *b)
{
    return strcmp(((const storage *)a)->key, ((const storage *)b)->key);
}

/* The storage of this key among some that are sorted by key; NULL without one. */
static const storage *find_key(const storage *storages, size_t count, const char *key)
{
    const storage wanted = { .key = key };
    return count ? bsearch(&wanted, storages, count, sizeof wanted, by_key) : NULL;
}

/* The storage of a persistent id, and its type. */
static const storage *find_storage(const reader *r, const lathe_pickle_value *value, const char **dtype)
{
    const lathe_pickle_value *id = value->kind == LATHE_PICKLE_PERSISTENT ? value->item[0] : NULL;
    if (!id || id->kind != LATHE_PICKLE_TUPLE || id->count < 5) return NULL;
    const lathe_pickle_value *type = id->item[1], *key = id->item[2];
    *dtype = type->kind == LATHE_PICKLE_GLOBAL ? dtype_of(type->text) : NULL;
    if (!*dtype || key->kind != LATHE_PICKLE_TEXT) return NULL;
    return find_key(r->storage, r->storages, key->text);
}

/* The number of a tensor's numbers and the place behind its last one. Returns false if they are too many. */
static bool extent_of(const lathe_safetensor *tensor, const uint64_t *stride, uint64_t *count, uint64_t *end)
{
    *count = 1, *end = 1;
    for (int i = 0; i < tensor->rank; i++) {
        uint64_t reach;
        if (__builtin_mul_overflow(*count, tensor->dim[i], count)) return false;
        if (!tensor->dim[i]) continue;
        if (__builtin_mul_overflow(tensor->dim[i] - 1, stride[i], &reach)) return false;
        if (__builtin_add_overflow(*end, reach, end)) return false;
    }
    if (!*count) *end = 0;
    return true;
}

static bool is_contiguous(const lathe_safetensor *tensor, const uint64_t *stride)
{
    uint64_t expected = 1;
    for (int i = tensor->rank; i--;) {
        if (tensor->dim[i] != 1 && stride[i] != expected) return false;
        expected *= tensor->dim[i];
    }
    return true;
}

/* Copy the numbers of a view with strides in row-major order. */
static lathe_status copy_view(reader *r, lathe_safetensor *tensor, const uint64_t *stride, size_t each)
{
    const size_t bytes = tensor->count * each;
    if (bytes > 4 * r->size || r->copied > 4 * r->size - bytes)
        return bad(r, tensor->name, "views of the file are many times its size");
    r->copied += bytes;
    char *to = lathe_arena_alloc(r->file->arena, bytes + 1, 1);
    if (!to) return lathe_error();
    uint64_t index[LATHE_SAFETENSORS_RANK] = { 0 };
    for (size_t n = 0; n < tensor->count; n++) {
        uint64_t place = 0;
        for (int i = 0; i < tensor->rank; i++) place += index[i] * stride[i];
        memcpy(to + n * each, (const char *)tensor->data + place * each, each);
        for (int i = tensor->rank; i-- && ++index[i] == tensor->dim[i];) index[i] = 0;
    }
    tensor->data = to;
    return LATHE_OK;
}

static lathe_status add_tensor(reader *r, const char *name, const lathe_pickle_value *arguments)
{
    lathe_safetensor tensor = { .name = name };
    uint64_t stride[LATHE_SAFETENSORS_RANK], count, end;
    int strides = 0;
    const char *wrong = lathe_safetensors_bad_name(name);
    if (wrong) return bad(r, name, wrong);
    if (arguments->count < 4 || arguments->item[1]->kind != LATHE_PICKLE_INTEGER ||
        !read_numbers(arguments->item[2], tensor.dim, &tensor.rank) ||
        !read_numbers(arguments->item[3], stride, &strides) || strides != tensor.rank)
        return bad(r, name, "its shape or strides cannot be read");
    const storage *from = find_storage(r, arguments->item[0], &tensor.dtype);
    if (!from) return bad(r, name, "its storage is missing, or of an unknown type");
    const size_t each = lathe_dtype_size(tensor.dtype);
    const int64_t offset = arguments->item[1]->integer;
    const uint64_t all = from->size / each;
    if (!extent_of(&tensor, stride, &count, &end) || count > all || offset < 0 || (uint64_t)offset > all ||
        end > all - (uint64_t)offset)
        return bad(r, name, "it reaches beyond its storage");
    tensor.count = (size_t)count;
    tensor.bytes = tensor.count * each;
    tensor.data = from->data + (size_t)offset * each;
    lathe_status status = is_contiguous(&tensor, stride) ? LATHE_OK : copy_view(r, &tensor, stride, each);
    if (!status) r->file->tensor[r->file->tensors++] = tensor;
    return status;
}

/* ---- the dictionary of tensors ------------------------------------------------------------------------- */

/* The dictionary that holds the tensors: the object itself, or one of the usual entries of a checkpoint. */
static const lathe_pickle_value *find_dict(const lathe_pickle_value *object, int depth)
{
    static const char *const keys[] = { "state_dict", "model_state_dict", "model_state", "model", "net",
        "network", "weights", "params", "module", "state_dict_ema", "model_ema" };
    for (size_t i = 0; i + 1 < object->count && object->kind == LATHE_PICKLE_DICT; i += 2)
        if (tensor_of(object->item[i + 1])) return object;
    for (size_t k = 0; depth < MOST_DEPTH && k < sizeof keys / sizeof *keys; k++) {
        const lathe_pickle_value *inner = lathe_pickle_get(object, keys[k]);
        if (inner && inner->kind == LATHE_PICKLE_DICT && inner->count) return find_dict(inner, depth + 1);
    }
    return object;
}

/* "prefix" and a key, in the arena; NULL for a key that is no text and no number, or after a failure. */
static const char *join(const reader *r, const char *prefix, const lathe_pickle_value *key)
{
    char name[LATHE_SAFETENSORS_NAME + 2];
    int length = -1;
    if (key->kind == LATHE_PICKLE_TEXT && strlen(key->text) == key->length)
        length = snprintf(name, sizeof name, "%s%s", prefix, key->text);
    if (key->kind == LATHE_PICKLE_INTEGER)
        length = snprintf(name, sizeof name, "%s%lld", prefix, (long long)key->integer);
    if (length < 0 || length >= (int)sizeof name) return NULL;
    return lathe_arena_strdup(r->file->arena, name);
}

static lathe_status add_room(reader *r)
{
    if (r->file->tensors < r->room) return LATHE_OK;
    if (r->room >= MOST_TENSORS) return lathe_fail(LATHE_EFORMAT, "%s: too many tensors", r->file->path);
    const size_t room = r->room ? 2 * r->room : 64;
    lathe_safetensor *larger = lathe_alloc(room, sizeof *larger);
    if (!larger) return lathe_error();
    if (r->room) memcpy(larger, r->file->tensor, r->room * sizeof *larger);
    lathe_free(r->file->tensor);
    r->file->tensor = larger;
    r->room = room;
    return LATHE_OK;
}

/* Add the tensors of a dictionary and of those inside it; everything else is left out. */
static lathe_status add_dict(reader *r, const lathe_pickle_value *dict, const char *prefix, int depth)
{
    lathe_status status = LATHE_OK;
    for (size_t i = 0; !status && i + 1 < dict->count; i += 2) {
        const lathe_pickle_value *value = dict->item[i + 1], *tensor = tensor_of(value);
        if (++r->entries > MOST_ENTRIES)
            return lathe_fail(LATHE_EFORMAT, "%s: too many entries in its dictionaries", r->file->path);
        if (!tensor && (value->kind != LATHE_PICKLE_DICT || depth >= MOST_DEPTH)) continue;
        const char *name = join(r, prefix, dict->item[i]);
        if (!name) return bad(r, prefix, "has an entry whose name is too long, or is no text");
        if (tensor) {
            status = add_room(r);
            if (!status) status = add_tensor(r, name, tensor);
        } else {
            char inner[LATHE_SAFETENSORS_NAME + 4];
            snprintf(inner, sizeof inner, "%s.", name);
            status = add_dict(r, value, inner, depth + 1);
        }
    }
    return status;
}

/* Take a beginning off all names, such as the one that torch.nn.DataParallel adds, if all have it. */
static bool strip(lathe_safetensors *file, const char *prefix)
{
    const size_t length = strlen(prefix);
    for (size_t i = 0; i < file->tensors; i++)
        if (strncmp(file->tensor[i].name, prefix, length) != 0 || !file->tensor[i].name[length]) return false;
    for (size_t i = 0; i < file->tensors; i++) file->tensor[i].name += length;
    return file->tensors > 0;
}

static lathe_status add_all(reader *r, const lathe_pickle_value *object)
{
    if (object->kind != LATHE_PICKLE_DICT)
        return lathe_fail(LATHE_EFORMAT, "%s: holds no dictionary of tensors; save model.state_dict()",
            r->file->path);
    lathe_status status = add_dict(r, find_dict(object, 0), "", 0);
    if (status) return status;
    if (!r->file->tensors) return lathe_fail(LATHE_EFORMAT, "%s: holds no tensors", r->file->path);
    while (strip(r->file, "module.") || strip(r->file, "model.") || strip(r->file, "_orig_mod.")) continue;
    return lathe_safetensors_unique(r->file);
}

/* ---- the two forms ------------------------------------------------------------------------------------- */

static lathe_status read_pickle(const reader *r, const void *bytes, size_t size, lathe_pickle *pickle)
{
    const lathe_pickle_opts opts = { .name = r->file->path, .knows = knows };
    return lathe_pickle_read(bytes, size, r->file->arena, &opts, pickle);
}

/* The entry NAME/data.pkl; *prefix becomes the length of "NAME/". */
static const lathe_zip_entry *find_object(const lathe_zip_entry *entry, size_t count, size_t *prefix)
{
    for (size_t i = 0; i < count; i++) {
        const char *end = strstr(entry[i].name, "data.pkl");
        *prefix = end ? (size_t)(end - entry[i].name) : 0;
        if (end && !end[8] && (!*prefix || end[-1] == '/')) return &entry[i];
    }
    return NULL;
}

static lathe_status parse_zip(reader *r)
{
    lathe_zip_entry *entry;
    lathe_pickle pickle;
    size_t count, prefix;
    const char *path = r->file->path;
    lathe_arena *arena = r->file->arena;
    lathe_status status =
        lathe_zip_list((const unsigned char *)r->file->bytes, r->size, path, arena, &entry, &count);
    if (status) return status;
    const lathe_zip_entry *object = find_object(entry, count, &prefix);
    if (!object)
        return lathe_fail(LATHE_EFORMAT, "%s: a zip archive, but not of torch.save: it has no data.pkl",
            path);
    storage *storages = lathe_arena_zeroed(arena, count, sizeof *storages);
    if (!storages) return lathe_error();
    for (size_t i = 0; i < count; i++) {
        if (strncmp(entry[i].name, object->name, prefix) != 0) continue;
        const char *inner = entry[i].name + prefix;
        if (!strncmp(inner, "data/", 5))
            storages[r->storages++] = (storage){ inner + 5, entry[i].data, entry[i].size };
        if (!strcmp(inner, "byteorder") && entry[i].size >= 3 && !memcmp(entry[i].data, "big", 3))
            return lathe_fail(LATHE_EFORMAT, "%s: its numbers have their highest byte first", path);
    }
    qsort(storages, r->storages, sizeof *storages, by_key);
    r->storage = storages;
    status = read_pickle(r, object->data, object->size, &pickle);
    return status ? status : add_all(r, pickle.root);
}

/* The storages that persistent ids name, with the bytes of one number as their size, sorted by key. */
static storage *named_storages(const reader *r, const lathe_pickle_value *persistent, size_t *count)
{
    storage *named = lathe_arena_zeroed(r->file->arena, persistent->count + 1, sizeof *named);
    *count = 0;
    for (size_t i = 0; named && i < persistent->count; i++) {
        const lathe_pickle_value *id = persistent->item[i]->item[0];
        if (id->kind != LATHE_PICKLE_TUPLE || id->count < 5 || id->item[1]->kind != LATHE_PICKLE_GLOBAL ||
            id->item[2]->kind != LATHE_PICKLE_TEXT)
            continue;
        const char *dtype = dtype_of(id->item[1]->text);
        if (dtype) named[(*count)++] = (storage){ .key = id->item[2]->text, .size = lathe_dtype_size(dtype) };
    }
    if (named) qsort(named, *count, sizeof *named, by_key);
    return named;
}

/* The storages of the older form follow the pickles: of each the count in 8 bytes, and the numbers. */
static lathe_status read_storages(reader *r, const lathe_pickle_value *keys,
    const lathe_pickle_value *persistent, size_t at)
{
    const unsigned char *bytes = (const unsigned char *)r->file->bytes;
    size_t count;
    const storage *named = named_storages(r, persistent, &count);
    storage *storages = named ? lathe_arena_zeroed(r->file->arena, keys->count + 1, sizeof *storages) : NULL;
    if (!storages) return lathe_error();
    for (size_t i = 0; i < keys->count && keys->kind == LATHE_PICKLE_LIST; i++) {
        const lathe_pickle_value *key = keys->item[i];
        const storage *known = key->kind == LATHE_PICKLE_TEXT ? find_key(named, count, key->text) : NULL;
        uint64_t numbers;
        if (!known || r->size - at < 8)
            return lathe_fail(LATHE_EFORMAT, "%s: storage %zu is missing, or nothing names it", r->file->path,
                i);
        memcpy(&numbers, bytes + at, 8);
        at += 8;
        if (numbers > (r->size - at) / known->size)
            return lathe_fail(LATHE_EFORMAT, "%s: storage %zu ends too early", r->file->path, i);
        storages[i] = (storage){ key->text, bytes + at, (size_t)numbers * known->size };
        at += (size_t)numbers * known->size;
        r->storages++;
    }
    qsort(storages, r->storages, sizeof *storages, by_key);
    r->storage = storages;
    return LATHE_OK;
}

static lathe_status parse_old(reader *r)
{
    enum { MAGIC, VERSION, MACHINE, OBJECT, KEYS, PICKLES };
    lathe_pickle pickle[PICKLES];
    size_t at = 0;
    for (int i = 0; i < PICKLES; i++) {
        lathe_status status = read_pickle(r, r->file->bytes + at, r->size - at, &pickle[i]);
        if (status) return status;
        at += pickle[i].used;
        static const unsigned char magic[] = "\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19";
        const lathe_pickle_value *first = pickle[MAGIC].root;
        if (first->kind != LATHE_PICKLE_LONG || first->length != 10 || memcmp(first->text, magic, 10) != 0)
            return lathe_fail(LATHE_EFORMAT, "%s: a pickle, but not of torch.save", r->file->path);
    }
    lathe_status status = read_storages(r, pickle[KEYS].root, pickle[OBJECT].persistent, at);
    return status ? status : add_all(r, pickle[OBJECT].root);
}

bool lathe_pytorch_is(const char *bytes, size_t size)
{
    /* The length of a safetensors header, 640 bytes, may be the same first bytes; then the header follows. */
    const bool header = size > 8 && !memcmp(bytes + 4, "\0\0\0\0{", 5);
    const bool pickle = size >= 4 && (unsigned char)bytes[0] == 0x80 && bytes[1] >= 2 && bytes[1] <= 5;
    return size >= 4 && (!memcmp(bytes, "PK\3\4", 4) || (pickle && !header));
}

lathe_status lathe_pytorch_parse(lathe_safetensors *file, size_t size)
{
    reader r = { .file = file, .size = size };
    file->arena = lathe_arena_new();
    if (!file->arena) return lathe_error();
    return file->bytes[0] == 'P' ? parse_zip(&r) : parse_old(&r);
}
