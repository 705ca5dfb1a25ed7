/* The sets of a feed: for training, validation and testing. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "../../core/alloc.h"
#include "../../core/names.h"
#include "../../data/alike.h"
#include "../../data/loading/duplicates.h"
#include "../../data/open.h"
#include "../../data/pictures/picture.h"
#include "../../data/split.h"
#include "feed_impl.h"

static void tell(const lathe_feed_opts *o, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void tell(const lathe_feed_opts *o, const char *format, ...)
{
    char line[LATHE_MESSAGE_SIZE];
    if (!o->on_message) return;
    va_list arguments;
    va_start(arguments, format);
    lathe_mark_cut(line, vsnprintf(line, sizeof line, format, arguments));
    va_end(arguments);
    o->on_message(o->context, line);
}

/* Returns true if the training pictures are random crops of whole photographs, which are not kept. */
static bool takes_crops(const lathe_feed_opts *o)
{
    lathe_transforms *transforms = o->crop_ratio > 0 ? lathe_transforms_parse(o->augment) : NULL;
    const bool takes = lathe_transforms_from_whole(transforms);
    lathe_transforms_free(transforms);
    return takes;
}

static lathe_data_opts data_opts(const lathe_feed_opts *o)
{
    int background = 0;
    lathe_colour_parse(o->background, &background); /* lathe_feed_new has checked it */
    return (lathe_data_opts){ .size = o->size,
        .channels = o->channels,
        .skip_bad = o->skip_bad,
        .cache_bytes = o->cache_mib ? (size_t)o->cache_mib << 20 : 1,
        .max_pixels = (size_t)o->max_megapixels << 20,
        .crop_ratio = o->crop_ratio,
        .interpolation = o->interpolation,
        .background = background,
        .label_column = o->label_column };
}

/* Let a set be normalised by the options' mean and std. */
static lathe_status set_normals(lathe_dataset *data, const lathe_feed_opts *o)
{
    if (o->normals > 1 && o->normals != data->channels)
        return lathe_fail(LATHE_EARG,
            "settings: mean and std have %d numbers, pictures of %s have %d channel%s", o->normals, o->data,
            data->channels,
            data->channels == 1 ? ": weights and means for colour do not fit grey pictures" : "s");
    for (int i = 0; i < data->channels && o->normals; i++) {
        data->mean[i] = o->mean[o->normals == 1 ? 0 : i];
        data->std[i] = o->std[o->normals == 1 ? 0 : i];
    }
    return LATHE_OK;
}

/* Open a part of the data. Errors: NULL. */
static lathe_dataset *open_part(const lathe_feed_opts *o, lathe_split split)
{
    lathe_data_opts opts = data_opts(o);
    if (split == LATHE_SPLIT_TRAIN && takes_crops(o)) opts.cache_bytes = 1;
    lathe_dataset *data = lathe_data_open(o->data, split, &opts);
    if (!data || !set_normals(data, o)) return data;
    lathe_data_free(data);
    return NULL;
}

/* Open the data's own validation set. It is not an error if there is none. */
static lathe_status open_own_val(lathe_feed *feed, const lathe_feed_opts *o)
{
    if (o->val_split == 0 || o->folds) return LATHE_OK;
    const lathe_data_opts opts = data_opts(o);
    lathe_status status = lathe_data_open_val(o->data, &opts, &feed->val);
    return status || !feed->val ? status : set_normals(feed->val, o);
}

/*
 * Split a part of the training data for validation: a fraction, or one of several folds. Groups stay
 * together.
 */
static lathe_status split_val(lathe_feed *feed, const lathe_feed_opts *o)
{
    const lathe_split_opts opts = { .seed = o->seed,
        .groups = feed->data->groups,
        .no_stratify = !lathe_data_labels_only(feed->data),
        .folds = o->folds,
        .fold = o->folds ? o->fold - 1 : 0,
        .fraction = o->folds ? 0 : o->val_split };
    if (!o->folds && o->val_split == 0) return feed->train = feed->data, LATHE_OK;
    return lathe_data_split(feed->data, &opts, &feed->train, &feed->val);
}

/* Report pictures that are in two sets. Sets that are not made of files are not searched. Rank 0 reports. */
static lathe_status tell_duplicates(const lathe_feed *feed, const lathe_feed_opts *o,
    const lathe_dataset *other, const char *what)
{
    enum { MOST = 200000 };
    lathe_duplicate first;
    size_t count;
    char names[2][LATHE_SAMPLE_NAME];
    if (o->rank || !other || !lathe_data_sample_file(feed->train, 0) ||
        feed->train->count + other->count > MOST)
        return LATHE_OK;
    lathe_status status = lathe_data_duplicates(feed->train, other, &first, 1, &count);
    if (!status && count)
        tell(o, "%zu picture%s of the %s part %s in the training part too: %s is %s", count,
            count > 1 ? "s" : "", what, count > 1 ? "are" : "is",
            lathe_data_sample_name(other, first.b, names[0]),
            lathe_data_sample_name(feed->train, first.a, names[1]));
    return status;
}

lathe_dataset *lathe_feed_choose(const lathe_dataset *data, size_t count, uint64_t seed)
{
    lathe_dataset *unused, *chosen;
    if (!data) return lathe_fail_null("lathe_feed_choose", "data"), NULL;
    if (!count || count >= data->count)
        return lathe_fail(LATHE_EARG, "lathe_feed_choose: count = %zu is not legal: 1 to %zu of %zu samples",
                   count, data->count - 1, data->count),
               NULL;
    const lathe_split_opts opts = { .fraction = (double)count / (double)data->count,
        .seed = seed,
        .no_stratify = !lathe_data_labels_only(data) };
    if (lathe_data_split(data, &opts, &unused, &chosen)) return NULL;
    lathe_data_free(unused);
    return chosen;
}

/* Choose at most train_count training pictures, each class in proportion. */
static lathe_status choose_some(lathe_feed *feed, const lathe_feed_opts *o)
{
    const size_t wanted = (size_t)o->train_count, count = feed->train->count;
    if (!wanted || wanted == count) return LATHE_OK;
    if (wanted > count)
        return lathe_fail(LATHE_EARG, "settings: train_count = %zu, but there are %zu pictures to train on",
            wanted, count);
    lathe_dataset *chosen = lathe_feed_choose(feed->train, wanted, o->seed);
    if (!chosen) return lathe_error();
    feed->rest = feed->train != feed->data ? feed->train : NULL;
    feed->train = chosen;
    return LATHE_OK;
}

/* Refuse one class alone: a net would answer it for every picture and be right. */
static lathe_status check_classes(const lathe_dataset *data, const lathe_feed_opts *o)
{
    if (data->objects_most || !lathe_data_labels_only(data)) return LATHE_OK;
    for (size_t i = 1; i < data->count; i++)
        if (data->labels[i] != data->labels[0]) return LATHE_OK;
    return lathe_fail(LATHE_EFORMAT, "%s: has one class alone, '%s'; a net learns to tell at least two",
        o->data, data->class_names[data->labels[0]]);
}

lathe_status lathe_feed_open_parts(lathe_feed *feed, const lathe_feed_opts *o)
{
    feed->data = open_part(o, LATHE_SPLIT_TRAIN);
    if (!feed->data || check_classes(feed->data, o) || open_own_val(feed, o)) return lathe_error();
    feed->train = feed->val ? feed->data : NULL;
    lathe_status status = feed->val ? LATHE_OK : split_val(feed, o);
    return status ? status : choose_some(feed, o);
}

static void tell_skipped(const lathe_feed_opts *o, const lathe_dataset *data, const char *what)
{
    if (data && data->skipped)
        tell(o, "%zu %s picture%s left out, such as %s", data->skipped, what, data->skipped > 1 ? "s" : "",
            data->skipped_why[0]);
}

/* Tell what lies beside the pictures, once for sets of one folder. */
static void tell_passed_over(const lathe_feed_opts *o, const lathe_feed *feed)
{
    const lathe_dataset *const sets[] = { feed->data, feed->val, feed->test };
    for (int i = 0; i < 3; i++) {
        const char *text = sets[i] ? sets[i]->passed_over : NULL;
        for (int k = 0; k < i && text; k++)
            if (sets[k] && sets[k]->passed_over && !strcmp(sets[k]->passed_over, text)) text = NULL;
        if (text) tell(o, "%s: passed over %s", o->data, text);
    }
}

/* Tell of two classes whose names a reader cannot tell apart. */
static void tell_alike(const lathe_feed_opts *o, const lathe_dataset *data)
{
    enum { MOST = 2000 };
    for (int a = 0; a < data->classes && data->classes <= MOST; a++)
        for (int b = a + 1; b < data->classes; b++) {
            const char *differs = lathe_names_alike(data->class_names[a], data->class_names[b]);
            if (!differs) continue;
            tell(o, "classes '%s' and '%s' look alike: %s differ", data->class_names[a], data->class_names[b],
                differs);
            return;
        }
}

/* Tell of classes that are trained on but that a set cannot measure, as it has no picture of them. */
static lathe_status tell_absent(const lathe_feed_opts *o, const lathe_dataset *data, const char *what)
{
    if (!data || !lathe_data_labels_only(data) || data->objects_most) return LATHE_OK;
    bool *present = lathe_alloc((size_t)data->classes, sizeof *present);
    if (!present) return LATHE_ENOMEM;
    int absent = 0, first = 0;
    for (size_t i = 0; i < data->count; i++) present[data->labels[i]] = true;
    for (int k = data->classes - 1; k >= 0; k--)
        if (!present[k]) absent++, first = k;
    lathe_free(present);
    if (absent == 1) tell(o, "class '%s' has no %s picture", data->class_names[first], what);
    if (absent > 1)
        tell(o, "%d of %d classes have no %s picture, such as '%s'", absent, data->classes, what,
            data->class_names[first]);
    return LATHE_OK;
}

lathe_status lathe_feed_open_test(lathe_feed *feed, const lathe_feed_opts *o)
{
    feed->test = open_part(o, LATHE_SPLIT_TEST);
    if (!feed->test) return lathe_error();
    tell_passed_over(o, feed);
    if (takes_crops(o))
        tell(o,
            "%s: random crops are taken from the whole photographs; each is decoded anew, cache_mib keeps "
            "none of them",
            o->data);
    tell_alike(o, feed->data);
    tell_skipped(o, feed->data, "training");
    tell_skipped(o, feed->val, "validation");
    tell_skipped(o, feed->test, "test");
    lathe_status status = tell_absent(o, feed->val, "validation");
    if (!status) status = tell_absent(o, feed->test, "test");
    if (!status) status = tell_duplicates(feed, o, feed->val, "validation");
    return status ? status : tell_duplicates(feed, o, feed->test, "test");
}
