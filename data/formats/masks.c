#include "masks.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../core/alloc.h"
#include "../files/byte_file_impl.h"
#include "../files/folder_walk_impl.h"
#include "../pictures/picture.h"
#include "../split_impl.h"
#include "memory_impl.h"
#include "picture_files_impl.h"
#include "split_folders_impl.h"

enum { NO_CLASS = 255, MOST_CLASSES = 64, NAMES_BYTES = 1 << 16 };

/* Pictures and masks of one folder, in the same order. */
typedef struct pairs {
    lathe_listing pictures, masks;
    const char *picture_folder, *mask_folder; /* in the arena */
} pairs;

static int find_name(const lathe_listing *names, const char *name)
{
    for (size_t i = 0; i < names->count; i++)
        if (!strcmp(names->name[i], name)) return (int)i;
    return -1;
}

/* The first of `words` that is a folder in `dir`, as a path in the arena. */
static lathe_status find_folder(lathe_arena *arena, const char *dir, const lathe_listing *inside,
    const char *const *words, const char **found)
{
    for (const char *const *word = words; *word; word++)
        if (find_name(inside, *word) >= 0) {
            *found = lathe_arena_path(arena, dir, *word);
            return *found ? LATHE_OK : LATHE_ENOMEM;
        }
    return lathe_fail(LATHE_EFORMAT,
        "%s: has no folder %s/: pictures are expected in images/, their masks in masks/", dir, words[0]);
}

/* The length of a file's name without its ending. */
static size_t stem(const char *name)
{
    const char *slash = strrchr(name, '/'), *point = strrchr(slash ? slash : name, '.');
    return point ? (size_t)(point - name) : strlen(name);
}

static int compare_stems(const char *a, const char *b)
{
    size_t length_a = stem(a), length_b = stem(b), shorter = length_a < length_b ? length_a : length_b;
    int order = memcmp(a, b, shorter);
    return order ? order : length_a < length_b ? -1 : length_a > length_b;
}

static int by_stem(const void *a, const void *b)
{
    return compare_stems(*(char *const *)a, *(char *const *)b);
}

/* Listings are sorted by whole names, with "7-b.png" before "7.png"; sort by names without endings. */
static void sort_by_stem(lathe_listing *listing)
{
    if (listing->count) qsort(listing->name, listing->count, sizeof *listing->name, by_stem);
}

static lathe_status match(const pairs *p)
{
    for (size_t i = 0; i < p->pictures.count || i < p->masks.count; i++) {
        const char *picture = i < p->pictures.count ? p->pictures.name[i] : NULL,
                   *mask = i < p->masks.count ? p->masks.name[i] : NULL;
        int order = !picture ? 1 : !mask ? -1 : compare_stems(picture, mask);
        if (order < 0)
            return lathe_fail(LATHE_EFORMAT, "%s/%s: has no mask in %s", p->picture_folder, picture,
                p->mask_folder);
        if (order > 0)
            return lathe_fail(LATHE_EFORMAT, "%s/%s: a mask without a picture in %s", p->mask_folder, mask,
                p->picture_folder);
        if (i && !compare_stems(p->pictures.name[i - 1], picture))
            return lathe_fail(LATHE_EFORMAT, "%s: two pictures for one mask: %s and %s", p->picture_folder,
                p->pictures.name[i - 1], picture);
    }
    return p->pictures.count ? LATHE_OK : lathe_fail(LATHE_EFORMAT, "%s: has no pictures", p->picture_folder);
}

static lathe_status list_pairs(lathe_arena *arena, const char *dir, lathe_passed *passed, pairs *p)
{
    static const char *const images[] = { "images", "image", NULL },
                             *const masks[] = { "masks", "mask", "labels", "label", NULL };
    lathe_listing inside = { .arena = arena };
    *p = (pairs){ .pictures = { .arena = arena, .passed = passed },
        .masks = { .arena = arena, .passed = passed } };
    lathe_status status = lathe_walk_folders(dir, &inside);
    if (!status) status = find_folder(arena, dir, &inside, images, &p->picture_folder);
    if (!status) status = find_folder(arena, dir, &inside, masks, &p->mask_folder);
    lathe_listing_free(&inside);
    if (!status) status = lathe_walk_files(p->picture_folder, lathe_is_picture, &p->pictures);
    if (!status) status = lathe_walk_files(p->mask_folder, lathe_is_picture, &p->masks);
    if (status) return status;
    sort_by_stem(&p->pictures);
    sort_by_stem(&p->masks);
    return match(p);
}

static void free_pairs(pairs *p)
{
    lathe_listing_free(&p->pictures);
    lathe_listing_free(&p->masks);
}

/* ---- levels -------------------------------------------------------------------------------------------- */

/* Find the levels of the training masks. Masks that cannot be read are reported when they are decoded. */
static lathe_status find_levels(const pairs *p, const lathe_file_list *list, bool present[256])
{
    const lathe_picture_opts opts = { .max_pixels = list->max_pixels };
    for (size_t i = 0; i < p->masks.count; i++) {
        lathe_picture mask;
        const char *path = lathe_arena_path(list->arena, p->mask_folder, p->masks.name[i]);
        if (!path) return LATHE_ENOMEM;
        bool held = lathe_error_hold(true);
        lathe_status status = lathe_picture_read(path, &opts, &mask);
        lathe_error_hold(held);
        if (status == LATHE_ENOMEM) return status;
        lathe_error_clear();
        size_t area = status || mask.channels != 1 ? 0 : (size_t)mask.width * (size_t)mask.height;
        for (size_t k = 0; k < area; k++) present[mask.pixels[k]] = true;
        if (!status) lathe_picture_free(&mask);
    }
    return LATHE_OK;
}

static lathe_status number_levels(const char *dir, lathe_file_list *list, const bool present[256],
    int level[MOST_CLASSES])
{
    int classes = 0, highest = -1;
    for (int i = 0; i < 256; i++) {
        list->class_of[i] = NO_CLASS;
        if (!present[i]) continue;
        if (classes == MOST_CLASSES)
            return lathe_fail(LATHE_EFORMAT,
                "%s: masks of more than %d levels; is it a lossy format? PNG keeps them", dir, MOST_CLASSES);
        highest = i;
        level[classes] = i;
        list->class_of[i] = (uint8_t)classes++;
    }
    if (classes < 2)
        return lathe_fail(LATHE_EFORMAT, "%s: the masks have %d level%s, at least two are expected", dir,
            classes, classes == 1 ? "" : "s");
    if (highest < MOST_CLASSES && highest + 1 > classes &&
        highest < 2 * classes) { /* class numbers with gaps */
        for (int i = 0; i <= highest; i++) list->class_of[i] = (uint8_t)(level[i] = i);
        classes = highest + 1;
    }
    list->classes = classes;
    return LATHE_OK;
}

/* The lines of classes.txt. */
static lathe_status read_names(const char *path, lathe_file_list *list, const char **name)
{
    uint8_t *bytes;
    size_t size;
    lathe_status status = lathe_data_file_load(path, NAMES_BYTES, &bytes, &size);
    char *text = status ? NULL : lathe_arena_alloc(list->arena, size + 1, 1);
    if (text) memcpy(text, bytes, size);
    if (!status) lathe_free(bytes);
    if (!text) return status ? status : LATHE_ENOMEM;
    text[size] = '\0';
    int lines = 0;
    for (char *line = text; *line; lines++) {
        size_t length = strcspn(line, "\r\n");
        if (lines < list->classes) name[lines] = line;
        char *end = line + length;
        line = end + (*end == '\r');
        line += *line == '\n';
        *end = '\0';
    }
    if (lines == list->classes && strlen(text) <= size) return LATHE_OK;
    return lathe_fail(LATHE_EFORMAT, "%s: %d names, the masks have %d classes", path, lines, list->classes);
}

static lathe_status name_levels(const char *dir, lathe_file_list *list, const int level[MOST_CLASSES])
{
    const char **name = lathe_arena_zeroed(list->arena, (size_t)list->classes, sizeof *name);
    const char *path = name ? lathe_arena_path(list->arena, dir, "classes.txt") : NULL;
    if (!path) return LATHE_ENOMEM;
    list->class_names = name;
    if (lathe_data_file_exists(path)) return read_names(path, list, name);
    for (int i = 0; i < list->classes; i++) {
        char text[32];
        snprintf(text, sizeof text, "level %d", level[i]);
        if (!(name[i] = lathe_arena_strdup(list->arena, text))) return LATHE_ENOMEM;
    }
    return LATHE_OK;
}

static lathe_status find_classes(const char *dir, const pairs *train, lathe_file_list *list)
{
    int level[MOST_CLASSES] = { 0 };
    bool present[256] = { false };
    lathe_status status = find_levels(train, list, present);
    if (!status) status = number_levels(dir, list, present, level);
    return status ? status : name_levels(dir, list, level);
}

/* ---- which pairs --------------------------------------------------------------------------------------- */

static lathe_status add_pairs(const pairs *p, const bool *wanted, lathe_file_list *list)
{
    lathe_status status = LATHE_OK;
    for (size_t i = 0; i < p->pictures.count && !status; i++) {
        if (wanted && !wanted[i]) continue;
        char *mask = lathe_arena_path(list->arena, p->mask_folder, p->masks.name[i]);
        if (!mask) return LATHE_ENOMEM;
        status = lathe_file_list_add(list,
            lathe_arena_path(list->arena, p->picture_folder, p->pictures.name[i]), mask, 0, NULL);
    }
    return status;
}

/* Choose a random part, drawn by the seed. */
static lathe_status add_part(const char *dir, const pairs *p, lathe_split split,
    const lathe_folder_opts *opts, lathe_file_list *list)
{
    bool *held = lathe_alloc(p->pictures.count, sizeof *held);
    if (!held) return LATHE_ENOMEM;
    const lathe_dataset rows = { .name = (char *)dir, .count = p->pictures.count, .classes = 1 };
    lathe_status status = lathe_split_mark(&rows,
        &(lathe_split_opts){ .fraction = opts->held_out, .seed = opts->seed, .no_stratify = true }, held);
    for (size_t i = 0; i < p->pictures.count; i++) held[i] = held[i] == (split == LATHE_SPLIT_TEST);
    if (!status) status = add_pairs(p, held, list);
    lathe_free(held);
    if (!status && !list->count)
        status = lathe_fail(LATHE_EFORMAT, "%s: %zu pictures cannot be split for training and testing", dir,
            p->pictures.count);
    return status;
}

static lathe_status list_split(const char *dir, const lathe_split_folders *found, lathe_split split,
    lathe_file_list *list)
{
    pairs train, here = { 0 };
    const char *train_folder = lathe_arena_path(list->arena, dir, found->of[LATHE_SPLIT_TRAIN]),
               *folder = lathe_arena_path(list->arena, dir, lathe_split_folder(found, split));
    if (!train_folder || !folder) return LATHE_ENOMEM;
    lathe_status status =
        list_pairs(list->arena, train_folder, split == LATHE_SPLIT_TRAIN ? &list->passed : NULL, &train);
    if (!status) status = find_classes(dir, &train, list);
    if (!status && split != LATHE_SPLIT_TRAIN) status = list_pairs(list->arena, folder, &list->passed, &here);
    if (!status) status = add_pairs(split != LATHE_SPLIT_TRAIN ? &here : &train, NULL, list);
    free_pairs(&train);
    free_pairs(&here);
    return status;
}

static lathe_status list_masks(const char *dir, lathe_split split, const lathe_folder_opts *opts,
    lathe_file_list *list)
{
    lathe_listing inside = { .arena = list->arena };
    lathe_split_folders found;
    lathe_status status = lathe_walk_folders(dir, &inside);
    if (!status) status = lathe_split_folders_find(dir, &inside, &found);
    if (!status) status = lathe_split_folders_check(dir, &found, split);
    lathe_listing_free(&inside);
    if (status) return status;
    if (lathe_split_folders_pair(&found) && found.others)
        lathe_passed_add(&list->passed, "folder", found.other);
    if (lathe_split_folders_pair(&found)) return list_split(dir, &found, split, list);
    const char *train = found.of[LATHE_SPLIT_TRAIN];
    const char *root = train && !found.others ? lathe_arena_path(list->arena, dir, train) : dir;
    if (!root) return LATHE_ENOMEM;
    pairs all;
    status = list_pairs(list->arena, root, &list->passed, &all);
    if (!status) status = find_classes(dir, &all, list);
    if (!status) status = add_part(dir, &all, split, opts, list);
    free_pairs(&all);
    return status;
}

lathe_dataset *lathe_data_masks(const char *dir, lathe_split split, const lathe_folder_opts *opts)
{
    lathe_folder_opts resolved;
    lathe_files_opts files;
    if (lathe_folder_resolve("lathe_data_masks", dir, split, opts, &resolved, &files)) return NULL;
    files.name = "masks";
    lathe_file_list list = { .arena = lathe_arena_new(),
        .task = "pixels",
        .masks = true,
        .max_pixels = resolved.max_pixels };
    lathe_status status = list.arena ? list_masks(dir, split, &resolved, &list) : LATHE_ENOMEM;
    return lathe_files_open(status, &list, &files, dir);
}

static lathe_dataset *open_masks(const char *argument, lathe_split split, const lathe_data_opts *opts)
{
    const lathe_folder_opts folder = lathe_folder_opts_of(opts);
    return lathe_data_masks(argument, split, &folder);
}

const lathe_data_source lathe_masks_source = {
    .name = "masks",
    .argument = "DIR",
    .help = "pictures and masks: images/ and masks/, or train/ and val/ of such",
    .has_val = true,
    .has_files = true,
    .open = open_masks,
};
