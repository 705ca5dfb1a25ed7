#include "feed.h"

#include <math.h>
#include <string.h>

#include "../../core/alloc.h"
#include "../../data/pictures/picture.h"
#include "feed_impl.h"

static lathe_status check(const lathe_feed_opts *o, const char *who)
{
    int background;
    if (!o || !o->data) return lathe_fail_null(who, o ? "opts.data" : "opts");
    if (lathe_colour_parse(o->background, &background)) return lathe_error();
    if (!(o->val_split >= 0 && o->val_split < 1))
        return lathe_fail(LATHE_EARG, "%s: opts.val_split = %g is not legal: [0, 1)", who, o->val_split);
    if (o->folds && (o->folds < 2 || o->fold < 1 || o->fold > o->folds))
        return lathe_fail(LATHE_EARG,
            "%s: opts.fold = %d of opts.folds = %d is not legal: 1 to folds, above 1", who, o->fold,
            o->folds);
    if (o->normals < 0 || o->normals > 4)
        return lathe_fail(LATHE_EARG, "%s: opts.normals = %d is not legal: 0 to 4", who, o->normals);
    for (int i = 0; i < 4; i++)
        if (!isfinite(o->mean[i]) || !isfinite(o->std[i]) || (i < o->normals && o->std[i] <= 0))
            return lathe_fail(LATHE_EARG, "%s: opts.mean[%d] = %g, opts.std[%d] = %g: std must be above 0",
                who, i, o->mean[i], i, o->std[i]);
    if (o->max_megapixels < 0 || o->max_megapixels > 1024)
        return lathe_fail(LATHE_EARG, "%s: opts.max_megapixels = %d is not legal: 0 to 1024", who,
            o->max_megapixels);
    if (o->train_count < 0 || o->cache_mib < 0)
        return lathe_fail(LATHE_EARG, "%s: opts.%s = %d is below 0", who,
            o->train_count < 0 ? "train_count" : "cache_mib",
            o->train_count < 0 ? o->train_count : o->cache_mib);
    return LATHE_OK;
}

static lathe_status open_loader(lathe_feed *feed, const lathe_feed_opts *o)
{
    feed->batch_size = o->batch_size ? o->batch_size : 64;
    feed->workers = o->workers;
    feed->ranks = o->ranks;
    feed->rank = o->rank;
    feed->layout = o->layout;
    feed->loader = lathe_loader_new(feed->train,
        &(lathe_loader_opts){ .batch_size = feed->batch_size,
            .shuffle = true,
            .ranks = feed->ranks,
            .rank = feed->rank,
            .balanced = o->balanced,
            .drop_last = o->drop_last,
            .transforms = feed->transforms,
            .seed = o->seed,
            .workers = o->workers,
            .layout = o->layout });
    if (!feed->loader) return lathe_error();
    feed->batches = lathe_loader_batches(feed->loader);
    return LATHE_OK;
}

lathe_feed *lathe_feed_new(const lathe_feed_opts *opts)
{
    if (check(opts, "lathe_feed_new")) return NULL;
    lathe_feed *feed = lathe_alloc(1, sizeof *feed);
    if (!feed) return NULL;
    feed->transforms = lathe_transforms_parse(opts->augment ? opts->augment : "");
    if (feed->transforms && !lathe_feed_open_parts(feed, opts) && !lathe_feed_open_test(feed, opts) &&
        !open_loader(feed, opts))
        return feed;
    lathe_feed_free(feed);
    return NULL;
}

static void close_sets(lathe_feed *feed)
{
    if (feed->train != feed->data) lathe_data_free(feed->train);
    lathe_data_free(feed->rest);
    lathe_data_free(feed->val);
    lathe_data_free(feed->test);
    lathe_data_free(feed->data);
}

void lathe_feed_free(lathe_feed *feed)
{
    if (!feed) return;
    lathe_loader_free(feed->loader);
    lathe_transforms_free(feed->transforms);
    close_sets(feed);
    lathe_free(feed);
}

bool lathe_feed_next(lathe_feed *feed, lathe_batch *batch)
{
    if (!feed || !batch) return lathe_fail_null("lathe_feed_next", feed ? "batch" : "feed"), false;
    bool more = lathe_loader_next(feed->loader, batch);
    feed->taken += more;
    return more;
}

lathe_status lathe_feed_status(const lathe_feed *feed)
{
    return feed ? lathe_loader_status(feed->loader) : lathe_fail_null("lathe_feed_status", "feed");
}

lathe_status lathe_feed_seek(lathe_feed *feed, uint64_t taken)
{
    if (!feed) return lathe_fail_null("lathe_feed_seek", "feed");
    lathe_status status = lathe_loader_seek(feed->loader, taken / feed->batches, taken % feed->batches);
    if (!status) feed->taken = taken;
    return status;
}

static uint64_t smaller(uint64_t a, uint64_t b) { return a < b ? a : b; }

uint64_t lathe_feed_share(const lathe_feed *feed, uint64_t most, double *samples)
{
    if (!feed || !samples) return lathe_fail_null("lathe_feed_share", feed ? "samples" : "feed"), 0;
    uint64_t before = feed->taken % feed->batches, size = (uint64_t)feed->batch_size,
             batches = smaller(most, feed->batches - before);
    *samples = (double)smaller(batches * size, feed->train->count - before * size);
    return batches;
}

lathe_loader *lathe_feed_loader(const lathe_feed *feed, const lathe_dataset *data, bool shared)
{
    if (!feed || !data) return lathe_fail_null("lathe_feed_loader", feed ? "data" : "feed"), NULL;
    return lathe_loader_new(data,
        &(lathe_loader_opts){ .batch_size = feed->batch_size,
            .ranks = shared ? feed->ranks : 0,
            .rank = shared ? feed->rank : 0,
            .workers = feed->workers,
            .transforms = feed->transforms,
            .still = true,
            .mean = feed->data->mean,
            .std = feed->data->std,
            .layout = feed->layout });
}

lathe_status lathe_feed_length(const lathe_feed_opts *opts, uint64_t *batches)
{
    lathe_feed feed = { 0 };
    if (!batches) return lathe_fail_null("lathe_feed_length", "batches");
    lathe_status status = check(opts, "lathe_feed_length");
    if (!status) status = lathe_feed_open_parts(&feed, opts);
    if (!status) {
        double all = (double)feed.train->count / (opts->batch_size ? opts->batch_size : 64);
        *batches = (uint64_t)(opts->drop_last && all >= 1 ? floor(all) : ceil(all));
    }
    close_sets(&feed);
    return status;
}

lathe_status lathe_feed_class_weights(const lathe_feed *feed, lathe_real *weights)
{
    if (!feed || !weights) return lathe_fail_null("lathe_feed_class_weights", feed ? "weights" : "feed");
    const lathe_dataset *data = feed->train;
    memset(weights, 0, (size_t)data->classes * sizeof *weights);
    for (size_t i = 0; i < data->count; i++) weights[data->labels[i]]++;
    for (int k = 0; k < data->classes; k++)
        if (weights[k] > 0)
            weights[k] = (lathe_real)((double)data->count / (data->classes * (double)weights[k]));
    return LATHE_OK;
}
