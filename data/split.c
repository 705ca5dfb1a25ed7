#include "split.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "../core/alloc.h"
#include "../core/rng.h"
#include "dataset_impl.h"
#include "split_impl.h"

typedef struct lathe_subset {
    const lathe_dataset *data;
    size_t *indices;
} lathe_subset;

static lathe_status subset_read(const lathe_dataset *data, size_t index, uint8_t *scratch,
    lathe_sample *sample)
{
    const lathe_subset *subset = data->state;
    return subset->data->type->read(subset->data, subset->indices[index], scratch, sample);
}

static lathe_status subset_read_part(const lathe_dataset *data, size_t index, const lathe_part *part,
    uint8_t *scratch, lathe_sample *sample)
{
    const lathe_subset *subset = data->state;
    return subset->data->type->read_part(subset->data, subset->indices[index], part, scratch, sample);
}

static const char *subset_file(const lathe_dataset *data, size_t index)
{
    const lathe_subset *subset = data->state;
    return lathe_data_sample_file(subset->data, subset->indices[index]);
}

static void subset_close(lathe_dataset *data)
{
    lathe_subset *subset = data->state;
    if (subset) lathe_free(subset->indices);
    if (subset) lathe_data_release(subset->data);
    lathe_free(subset);
    lathe_free((void *)data->labels);
    lathe_free((void *)data->targets);
    lathe_free((void *)data->groups);
}

static const lathe_dataset_type subset_type = { .name = "subset",
    .read = subset_read,
    .read_part = subset_read_part,
    .close = subset_close,
    .file = subset_file };

/* What `numbers` [, each] has for the chosen samples; NULL for NULL, and after a failure. */
static int *gather(const int *numbers, size_t each, const size_t *indices, size_t count)
{
    int *some = numbers ? lathe_alloc_raw(lathe_times(count, each), sizeof *some) : NULL;
    for (size_t i = 0; some && i < count; i++)
        memcpy(some + i * each, numbers + indices[i] * each, each * sizeof *some);
    return some;
}

lathe_dataset *lathe_data_subset(const lathe_dataset *data, const size_t *indices, size_t count)
{
    if (!data || !indices) return lathe_fail_null("lathe_data_subset", data ? "indices" : "data"), NULL;
    if (!count) return lathe_fail(LATHE_EARG, "lathe_data_subset: no samples"), NULL;
    for (size_t i = 0; i < count; i++)
        if (indices[i] >= data->count) {
            lathe_fail(LATHE_EARG, "lathe_data_subset: sample %zu of %s, which has %zu", indices[i],
                data->name, data->count);
            return NULL;
        }
    lathe_dataset *part = lathe_alloc(1, sizeof *part);
    if (!part) return NULL;
    lathe_subset *subset = lathe_alloc(1, sizeof *subset);
    *part = *data;
    part->type = &subset_type;
    part->name = lathe_strdup(data->name);
    part->count = count;
    part->labels = gather(data->labels, 1, indices, count);
    part->targets = gather(data->targets, (size_t)data->targets_each, indices, count);
    part->groups = gather(data->groups, 1, indices, count);
    part->state = subset;
    part->readers = 0;
    part->leaving = false;
    part->skipped = 0;
    part->skipped_why = NULL;
    part->passed_over = NULL;
    if (subset) subset->indices = lathe_alloc_raw(count, sizeof *indices);
    if (!subset || !subset->indices || !part->labels || !part->name || !part->targets != !data->targets ||
        !part->groups != !data->groups) {
        lathe_data_free(part);
        return NULL;
    }
    subset->data = data;
    lathe_data_hold(data);
    memcpy(subset->indices, indices, count * sizeof *indices);
    return part;
}

static lathe_status check(const lathe_dataset *data, const lathe_split_opts *opts)
{
    if (!data) return lathe_fail_null("lathe_data_split", "data");
    if (opts->folds ? opts->folds < 2 || (size_t)opts->folds > data->count : opts->fold != 0)
        return lathe_fail(LATHE_EARG, "lathe_data_split: %d folds of %zu samples", opts->folds, data->count);
    if (opts->folds && opts->fraction != 0)
        return lathe_fail(LATHE_EARG, "lathe_data_split: both folds (%d) and fraction (%g)", opts->folds,
            opts->fraction);
    if (opts->folds && (opts->fold < 0 || opts->fold >= opts->folds))
        return lathe_fail(LATHE_EARG, "lathe_data_split: fold %d of %d", opts->fold, opts->folds);
    if (opts->fraction != 0 && !(opts->fraction > 0 && opts->fraction < 1))
        return lathe_fail(LATHE_EARG, "lathe_data_split: fraction is %g, expected above 0 and below 1",
            opts->fraction);
    return LATHE_OK;
}

/* All samples, class by class (or as one class), shuffled within each class. */
static void shuffle_by_class(const lathe_dataset *data, const lathe_split_opts *opts, size_t *order)
{
    uint64_t stream = lathe_rng_stream("data/split");
    size_t filled = 0;
    for (int class = 0; class < (opts->no_stratify ? 1 : data->classes); class ++) {
        size_t begin = filled;
        for (size_t i = 0; i < data->count; i++)
            if (opts->no_stratify || data->labels[i] == class) order[filled++] = i;
        lathe_rng rng = lathe_rng_at(opts->seed, stream, (uint64_t) class);
        lathe_rng_shuffle(&rng, order + begin, filled - begin);
    }
}

/* Mark what is held out: evenly spaced places of that order, so that each run of it has its share to less
 * than one. */
static void hold_out_samples(const lathe_dataset *data, const lathe_split_opts *opts, size_t *order,
    bool *held)
{
    double fraction = opts->fraction != 0 ? opts->fraction : 0.1;
    shuffle_by_class(data, opts, order);
    for (size_t i = 0; i < data->count; i++)
        held[order[i]] = opts->folds ?
            i % (size_t)opts->folds == (size_t)opts->fold :
            floor((double)(i + 1) * fraction + 0.5) > floor((double)i * fraction + 0.5);
}

typedef struct lathe_member {
    int group;
    size_t sample;
} lathe_member;

static int by_group(const void *a, const void *b)
{
    const lathe_member *x = a, *y = b;
    if (x->group != y->group) return x->group < y->group ? -1 : 1;
    return x->sample < y->sample ? -1 : 1;
}

/* Deal out whole groups: members sorted by group, first[g] where group number g begins, order: the groups
 * shuffled. */
static void deal_groups(const lathe_dataset *data, const lathe_split_opts *opts, const lathe_member *members,
    const size_t *first, size_t groups, const size_t *order, size_t *sizes, bool *held)
{
    double target = (opts->fraction != 0 ? opts->fraction : 0.1) * (double)data->count;
    size_t taken = 0;
    for (size_t g = 0; g < groups; g++) {
        size_t begin = first[order[g]], end = order[g] + 1 < groups ? first[order[g] + 1] : data->count;
        bool out;
        if (opts->folds) { /* give it to the smallest fold so far */
            int smallest = 0;
            for (int fold = 1; fold < opts->folds; fold++)
                if (sizes[fold] < sizes[smallest]) smallest = fold;
            sizes[smallest] += end - begin;
            out = smallest == opts->fold;
        } else { /* hold it out if the sum comes nearer to the target */
            out = fabs((double)(taken + end - begin) - target) < fabs((double)taken - target);
            if (out) taken += end - begin;
        }
        for (size_t i = begin; i < end; i++) held[members[i].sample] = out;
    }
}

static lathe_status hold_out_groups(const lathe_dataset *data, const lathe_split_opts *opts, size_t *order,
    bool *held)
{
    lathe_member *members = lathe_alloc_raw(data->count, sizeof *members);
    size_t *first = lathe_alloc_raw(data->count, sizeof *first);
    size_t *sizes = lathe_alloc(opts->folds ? (size_t)opts->folds : 1, sizeof *sizes);
    lathe_status status = members && first && sizes ? LATHE_OK : LATHE_ENOMEM;
    if (!status) {
        size_t groups = 0;
        for (size_t i = 0; i < data->count; i++) members[i] = (lathe_member){ opts->groups[i], i };
        qsort(members, data->count, sizeof *members, by_group);
        for (size_t i = 0; i < data->count; i++)
            if (i == 0 || members[i].group != members[i - 1].group) first[groups++] = i;
        for (size_t g = 0; g < groups; g++) order[g] = g;
        lathe_rng rng = lathe_rng_at(opts->seed, lathe_rng_stream("data/split/groups"), 0);
        lathe_rng_shuffle(&rng, order, groups);
        deal_groups(data, opts, members, first, groups, order, sizes, held);
    }
    lathe_free(members);
    lathe_free(first);
    lathe_free(sizes);
    return status;
}

/* The samples that are held out, or the samples that are not, as a data set. */
static lathe_dataset *take(const lathe_dataset *data, const bool *held, bool which, size_t *indices)
{
    size_t count = 0;
    for (size_t i = 0; i < data->count; i++)
        if (held[i] == which) indices[count++] = i;
    if (count) return lathe_data_subset(data, indices, count);
    lathe_fail(LATHE_EARG, "lathe_data_split: no sample of %s's %zu is left %s", data->name, data->count,
        which ? "to hold out" : "to train with");
    return NULL;
}

lathe_status lathe_split_mark(const lathe_dataset *data, const lathe_split_opts *opts, bool *held)
{
    lathe_status status = check(data, opts);
    size_t *order = status ? NULL : lathe_alloc_raw(data->count, sizeof *order);
    if (!order) return status ? status : LATHE_ENOMEM;
    if (opts->groups) status = hold_out_groups(data, opts, order, held);
    else hold_out_samples(data, opts, order, held);
    lathe_free(order);
    return status;
}

lathe_status lathe_data_split(const lathe_dataset *data, const lathe_split_opts *opts, lathe_dataset **rest,
    lathe_dataset **held_out)
{
    static const lathe_split_opts none;
    if (!opts) opts = &none;
    if (!rest || !held_out) return lathe_fail_null("lathe_data_split", rest ? "held_out" : "rest");
    *rest = *held_out = NULL;
    lathe_status status = check(data, opts);
    if (status) return status;
    size_t *order = lathe_alloc_raw(data->count, sizeof *order);
    bool *held = lathe_alloc(data->count, sizeof *held);
    status = order && held ? LATHE_OK : LATHE_ENOMEM;
    if (!status) status = lathe_split_mark(data, opts, held);
    if (!status) {
        *held_out = take(data, held, true, order);
        *rest = *held_out ? take(data, held, false, order) : NULL;
        if (!*rest) {
            status = lathe_error();
            lathe_data_free(*held_out);
            *held_out = NULL;
        }
    }
    lathe_free(order);
    lathe_free(held);
    return status;
}
