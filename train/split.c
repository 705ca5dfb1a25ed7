/* What a run trains with, validates by and tests on. */
#include <stdio.h>
#include <string.h>

#include "../data/duplicates.h"
#include "../data/open.h"
#include "../data/split.h"
#include "run_impl.h"
#include "settings_impl.h"

lathe_status lathe_settings_fold(const lathe_settings *settings, int *fold, int *folds)
{
    int end = 0;
    *fold = *folds = 0;
    if (!*settings->fold) return LATHE_OK;
    bool good = sscanf(settings->fold, "%9d/%9d%n", fold, folds, &end) == 2 && !settings->fold[end];
    if (good && *folds >= 2 && *fold >= 1 && *fold <= *folds) return LATHE_OK;
    return lathe_fail(LATHE_EARG, "settings: fold = '%.40s', expected one of several such as 2/5", settings->fold);
}

static void tell_skipped(const lathe_run *run, const lathe_dataset *data, const char *what)
{
    if (data->skipped)
        lathe_run_message(run, "%zu %s picture%s left out, such as %s", data->skipped, what, data->skipped > 1 ? "s" : "",
            data->skipped_why[0]);
}

/* The validation part that the data set has of its own; none is no failure. */
static lathe_status open_own_val(lathe_run *run, const lathe_data_opts *opts)
{
    const lathe_settings *s = &run->settings;
    if (s->val_split == 0 || *s->fold) return LATHE_OK;
    bool held = lathe_error_hold(true);
    run->val = lathe_data_open(s->data, LATHE_SPLIT_VAL, opts);
    bool none = !run->val && lathe_error() == LATHE_ESTATE;
    if (none) lathe_error_clear();
    lathe_error_hold(held);
    if (run->val || none) return LATHE_OK;
    run->val = lathe_data_open(s->data, LATHE_SPLIT_VAL, opts); /* again, to be heard */
    return run->val ? LATHE_OK : lathe_error();
}

/* A part of the training data for validation: a fraction, or one of several folds; groups stay together. */
static lathe_status split_val(lathe_run *run)
{
    const lathe_settings *s = &run->settings;
    lathe_split_opts opts = { .seed = s->seed, .groups = run->data->groups, .no_stratify = run->data->task != LATHE_TASK_CLASS };
    lathe_status status = lathe_settings_fold(s, &opts.fold, &opts.folds);
    if (status) return status;
    if (opts.folds) opts.fold--;
    else opts.fraction = s->val_split;
    if (!opts.folds && s->val_split == 0) {
        run->train = run->data;
        return LATHE_OK;
    }
    return lathe_data_split(run->data, &opts, &run->train, &run->val);
}

/* The same picture on both sides of a split. Sets that are no files are not looked through: those are known. */
static lathe_status tell_duplicates(const lathe_run *run, const lathe_dataset *other, const char *what)
{
    enum { MOST = 200000 };
    lathe_duplicate first;
    size_t count;
    char names[2][LATHE_SAMPLE_NAME];
    if (!other || !lathe_data_sample_file(run->train, 0) || run->train->count + other->count > MOST) return LATHE_OK;
    lathe_status status = lathe_data_duplicates(run->train, other, &first, 1, &count);
    if (!status && count)
        lathe_run_message(run, "%zu picture%s of the %s part %s in the training part too: %s is %s", count, count > 1 ? "s" : "", what,
            count > 1 ? "are" : "is", lathe_data_sample_name(other, first.b, names[0]),
            lathe_data_sample_name(run->train, first.a, names[1]));
    return status;
}

lathe_status lathe_run_open_data(lathe_run *run)
{
    const lathe_settings *s = &run->settings;
    const lathe_data_opts opts = { .size = s->size, .channels = s->channels, .skip_bad = s->bad_image == LATHE_BAD_IMAGE_SKIP,
        .cache_bytes = s->cache_mib ? (size_t)s->cache_mib << 20 : 1 };
    run->transforms = lathe_transforms_parse(s->augment);
    run->data = run->transforms ? lathe_data_open(s->data, LATHE_SPLIT_TRAIN, &opts) : NULL;
    run->test = run->data ? lathe_data_open(s->data, LATHE_SPLIT_TEST, &opts) : NULL;
    if (!run->test || open_own_val(run, &opts)) return lathe_error();
    tell_skipped(run, run->data, "training");
    if (run->val) tell_skipped(run, run->val, "validation");
    tell_skipped(run, run->test, "test");
    run->train = run->val ? run->data : NULL;
    lathe_status status = run->val ? LATHE_OK : split_val(run);
    if (!status) status = tell_duplicates(run, run->val, "validation");
    return status ? status : tell_duplicates(run, run->test, "test");
}
