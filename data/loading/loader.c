#include "loader.h"

#include <math.h>

#include "../../core/alloc.h"
#include "../../core/rng.h"
#include "../../core/shard.h"
#include "../../core/threads.h"
#include "../../core/threads_impl.h"
#include "../dataset_impl.h"
#include "../transforms/mix_impl.h"
#include "../transforms/whole_impl.h"
#include "workers_impl.h"

/* Most objects and points of one sample. */
enum { OBJECTS_MOST = 1 << 16, POINTS_MOST = 1 << 20 };

struct lathe_loader {
    lathe_loader_opts opts;
    lathe_recipe recipe;
    uint64_t batches;
    uint64_t epoch, index; /* of the next batch */
    lathe_status status;
    size_t *order; /* [count]: the samples in the order of epoch order_epoch */
    uint64_t order_epoch;
    double *up_to;          /* [count]: cumulative weights; NULL: each sample once */
    lathe_workers *workers; /* NULL: lathe_loader_next makes the batch, in `slot` */
    lathe_slot slot;
    bool held; /* the caller holds the workers' next batch */
};

/* Rounded up, so that what follows begins as malloc's memory does. */
static size_t aligned(size_t bytes) { return (bytes + 15) / 16 * 16; }

static lathe_status check(const lathe_dataset *data, const lathe_loader_opts *opts)
{
    if (!data) return lathe_fail_null("lathe_loader_new", "data");
    if (opts->batch_size < 0 || opts->batch_size > 1 << 20)
        return lathe_fail(LATHE_EARG, "lathe_loader_new: batch_size is %d, expected 1 to %d",
            opts->batch_size, 1 << 20);
    if (opts->ranks < 0 || opts->rank < 0 || opts->rank >= (opts->ranks ? opts->ranks : 1))
        return lathe_fail(LATHE_EARG, "lathe_loader_new: rank is %d of %d, expected 0 to below ranks",
            opts->rank, opts->ranks);
    if (opts->workers < 0 || opts->workers > 256)
        return lathe_fail(LATHE_EARG, "lathe_loader_new: workers is %d, expected 0 to 256", opts->workers);
    if (opts->weights && opts->balanced)
        return lathe_fail(LATHE_EARG, "lathe_loader_new: both weights and balanced");
    if (!opts->mean != !opts->std)
        return lathe_fail(LATHE_EARG, "lathe_loader_new: mean and std go together");
    for (int i = 0; opts->mean && i < data->channels; i++)
        if (!isfinite(opts->mean[i]) || !isfinite(opts->std[i]) || !(opts->std[i] > 0))
            return lathe_fail(LATHE_EARG, "lathe_loader_new: mean %g and std %g of channel %d", opts->mean[i],
                opts->std[i], i);
    size_t size = opts->batch_size ? (size_t)opts->batch_size : 64;
    if (!data->count || (opts->drop_last && data->count < size))
        return lathe_fail(LATHE_EARG, "lathe_loader_new: %s has %zu samples, not one batch of %zu",
            data->name, data->count, size);
    if (data->objects_most > OBJECTS_MOST || data->points_most > POINTS_MOST)
        return lathe_fail(LATHE_EARG,
            "lathe_loader_new: %s has up to %zu objects and %zu points a sample, "
            "expected at most %d and %d",
            data->name, data->objects_most, data->points_most, OBJECTS_MOST, POINTS_MOST);
    if (!(opts->min_visible >= 0 && opts->min_visible <= 1))
        return lathe_fail(LATHE_EARG, "lathe_loader_new: min_visible is %g, expected above 0 to 1",
            opts->min_visible);
    return LATHE_OK;
}

/* Work space for a sample, and the one image that mixed samples are made into. */
static void set_scratch(lathe_recipe *recipe, const lathe_dataset *data)
{
    size_t masks = (size_t)data->masks + data->instance_masks;
    recipe->mask_scratch =
        masks ? lathe_transforms_scratch(recipe->transforms, 1, data->height, data->width) : 0;
    recipe->read_scratch = lathe_data_scratch(data);
    if (recipe->whole) {
        const lathe_part part =
            lathe_whole_crop_part(&(lathe_whole_crop){ .step = &recipe->transforms->step[0], .data = data });
        const size_t area = (size_t)part.height * (size_t)part.width;
        if (recipe->read_scratch < area * ((size_t)data->channels + masks))
            recipe->read_scratch = area * ((size_t)data->channels + masks);
    }
    recipe->sample_scratch = aligned(recipe->read_scratch +
        lathe_transforms_scratch(recipe->transforms, data->channels, data->height, data->width) +
        masks * recipe->mask_scratch);
    size_t area = (size_t)recipe->height * (size_t)recipe->width;
    recipe->scratch = (recipe->mixes > 1 ? aligned(area * ((size_t)data->channels + masks)) : 0) +
        (size_t)recipe->mixes * recipe->sample_scratch;
}

static lathe_status set_recipe(lathe_recipe *recipe, const lathe_dataset *data, const lathe_loader_opts *opts)
{
    *recipe = (lathe_recipe){ .data = data,
        .transforms = opts->transforms,
        .seed = opts->seed,
        .still = opts->still,
        .min_visible = opts->min_visible,
        .channels = data->channels,
        .height = data->height,
        .width = data->width };
    lathe_status status =
        lathe_transforms_size(opts->transforms, data->channels, &recipe->height, &recipe->width);
    if (status) return status;
    bool masks = data->masks, objects = data->objects_most > 0;
    recipe->mixes = opts->still ? 1 : lathe_transforms_mix(opts->transforms);
    if (objects) status = lathe_transforms_check_objects(opts->transforms);
    if (recipe->mixes > 1 && !status)
        status = lathe_transforms_mix_check(opts->transforms, masks, lathe_data_labels_only(data),
            objects && !data->heads);
    if (status) return status;
    recipe->whole = data->crop_ratio > 0 && data->type->read_part && !opts->still && !objects &&
        lathe_transforms_from_whole(opts->transforms);
    set_scratch(recipe, data);
    recipe->answers = masks ? (size_t)recipe->height * (size_t)recipe->width : lathe_data_answers(data);
    for (int i = 0; i < data->channels; i++) {
        double mean = opts->no_normalize ? 0 : opts->mean ? opts->mean[i] : data->mean[i];
        double std = opts->no_normalize ? 1 : opts->std ? opts->std[i] : data->std[i];
        recipe->scale[i] = (lathe_real)(1 / (255 * std));
        recipe->offset[i] = (lathe_real)(-mean / std);
    }
    return LATHE_OK;
}

/* Shuffle all samples for the epoch. */
static void shuffle(const lathe_loader *loader, lathe_rng *rng)
{
    size_t count = loader->recipe.data->count;
    for (size_t i = 0; i < count; i++) loader->order[i] = i;
    lathe_rng_shuffle(rng, loader->order, count);
}

/* Draw as many samples by their weights: the first sample whose cumulative weight is above the draw. */
static void draw(const lathe_loader *loader, lathe_rng *rng)
{
    size_t count = loader->recipe.data->count;
    for (size_t i = 0; i < count; i++) {
        double part = lathe_rng_uniform(rng) * loader->up_to[count - 1];
        size_t low = 0, high = count - 1;
        while (low < high) {
            size_t middle = low + (high - low) / 2;
            if (loader->up_to[middle] > part) high = middle;
            else low = middle + 1;
        }
        loader->order[i] = low;
    }
}

/* Sample number `position` of the epoch. */
static size_t sample_at(lathe_loader *loader, uint64_t epoch, size_t position)
{
    if (!loader->order) return position;
    if (loader->order_epoch != epoch) {
        lathe_rng rng = lathe_rng_at(loader->opts.seed, lathe_rng_stream("data/loader/shuffle"), epoch);
        if (loader->up_to) draw(loader, &rng);
        else shuffle(loader, &rng);
        loader->order_epoch = epoch;
    }
    return loader->order[position];
}

/* Compute the cumulative weights. With `balanced`, the weights of each class sum to 1. */
static lathe_status sum_weights(lathe_loader *loader, const double *weights)
{
    const lathe_dataset *data = loader->recipe.data;
    double sum = 0;
    size_t *of_class = weights ? NULL : lathe_alloc((size_t)data->classes, sizeof *of_class);
    loader->up_to = lathe_alloc(data->count, sizeof *loader->up_to);
    lathe_status status = loader->up_to && (weights || of_class) ? LATHE_OK : LATHE_ENOMEM;
    for (size_t i = 0; i < data->count && of_class && !status; i++) of_class[data->labels[i]]++;
    for (size_t i = 0; i < data->count && !status; i++) {
        double weight = weights ? weights[i] : 1.0 / (double)of_class[data->labels[i]];
        if (!(weight >= 0 && isfinite(weight)))
            status = lathe_fail(LATHE_EARG, "lathe_loader_new: the weight of sample %zu is %g", i, weight);
        loader->up_to[i] = sum += weight;
    }
    if (!status && !(sum > 0 && isfinite(sum)))
        status = lathe_fail(LATHE_EARG, "lathe_loader_new: the weights' sum is %g", sum);
    lathe_free(of_class);
    return status;
}

/* Allocate the order of samples, unless it is that of the data. */
static lathe_status open_order(lathe_loader *loader, const lathe_loader_opts *opts)
{
    bool weighted = opts->weights || opts->balanced;
    loader->order_epoch = UINT64_MAX;
    if (!opts->shuffle && !weighted) return LATHE_OK;
    loader->order = lathe_alloc_raw(loader->recipe.data->count, sizeof *loader->order);
    if (!loader->order) return LATHE_ENOMEM;
    return weighted ? sum_weights(loader, opts->weights) : LATHE_OK;
}

/* The loader's pictures of batch `index`. */
static lathe_shard shard_at(const lathe_loader *loader, uint64_t index)
{
    const size_t left = loader->recipe.data->count - (size_t)index * (size_t)loader->opts.batch_size;
    const int size = left < (size_t)loader->opts.batch_size ? (int)left : loader->opts.batch_size;
    if (loader->opts.ranks > 1) return lathe_shard_of(size, loader->opts.rank, loader->opts.ranks);
    return (lathe_shard){ .count = size };
}

/* The loader's pictures of any batch at most. */
static int most_pictures(const lathe_loader *loader)
{
    const int first = shard_at(loader, 0).count, last = shard_at(loader, loader->batches - 1).count;
    return first > last ? first : last;
}

/* Fill in the sample indices of batch `index` of the epoch. */
static void plan(void *context, lathe_slot *slot, uint64_t epoch, uint64_t index)
{
    lathe_loader *loader = context;
    const lathe_recipe *recipe = &loader->recipe;
    const lathe_shard shard = shard_at(loader, index);
    const size_t begin = (size_t)index * (size_t)loader->opts.batch_size + (size_t)shard.first;
    slot->batch = (lathe_batch){ .size = shard.count,
        .whole = shard.whole,
        .first = shard.first,
        .silent = shard.silent,
        .channels = recipe->channels,
        .height = recipe->height,
        .width = recipe->width,
        .images = slot->images,
        .plain = recipe->plain,
        .labels = slot->labels,
        .other_labels = slot->other_labels,
        .share = slot->share,
        .answers = recipe->answers,
        .epoch = epoch,
        .index = index };
    for (int i = 0; i < shard.count; i++) slot->indices[i] = sample_at(loader, epoch, begin + (size_t)i);
}

static lathe_layout layout_of(const lathe_recipe *recipe, const lathe_loader_opts *opts)
{
    if (opts->layout != LATHE_PLAIN) return opts->layout;
    return lathe_layout_rule(opts->batch_size, recipe->height, recipe->width);
}

lathe_loader *lathe_loader_new(const lathe_dataset *data, const lathe_loader_opts *opts)
{
    static const lathe_loader_opts none;
    if (!opts) opts = &none;
    lathe_recipe recipe;
    if (check(data, opts) || set_recipe(&recipe, data, opts)) return NULL;
    lathe_loader *loader = lathe_alloc(1, sizeof *loader);
    if (!loader) return NULL;
    loader->recipe = recipe;
    lathe_data_hold(data);
    loader->opts = *opts;
    if (!loader->opts.batch_size) loader->opts.batch_size = 64;
    loader->recipe.plain = layout_of(&recipe, &loader->opts) == LATHE_CHANNELS;
    loader->opts.mean = loader->opts.std = loader->opts.weights = NULL; /* the caller may free its arrays */
    uint64_t size = (uint64_t)loader->opts.batch_size;
    loader->batches = opts->drop_last ? data->count / size : (data->count - 1) / size + 1;
    bool good = !open_order(loader, opts);
    if (good && opts->workers && lathe_threads_exist()) {
        loader->workers = lathe_workers_start(opts->workers, &loader->recipe, most_pictures(loader),
            loader->batches, plan, loader);
        good = loader->workers != NULL;
    } else if (good) good = !lathe_slot_init(&loader->slot, &loader->recipe, most_pictures(loader));
    if (good) return loader;
    lathe_loader_free(loader);
    return NULL;
}

void lathe_loader_free(lathe_loader *loader)
{
    if (!loader) return;
    lathe_workers_free(loader->workers);
    lathe_slot_free(&loader->slot);
    lathe_free(loader->order);
    lathe_free(loader->up_to);
    lathe_data_release(loader->recipe.data);
    lathe_free(loader);
}

typedef struct lathe_fill {
    lathe_slot *slot;
    const lathe_recipe *recipe;
} lathe_fill;

static void fill_block(void *context, int block)
{
    lathe_fill *fill = context;
    bool held = lathe_error_hold(true);
    fill->slot->failed[block] = lathe_slot_fill(fill->slot, fill->recipe, block) != LATHE_OK;
    lathe_error_hold(held);
}

/* Make the planned batch on the pool's threads. */
static void fill(lathe_context *context, lathe_slot *slot, const lathe_recipe *recipe)
{
    lathe_parallel(context, lathe_slot_blocks(slot, recipe), fill_block, &(lathe_fill){ slot, recipe });
}

/* Repeat a block that failed on another thread, so that this thread reports the failure. */
static lathe_status mend(lathe_slot *slot, const lathe_recipe *recipe)
{
    for (int block = 0; block < lathe_slot_blocks(slot, recipe); block++)
        if (slot->failed[block]) {
            lathe_status status = lathe_slot_fill(slot, recipe, block);
            if (status) return status;
            slot->failed[block] = false;
        }
    return LATHE_OK;
}

bool lathe_loader_next(lathe_loader *loader, lathe_batch *batch)
{
    if (!loader || !batch) return lathe_fail_null("lathe_loader_next", loader ? "batch" : "loader"), false;
    loader->status = LATHE_OK;
    if (loader->held) lathe_workers_release(loader->workers);
    loader->held = false;
    if (loader->index == loader->batches) {
        loader->index = 0;
        loader->epoch++;
        return false;
    }
    lathe_slot *slot = &loader->slot;
    if (loader->workers) slot = lathe_workers_wait(loader->workers);
    else {
        plan(loader, slot, loader->epoch, loader->index);
        fill(loader->opts.context, slot, &loader->recipe);
    }
    loader->status = mend(slot, &loader->recipe);
    if (loader->status) return false;
    slot->batch.objects = lathe_objects_gather(&slot->objects, (size_t)slot->batch.size);
    loader->held = loader->workers != NULL;
    loader->index++;
    *batch = slot->batch;
    return true;
}

lathe_status lathe_loader_status(const lathe_loader *loader)
{
    return loader ? loader->status : lathe_fail_null("lathe_loader_status", "loader");
}

uint64_t lathe_loader_batches(const lathe_loader *loader) { return loader ? loader->batches : 0; }

lathe_status lathe_loader_seek(lathe_loader *loader, uint64_t epoch, uint64_t index)
{
    if (!loader) return lathe_fail_null("lathe_loader_seek", "loader");
    if (index > loader->batches)
        return lathe_fail(LATHE_EARG, "lathe_loader_seek: batch %llu of an epoch that has %llu",
            (unsigned long long)index, (unsigned long long)loader->batches);
    if (loader->workers) lathe_workers_seek(loader->workers, epoch, index);
    loader->held = false;
    loader->epoch = epoch;
    loader->index = index;
    return LATHE_OK;
}

size_t lathe_loader_order(lathe_loader *loader, uint64_t epoch, size_t position)
{
    if (!loader || position >= loader->recipe.data->count) {
        lathe_fail(LATHE_EARG, "lathe_loader_order: position %zu of %zu", position,
            loader ? loader->recipe.data->count : 0);
        return (size_t)-1;
    }
    if (loader->workers) lathe_workers_lock(loader->workers);
    size_t sample = sample_at(loader, epoch, position);
    if (loader->workers) lathe_workers_unlock(loader->workers);
    return sample;
}
