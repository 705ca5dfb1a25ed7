#define _GNU_SOURCE /* openat */
#include "picture_files.h"

#include <fcntl.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "../../core/alloc.h"
#include "../../core/rng.h"
#include "../../core/threads.h"
#include "../files/byte_file_impl.h"
#include "../pictures/picture.h"
#include "../pictures/resize.h"
#include "memory_impl.h"
#include "picture_files_impl.h"

#define MEASURED 256

/* The data set's state. */
typedef struct lathe_files {
    lathe_file_list list;
    uint8_t *kept;        /* [count] decoded samples, if they are kept */
    char **skipped;       /* messages */
    lathe_status *status; /* [count], while all are decoded */
    char passed_over[LATHE_PASSED_TEXT];
} lathe_files;

/* ---- lists --------------------------------------------------------------------------------------------- */

bool lathe_is_picture(int folder, const char *name)
{
    static const char *const endings[] = { ".jpg", ".jpeg", ".png", ".bmp", ".pnm", ".ppm", ".pgm", ".gif",
        ".webp", ".tif", ".tiff" };
    const char *point = strrchr(name, '.');
    for (size_t i = 0; point && i < sizeof endings / sizeof endings[0]; i++)
        if (!strcasecmp(point, endings[i])) return true;
    int handle = openat(folder, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (handle < 0) return false;
    uint8_t bytes[8] = { 0 };
    bool is = read(handle, bytes, 8) == 8 &&
        (!memcmp(bytes, "\xFF\xD8\xFF", 3) || !memcmp(bytes, "\x89PNG\r\n\x1a\n", 8));
    close(handle);
    return is;
}

char *lathe_arena_path(lathe_arena *arena, const char *a, const char *b)
{
    char *path = lathe_data_path(a, b), *copy = path ? lathe_arena_strdup(arena, path) : NULL;
    lathe_free(path);
    return copy;
}

/* Double the arrays; an array that cannot grow is unchanged. */
static lathe_status grow(lathe_file_list *list, bool masks)
{
    size_t old = list->room, room = old ? 2 * old : 256, each = (size_t)list->targets_each;
    char **file = lathe_grow(list->file, old, room, sizeof *file);
    if (!file) return LATHE_ENOMEM;
    list->file = file;
    int *label = lathe_grow(list->label, old, room, sizeof *label);
    if (!label) return LATHE_ENOMEM;
    list->label = label;
    char **mask = masks ? lathe_grow(list->mask, old, room, sizeof *mask) : NULL;
    if (masks && !mask) return LATHE_ENOMEM;
    list->mask = mask;
    int *target = each ? lathe_grow(list->target, old, room, lathe_times(each, sizeof *target)) :
                         NULL; /* at most 65536 classes */
    if (each && !target) return LATHE_ENOMEM;
    list->target = target;
    list->room = room;
    return LATHE_OK;
}

lathe_status lathe_file_list_add(lathe_file_list *list, char *path, char *mask, int label, const int *targets)
{
    if (!path || (list->count == list->room && grow(list, mask != NULL))) return LATHE_ENOMEM;
    list->file[list->count] = path;
    if (mask) list->mask[list->count] = mask;
    if (targets)
        memcpy(list->target + list->count * (size_t)list->targets_each, targets,
            (size_t)list->targets_each * sizeof *targets);
    list->label[list->count++] = label;
    return LATHE_OK;
}

void lathe_file_list_free(lathe_file_list *list)
{
    lathe_free(list->file);
    lathe_free(list->mask);
    lathe_free(list->label);
    lathe_free(list->group);
    lathe_free(list->target);
    lathe_arena_free(list->arena);
    *list = (lathe_file_list){ 0 };
}

/* Sample `from` becomes number `to`, where to <= from. */
static void move_sample(lathe_file_list *list, size_t to, size_t from)
{
    size_t each = (size_t)list->targets_each;
    list->file[to] = list->file[from];
    list->label[to] = list->label[from];
    if (list->mask) list->mask[to] = list->mask[from];
    if (list->group) list->group[to] = list->group[from];
    if (list->target)
        memmove(list->target + to * each, list->target + from * each, each * sizeof *list->target);
}

/* ---- decoding ------------------------------------------------------------------------------------------ */

static size_t picture_bytes(const lathe_dataset *data)
{
    return (size_t)data->channels * (size_t)data->height * (size_t)data->width;
}

/* A sample's pixels, and its mask, which follows them. */
static lathe_status decode(const lathe_dataset *data, size_t index, uint8_t *sample)
{
    const lathe_file_list *list = &((const lathe_files *)data->state)->list;
    return lathe_file_list_decode(list, index, data->channels,
        &(lathe_part){ .height = data->height, .width = data->width }, sample,
        list->mask ? sample + picture_bytes(data) : NULL);
}

/* ---- the kind ------------------------------------------------------------------------------------------ */

/* Sample `index`, whose pixels, and mask behind them, are at `bytes`. */
static lathe_sample sample_at(const lathe_dataset *data, size_t index, int height, int width,
    const uint8_t *bytes)
{
    const lathe_file_list *list = &((const lathe_files *)data->state)->list;
    return (lathe_sample){ .pixels = bytes,
        .channels = data->channels,
        .height = height,
        .width = width,
        .label = list->label[index],
        .targets = list->target ? list->target + index * (size_t)list->targets_each : NULL,
        .mask = list->mask ? bytes + (size_t)data->channels * (size_t)height * (size_t)width : NULL };
}

static lathe_status files_read(const lathe_dataset *data, size_t index, uint8_t *scratch,
    lathe_sample *sample)
{
    const lathe_files *files = data->state;
    *sample = sample_at(data, index, data->height, data->width,
        files->kept ? files->kept + index * lathe_data_scratch(data) : scratch);
    return files->kept ? LATHE_OK : decode(data, index, scratch);
}

static lathe_status files_read_part(const lathe_dataset *data, size_t index, const lathe_part *part,
    uint8_t *scratch, lathe_sample *sample)
{
    *sample = sample_at(data, index, part->height, part->width, scratch);
    return lathe_file_list_decode(&((const lathe_files *)data->state)->list, index, data->channels, part,
        scratch, (uint8_t *)(uintptr_t)sample->mask);
}

static void files_close(lathe_dataset *data)
{
    lathe_files *files = data->state;
    if (!files) return;
    for (size_t i = 0; i < data->skipped; i++) lathe_free(files->skipped[i]);
    lathe_free(files->skipped);
    lathe_free(files->status);
    lathe_free(files->kept);
    lathe_file_list_free(&files->list);
    lathe_free(files);
}

static const char *files_file(const lathe_dataset *data, size_t index)
{
    return ((const lathe_files *)data->state)->list.file[index];
}

static const lathe_dataset_type files_type = { .name = "files",
    .read = files_read,
    .read_part = files_read_part,
    .close = files_close,
    .file = files_file };

/* ---- keeping, skipping, measuring ---------------------------------------------------------------------- */

/* Decode sample `index`, to keep it or only to check it. */
static void decode_one(void *context, int index)
{
    const lathe_dataset *data = context;
    const lathe_files *files = data->state;
    size_t bytes = lathe_data_scratch(data);
    bool held = lathe_error_hold(true);
    uint8_t *sample = files->kept ? files->kept + (size_t)index * bytes : lathe_alloc_raw(bytes, 1);
    files->status[index] = sample ? decode(data, (size_t)index, sample) : LATHE_ENOMEM;
    if (!files->kept) lathe_free(sample);
    lathe_error_hold(held);
}

/* Note why a file is left out. */
static lathe_status note_skipped(lathe_dataset *data, lathe_files *files, const char *why)
{
    char **longer = lathe_grow(files->skipped, data->skipped, data->skipped + 1, sizeof *longer);
    if (!longer) return LATHE_ENOMEM;
    files->skipped = longer;
    data->skipped_why = (const char *const *)longer;
    longer[data->skipped] = lathe_strdup(why);
    if (!longer[data->skipped]) return LATHE_ENOMEM;
    data->skipped++;
    return LATHE_OK;
}

/* Read each sample that failed again on this thread, which reports the failure; skip it if asked for. */
static lathe_status settle_failures(lathe_dataset *data, lathe_files *files, bool skip)
{
    size_t bytes = lathe_data_scratch(data), good = 0;
    uint8_t *spare = lathe_alloc_raw(bytes, 1);
    if (!spare) return LATHE_ENOMEM;
    lathe_status status = LATHE_OK;
    for (size_t i = 0; i < files->list.count && !status; i++) {
        uint8_t *sample = files->kept ? files->kept + i * bytes : spare;
        lathe_status one = files->status[i];
        if (one) {
            bool held = lathe_error_hold(skip);
            one = decode(data, i, sample);
            lathe_error_hold(held);
        }
        if (one && skip && one != LATHE_ENOMEM) {
            status = note_skipped(data, files, lathe_error_message());
            lathe_error_clear();
            continue;
        }
        status = one;
        if (files->kept && good != i) memmove(files->kept + good * bytes, sample, bytes);
        move_sample(&files->list, good++, i);
    }
    lathe_free(spare);
    files->list.count = good;
    return status;
}

/* Decode all samples on all threads, to keep them or to find damaged files. */
static lathe_status decode_all(lathe_dataset *data, lathe_files *files, bool keep, bool skip)
{
    if (keep) files->kept = lathe_alloc_raw(files->list.count, lathe_data_scratch(data));
    files->status = lathe_alloc(files->list.count, sizeof *files->status);
    if ((keep && !files->kept) || !files->status) return LATHE_ENOMEM;
    lathe_parallel(NULL, (int)files->list.count, decode_one, data); /* at most 5e7 */
    lathe_status status = settle_failures(data, files, skip);
    lathe_free(files->status);
    files->status = NULL;
    return status;
}

/* The pixels of picture `index`, without a mask. */
static lathe_status pixels_of(const lathe_dataset *data, const lathe_files *files, size_t index,
    uint8_t *pixels)
{
    if (!files->kept)
        return lathe_file_list_decode(&files->list, index, data->channels,
            &(lathe_part){ .height = data->height, .width = data->width }, pixels, NULL);
    memcpy(pixels, files->kept + index * lathe_data_scratch(data), picture_bytes(data));
    return LATHE_OK;
}

/*
 * Mean and std from all pictures if they are few, otherwise from some drawn at random: the same whether they
 * are kept or not. What is damaged shows later.
 */
static lathe_status measure_some(lathe_dataset *data, const lathe_files *files)
{
    size_t bytes = picture_bytes(data), got = 0, count = files->list.count,
           most = count < MEASURED ? count : MEASURED;
    uint8_t *pixels = lathe_alloc_raw(most, bytes);
    if (!pixels) return LATHE_ENOMEM;
    lathe_rng rng = lathe_rng_at(0, lathe_rng_stream("data/folder/measured"), 0);
    bool held = lathe_error_hold(true);
    for (size_t i = 0; i < most; i++)
        if (!pixels_of(data, files, count <= MEASURED ? i : lathe_rng_below(&rng, count),
                pixels + got * bytes))
            got++;
    if (got) lathe_error_clear();
    lathe_error_hold(held);
    if (got)
        lathe_data_moments(pixels, got, data->channels, bytes / (size_t)data->channels, data->mean,
            data->std);
    lathe_status status = got ? LATHE_OK : pixels_of(data, files, 0, pixels);
    lathe_free(pixels);
    return status;
}

static lathe_status measure(lathe_dataset *data, const lathe_files *files, const lathe_files_opts *opts)
{
    if (!opts->mean) return measure_some(data, files);
    memcpy(data->mean, opts->mean, (size_t)data->channels * sizeof(double));
    memcpy(data->std, opts->std, (size_t)data->channels * sizeof(double));
    return LATHE_OK;
}

static void describe(lathe_dataset *data, const lathe_file_list *list)
{
    data->count = list->count;
    data->labels = list->label;
    data->classes = list->classes;
    data->class_names = list->class_names;
    data->task = list->task ? list->task : "classify";
    data->masks = list->masks;
    data->crop_ratio = list->crop_ratio;
    data->targets_each = list->targets_each;
    data->targets = list->target;
    data->heads = list->heads;
    data->head = list->head;
    data->groups = list->group;
}

static lathe_status fill(lathe_dataset *data, lathe_files *files, const lathe_files_opts *opts,
    const char *where)
{
    size_t bytes = 0;
    describe(data, &files->list); /* for decoding */
    bool keep =
        lathe_size_mul(files->list.count, lathe_data_scratch(data), &bytes) && bytes <= opts->cache_bytes;
    lathe_status status = keep || opts->skip_bad ? decode_all(data, files, keep, opts->skip_bad) : LATHE_OK;
    if (!status && !files->list.count)
        status = lathe_fail(LATHE_EFORMAT, "%s: 0 of %zu pictures can be read: %s", where, data->skipped,
            data->skipped ? files->skipped[0] : "the list is empty");
    if (status) return status;
    describe(data, &files->list);
    return measure(data, files, opts);
}

lathe_dataset *lathe_files_open(lathe_status status, lathe_file_list *list, const lathe_files_opts *opts,
    const char *where)
{
    lathe_dataset *data = status ? NULL : lathe_alloc(1, sizeof *data);
    lathe_files *files = data ? lathe_alloc(1, sizeof *files) : NULL;
    if (!files) {
        lathe_file_list_free(list);
        lathe_free(data);
        return NULL;
    }
    files->list = *list;
    files->list.max_pixels = opts->max_pixels;
    files->list.background = opts->background;
    files->list.crop_ratio = opts->crop_ratio;
    files->list.interpolation = opts->interpolation;
    files->list.full_size = opts->full_size;
    lathe_passed_text(&list->passed, files->passed_over);
    *list = (lathe_file_list){ 0 };
    *data = (lathe_dataset){ .type = &files_type,
        .channels = opts->channels,
        .height = opts->height,
        .width = opts->width,
        .state = files,
        .passed_over = *files->passed_over ? files->passed_over : NULL,
        .name = lathe_strdup(opts->name) };
    if (data->name && !fill(data, files, opts, where)) return data;
    lathe_data_free(data);
    return NULL;
}

/* ---- a list of the caller ------------------------------------------------------------------------------ */

lathe_status lathe_files_resolve(const char *who, const lathe_files_opts *opts, lathe_files_opts *resolved)
{
    static const lathe_files_opts none;
    *resolved = opts ? *opts : none;
    if (!resolved->height && !resolved->width) resolved->height = resolved->width = 64;
    if (resolved->height < 1 || resolved->width < 1 || resolved->height > 4096 || resolved->width > 4096)
        return lathe_fail(LATHE_EARG, "%s: size is %d x %d (height, width), expected 1 to 4096", who,
            resolved->height, resolved->width);
    if (resolved->channels != 0 && resolved->channels != 1 && resolved->channels != 3)
        return lathe_fail(LATHE_EARG, "%s: channels is %d, expected 1 or 3", who, resolved->channels);
    if (!resolved->mean != !resolved->std) return lathe_fail(LATHE_EARG, "%s: mean and std go together", who);
    if (!resolved->name) resolved->name = "files";
    if (!resolved->channels) resolved->channels = 3;
    if (resolved->max_pixels > (size_t)1 << 30)
        return lathe_fail(LATHE_EARG, "%s: max_pixels is %zu, expected at most %d", who, resolved->max_pixels,
            1 << 30);
    if (resolved->background &&
        (resolved->background < 1 << 24 || resolved->background > LATHE_BACKGROUND_MOST))
        return lathe_fail(LATHE_EARG, "%s: background is %d, expected one of lathe_colour_parse", who,
            resolved->background);
    if (!(resolved->crop_ratio >= 0 && resolved->crop_ratio <= 1))
        return lathe_fail(LATHE_EARG, "%s: crop_ratio is %g, expected above 0 to 1", who,
            resolved->crop_ratio);
    if (resolved->interpolation < LATHE_BILINEAR || resolved->interpolation > LATHE_LANCZOS)
        return lathe_fail(LATHE_EARG, "%s: interpolation %d", who, (int)resolved->interpolation);
    if (!resolved->cache_bytes) resolved->cache_bytes = (size_t)1 << 30;
    return LATHE_OK;
}

/* Check the labels, and count the classes. */
static lathe_status count_classes(const lathe_files_opts *opts, size_t count, int *classes)
{
    int largest = 0;
    for (size_t i = 0; opts->labels && i < count; i++) {
        if (opts->labels[i] < 0 || (opts->classes && opts->labels[i] >= opts->classes))
            return lathe_fail(LATHE_EARG, "lathe_data_files: label %d of file %zu, with %d classes",
                opts->labels[i], i, opts->classes);
        if (opts->labels[i] > largest) largest = opts->labels[i];
    }
    *classes = opts->classes ? opts->classes : largest + 1;
    return LATHE_OK;
}

/* Copies of the names in the arena. */
static lathe_status copy_names(lathe_file_list *list, const char *const *names)
{
    const char **copy = lathe_arena_alloc(list->arena, (size_t)list->classes, sizeof *copy);
    const char *const *given = copy ? lathe_data_names(names, list->classes) : NULL;
    lathe_status status = given ? LATHE_OK : LATHE_ENOMEM;
    for (int i = 0; i < list->classes && !status; i++)
        if (!(copy[i] = lathe_arena_strdup(list->arena, given[i]))) status = LATHE_ENOMEM;
    lathe_free((void *)given);
    list->class_names = copy;
    return status;
}

lathe_dataset *lathe_data_files(const char *const *files, size_t count, const lathe_files_opts *opts)
{
    lathe_files_opts resolved;
    lathe_file_list list = { 0 };
    if (!files) return lathe_fail_null("lathe_data_files", "files"), NULL;
    if (!count || count > 50000000) return lathe_fail(LATHE_EARG, "lathe_data_files: %zu files", count), NULL;
    if (lathe_files_resolve("lathe_data_files", opts, &resolved) ||
        count_classes(&resolved, count, &list.classes))
        return NULL;
    list.arena = lathe_arena_new();
    lathe_status status = list.arena ? copy_names(&list, resolved.class_names) : LATHE_ENOMEM;
    for (size_t i = 0; i < count && !status; i++)
        status = lathe_file_list_add(&list, lathe_arena_strdup(list.arena, files[i]), NULL,
            resolved.labels ? resolved.labels[i] : 0, NULL);
    return lathe_files_open(status, &list, &resolved, files[0]);
}
