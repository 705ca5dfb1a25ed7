#define _GNU_SOURCE /* openat */
#include "folder.h"

#include <fcntl.h>
#include <math.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "../core/alloc.h"
#include "../core/rng.h"
#include "../core/threads.h"
#include "dataset_impl.h"
#include "file_impl.h"
#include "picture.h"
#include "resize.h"
#include "walk_impl.h"

#define MEASURED 256

/* The kind's state. Pictures are listed in full: file[i] is a path from the working folder on. */
typedef struct lathe_folder {
    lathe_arena *arena;  /* of the names */
    char **file;         /* [count] */
    int *label;          /* [count] */
    size_t count, room;
    char **class_name;   /* [classes] */
    uint8_t *pixels;     /* [count, C, H, W] if they are kept */
    char **skipped;      /* messages */
    lathe_status *status; /* [count] while everything is decoded */
} lathe_folder;

/* ---- which files -------------------------------------------------------------------------------------------- */

static bool is_picture(int folder, const char *name)
{
    static const char *const endings[] = { ".jpg", ".jpeg", ".png", ".bmp", ".pnm", ".ppm", ".pgm", ".gif", ".webp", ".tif", ".tiff" };
    const char *point = strrchr(name, '.');
    for (size_t i = 0; point && i < sizeof endings / sizeof endings[0]; i++)
        if (!strcasecmp(point, endings[i])) return true;
    int handle = openat(folder, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (handle < 0) return false;
    uint8_t bytes[8] = { 0 };
    bool is = read(handle, bytes, 8) == 8 && (!memcmp(bytes, "\xFF\xD8\xFF", 3) || !memcmp(bytes, "\x89PNG\r\n\x1a\n", 8));
    close(handle);
    return is;
}

static lathe_status add_file(lathe_folder *folder, char *path, int label)
{
    if (!path) return LATHE_ENOMEM;
    if (folder->count == folder->room) {
        size_t room = folder->room ? 2 * folder->room : 256;
        char **file = lathe_grow(folder->file, folder->room, room, sizeof *file);
        if (file) folder->file = file;
        int *labels = file ? lathe_grow(folder->label, folder->room, room, sizeof *labels) : NULL;
        if (labels) folder->label = labels;
        if (!labels) return LATHE_ENOMEM;
        folder->room = room;
    }
    folder->file[folder->count] = path;
    folder->label[folder->count++] = label;
    return LATHE_OK;
}

/* "a/b" in the arena. */
static char *join(lathe_arena *arena, const char *a, const char *b)
{
    char *path = lathe_data_path(a, b), *copy = path ? lathe_arena_strdup(arena, path) : NULL;
    lathe_free(path);
    return copy;
}

/* Which of a class's files belong to the split: a part of them, drawn by the seed, is for testing. */
static lathe_status hold_out(const lathe_folder_opts *opts, lathe_split split, int label, const lathe_listing *files, bool *chosen)
{
    size_t count = files->count, out = (size_t)floor((double)count * opts->held_out + 0.5);
    if (out == 0) out = 1;
    if (out == count) out = count - 1;
    size_t *order = lathe_alloc_raw(count, sizeof *order);
    if (!order) return LATHE_ENOMEM;
    for (size_t i = 0; i < count; i++) order[i] = i;
    lathe_rng rng = lathe_rng_at(opts->seed, lathe_rng_stream("data/folder/held-out"), (uint64_t)label);
    lathe_rng_shuffle(&rng, order, count);
    for (size_t i = 0; i < count; i++) chosen[order[i]] = (i < out) == (split == LATHE_SPLIT_TEST);
    lathe_free(order);
    return LATHE_OK;
}

/* One class: all files below `path`, or those of a split. */
static lathe_status add_class(lathe_folder *folder, const char *path, int label, const lathe_folder_opts *opts, const lathe_split *split)
{
    lathe_listing files = { .arena = folder->arena };
    lathe_status status = lathe_walk_files(path, is_picture, &files);
    bool *chosen = status ? NULL : lathe_alloc_raw(files.count + 1, sizeof *chosen);
    if (!status && !chosen) status = LATHE_ENOMEM;
    if (!status) memset(chosen, true, files.count * sizeof *chosen);
    if (!status && !files.count) status = lathe_fail(LATHE_EFORMAT, "%s: a class without pictures", path);
    if (!status && split && files.count < 2)
        status = lathe_fail(LATHE_EFORMAT, "%s: a class of one picture cannot be split for training and testing", path);
    if (!status && split) status = hold_out(opts, *split, label, &files, chosen);
    for (size_t i = 0; i < files.count && !status; i++)
        if (chosen[i]) status = add_file(folder, join(folder->arena, path, files.name[i]), label);
    lathe_free(chosen);
    lathe_listing_free(&files);
    return status;
}

static int find_name(char *const *names, size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++)
        if (!strcmp(names[i], name)) return (int)i;
    return -1;
}

/* The folder of the split's pictures, if the folders are not classes but splits; NULL in *place if they are classes. */
static lathe_status find_split(const char *dir, lathe_split split, const lathe_listing *inside, const char **place)
{
    bool train = find_name(inside->name, inside->count, "train") >= 0, val = find_name(inside->name, inside->count, "val") >= 0;
    bool test = find_name(inside->name, inside->count, "test") >= 0;
    *place = NULL;
    if (!train || !(val || test)) return LATHE_OK;
    *place = split == LATHE_SPLIT_TRAIN ? "train" : val ? "val" : "test";
    if (inside->count <= 3) return LATHE_OK;
    return lathe_fail(LATHE_EFORMAT, "%s: has train/ and %s/ beside other folders: are these splits or classes?", dir,
        val ? "val" : "test");
}

/* All pictures of the split; data->classes and the class names. `split` NULL: dir holds all of one split's pictures. */
static lathe_status list_classes(lathe_folder *folder, lathe_dataset *data, const char *dir, const char *place,
    const lathe_folder_opts *opts, const lathe_split *split)
{
    lathe_listing classes = { .arena = folder->arena };
    const char *train = place ? join(folder->arena, dir, "train") : dir; /* whose folders are the classes */
    lathe_status status = train ? lathe_walk_folders(train, &classes) : LATHE_ENOMEM;
    if (!status && !classes.count) status = lathe_fail(LATHE_EFORMAT, "%s: has no folders: one folder a class is expected", train);
    folder->class_name = classes.name; /* given back with the data set */
    data->class_names = (const char *const *)classes.name;
    data->classes = (int)classes.count;
    lathe_listing here = { .arena = folder->arena };
    const char *root = place ? join(folder->arena, dir, place) : dir;
    if (!status) status = root ? lathe_walk_folders(root, &here) : LATHE_ENOMEM;
    for (size_t i = 0; i < here.count && !status; i++) {
        int label = find_name(classes.name, classes.count, here.name[i]);
        const char *path = join(folder->arena, root, here.name[i]);
        if (!path) status = LATHE_ENOMEM;
        else if (label < 0) status = lathe_fail(LATHE_EFORMAT, "%s: a class that %s does not have", path, train);
        else status = add_class(folder, path, label, opts, split);
    }
    if (!status && !folder->count) status = lathe_fail(LATHE_EFORMAT, "%s: has no folders: one folder a class is expected", root);
    lathe_listing_free(&here);
    return status;
}

static lathe_status list_files(lathe_folder *folder, lathe_dataset *data, const char *dir, lathe_split split,
    const lathe_folder_opts *opts)
{
    lathe_listing inside = { .arena = folder->arena };
    const char *place = NULL;
    lathe_status status = lathe_walk_folders(dir, &inside);
    if (!status) status = find_split(dir, split, &inside, &place);
    lathe_listing_free(&inside);
    return status ? status : list_classes(folder, data, dir, place, opts, place ? NULL : &split);
}

/* ---- their pixels ------------------------------------------------------------------------------------------- */

/* Channel after channel, from pixel after pixel. */
static lathe_status separate(const lathe_picture *picture, lathe_image *image)
{
    size_t area = (size_t)picture->width * (size_t)picture->height, channels = (size_t)picture->channels;
    *image = (lathe_image){ picture->channels, picture->height, picture->width, lathe_alloc_raw(area, channels), false };
    if (!image->pixels) return LATHE_ENOMEM;
    for (size_t c = 0; c < channels; c++)
        for (size_t i = 0; i < area; i++) image->pixels[c * area + i] = picture->pixels[i * channels + c];
    return LATHE_OK;
}

/* The middle of a file's picture, as large as a square in it can be, scaled to the data set's size. */
static lathe_status decode(const lathe_dataset *data, const char *path, uint8_t *pixels)
{
    lathe_picture picture;
    lathe_picture_opts opts = { .channels = data->channels, .at_least = data->height };
    lathe_status status = lathe_picture_read(path, &opts, &picture);
    if (status) return status;
    lathe_image image, out = { data->channels, data->height, data->width, pixels, false };
    status = separate(&picture, &image);
    lathe_picture_free(&picture);
    if (status) return status;
    double side = image.width < image.height ? image.width : image.height;
    double left = (image.width - side) / 2, top = (image.height - side) / 2;
    status = lathe_image_resize(&image, LATHE_BILINEAR, &(lathe_box){ left, top, left + side, top + side }, &out);
    lathe_free(image.pixels);
    return status;
}

static size_t picture_bytes(const lathe_dataset *data)
{
    return (size_t)data->channels * (size_t)data->height * (size_t)data->width;
}

static lathe_status folder_read(const lathe_dataset *data, size_t index, uint8_t *scratch, lathe_sample *sample)
{
    const lathe_folder *folder = data->state;
    uint8_t *pixels = folder->pixels ? folder->pixels + index * picture_bytes(data) : scratch;
    *sample = (lathe_sample){ pixels, data->channels, data->height, data->width, folder->label[index] };
    return folder->pixels ? LATHE_OK : decode(data, folder->file[index], scratch);
}

static void folder_close(lathe_dataset *data)
{
    lathe_folder *folder = data->state;
    if (!folder) return;
    for (size_t i = 0; i < data->skipped; i++) lathe_free(folder->skipped[i]);
    lathe_free(folder->skipped);
    lathe_free(folder->status);
    lathe_free(folder->pixels);
    lathe_free(folder->class_name);
    lathe_free(folder->file);
    lathe_free(folder->label);
    lathe_arena_free(folder->arena);
    lathe_free(folder);
}

static const lathe_dataset_type folder_type = { .name = "folder", .read = folder_read, .close = folder_close };

/* Decode picture `index`, to be kept or only to see whether it can be. */
static void decode_one(void *context, int index)
{
    const lathe_dataset *data = context;
    const lathe_folder *folder = data->state;
    size_t bytes = picture_bytes(data);
    bool held = lathe_error_hold(true);
    uint8_t *pixels = folder->pixels ? folder->pixels + (size_t)index * bytes : lathe_alloc_raw(bytes, 1);
    folder->status[index] = pixels ? decode(data, folder->file[index], pixels) : LATHE_ENOMEM;
    if (!folder->pixels) lathe_free(pixels);
    lathe_error_hold(held);
}

/* Note why a file is left out. */
static lathe_status note_skipped(lathe_dataset *data, lathe_folder *folder, const char *why)
{
    char **longer = lathe_grow(folder->skipped, data->skipped, data->skipped + 1, sizeof *longer);
    if (!longer) return LATHE_ENOMEM;
    folder->skipped = longer;
    data->skipped_why = (const char *const *)longer;
    longer[data->skipped] = lathe_strdup(why);
    if (!longer[data->skipped]) return LATHE_ENOMEM;
    data->skipped++;
    return LATHE_OK;
}

/* Go through what failed: again on this thread, which reports it; leave it out if that is wanted. */
static lathe_status settle_failures(lathe_dataset *data, lathe_folder *folder, bool skip)
{
    size_t bytes = picture_bytes(data), good = 0;
    uint8_t *spare = lathe_alloc_raw(bytes, 1);
    if (!spare) return LATHE_ENOMEM;
    lathe_status status = LATHE_OK;
    for (size_t i = 0; i < folder->count && !status; i++) {
        uint8_t *pixels = folder->pixels ? folder->pixels + i * bytes : spare;
        lathe_status one = folder->status[i];
        if (one) {
            bool held = lathe_error_hold(skip);
            one = decode(data, folder->file[i], pixels);
            lathe_error_hold(held);
        }
        if (one == LATHE_EFORMAT && skip) {
            status = note_skipped(data, folder, lathe_error_message());
            lathe_error_clear();
            continue;
        }
        status = one;
        if (folder->pixels && good != i) memmove(folder->pixels + good * bytes, pixels, bytes);
        folder->file[good] = folder->file[i];
        folder->label[good++] = folder->label[i];
    }
    lathe_free(spare);
    folder->count = good;
    return status;
}

/* Decode everything, on all threads: to keep it, or to know what is damaged. */
static lathe_status decode_all(lathe_dataset *data, lathe_folder *folder, bool keep, bool skip)
{
    if (keep) folder->pixels = lathe_alloc_raw(folder->count, picture_bytes(data));
    folder->status = lathe_alloc(folder->count, sizeof *folder->status);
    if ((keep && !folder->pixels) || !folder->status) return LATHE_ENOMEM;
    lathe_parallel((int)folder->count, decode_one, data); /* at most 5e7 */
    lathe_status status = settle_failures(data, folder, skip);
    lathe_free(folder->status);
    folder->status = NULL;
    return status;
}

/* Mean and std from a few pictures drawn at random, decoded for the purpose; what is damaged shows later. */
static lathe_status measure_some(lathe_dataset *data, const lathe_folder *folder)
{
    size_t bytes = picture_bytes(data), got = 0;
    uint8_t *pixels = lathe_alloc_raw(MEASURED, bytes);
    if (!pixels) return LATHE_ENOMEM;
    lathe_rng rng = lathe_rng_at(0, lathe_rng_stream("data/folder/measured"), 0);
    bool held = lathe_error_hold(true);
    for (int i = 0; i < MEASURED; i++)
        if (!decode(data, folder->file[lathe_rng_below(&rng, folder->count)], pixels + got * bytes)) got++;
    lathe_error_hold(held);
    if (got) lathe_data_moments(pixels, got, data->channels, bytes / (size_t)data->channels, data->mean, data->std);
    lathe_status status = got ? LATHE_OK : decode(data, folder->file[0], pixels);
    lathe_free(pixels);
    return status;
}

static lathe_status fill(lathe_dataset *data, const char *dir, lathe_split split, const lathe_folder_opts *opts)
{
    lathe_folder *folder = lathe_alloc(1, sizeof *folder);
    data->state = folder;
    data->name = lathe_strdup("folder");
    if (!folder || !data->name || !(folder->arena = lathe_arena_new())) return LATHE_ENOMEM;
    lathe_status status = list_files(folder, data, dir, split, opts);
    size_t bytes = 0;
    bool keep = !status && lathe_size_mul(folder->count, picture_bytes(data), &bytes) && bytes <= opts->cache_bytes;
    if (!status && (keep || opts->skip_bad)) status = decode_all(data, folder, keep, opts->skip_bad);
    if (!status && !folder->count) status = lathe_fail(LATHE_EFORMAT, "%s: none of %zu pictures can be read: %s", dir, data->skipped,
        folder->skipped[0]);
    if (status) return status;
    data->count = folder->count;
    data->labels = folder->label;
    if (!keep) return measure_some(data, folder);
    lathe_data_moments(folder->pixels, folder->count, data->channels, (size_t)data->height * (size_t)data->width, data->mean, data->std);
    return LATHE_OK;
}

static lathe_status resolve(const char *dir, lathe_split split, const lathe_folder_opts *opts, lathe_folder_opts *resolved)
{
    static const lathe_folder_opts none;
    *resolved = opts ? *opts : none;
    if (!dir) return lathe_fail(LATHE_EARG, "lathe_data_folder: no folder");
    if (split != LATHE_SPLIT_TRAIN && split != LATHE_SPLIT_TEST)
        return lathe_fail(LATHE_EARG, "lathe_data_folder: split %d is neither train nor test", (int)split);
    if (resolved->size < 0 || resolved->size > 4096)
        return lathe_fail(LATHE_EARG, "lathe_data_folder: size is %d, expected 1 to 4096", resolved->size);
    if (resolved->channels != 0 && resolved->channels != 1 && resolved->channels != 3)
        return lathe_fail(LATHE_EARG, "lathe_data_folder: channels is %d, expected 1 or 3", resolved->channels);
    if (resolved->held_out != 0 && !(resolved->held_out > 0 && resolved->held_out < 1))
        return lathe_fail(LATHE_EARG, "lathe_data_folder: held_out is %g, expected above 0 and below 1", resolved->held_out);
    if (!resolved->size) resolved->size = 64;
    if (!resolved->channels) resolved->channels = 3;
    if (resolved->held_out == 0) resolved->held_out = 0.2;
    if (!resolved->cache_bytes) resolved->cache_bytes = (size_t)1 << 30;
    return LATHE_OK;
}

lathe_dataset *lathe_data_folder(const char *dir, lathe_split split, const lathe_folder_opts *opts)
{
    lathe_folder_opts resolved;
    if (resolve(dir, split, opts, &resolved)) return NULL;
    lathe_dataset *data = lathe_alloc(1, sizeof *data);
    if (!data) return NULL;
    *data = (lathe_dataset){ .type = &folder_type, .channels = resolved.channels, .height = resolved.size, .width = resolved.size };
    if (!fill(data, dir, split, &resolved)) return data;
    lathe_data_free(data);
    return NULL;
}

static lathe_dataset *open_folder(const char *argument, lathe_split split, const lathe_data_opts *opts)
{
    return lathe_data_folder(argument, split, &(lathe_folder_opts){ .size = opts->size, .channels = opts->channels,
        .skip_bad = opts->skip_bad, .seed = opts->seed });
}

const lathe_data_source lathe_folder_source = {
    .name = "folder", .argument = "DIR", .help = "your own pictures: one folder a class, or train/ and val/ of such",
    .open = open_folder,
};
