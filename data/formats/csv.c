#define _DEFAULT_SOURCE /* realpath */
#include "csv.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../core/alloc.h"
#include "../../core/names.h"
#include "../files/byte_file_impl.h"
#include "../split_impl.h"
#include "csv_impl.h"
#include "memory_impl.h"
#include "picture_files_impl.h"
#include "split_folders_impl.h"

enum { NONE = -1, MOST_CLASSES = 65536 };

/* Distinct names in the order of their bytes. */
typedef struct names {
    const char **name;
    size_t count;
} names;

/* The file while it is read. */
typedef struct reading {
    const char *path;
    lathe_csv table;
    int path_column, split_column, group_column;
    int *label_column, labels; /* all other columns */
    bool cells;                /* tags in the cells of one column */
    bool columns;              /* a column of 0 and 1 for each class */
    bool heads;                /* a class of each column */
    names *kind;               /* [labels] the values of each; of tags all tags, of 0 and 1 none */
    names groups;
    char *root;   /* the real path of the file's folder, with a slash */
    char *folder; /* the folder as given */
    int *targets; /* of one row */
    bool *wanted; /* [rows] */
    lathe_split split;
    const lathe_folder_opts *opts;
} reading;

static const char *cell_of(const reading *r, size_t row, int column)
{
    return r->table.cell[row * (size_t)r->table.columns + (size_t)column];
}

/* ---- columns ------------------------------------------------------------------------------------------- */

static bool is_one_of(const char *name, const char *const *words)
{
    for (; *words; words++)
        if (!strcmp(name, *words)) return true;
    return false;
}

/* Returns true if `name` is one of the words of a comma list. */
static bool is_listed(const char *list, const char *name)
{
    const size_t length = strlen(name);
    for (const char *at = list; *at; at += strcspn(at, ","), at += *at == ',')
        if (strcspn(at, ",") == length && !strncmp(at, name, length)) return true;
    return false;
}

/* Refuse a wanted column of labels that the table does not have, or that has another meaning. */
static lathe_status check_wanted(const reading *r)
{
    const char *list = r->opts->label_column;
    for (const char *at = list; list && *at; at += strcspn(at, ","), at += *at == ',') {
        char wanted[128], known[240];
        snprintf(wanted, sizeof wanted, "%.*s", (int)strcspn(at, ","), at);
        bool found = false;
        for (int k = 0; k < r->labels && !found; k++)
            found = !strcmp(r->table.header[r->label_column[k]], wanted);
        if (found) continue;
        lathe_names all = lathe_names_in(known, sizeof known);
        for (int i = 0; i < r->table.columns; i++) lathe_names_add(&all, ", ", r->table.header[i]);
        return lathe_fail(LATHE_ENAME, "%s:1: label_column '%s' is not a column of labels; columns: %s",
            r->path, wanted, known);
    }
    return LATHE_OK;
}

static lathe_status find_columns(reading *r)
{
    const char *wanted = r->opts->label_column && *r->opts->label_column ? r->opts->label_column : NULL;
    static const char *const path_names[] = { "path", "file", "filename", "image", NULL };
    r->path_column = r->split_column = r->group_column = NONE;
    r->label_column = lathe_alloc((size_t)r->table.columns, sizeof *r->label_column);
    if (!r->label_column) return LATHE_ENOMEM;
    for (int i = 0; i < r->table.columns; i++) {
        const char *name = r->table.header[i];
        if (is_one_of(name, path_names)) {
            if (r->path_column != NONE)
                return lathe_fail(LATHE_EFORMAT, "%s:1: two columns of paths, %s and %s", r->path,
                    r->table.header[r->path_column], name);
            r->path_column = i;
        } else if (!strcmp(name, "split")) r->split_column = i;
        else if (!strcmp(name, "group")) r->group_column = i;
        else if (!wanted || is_listed(wanted, name)) r->label_column[r->labels++] = i;
    }
    if (r->path_column == NONE)
        return lathe_fail(LATHE_EFORMAT,
            "%s:1: no column of paths: one named path, file, filename or image is expected", r->path);
    if (wanted) return check_wanted(r);
    return r->labels ? LATHE_OK : lathe_fail(LATHE_EFORMAT, "%s:1: no column of labels", r->path);
}

static bool all_yes_or_no(const reading *r)
{
    for (size_t row = 0; row < r->table.rows; row++)
        for (int k = 0; k < r->labels; k++) {
            const char *cell = cell_of(r, row, r->label_column[k]);
            if (strcmp(cell, "0") && strcmp(cell, "1")) return false;
        }
    return true;
}

static bool has_tags(const reading *r)
{
    for (size_t row = 0; row < r->table.rows; row++) {
        const char *cell = cell_of(r, row, r->label_column[0]);
        if (strchr(cell, '|')) return true;
    }
    return false;
}

/* What the columns of labels mean. */
static void find_task(reading *r, lathe_file_list *list)
{
    r->cells = r->labels == 1 && has_tags(r);
    r->columns = r->labels > 1 && all_yes_or_no(r);
    r->heads = r->labels > 1 && !r->columns;
    list->task = r->heads ? "heads" : r->cells || r->columns ? "tags" : "classify";
}

/* ---- names --------------------------------------------------------------------------------------------- */

static int by_bytes(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static void sort_names(names *n)
{
    size_t kept = 0;
    if (n->count) qsort(n->name, n->count, sizeof *n->name, by_bytes);
    for (size_t i = 0; i < n->count; i++)
        if (!kept || strcmp(n->name[i], n->name[kept - 1])) n->name[kept++] = n->name[i];
    n->count = kept;
}

static int find_name(const names *n, const char *name)
{
    const char **found = bsearch(&name, n->name, n->count, sizeof *n->name, by_bytes);
    return found ? (int)(found - n->name) : NONE;
}

/* The values of a column. */
static lathe_status column_names(const reading *r, int column, names *n)
{
    n->name = lathe_alloc_raw(r->table.rows, sizeof *n->name);
    if (!n->name) return LATHE_ENOMEM;
    for (size_t row = 0; row < r->table.rows; row++) {
        const char *cell = cell_of(r, row, column);
        if (!*cell)
            return lathe_fail(LATHE_EFORMAT, "%s:%d: column %s is empty", r->path, r->table.line[row],
                r->table.header[column]);
        n->name[n->count++] = cell;
    }
    sort_names(n);
    return LATHE_OK;
}

/* The next tag of a cell, in the arena; NULL at its end. */
static const char *next_tag(lathe_arena *arena, const char **cell, lathe_status *status)
{
    if (!*cell || !**cell) return NULL;
    size_t length = strcspn(*cell, "|");
    char *tag = lathe_arena_alloc(arena, length + 1, 1);
    *status = tag ? LATHE_OK : LATHE_ENOMEM;
    if (!tag) return NULL;
    memcpy(tag, *cell, length);
    tag[length] = '\0';
    *cell = (*cell)[length] ? *cell + length + 1 : NULL;
    return tag;
}

static lathe_status tag_names(const reading *r, lathe_arena *arena, names *n)
{
    size_t room = 0;
    lathe_status status = LATHE_OK;
    for (size_t row = 0; row < r->table.rows && !status; row++) {
        const char *cell = cell_of(r, row, r->label_column[0]), *tag;
        if (*cell && cell[strlen(cell) - 1] == '|')
            return lathe_fail(LATHE_EFORMAT, "%s:%d: an empty class in '%.60s'", r->path, r->table.line[row],
                cell);
        while (!status && (tag = next_tag(arena, &cell, &status))) {
            if (!*tag)
                return lathe_fail(LATHE_EFORMAT, "%s:%d: an empty class in '%.60s'", r->path,
                    r->table.line[row], cell_of(r, row, r->label_column[0]));
            if (n->count == room) {
                const char **more =
                    lathe_grow((void *)n->name, room, lathe_plus(room, room ? room : 256), sizeof *more);
                if (!more) return LATHE_ENOMEM;
                n->name = more;
                room = room ? 2 * room : 256;
            }
            n->name[n->count++] = tag;
        }
    }
    sort_names(n);
    return status;
}

static lathe_status find_names(reading *r, lathe_file_list *list)
{
    lathe_status status = LATHE_OK;
    r->kind = lathe_alloc((size_t)r->labels, sizeof *r->kind);
    if (!r->kind) return LATHE_ENOMEM;
    if (r->cells) status = tag_names(r, list->arena, &r->kind[0]);
    for (int k = 0; k < r->labels && !status && !r->cells && !r->columns; k++)
        status = column_names(r, r->label_column[k], &r->kind[k]);
    if (!status && r->group_column != NONE) status = column_names(r, r->group_column, &r->groups);
    return status;
}

/* ---- classes ------------------------------------------------------------------------------------------- */

/* "colour=red" */
static const char *head_class(lathe_arena *arena, const char *head, const char *name)
{
    size_t room = strlen(head) + strlen(name) + 2;
    char *text = lathe_arena_alloc(arena, room, 1);
    if (text) snprintf(text, room, "%s=%s", head, name);
    return text;
}

static lathe_status name_classes(const reading *r, lathe_file_list *list)
{
    size_t count = r->columns ? (size_t)r->labels : 0;
    for (int k = 0; k < r->labels; k++) count += r->kind[k].count;
    if (!count || count > MOST_CLASSES)
        return lathe_fail(LATHE_EFORMAT, "%s: %zu classes, expected 1 to %d", r->path, count, MOST_CLASSES);
    const char **name = lathe_arena_alloc(list->arena, count, sizeof *name), **next = name;
    lathe_head *head = lathe_arena_zeroed(list->arena, (size_t)r->labels, sizeof *head);
    if (!name || !head) return LATHE_ENOMEM;
    for (int k = 0; k < r->labels; k++) {
        const char *column = lathe_arena_strdup(list->arena, r->table.header[r->label_column[k]]);
        head[k] = (lathe_head){ column, (int)(next - name), (int)r->kind[k].count };
        if (r->columns) *next++ = column;
        for (size_t i = 0; i < r->kind[k].count; i++)
            *next++ = r->heads ? head_class(list->arena, column, r->kind[k].name[i]) :
                                 lathe_arena_strdup(list->arena, r->kind[k].name[i]);
    }
    for (size_t i = 0; i < count; i++)
        if (!name[i]) return LATHE_ENOMEM;
    list->class_names = name;
    list->classes = (int)count;
    list->heads = r->heads ? r->labels : 0;
    list->head = r->heads ? head : NULL;
    list->targets_each = r->heads ? r->labels : r->cells || r->columns ? (int)count : 0;
    return LATHE_OK;
}

/* The label and targets of a row. */
static lathe_status label_row(const reading *r, const lathe_file_list *list, size_t row, int *label)
{
    lathe_status status = LATHE_OK;
    const char *first = cell_of(r, row, r->label_column[0]), *tag;
    *label = 0;
    if (!list->targets_each) *label = find_name(&r->kind[0], first);
    for (int k = 0; k < list->targets_each; k++)
        r->targets[k] = r->heads ? find_name(&r->kind[k], cell_of(r, row, r->label_column[k])) :
                                   !r->cells && !strcmp(cell_of(r, row, r->label_column[k]), "1");
    if (r->heads) *label = r->targets[0];
    while (r->cells && !status && (tag = next_tag(list->arena, &first, &status)))
        r->targets[find_name(&r->kind[0], tag)] = 1;
    for (int k = 0; !r->heads && k < list->targets_each; k++)
        if (r->targets[k]) {
            *label = k;
            break;
        }
    return status;
}

/* ---- which rows ---------------------------------------------------------------------------------------- */

/* Choose rows by the column split. */
static lathe_status choose_by_column(reading *r)
{
    size_t count[3] = { 0 };
    for (int pass = 0; pass < 2; pass++)
        for (size_t row = 0; row < r->table.rows; row++) {
            const char *word = cell_of(r, row, r->split_column);
            int which = lathe_split_named(word);
            if (which < 0)
                return lathe_fail(LATHE_EFORMAT, "%s:%d: split is '%.40s', expected train, val or test",
                    r->path, r->table.line[row], word);
            count[which] += pass == 0;
            r->wanted[row] = which ==
                (int)(r->split == LATHE_SPLIT_TEST && !count[LATHE_SPLIT_TEST] ? LATHE_SPLIT_VAL : r->split);
        }
    if (!count[LATHE_SPLIT_TRAIN]) return lathe_fail(LATHE_EFORMAT, "%s: no row of split train", r->path);
    if (!count[LATHE_SPLIT_VAL] && !count[LATHE_SPLIT_TEST])
        return lathe_fail(LATHE_EFORMAT, "%s: no row of split test or val", r->path);
    if (r->split == LATHE_SPLIT_VAL && (!count[LATHE_SPLIT_VAL] || !count[LATHE_SPLIT_TEST]))
        return lathe_fail(LATHE_ESTATE, "%s: does not have rows of both val and test", r->path);
    return LATHE_OK;
}

/* Choose a random part of each class, or of the groups. */
static lathe_status choose_by_chance(reading *r, const lathe_file_list *list, const int *label,
    const int *group)
{
    if (r->split == LATHE_SPLIT_VAL) return lathe_fail(LATHE_ESTATE, "%s: no rows of split val", r->path);
    const lathe_dataset rows = { .name = (char *)r->path,
        .count = r->table.rows,
        .classes = list->classes,
        .labels = label };
    const lathe_split_opts opts = { .fraction = r->opts->held_out > 0 ? r->opts->held_out : 0.2,
        .groups = group,
        .seed = r->opts->seed,
        .no_stratify = list->targets_each > 0 };
    lathe_status status = lathe_split_mark(&rows, &opts, r->wanted);
    size_t count = 0;
    for (size_t i = 0; i < r->table.rows && !status; i++) {
        count += r->wanted[i];
        r->wanted[i] = r->wanted[i] == (r->split == LATHE_SPLIT_TEST);
    }
    if (!status && (!count || count == r->table.rows))
        status = lathe_fail(LATHE_EFORMAT,
            "%s: its %zu rows cannot be split for training and testing; a column split says which are",
            r->path, r->table.rows);
    return status;
}

/* ---- paths --------------------------------------------------------------------------------------------- */

static bool goes_up(const char *path)
{
    for (const char *part = path; part; part = strchr(part, '/') ? strchr(part, '/') + 1 : NULL)
        if (part[0] == '.' && part[1] == '.' && (!part[2] || part[2] == '/')) return true;
    return false;
}

/* Check that a path stays below the CSV file's folder. A missing file is reported by the decoder. */
static lathe_status check_path(const reading *r, size_t row, const char *full)
{
    const char *path = cell_of(r, row, r->path_column);
    char real[PATH_MAX];
    const char *why = !*path ? "the path is empty" :
        *path == '/'         ? "an absolute path" :
        goes_up(path)        ? "a path through '..'" :
                               NULL;
    if (!why && realpath(full, real) && strncmp(real, r->root, strlen(r->root)))
        why = "a link out of the table's folder";
    return why ? lathe_fail(LATHE_EFORMAT, "%s:%d: %s: %.200s", r->path, r->table.line[row], why, path) :
                 LATHE_OK;
}

static lathe_status find_folder(reading *r)
{
    char real[PATH_MAX];
    const char *slash = strrchr(r->path, '/');
    r->folder = lathe_strdup(r->path);
    if (!r->folder) return LATHE_ENOMEM;
    if (slash) r->folder[slash - r->path + (slash == r->path)] = '\0';
    else strcpy(r->folder, *r->path ? "." : "");
    if (!realpath(r->folder, real)) return lathe_fail(LATHE_EIO, "%s: cannot be found", r->folder);
    r->root = lathe_data_path(real, "");
    return r->root ? LATHE_OK : LATHE_ENOMEM;
}

/* ---- all together -------------------------------------------------------------------------------------- */

static lathe_status add_rows(reading *r, lathe_file_list *list, const int *label, const int *group)
{
    lathe_status status = LATHE_OK;
    list->group = group ? lathe_alloc(r->table.rows, sizeof *group) : NULL;
    if (group && !list->group) return LATHE_ENOMEM;
    for (size_t row = 0; row < r->table.rows && !status; row++) {
        int again;
        if (!r->wanted[row]) continue;
        char *path = lathe_arena_path(list->arena, r->folder, cell_of(r, row, r->path_column));
        status = path ? check_path(r, row, path) : LATHE_ENOMEM;
        if (!status) status = label_row(r, list, row, &again);
        if (!status && group) list->group[list->count] = group[row];
        if (!status)
            status =
                lathe_file_list_add(list, path, NULL, label[row], list->targets_each ? r->targets : NULL);
    }
    return status;
}

/* Refuse a class of the other rows that no training row has: it could never be predicted. */
static lathe_status check_trained(const reading *r, const lathe_file_list *list, const int *label)
{
    if (list->targets_each || r->split_column == NONE) return LATHE_OK;
    bool *trained = lathe_alloc((size_t)list->classes, sizeof *trained);
    if (!trained) return LATHE_ENOMEM;
    for (size_t row = 0; row < r->table.rows; row++)
        if (lathe_split_named(cell_of(r, row, r->split_column)) == LATHE_SPLIT_TRAIN)
            trained[label[row]] = true;
    lathe_status status = LATHE_OK;
    for (size_t row = 0; row < r->table.rows && !status; row++)
        if (!trained[label[row]])
            status = lathe_fail(LATHE_EFORMAT, "%s:%d: class '%.60s', which no row of split train has",
                r->path, r->table.line[row], list->class_names[label[row]]);
    lathe_free(trained);
    return status;
}

static lathe_status read_rows(reading *r, lathe_file_list *list)
{
    int *label = lathe_alloc(r->table.rows, sizeof *label);
    int *group = r->group_column != NONE ? lathe_alloc(r->table.rows, sizeof *group) : NULL;
    r->wanted = lathe_alloc(r->table.rows, sizeof *r->wanted);
    r->targets = lathe_alloc((size_t)list->targets_each + 1, sizeof *r->targets);
    lathe_status status =
        label && r->wanted && r->targets && (group || r->group_column == NONE) ? LATHE_OK : LATHE_ENOMEM;
    for (size_t row = 0; row < r->table.rows && !status; row++) {
        status = label_row(r, list, row, &label[row]);
        if (group) group[row] = find_name(&r->groups, cell_of(r, row, r->group_column));
    }
    if (!status)
        status = r->split_column != NONE ? choose_by_column(r) : choose_by_chance(r, list, label, group);
    if (!status) status = check_trained(r, list, label);
    if (!status) status = add_rows(r, list, label, group);
    lathe_free(label);
    lathe_free(group);
    return status;
}

static lathe_status read_list(reading *r, lathe_file_list *list)
{
    lathe_status status = lathe_csv_read(r->path, &r->table);
    if (!status) status = find_folder(r);
    if (!status) status = find_columns(r);
    if (!status) find_task(r, list);
    if (!status) status = find_names(r, list);
    if (!status) status = name_classes(r, list);
    return status ? status : read_rows(r, list);
}

static void free_reading(reading *r)
{
    for (int k = 0; r->kind && k < r->labels; k++) lathe_free((void *)r->kind[k].name);
    lathe_free(r->kind);
    lathe_free((void *)r->groups.name);
    lathe_free(r->label_column);
    lathe_free(r->root);
    lathe_free(r->folder);
    lathe_free(r->targets);
    lathe_free(r->wanted);
    lathe_csv_free(&r->table);
}

lathe_dataset *lathe_data_csv(const char *file, lathe_split split, const lathe_folder_opts *opts)
{
    lathe_folder_opts resolved;
    lathe_files_opts files;
    if (lathe_folder_resolve("lathe_data_csv", file, split, opts, &resolved, &files)) return NULL;
    files.name = "csv";
    reading r = { .path = file, .split = split, .opts = &resolved };
    lathe_file_list list = { .arena = lathe_arena_new() };
    lathe_status status = list.arena ? read_list(&r, &list) : LATHE_ENOMEM;
    free_reading(&r);
    return lathe_files_open(status, &list, &files, file);
}

static lathe_dataset *open_csv(const char *argument, lathe_split split, const lathe_data_opts *opts)
{
    const lathe_folder_opts folder = lathe_folder_opts_of(opts);
    return lathe_data_csv(argument, split, &folder);
}

const lathe_data_source lathe_csv_source = {
    .name = "csv",
    .argument = "FILE",
    .help = "a table of paths and one or several columns of labels",
    .has_val = true,
    .has_files = true,
    .has_columns = true,
    .open = open_csv,
};
