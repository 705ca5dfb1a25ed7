/* The sweeps of a learning-rate range test. */
#include "lr_find.h"

#include <math.h>
#include <string.h>

#include "../core/alloc.h"
#include "../core/exchange.h"
#include "../metrics/average.h"
#include "compare_impl.h"

enum { MOST_STEPS = 1000000, MOST_SWEEPS = 100 };

/* The results of the sweeps. */
typedef struct results {
    double *lr, *loss, *accuracy;
} results;

/*
 * ---- training beside the run ----------------------------------------------------------------------------
 */

/* The run's net, task and data, with optimizer, order and counts of their own. Only the net is changed. */
typedef struct beside {
    lathe_run *run;
    lathe_feed feed; /* the run's sets, with a loader of its own */
    lathe_optim *optim;
    lathe_learner *learner;
    lathe_real *kept; /* the net's former numbers */
} beside;

/* Copy the net's numbers to `kept`, or back. NULL: only count them. Returns their number. */
static size_t copy_net(const lathe_run *run, lathe_real *kept, bool back)
{
    int count;
    size_t numbers = 0;
    lathe_tensor *const *state = lathe_nn_state(run->learner->net, &count);
    for (int i = 0; i < count; numbers += state[i++]->stored) {
        size_t size = state[i]->stored * sizeof *kept;
        if (kept && back) memcpy(state[i]->data, kept + numbers, size);
        else if (kept) memcpy(kept + numbers, state[i]->data, size);
    }
    return numbers;
}

static void close_beside(beside *b)
{
    lathe_learner_free(b->learner);
    lathe_optim_free(b->optim);
    lathe_loader_free(b->feed.loader);
    b->learner = NULL;
    b->optim = NULL;
    b->feed.loader = NULL;
}

/* Begin anew with that seed: with the weights that are kept, or with the seed's first weights. */
static lathe_status restart(beside *b, uint64_t seed, bool present)
{
    lathe_run *run = b->run;
    const lathe_settings *s = &run->settings;
    lathe_learner_opts opts = run->learner->opts;
    opts.on_nan = LATHE_NAN_IGNORE;
    opts.ema = 0;
    opts.swa_every = 0;
    opts.seed = seed;
    opts.on_message = NULL;
    close_beside(b);
    if (present) copy_net(run, b->kept, true);
    else if (lathe_nn_init(run->learner->net, seed)) return lathe_error();
    b->feed = *run->feed;
    b->feed.taken = 0;
    b->feed.loader = lathe_loader_new(run->feed->train,
        &(lathe_loader_opts){ .batch_size = s->batch_size,
            .shuffle = true,
            .balanced = s->sampler == LATHE_SAMPLER_BALANCED,
            .drop_last = s->drop_last,
            .transforms = run->feed->transforms,
            .seed = seed,
            .workers = s->workers,
            .layout = (lathe_layout)s->layout });
    b->optim = lathe_settings_optim(s, lathe_nn_params(run->learner->net), run->steps_per_epoch);
    if (!b->feed.loader || !b->optim) return lathe_error();
    b->learner = lathe_learner_new(run->learner->net, b->optim, NULL, run->learner->task, &opts);
    return b->learner ? LATHE_OK : lathe_error();
}

/* A step at that rate; groups keep their ratio to the first. */
static lathe_status step_at(beside *b, double lr, double *loss, double *accuracy)
{
    bool more;
    lathe_step_row row;
    lathe_epoch_row epoch;
    const int accumulate = b->run->settings.accumulate;
    const double made = lathe_optim_lr(b->optim, 0);
    for (int g = lathe_optim_groups(b->optim) - 1; g >= 0; g--)
        lathe_optim_set_lr(b->optim, g, made > 0 ? lathe_optim_lr(b->optim, g) / made * lr : lr);
    lathe_status status = lathe_train_step(&b->feed, b->learner, accumulate, &row, &more);
    if (!status && !more) status = lathe_train_step(&b->feed, b->learner, accumulate, &row, &more);
    if (status) return status;
    lathe_learner_epoch(b->learner, &epoch);
    *loss = row.loss;
    *accuracy = epoch.train[0];
    return LATHE_OK;
}

/* ---- a sweep ------------------------------------------------------------------------------------------- */

static double rate_at(const lathe_lr_find_opts *o, uint64_t step)
{
    double part = (double)step / (double)(o->steps - 1);
    return o->growth == LATHE_LR_LINEAR ? o->from + (o->to - o->from) * part :
                                          o->from * pow(o->to / o->from, part);
}

/* Returns true if a sweep has lost all its gain. The first level is the mean of its first twentieth. */
typedef struct watch {
    lathe_average start;
    double mean, weight, lowest;
} watch;

static bool is_lost(watch *w, const lathe_lr_find_opts *o, uint64_t step, double loss)
{
    if (!isfinite(loss)) return true;
    if (step < o->steps / 20 + 1) lathe_average_add(&w->start, loss, 1);
    w->mean = o->smoothing * w->mean + (1 - o->smoothing) * loss;
    w->weight = o->smoothing * w->weight + (1 - o->smoothing);
    const double start = lathe_average_value(&w->start), now = w->mean / w->weight;
    w->lowest = step ? fmin(w->lowest, now) : now;
    const bool had_won = w->lowest < start - 0.1 * fabs(start);
    return step > o->steps / 10 && now > (had_won ? start : start + fabs(start));
}

static lathe_status sweep(beside *b, const lathe_lr_find_opts *o, int number, const results *r)
{
    watch w = { .mean = 0 };
    const size_t first = (size_t)number * o->steps;
    for (uint64_t t = 0; t < o->steps; t++) r->loss[first + t] = r->accuracy[first + t] = (double)NAN;
    for (uint64_t t = 0; t < o->steps; t++) {
        double loss = (double)NAN, accuracy = (double)NAN;
        lathe_status status = step_at(b, r->lr[t], &loss, &accuracy);
        if (status) return status;
        if (is_lost(&w, o, t, loss)) break;
        r->loss[first + t] = loss;
        r->accuracy[first + t] = accuracy;
        if (o->on_step && !o->on_step(o->context, number, t, r->lr[t], loss))
            return lathe_fail(LATHE_ESTATE, "lathe_lr_find: stopped");
    }
    return LATHE_OK;
}

/* ---- several processes --------------------------------------------------------------------------------- */

/* The process that makes a sweep. */
static int maker(const lathe_lr_find_opts *o, int sweep)
{
    return o->exchange ? sweep % o->exchange->size : 0;
}

static bool is_mine(const lathe_lr_find_opts *o, int sweep)
{
    return !o->exchange || maker(o, sweep) == o->exchange->rank;
}

/* Copy the losses and accuracies of a process's sweeps to `numbers`, or back. Returns their number. */
static size_t copy_sweeps(const lathe_lr_find_opts *o, const results *r, int process, double *numbers,
    bool back)
{
    double *at = numbers;
    const size_t size = o->steps * sizeof *at;
    for (int i = 0; i < o->sweeps; i++) {
        if (maker(o, i) != process) continue;
        double *row[] = { r->loss + (size_t)i * o->steps, r->accuracy + (size_t)i * o->steps };
        for (int k = 0; k < 2; k++, at += o->steps) memcpy(back ? row[k] : at, back ? at : row[k], size);
    }
    return (size_t)(at - numbers);
}

/* All processes get all sweeps. */
static lathe_status gather_sweeps(const lathe_lr_find_opts *o, const results *r)
{
    const lathe_exchange *exchange = o->exchange;
    if (!exchange || exchange->size < 2) return LATHE_OK;
    const size_t most = lathe_times(2 * o->steps, (size_t)o->sweeps);
    double *mine = lathe_alloc(most, sizeof *mine), *all = mine ? lathe_alloc(most, sizeof *all) : NULL, *at;
    size_t *bytes = all ? lathe_alloc((size_t)exchange->size, sizeof *bytes) : NULL;
    lathe_status status = bytes ? LATHE_OK : lathe_error();
    for (int p = 0; p < exchange->size && bytes; p++)
        bytes[p] = copy_sweeps(o, r, p, all, false) * sizeof *all;
    if (bytes) copy_sweeps(o, r, exchange->rank, mine, false);
    if (!status) status = exchange->gather(exchange->self, mine, all, bytes);
    at = all;
    for (int p = 0; p < exchange->size && !status; p++) at += copy_sweeps(o, r, p, at, true);
    lathe_free(mine);
    lathe_free(all);
    lathe_free(bytes);
    return status;
}

static lathe_status sweep_all(lathe_run *run, const lathe_lr_find_opts *o, const results *r)
{
    const bool present = o->present_weights || *run->settings.init_weights;
    beside b = { .run = run, .kept = lathe_alloc_raw(copy_net(run, NULL, false), sizeof *b.kept) };
    lathe_status status = lathe_exchange_settle(o->exchange, b.kept ? LATHE_OK : lathe_error());
    if (!status) status = lathe_exchange_alike(o->exchange);
    if (b.kept) copy_net(run, b.kept, false);
    for (uint64_t t = 0; t < o->steps; t++) r->lr[t] = rate_at(o, t);
    for (int i = 0; i < o->sweeps && !status; i++) {
        if (!is_mine(o, i)) continue;
        status = restart(&b, run->settings.seed + (uint64_t)i, present);
        if (!status) status = sweep(&b, o, i, r);
    }
    close_beside(&b);
    if (b.kept) copy_net(run, b.kept, true);
    lathe_free(b.kept);
    status = lathe_exchange_settle(o->exchange, status);
    return status ? status : gather_sweeps(o, r);
}

/* ---- options ------------------------------------------------------------------------------------------- */

static lathe_status resolve(const lathe_run *run, const lathe_lr_find_opts *given, lathe_lr_find_opts *o)
{
    static const lathe_lr_find_opts none;
    *o = given ? *given : none;
    const bool linear = o->growth == LATHE_LR_LINEAR;
    if (o->growth != LATHE_LR_LOG && !linear)
        return lathe_fail(LATHE_EARG, "lathe_lr_find: growth = %d is not legal", o->growth);
    if (o->to == 0) o->to = linear ? 10 * lathe_optim_lr(run->learner->optim, 0) : 10;
    if (o->from == 0) o->from = linear ? o->to / 1000 : 1e-6;
    if (!(o->from > 0 && o->from < o->to && o->to <= 1e6))
        return lathe_fail(LATHE_EARG,
            "lathe_lr_find: rates from %g to %g are not legal: they grow, above 0 and up to 1e6", o->from,
            o->to);
    if (!o->steps) o->steps = linear ? 400 : (uint64_t)fmax(20, floor(100 * log10(o->to / o->from) + 0.5));
    if (!o->sweeps) o->sweeps = 3;
    if (o->smoothing == 0) o->smoothing = 0.9;
    if (o->steps < 20 || o->steps > MOST_STEPS)
        return lathe_fail(LATHE_EARG, "lathe_lr_find: steps = %llu is not legal: 20 to %d",
            (unsigned long long)o->steps, MOST_STEPS);
    if (o->sweeps < 1 || o->sweeps > MOST_SWEEPS)
        return lathe_fail(LATHE_EARG, "lathe_lr_find: sweeps = %d is not legal: 1 to %d", o->sweeps,
            MOST_SWEEPS);
    if (!(o->smoothing > 0 && o->smoothing < 1))
        return lathe_fail(LATHE_EARG, "lathe_lr_find: smoothing = %g is not legal: (0, 1)", o->smoothing);
    return LATHE_OK;
}

/* Allocate all arrays in one block that begins with the rates. */
static lathe_status find_with(lathe_run *run, const lathe_lr_find_opts *o, lathe_lr_found **found)
{
    const size_t all = lathe_times(o->steps, (size_t)o->sweeps);
    double *numbers = lathe_alloc(lathe_plus(o->steps, lathe_times(2, all)), sizeof *numbers);
    if (numbers) {
        const results r = { numbers, numbers + o->steps, numbers + o->steps + all };
        if (!sweep_all(run, o, &r))
            *found = lathe_lr_read(&(lathe_lr_sweeps){ r.lr, r.loss, r.accuracy, o->steps, o->sweeps },
                o->smoothing);
    }
    lathe_free(numbers);
    return *found ? LATHE_OK : lathe_error();
}

lathe_lr_found *lathe_lr_find(lathe_run *run, const lathe_lr_find_opts *opts)
{
    lathe_lr_find_opts o;
    lathe_lr_found *found = NULL;
    if (!run) return lathe_fail_null("lathe_lr_find", "run"), NULL;
    return resolve(run, opts, &o) || find_with(run, &o, &found) ? NULL : found;
}

/* ---- the pair as settings ------------------------------------------------------------------------------ */

lathe_status lathe_lr_apply(const lathe_lr_pair *pair, lathe_settings *settings)
{
    if (!pair || !settings) return lathe_fail_null("lathe_lr_apply", pair ? "settings" : "pair");
    if (!(pair->base_lr > 0 && pair->base_lr < pair->max_lr))
        return lathe_fail(LATHE_EARG, "lathe_lr_apply: base_lr = %g, max_lr = %g are not a pair of rates",
            pair->base_lr, pair->max_lr);
    char base[32], most[32];
    lathe_fit fit = { 0 };
    lathe_settings changed = *settings;
    const lathe_optim_type *optim = lathe_optim_find(changed.optim);
    if (!optim) return lathe_error();
    const bool has_momentum = lathe_fields_find(optim->fields, "momentum"); /* the cycles would move it */
    lathe_status status = lathe_settings_cycle_groups(&changed, pair->base_lr, pair->max_lr);
    if (!status) status = lathe_settings_drop_options(&changed, "sched");
    if (!status) status = lathe_settings_set(&changed, "sched", "cyclic:triangular2");
    if (!status)
        status = lathe_settings_set(&changed, "sched.base_lr", lathe_double_digits(pair->base_lr, 3, base));
    if (!status)
        status = lathe_settings_set(&changed, "sched.max_lr", lathe_double_digits(pair->max_lr, 3, most));
    if (!status) status = lathe_compare_fit(&changed, &fit);
    if (!status && has_momentum) status = lathe_settings_set(&changed, "sched.cycle_momentum", "off");
    if (!status) *settings = changed;
    return status;
}
