#include "folder.h"

#include <math.h>
#include <string.h>

#include "../../core/alloc.h"
#include "../../core/rng.h"
#include "../alike.h"
#include "../files/folder_walk_impl.h"
#include "memory_impl.h"
#include "picture_files_impl.h"
#include "split_folders_impl.h"

/* Choose the class's files of the split: the seed draws a part of them for testing. */
static lathe_status hold_out(const lathe_folder_opts *opts, lathe_split split, int label,
    const lathe_listing *files, bool *chosen)
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

/* Fail because of what a folder lacks, and say what it has in its place. */
static lathe_status fail_with_passed(const char *path, const char *why, const lathe_passed *passed)
{
    char text[LATHE_PASSED_TEXT];
    lathe_passed_text(passed, text);
    return lathe_fail(LATHE_EFORMAT, "%s: %s%s%s", path, why, *text ? "; it has " : "", text);
}

/* Fail because a class has no pictures. */
static lathe_status empty_class(lathe_arena *arena, const char *path)
{
    lathe_passed passed = { 0 };
    lathe_listing files = { .arena = arena, .passed = &passed };
    lathe_status status = lathe_walk_files(path, lathe_is_picture, &files);
    lathe_listing_free(&files);
    return status ? status : fail_with_passed(path, "a class without pictures", &passed);
}

/* Fail because a folder has no folders. */
static lathe_status no_classes(lathe_arena *arena, const char *path)
{
    lathe_passed passed = { 0 };
    lathe_listing folders = { .arena = arena, .passed = &passed };
    lathe_status status = lathe_walk_folders(path, &folders);
    lathe_listing_free(&folders);
    return status ? status :
                    fail_with_passed(path, "has no folders: one folder a class is expected", &passed);
}

/* Add one class: all files below `path`, or the files of a split. */
static lathe_status add_class(lathe_file_list *list, const char *path, int label,
    const lathe_folder_opts *opts, const lathe_split *split)
{
    lathe_listing files = { .arena = list->arena, .passed = &list->passed };
    lathe_status status = lathe_walk_files(path, lathe_is_picture, &files);
    bool *chosen = status ? NULL : lathe_alloc_raw(files.count + 1, sizeof *chosen);
    if (!status && !chosen) status = LATHE_ENOMEM;
    if (!status) memset(chosen, true, files.count * sizeof *chosen);
    if (!status && !files.count) status = empty_class(list->arena, path);
    if (!status && split && files.count < 2)
        status = lathe_fail(LATHE_EFORMAT,
            "%s: a class of one picture cannot be split for training and testing", path);
    if (!status && split) status = hold_out(opts, *split, label, &files, chosen);
    for (size_t i = 0; i < files.count && !status; i++)
        if (chosen[i])
            status = lathe_file_list_add(list, lathe_arena_path(list->arena, path, files.name[i]), NULL,
                label, NULL);
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

/* Where the pictures of a split lie. */
typedef struct layout {
    const char *classes; /* the folder whose folders are the classes */
    const char *here;    /* the folder of the split's pictures */
    bool held_out;       /* no folder of its own: the seed draws a part */
} layout;

/* Refuse a folder named as a split that may be one: it has folders, or there is nothing else. */
static lathe_status check_class(lathe_arena *arena, const char *dir, const lathe_split_folders *found,
    const char *name)
{
    lathe_listing inside = { .arena = arena };
    const char *path = lathe_arena_path(arena, dir, name);
    lathe_status status = path ? lathe_walk_folders(path, &inside) : LATHE_ENOMEM;
    if (!status && (inside.count || !found->others))
        status = lathe_fail(LATHE_EFORMAT,
            "%s: has %s/ and %s: are these splits or classes? splits are train/ and val/ or test/", dir, name,
            found->others ? "other folders" : "no train/");
    lathe_listing_free(&inside);
    return status;
}

/*
 * Refuse splits that lie deeper than the classes (cat/train/ and cat/test/), and one folder around the data
 * set, as archives have it.
 */
static lathe_status check_nested(lathe_arena *arena, const char *dir, const lathe_listing *classes)
{
    lathe_status status = LATHE_OK;
    for (size_t i = 0; i < classes->count && !status; i++) {
        lathe_split_folders found;
        lathe_listing inside = { .arena = arena };
        const char *path = lathe_arena_path(arena, dir, classes->name[i]);
        status = path ? lathe_walk_folders(path, &inside) : LATHE_ENOMEM;
        if (!status) status = lathe_split_folders_find(path, &inside, &found);
        if (!status && classes->count == 1 && inside.count)
            status = lathe_fail(LATHE_EFORMAT, "%s: has one folder, with folders inside: is the data set %s?",
                dir, path);
        if (!status && lathe_split_folders_pair(&found))
            status = lathe_fail(LATHE_EFORMAT, "%s: has %s/ and %s/: splits are expected above the classes",
                path, found.of[LATHE_SPLIT_TRAIN], lathe_split_folder(&found, LATHE_SPLIT_TEST));
        lathe_listing_free(&inside);
    }
    return status;
}

/* Decide whether the folders in dir are classes or splits, by their names. */
static lathe_status find_place(lathe_file_list *list, const char *dir, lathe_split split,
    const lathe_listing *inside, layout *place)
{
    lathe_arena *arena = list->arena;
    lathe_split_folders found;
    lathe_status status = lathe_split_folders_find(dir, inside, &found);
    if (!status) status = lathe_split_folders_check(dir, &found, split);
    if (status) return status;
    const char *train = found.of[LATHE_SPLIT_TRAIN];
    bool pair = lathe_split_folders_pair(&found);
    if (pair && found.others > 1)
        return lathe_fail(LATHE_EFORMAT,
            "%s: has %s/ and %s/ and other folders: are these splits or classes?", dir, train,
            lathe_split_folder(&found, LATHE_SPLIT_TEST));
    if (pair && found.others) lathe_passed_add(&list->passed, "folder", found.other);
    place->held_out = !pair;
    place->classes = place->here = dir;
    if (train && (pair || !found.others)) {
        place->classes = lathe_arena_path(arena, dir, train);
        place->here = pair ? lathe_arena_path(arena, dir, lathe_split_folder(&found, split)) : place->classes;
        return place->classes && place->here ? LATHE_OK : LATHE_ENOMEM;
    }
    for (size_t i = 0; i < inside->count && !status; i++)
        if (lathe_split_in_name(inside->name[i])) status = check_class(arena, dir, &found, inside->name[i]);
    return status ? status : check_nested(arena, dir, inside);
}

/* Copy the names of the classes, which must outlive the listing. */
static lathe_status name_classes(lathe_file_list *list, const lathe_listing *classes)
{
    const char **names = lathe_arena_alloc(list->arena, classes->count + 1, sizeof *names);
    if (!names) return LATHE_ENOMEM;
    for (size_t i = 0; i < classes->count; i++) names[i] = classes->name[i];
    list->class_names = names;
    list->classes = (int)classes->count;
    return LATHE_OK;
}

/* Fail because of a class that training does not have, and say so if it looks like one of training's. */
static lathe_status unknown_class(const char *path, const char *name, const lathe_listing *classes,
    const char *where)
{
    for (size_t i = 0; i < classes->count; i++) {
        const char *differs = lathe_names_alike(name, classes->name[i]);
        if (differs)
            return lathe_fail(LATHE_EFORMAT,
                "%s: a class that %s does not have: its name looks like '%s' there, but %s differ", path,
                where, classes->name[i], differs);
    }
    return lathe_fail(LATHE_EFORMAT, "%s: a class that %s does not have", path, where);
}

/* All pictures of the split, and the classes. */
static lathe_status list_classes(lathe_file_list *list, const char *dir, const layout *place,
    const lathe_folder_opts *opts, lathe_split split)
{
    lathe_listing classes = { .arena = list->arena };
    lathe_listing here = { .arena = list->arena,
        .passed = strcmp(place->here, dir) ? &list->passed : NULL }; /* else counted already */
    lathe_status status = lathe_walk_folders(place->classes, &classes);
    if (!status && !classes.count) status = no_classes(list->arena, place->classes);
    if (!status) status = name_classes(list, &classes);
    if (!status) status = lathe_walk_folders(place->here, &here);
    for (size_t i = 0; i < here.count && !status; i++) {
        int label = find_name(classes.name, classes.count, here.name[i]);
        const char *path = lathe_arena_path(list->arena, place->here, here.name[i]);
        if (!path) status = LATHE_ENOMEM;
        else if (label < 0) status = unknown_class(path, here.name[i], &classes, place->classes);
        else status = add_class(list, path, label, opts, place->held_out ? &split : NULL);
    }
    if (!status && !list->count) status = no_classes(list->arena, place->here);
    lathe_listing_free(&here);
    lathe_listing_free(&classes);
    return status;
}

static lathe_status list_files(lathe_file_list *list, const char *dir, lathe_split split,
    const lathe_folder_opts *opts)
{
    lathe_listing inside = { .arena = list->arena, .passed = &list->passed };
    layout place = { 0 };
    lathe_status status = lathe_walk_folders(dir, &inside);
    if (!status) status = find_place(list, dir, split, &inside, &place);
    lathe_listing_free(&inside);
    return status ? status : list_classes(list, dir, &place, opts, split);
}

lathe_status lathe_folder_resolve(const char *who, const char *dir, lathe_split split,
    const lathe_folder_opts *opts, lathe_folder_opts *resolved, lathe_files_opts *files)
{
    static const lathe_folder_opts none;
    *resolved = opts ? *opts : none;
    if (!dir) return lathe_fail_null(who, "dir");
    if (!*dir) return lathe_fail(LATHE_EARG, "%s: no name", who);
    if (split != LATHE_SPLIT_TRAIN && split != LATHE_SPLIT_TEST && split != LATHE_SPLIT_VAL)
        return lathe_fail(LATHE_EARG, "%s: split %d is neither train nor test", who, (int)split);
    if (resolved->held_out != 0 && !(resolved->held_out > 0 && resolved->held_out < 1))
        return lathe_fail(LATHE_EARG, "%s: held_out is %g, expected above 0 and below 1", who,
            resolved->held_out);
    if (resolved->held_out == 0) resolved->held_out = 0.2;
    return lathe_files_resolve(who,
        &(lathe_files_opts){ .name = "folder",
            .height = resolved->size,
            .width = resolved->size,
            .channels = resolved->channels,
            .skip_bad = resolved->skip_bad,
            .cache_bytes = resolved->cache_bytes,
            .max_pixels = resolved->max_pixels,
            .background = resolved->background,
            .crop_ratio = resolved->crop_ratio,
            .interpolation = resolved->interpolation },
        files);
}

lathe_dataset *lathe_data_folder(const char *dir, lathe_split split, const lathe_folder_opts *opts)
{
    lathe_folder_opts resolved;
    lathe_files_opts files;
    if (lathe_folder_resolve("lathe_data_folder", dir, split, opts, &resolved, &files)) return NULL;
    lathe_file_list list = { .arena = lathe_arena_new() };
    lathe_status status = list.arena ? list_files(&list, dir, split, &resolved) : LATHE_ENOMEM;
    return lathe_files_open(status, &list, &files, dir);
}

lathe_folder_opts lathe_folder_opts_of(const lathe_data_opts *opts)
{
    return (lathe_folder_opts){ .size = opts->size,
        .channels = opts->channels,
        .skip_bad = opts->skip_bad,
        .seed = opts->seed,
        .cache_bytes = opts->cache_bytes,
        .max_pixels = opts->max_pixels,
        .background = opts->background,
        .crop_ratio = opts->crop_ratio,
        .interpolation = opts->interpolation,
        .label_column = opts->label_column };
}

static lathe_dataset *open_folder(const char *argument, lathe_split split, const lathe_data_opts *opts)
{
    const lathe_folder_opts folder = lathe_folder_opts_of(opts);
    return lathe_data_folder(argument, split, &folder);
}

const lathe_data_source lathe_folder_source = {
    .name = "folder",
    .argument = "DIR",
    .help = "your own pictures: one folder a class, or train/ and val/ of such",
    .has_val = true,
    .has_files = true,
    .open = open_folder,
};
