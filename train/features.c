/*
 * Features of frozen layers. What the frozen layers make of a picture is the same in each epoch, if nothing
 * before them is random and their norms keep their statistics. It is computed when the picture is first seen,
 * and kept in memory. Later batches are made of it: neither the pictures nor the frozen layers are needed.
 * Processes that share the batches tell each other the features: each has those of all pictures, because
 * another one may get a picture in the next epoch.
 */
#include <string.h>

#include "../core/alloc.h"
#include "../core/shard.h"
#include "../nn/layers/sequential.h"
#include "run_impl.h"

/* Up to so many images a linear layer works in another order, with other last digits. */
enum { FEW = 4 };

struct lathe_features {
    lathe_run *run;
    lathe_layer *net;
    int cut; /* the first child of the net that runs on features */
    /* from the first batch on */
    lathe_shape shape; /* of the features of one picture, with a batch of 1 */
    lathe_layout layout;
    bool plain;           /* lathe_batch.plain of the pictures */
    size_t each;          /* numbers of a picture's features; 0: not known yet */
    lathe_real *numbers;  /* [pictures, each], row-major; NULL: they are too many */
    bool *known;          /* [pictures] */
    lathe_real *own;      /* [batch_size, each]: of this process's pictures of a batch ... */
    lathe_real *gathered; /* ... and of all; `own` if the batches are not shared */
    /* of the present batch */
    size_t *sample; /* [batch_size], of all processes */
    int *labels;    /* [batch_size, answers], of this process */
    size_t answers;
    bool ended;  /* the epoch's last batch was given */
    bool behind; /* the loader is not at the feed's position */
    lathe_status status;
};

/* ---- which layers ------------------------------------------------------------------------------------- */

static bool is_trained(const lathe_layer *layer)
{
    for (int i = 0; i < layer->tensors; i++)
        if (layer->tensor[i]->needs_grad) return true;
    for (int i = 0; i < layer->children; i++)
        if (is_trained(layer->child[i])) return true;
    return false;
}

/* Parameters and other tensors, such as running statistics, of a layer and of the layers in it. */
static void count_tensors(lathe_layer *layer, int *params, int *others)
{
    int states;
    lathe_nn_state(layer, &states);
    *params += lathe_nn_params(layer)->count;
    *others += states - lathe_nn_params(layer)->count;
}

/* Returns true if the layer draws random numbers in training. *x becomes its result. */
static bool is_random(lathe_layer *net, int child, lathe_tape *tape, lathe_tensor **x)
{
    const uint64_t before = lathe_tape_ticket(tape);
    *x = lathe_nn_forward_part(net, child, child + 1, *x);
    return lathe_tape_ticket(tape) != before + 1;
}

/*
 * Find the layers whose features may be kept: the first `*cut` children of the net. Returns why there are
 * none; NULL after a failure, which the tape has, or if there are some.
 */
static const char *find_cut(const lathe_run *run, lathe_layer *net, lathe_tape *tape, int *cut)
{
    const lathe_dataset *data = run->feed->data;
    int params = 0, others = 0;
    *cut = 0;
    lathe_tape_begin(tape, LATHE_TRAIN);
    lathe_tensor *x = lathe_tape_leaf(tape, LATHE_BATCHED,
        (lathe_shape){ 4, { 1, data->channels, data->height, data->width } }, NULL);
    for (int i = 0; x && i < net->children && !is_trained(net->child[i]); i++) {
        count_tensors(net->child[i], &params, &others);
        if (others && !run->settings.freeze_norm)
            return params ? "batch norms move their statistics; --freeze-norm keeps them" : "";
        if (is_random(net, i, tape, &x) && x)
            return *cut && params ? NULL : "they draw random numbers, as dropout and stochastic depth do";
        if (x && params) *cut = i + 1;
    }
    return *cut || !x ? NULL : "";
}

/* Why nothing can be kept, without a look at the layers; "" without a word to the user; NULL: it can be. */
static const char *obstacle(const lathe_run *run)
{
    const lathe_settings *s = &run->settings;
    const lathe_dataset *data = run->feed->train;
    const lathe_freezing *f = &run->state->freezing;
    const uint64_t step = run->learner->step, end = f->until < run->total_steps ? f->until : run->total_steps;
    extern const lathe_layer_type lathe_sequential_layer;
    if (!f->on || end < step || end - step <= lathe_run_epoch_steps(run) || !s->cache_mib) return "";
    if (run->learner->net->type != &lathe_sequential_layer) return "";
    if (data->masks || data->objects_most || !(data->targets_each ? data->targets : data->labels)) return "";
    if (*s->augment) return "--augment changes the pictures";
    if (*s->probe) return "--probe looks into whole steps";
    return NULL;
}

/* ---- life ---------------------------------------------------------------------------------------------- */

static lathe_tensor *run_net(void *context, lathe_tape *tape, const lathe_batch *batch);

static lathe_status make(lathe_run *run, int cut)
{
    lathe_features *f = lathe_alloc(1, sizeof *f);
    const size_t batch = (size_t)run->feed->batch_size;
    run->state->features = f;
    if (!f) return lathe_error();
    *f = (lathe_features){ .run = run,
        .net = run->learner->net,
        .cut = cut,
        .answers = lathe_data_answers(run->feed->train) };
    f->known = lathe_alloc(run->feed->train->count, sizeof *f->known);
    f->sample = lathe_alloc(batch, sizeof *f->sample);
    f->labels = lathe_alloc(lathe_times(batch, f->answers), sizeof *f->labels);
    if (!f->known || !f->sample || !f->labels) return lathe_error();
    run->learner->on_net = run_net;
    run->learner->net_context = f;
    return LATHE_OK;
}

lathe_status lathe_run_open_features(lathe_run *run)
{
    int cut = 0;
    if (run->state->features) { /* the feed has just been told where to go */
        run->state->features->ended = run->state->features->behind = false;
        return LATHE_OK;
    }
    const char *why = obstacle(run);
    lathe_status status = LATHE_OK;
    if (!why) {
        lathe_tape *tape = lathe_tape_new(lathe_optim_context(run->learner->optim));
        why = tape ? find_cut(run, run->learner->net, tape, &cut) : NULL;
        status = tape ? lathe_tape_status(tape) : lathe_error();
        lathe_tape_free(tape);
    }
    if (!why && !status) return make(run, cut);
    if (!status && *why && !run->settings.no_warnings)
        lathe_run_message(run, "the frozen layers are computed in each step: %s", why);
    return status;
}

void lathe_features_free(lathe_features *features)
{
    if (!features) return;
    lathe_free(features->numbers);
    lathe_free(features->known);
    if (features->gathered != features->own) lathe_free(features->gathered);
    lathe_free(features->own);
    lathe_free(features->sample);
    lathe_free(features->labels);
    lathe_free(features);
}

lathe_status lathe_run_close_features(lathe_run *run)
{
    lathe_features *f = run->state->features;
    if (!f) return LATHE_OK;
    const bool behind = f->behind;
    lathe_features_free(f);
    run->state->features = NULL;
    run->learner->on_net = NULL;
    return behind ? lathe_feed_seek(run->feed, run->feed->taken) : LATHE_OK;
}

/* ---- batches ------------------------------------------------------------------------------------------- */

/* The samples of the next batch. Returns their number. */
static int choose_samples(lathe_features *f)
{
    const lathe_feed *feed = f->run->feed;
    const uint64_t epoch = feed->taken / feed->batches, index = feed->taken % feed->batches;
    const size_t first = (size_t)index * (size_t)feed->batch_size, left = feed->train->count - first;
    const int size = left < (size_t)feed->batch_size ? (int)left : feed->batch_size;
    for (int b = 0; b < size; b++) f->sample[b] = lathe_loader_order(feed->loader, epoch, first + (size_t)b);
    return size;
}

/* Returns true if a batch of that size may be made of features, or features of it. */
static bool is_usual(const lathe_features *f, int size)
{
    return size > FEW || f->run->feed->batch_size <= FEW;
}

static bool all_known(const lathe_features *f, int size)
{
    if (!f->numbers || !is_usual(f, size)) return false;
    for (int b = 0; b < size; b++)
        if (!f->known[f->sample[b]]) return false;
    return true;
}

static void fill_batch(lathe_features *f, int size, lathe_batch *batch)
{
    lathe_feed *feed = f->run->feed;
    const lathe_dataset *data = feed->train;
    const int *from = data->targets_each ? data->targets : data->labels;
    lathe_shard shard = { .count = size };
    if (feed->ranks > 1) shard = lathe_shard_of(size, feed->rank, feed->ranks);
    for (int b = 0; b < shard.count; b++)
        memcpy(f->labels + (size_t)b * f->answers, from + f->sample[shard.first + b] * f->answers,
            f->answers * sizeof *from);
    *batch = (lathe_batch){ .size = shard.count,
        .whole = shard.whole,
        .first = shard.first,
        .silent = shard.silent,
        .channels = data->channels,
        .height = data->height,
        .width = data->width,
        .plain = f->plain,
        .labels = f->labels,
        .answers = f->answers,
        .epoch = feed->taken / feed->batches,
        .index = feed->taken % feed->batches };
    feed->taken++;
    f->behind = true;
}

bool lathe_features_next(lathe_features *f, lathe_batch *batch)
{
    lathe_feed *feed = f->run->feed;
    f->status = LATHE_OK;
    if (f->ended) {
        f->ended = false;
        f->behind = true; /* the loader is before its own end of the epoch */
        return false;
    }
    const int size = choose_samples(f);
    bool more = true;
    if (all_known(f, size)) fill_batch(f, size, batch);
    else {
        if (f->behind) f->status = lathe_feed_seek(feed, feed->taken);
        f->behind = f->behind && f->status;
        more = !f->status && lathe_feed_next(feed, batch);
        if (!more && !f->status) f->status = lathe_feed_status(feed);
    }
    f->ended = more && feed->taken % feed->batches == 0;
    return more;
}

lathe_status lathe_features_status(const lathe_features *features) { return features->status; }

bool lathe_features_at_end(const lathe_features *features) { return features && features->ended; }

/* ---- the net ------------------------------------------------------------------------------------------- */

/* From the first batch: the shape, and memory unless it is too much. */
static lathe_status learn_shape(lathe_features *f, const lathe_batch *batch, const lathe_tensor *x)
{
    lathe_run *run = f->run;
    const size_t count = run->feed->train->count;
    f->shape = x->shape;
    f->shape.dim[0] = 1;
    f->layout = x->layout;
    f->plain = batch->plain;
    f->each = lathe_shape_count(&f->shape);
    const double mib = (double)count * (double)f->each * sizeof(lathe_real) / (1 << 20);
    const char *last = f->net->child[f->cut - 1]->path;
    if (mib > run->settings.cache_mib) {
        lathe_run_message(run,
            "the frozen layers are computed in each step: their results need %.0f MiB, --cache-mib is %d",
            mib, run->settings.cache_mib);
        return LATHE_OK;
    }
    f->numbers = lathe_alloc_raw(lathe_times(count, f->each), sizeof *f->numbers);
    const size_t room = lathe_times((size_t)run->feed->batch_size, f->each);
    f->own = lathe_alloc_raw(room, sizeof *f->own);
    f->gathered = run->feed->ranks > 1 ? lathe_alloc_raw(room, sizeof *f->own) : f->own;
    if (!f->numbers || !f->own || !f->gathered) return lathe_error();
    lathe_run_message(run,
        "the frozen layers, up to layer %s, are computed once for each picture: %.3g MiB for %zu pictures",
        last, mib, count);
    return LATHE_OK;
}

/* Keep the features of the batch's pictures: x, and what other processes have. */
static lathe_status keep(lathe_features *f, const lathe_batch *batch, const lathe_tensor *x)
{
    const int whole = lathe_batch_whole(batch);
    lathe_status status = f->each ? LATHE_OK : learn_shape(f, batch, x);
    if (status || !f->numbers || !is_usual(f, whole)) return status;
    status = lathe_tensor_read(x, f->own, (size_t)batch->size * f->each);
    if (batch->whole && !status)
        status = lathe_shard_gather(lathe_optim_context(f->run->learner->optim), whole, 1, f->own,
            f->each * sizeof *f->own, f->gathered);
    for (int b = 0; b < whole && !status; b++) {
        memcpy(f->numbers + f->sample[b] * f->each, f->gathered + (size_t)b * f->each,
            f->each * sizeof *f->numbers);
        f->known[f->sample[b]] = true;
    }
    return status;
}

static lathe_tensor *recall(lathe_features *f, lathe_tape *tape, const lathe_batch *batch)
{
    lathe_shape shape = f->shape;
    shape.dim[0] = batch->size;
    for (int b = 0; b < batch->size; b++)
        memcpy(f->own + (size_t)b * f->each, f->numbers + f->sample[batch->first + b] * f->each,
            f->each * sizeof *f->numbers);
    lathe_tape_layout(tape, f->plain ? LATHE_CHANNELS : LATHE_BATCHED);
    return lathe_batch_leaf(tape, batch, f->layout, shape, f->own);
}

static lathe_tensor *run_net(void *context, lathe_tape *tape, const lathe_batch *batch)
{
    lathe_features *f = context;
    lathe_tensor *x;
    if (!batch->images) x = recall(f, tape, batch);
    else {
        x = lathe_nn_forward_part(f->net, 0, f->cut, lathe_input(tape, batch));
        if (x && keep(f, batch, x)) return lathe_tape_fail(tape, lathe_error(), "%s", lathe_error_message());
    }
    return x ? lathe_nn_forward_part(f->net, f->cut, f->net->children, x) : NULL;
}
