/* From settings to the options of a run's parts, and to a run's length. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "run_impl.h"
#include "settings/settings_impl.h"

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

lathe_status lathe_run_feed_opts(const lathe_settings *s, lathe_feed_opts *opts)
{
    *opts = (lathe_feed_opts){ .data = s->data,
        .size = s->size,
        .channels = s->channels,
        .skip_bad = s->bad_image == LATHE_BAD_IMAGE_SKIP,
        .cache_mib = s->cache_mib,
        .val_split = s->val_split,
        .train_count = s->train_count,
        .augment = s->augment,
        .batch_size = s->batch_size,
        .balanced = s->sampler == LATHE_SAMPLER_BALANCED,
        .drop_last = s->drop_last,
        .workers = s->workers,
        .seed = s->seed };
    return lathe_settings_fold(s, &opts->fold, &opts->folds);
}

uint64_t lathe_run_steps_of(const lathe_settings *settings, double steps_per_epoch)
{
    double steps = floor(settings->epochs * steps_per_epoch + 0.5);
    uint64_t total = steps < 1 ? 1 : (uint64_t)steps;
    return settings->max_steps && settings->max_steps < total ? settings->max_steps : total;
}

lathe_status lathe_run_length(const lathe_settings *settings, double *steps_per_epoch, uint64_t *steps)
{
    if (!settings || !steps_per_epoch || !steps)
        return lathe_fail_null("lathe_run_length",
            !settings  ? "settings" :
                !steps ? "steps" :
                         "steps_per_epoch");
    lathe_feed_opts opts;
    uint64_t batches;
    lathe_status status = lathe_run_feed_opts(settings, &opts);
    if (!status) status = lathe_feed_length(&opts, &batches);
    if (status) return status;
    *steps_per_epoch = ceil((double)batches / settings->accumulate);
    *steps = lathe_run_steps_of(settings, *steps_per_epoch);
    return LATHE_OK;
}
