/* What a run trains with, validates by and tests on. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "../data/loading/duplicates.h"
#include "../data/open.h"
#include "../data/loading/split.h"
#include "run_impl.h"
#include "settings_impl.h"

lathe_status lathe_settings_fold(const lathe_settings *settings, int *fold, int *folds)
{
    int end = 0;
    *fold = *folds = 0;
    if (!*settings->fold) return LATHE_OK;
    bool good = sscanf(settings->fold, "%9d/%9d%n", fold, folds, &end) == 2 && !settings->fold[end];
    if (good && *folds >= 2 && *fold >= 1 && *fold <= *folds) return LATHE_OK;
    return lathe_fail(LATHE_EARG, "settings: fold = '%.40s', expected one of several such as 2/5",
        settings->fold);
}

static void tell_skipped(const lathe_run *run, const lathe_dataset *data, const char *what)
{
    if (data->skipped)
        lathe_run_message(run, "%zu %s picture%s left out, such as %s", data->skipped, what,
            data->skipped > 1 ? "s" : "", data->skipped_why[0]);
}

/* The validation part that the data set has of its own; none is no failure. */
static lathe_status open_own_val(lathe_run *run, const lathe_data_opts *opts)
{
    const lathe_settings *s = &run->settings;
    if (s->val_split == 0 || *s->fold) return LATHE_OK;
    bool held = lathe_error_hold(true);
    run->val = lathe_data_open(s->data, LATHE_SPLIT_VAL, opts);
    lathe_status status = run->val ? LATHE_OK : lathe_error();
    char why[LATHE_MESSAGE_SIZE];
    snprintf(why, sizeof why, "%s", lathe_error_message());
    if (status) lathe_error_clear();
    lathe_error_hold(held);
    return !status || status == LATHE_ESTATE ? LATHE_OK : lathe_fail(status, "%s", why);
}

/* A part of the training data for validation: a fraction, or one of several folds; groups stay together. */
static lathe_status split_val(lathe_run *run)
{
    const lathe_settings *s = &run->settings;
    lathe_split_opts opts = { .seed = s->seed,
        .groups = run->data->groups,
        .no_stratify = run->data->task != LATHE_TASK_CLASS };
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

/* The same picture on both sides of a split. Sets that are no files are not looked through: those are known.
 */
static lathe_status tell_duplicates(const lathe_run *run, const lathe_dataset *other, const char *what)
{
    enum { MOST = 200000 };
    lathe_duplicate first;
    size_t count;
    char names[2][LATHE_SAMPLE_NAME];
    if (!other || !lathe_data_sample_file(run->train, 0) || run->train->count + other->count > MOST)
        return LATHE_OK;
    lathe_status status = lathe_data_duplicates(run->train, other, &first, 1, &count);
    if (!status && count)
        lathe_run_message(run, "%zu picture%s of the %s part %s in the training part too: %s is %s", count,
            count > 1 ? "s" : "", what, count > 1 ? "are" : "is",
            lathe_data_sample_name(other, first.b, names[0]),
            lathe_data_sample_name(run->train, first.a, names[1]));
    return status;
}

/* Of the training part no more than settings.train_count, each class in proportion. */
static lathe_status choose_some(lathe_run *run)
{
    const lathe_settings *s = &run->settings;
    const size_t wanted = (size_t)s->train_count, count = run->train->count;
    if (!wanted || wanted == count) return LATHE_OK;
    if (wanted > count)
        return lathe_fail(LATHE_EARG, "settings: train_count = %zu, but there are %zu pictures to train on",
            wanted, count);
    const lathe_split_opts opts = { .fraction = (double)wanted / (double)count,
        .seed = s->seed,
        .no_stratify = run->data->task != LATHE_TASK_CLASS };
    lathe_dataset *unused, *chosen;
    lathe_status status = lathe_data_split(run->train, &opts, &unused, &chosen);
    if (status) return status;
    lathe_data_free(unused);
    run->state->left = run->train != run->data ? run->train : NULL;
    run->train = chosen;
    return LATHE_OK;
}

static lathe_data_opts data_opts(const lathe_settings *s)
{
    return (lathe_data_opts){ .size = s->size,
        .channels = s->channels,
        .skip_bad = s->bad_image == LATHE_BAD_IMAGE_SKIP,
        .cache_bytes = s->cache_mib ? (size_t)s->cache_mib << 20 : 1 };
}

/* The training and the validation part. */
static lathe_status open_parts(lathe_run *run)
{
    const lathe_data_opts opts = data_opts(&run->settings);
    run->data = lathe_data_open(run->settings.data, LATHE_SPLIT_TRAIN, &opts);
    if (!run->data || open_own_val(run, &opts)) return lathe_error();
    run->train = run->val ? run->data : NULL;
    lathe_status status = run->val ? LATHE_OK : split_val(run);
    return status ? status : choose_some(run);
}

lathe_status lathe_run_open_data(lathe_run *run)
{
    const lathe_data_opts opts = data_opts(&run->settings);
    run->transforms = lathe_transforms_parse(run->settings.augment);
    if (!run->transforms || open_parts(run)) return lathe_error();
    run->test = lathe_data_open(run->settings.data, LATHE_SPLIT_TEST, &opts);
    if (!run->test) return lathe_error();
    tell_skipped(run, run->data, "training");
    if (run->val) tell_skipped(run, run->val, "validation");
    tell_skipped(run, run->test, "test");
    lathe_status status = tell_duplicates(run, run->val, "validation");
    return status ? status : tell_duplicates(run, run->test, "test");
}

void lathe_run_close_data(lathe_run *run)
{
    if (run->train != run->data) lathe_data_free(run->train);
    if (run->state) lathe_data_free(run->state->left);
    lathe_data_free(run->val);
    lathe_data_free(run->test);
    lathe_data_free(run->data);
}

/* ---- how long it is ------------------------------------------------------------------------------------ */

uint64_t lathe_run_steps_of(const lathe_settings *settings, double steps_per_epoch)
{
    double steps = floor(settings->epochs * steps_per_epoch + 0.5);
    uint64_t total = steps < 1 ? 1 : (uint64_t)steps;
    return settings->max_steps && settings->max_steps < total ? settings->max_steps : total;
}

lathe_status lathe_run_length(const lathe_settings *settings, double *steps_per_epoch, uint64_t *steps)
{
    if (!settings || !steps_per_epoch || !steps)
        return lathe_fail(LATHE_EARG, "lathe_run_length: settings or a result is NULL");
    lathe_run_state state = { .opened = 0 };
    lathe_run run = { .settings = *settings, .state = &state };
    lathe_status status = open_parts(&run);
    if (!status) {
        double batches = (double)run.train->count / settings->batch_size;
        batches = settings->drop_last && batches >= 1 ? floor(batches) : ceil(batches);
        *steps_per_epoch = ceil(batches / settings->accumulate);
        *steps = lathe_run_steps_of(settings, *steps_per_epoch);
    }
    lathe_run_close_data(&run);
    return status;
}
