/* Reading a pair of rates from the curves of a range test. */
#include "lr_find.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "../core/alloc.h"

enum { FEWEST = 20 };

/* A change of the loss counts from a tenth of its whole fall. */
static const double part = 0.1;

/* A smoothed curve: against the logarithm of the rate, which is smoothed alike. */
typedef struct curve {
    const double *x, *loss, *accuracy;
    size_t count, reach;          /* the number of points; the number that the average covers */
    bool whole;                   /* the sweep reached its end */
    double noise, accuracy_noise; /* standard error of a smoothed number */
} curve;

/* Marks on a curve, as logarithms of the rate; NaN: not found. */
typedef struct marks {
    double start, lowest, won,
        best; /* levels: of loss at first and at its lowest, of accuracy at first and at its best */
    size_t at_lowest;
    double falls, rises, drops; /* where the loss begins to fall and rises again, where the accuracy drops */
} marks;

/* ---- smoothing ----------------------------------------------------------------------------------------- */

/* Debiased exponential average, up to the first non-finite number. Returns how many numbers there are. */
static size_t smooth(const double *values, size_t count, double keep, double *smoothed)
{
    double sum = 0, weight = 0;
    for (size_t i = 0; i < count; i++) {
        if (!isfinite(values[i])) return i;
        sum = keep * sum + values[i];
        weight = keep * weight + 1;
        smoothed[i] = sum / weight;
    }
    return count;
}

/* Standard deviation of the numbers around their smoothed ones, over the part of the sweep before anything
 * rises. */
static double scatter(const double *values, const double *smoothed, size_t count)
{
    double squares = 0;
    for (size_t i = 0; i < count; i++) squares += (values[i] - smoothed[i]) * (values[i] - smoothed[i]);
    return count ? sqrt(squares / (double)count) : 0;
}

static int by_size(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* The median over sweeps at a step, with `ended` for those that have ended before it. */
static double median_at(const double *values, const size_t *ends, int sweeps, size_t steps, size_t step,
    double ended, double *room)
{
    for (int s = 0; s < sweeps; s++) room[s] = step < ends[s] ? values[(size_t)s * steps + step] : ended;
    qsort(room, (size_t)sweeps, sizeof *room, by_size);
    const double middle = room[sweeps / 2];
    return sweeps % 2 || middle == ended ? middle : (room[sweeps / 2 - 1] + middle) / 2;
}

/* ---- marks --------------------------------------------------------------------------------------------- */

/* The x between two points where y is `level`. */
static double between(const double *x, const double *y, size_t i, double level)
{
    double change = y[i] - y[i - 1];
    return change == 0 ? x[i] : x[i - 1] + (level - y[i - 1]) / change * (x[i] - x[i - 1]);
}

/* The first x where y has fallen to `level`. */
static double comes_down(const double *x, const double *y, size_t count, double level)
{
    for (size_t i = 0; i < count; i++)
        if (y[i] <= level) return i ? between(x, y, i, level) : x[i];
    return (double)NAN;
}

/*
 * The place behind which y stays above `level` (or below it): a dip from which it comes back is none. NaN:
 * nowhere, also if that is in the last points of a whole sweep, which may be such a dip.
 */
static double leaves(const curve *c, const double *y, double level, bool upwards)
{
    size_t i = c->count;
    while (i > 0 && (upwards ? y[i - 1] > level : y[i - 1] < level)) i--;
    if (i == 0 || i == c->count || (c->whole && c->count - i < c->reach)) return (double)NAN;
    return between(c->x, y, i, level);
}

/* Mean of the curve's beginning: its first twentieth. */
static double level_of_start(const double *y, size_t count)
{
    const size_t first = count / 20 + 1;
    double sum = 0;
    for (size_t i = 0; i < first; i++) sum += y[i];
    return sum / (double)first;
}

static marks find_marks(const curve *c)
{
    marks m = { .start = level_of_start(c->loss, c->count),
        .won = level_of_start(c->accuracy, c->count),
        .best = c->accuracy[0],
        .drops = (double)NAN };
    for (size_t i = 1; i < c->count; i++) {
        if (c->loss[i] < c->loss[m.at_lowest]) m.at_lowest = i;
        m.best = fmax(m.best, c->accuracy[i]);
    }
    m.lowest = c->loss[m.at_lowest];
    const double fall = m.start - m.lowest, gain = m.best - m.won;
    m.falls = comes_down(c->x, c->loss, c->count, m.start - part * fall);
    m.rises = leaves(c, c->loss, m.lowest + part * fall, true);
    if (gain > 5 * c->accuracy_noise) m.drops = leaves(c, c->accuracy, m.best - part * gain, false);
    return m;
}

/* Returns true if the loss never falls by more than its noise. */
static bool is_flat(const curve *c, const marks *m)
{
    return m->start - m->lowest <= fmax(5 * c->noise, 0.01 * fabs(m->start));
}

/* The marks of a curve; NaN where a mark does not exist. */
static lathe_lr_pair pair_of(const curve *c)
{
    static const lathe_lr_pair none = { .base_lr = (double)NAN, .max_lr = (double)NAN };
    lathe_lr_pair pair = none;
    if (c->count < FEWEST) return none;
    const marks m = find_marks(c);
    double end = m.rises;
    pair.max_rule = LATHE_LR_LOSS_RISES;
    if (m.drops < end || (isnan(end) && !isnan(m.drops)))
        end = m.drops, pair.max_rule = LATHE_LR_ACCURACY_FALLS;
    if (isnan(end) && !c->whole) end = c->x[c->count - 1], pair.max_rule = LATHE_LR_STOPS;
    if (is_flat(c, &m) || isnan(end)) return none;
    pair.max_lr = exp(end) / 2;
    pair.base_lr = exp(m.falls);
    pair.base_rule = LATHE_LR_LOSS_FALLS;
    if (!(pair.base_lr < pair.max_lr / 4)) pair.base_lr = pair.max_lr / 4, pair.base_rule = LATHE_LR_QUARTER;
    return pair;
}

/* ---- all curves ---------------------------------------------------------------------------------------- */

/* The sweeps, smoothed. */
typedef struct smoothed {
    double *x, *loss, *accuracy; /* [steps], [sweeps][steps] */
    size_t *ends;                /* of each sweep */
    double *room;                /* [sweeps] */
    double noise, accuracy_noise;
} smoothed;

/* The noise of a smoothed number: its average weighs (1 + b) / (1 - b) numbers. */
static double noise_of(const double *values, const double *smooth_values, size_t count, double keep)
{
    return scatter(values, smooth_values, count) * sqrt((1 - keep) / (1 + keep));
}

static void smooth_all(const lathe_lr_sweeps *in, double keep, smoothed *s)
{
    double noise = 0, accuracy_noise = 0;
    for (size_t i = 0; i < in->steps; i++) s->room[i] = log(in->lr[i]);
    smooth(s->room, in->steps, keep, s->x);
    for (int n = 0; n < in->sweeps; n++) {
        const size_t first = (size_t)n * in->steps;
        s->ends[n] = smooth(in->loss + first, in->steps, keep, s->loss + first);
        smooth(in->accuracy + first, s->ends[n], keep, s->accuracy + first);
        const size_t flat = s->ends[n] / 4; /* before anything happens */
        noise += noise_of(in->loss + first, s->loss + first, flat, keep) / in->sweeps;
        accuracy_noise +=
            noise_of(in->accuracy + first, s->accuracy + first, s->ends[n] / 2, keep) / in->sweeps;
    }
    s->noise = noise;
    s->accuracy_noise = accuracy_noise;
}

/* The median curve into `found`. */
static void make_median(const lathe_lr_sweeps *in, const smoothed *s, lathe_lr_found *found)
{
    for (; found->points < in->steps; found->points++) {
        const size_t i = found->points;
        found->loss[i] = median_at(s->loss, s->ends, in->sweeps, in->steps, i, HUGE_VAL, s->room);
        found->accuracy[i] = median_at(s->accuracy, s->ends, in->sweeps, in->steps, i, -HUGE_VAL, s->room);
        if (!isfinite(found->loss[i]) || !isfinite(found->accuracy[i])) break;
        found->lr[i] = exp(s->x[i]);
    }
}

/* The slope of the loss by log10 of the rate, over as many points as the average weighs on both sides. */
static void make_slope(lathe_lr_found *found, const double *x, double keep)
{
    const size_t reach = (size_t)(1 / (1 - keep)) / 2 + 1;
    for (size_t i = 0; i < found->points; i++) {
        const size_t a = i > reach ? i - reach : 0,
                     b = i + reach < found->points ? i + reach : found->points - 1;
        found->slope[i] = x[b] > x[a] ? (found->loss[b] - found->loss[a]) / (x[b] - x[a]) * log(10) : 0;
    }
}

/* The smallest and largest rates of the single sweeps. */
static void spread(lathe_lr_found *found)
{
    found->base_low = found->max_low = HUGE_VAL;
    found->base_high = found->max_high = -HUGE_VAL;
    for (int n = 0; n < found->sweeps; n++) {
        if (isnan(found->each[n].max_lr)) continue;
        found->base_low = fmin(found->base_low, found->each[n].base_lr);
        found->base_high = fmax(found->base_high, found->each[n].base_lr);
        found->max_low = fmin(found->max_low, found->each[n].max_lr);
        found->max_high = fmax(found->max_high, found->each[n].max_lr);
    }
}

/* Fail with the reason why a median curve has no pair. */
static lathe_status refuse(const lathe_lr_found *found, const curve *c)
{
    const double first = found->lr[0], last = found->raw_lr[found->steps - 1];
    if (c->count < FEWEST)
        return lathe_fail(LATHE_ESTATE,
            "lathe_lr_find: the loss is not finite after %zu steps; start with a smaller rate than %.3g",
            c->count, found->raw_lr[0]);
    const marks m = find_marks(c);
    if (is_flat(c, &m))
        return lathe_fail(LATHE_ESTATE,
            "lathe_lr_find: the curve is flat: the loss is %.4g at first and %.4g at best, noise %.2g, from "
            "rate %.3g to "
            "%.3g; no rate helps: look at data, loss and frozen weights",
            m.start, m.lowest, c->noise, first, last);
    return lathe_fail(LATHE_ESTATE,
        "lathe_lr_find: the loss has not risen again at the largest rate, %.3g; try larger rates", last);
}

static lathe_status read_all(const lathe_lr_sweeps *in, double keep, smoothed *s, lathe_lr_found *found)
{
    smooth_all(in, keep, s);
    make_median(in, s, found);
    make_slope(found, s->x, keep);
    const size_t reach = (size_t)(1 / (1 - keep) + 0.5);
    for (int n = 0; n < in->sweeps; n++) {
        const size_t first = (size_t)n * in->steps, count = s->ends[n];
        const curve own = { s->x, s->loss + first, s->accuracy + first, count, reach, count == in->steps,
            s->noise, s->accuracy_noise };
        found->each[n] = pair_of(&own);
    }
    /* The median of several sweeps has less noise than one sweep. */
    const double quieter = sqrt((double)in->sweeps);
    const curve median = { s->x, found->loss, found->accuracy, found->points, reach,
        found->points == in->steps, s->noise / quieter, s->accuracy_noise / quieter };
    found->pair = pair_of(&median);
    if (isnan(found->pair.max_lr)) return refuse(found, &median);
    const marks m = find_marks(&median);
    found->lowest_lr = found->lr[m.at_lowest];
    size_t steepest = 0;
    for (size_t i = 1; i <= m.at_lowest; i++)
        if (found->slope[i] < found->slope[steepest]) steepest = i;
    found->steepest_lr = found->lr[steepest];
    spread(found);
    return LATHE_OK;
}

static lathe_status check(const lathe_lr_sweeps *in, double smoothing)
{
    if (!(smoothing >= 0 && smoothing < 1))
        return lathe_fail(LATHE_EARG, "lathe_lr_read: smoothing = %g is not legal: [0, 1)", smoothing);
    if (!in->lr || !in->loss || !in->accuracy)
        return lathe_fail_null("lathe_lr_read", !in->lr ? "lr" : !in->loss ? "loss" : "accuracy");
    if (in->steps < FEWEST || in->sweeps < 1)
        return lathe_fail(LATHE_EARG, "lathe_lr_read: %zu steps of %d sweeps, expected at least %d of 1",
            in->steps, in->sweeps, FEWEST);
    for (size_t i = 0; i < in->steps; i++)
        if (!(in->lr[i] > (i ? in->lr[i - 1] : 0)) || !isfinite(in->lr[i]))
            return lathe_fail(LATHE_EARG, "lathe_lr_read: lr[%zu] = %g: rates are above 0 and grow", i,
                in->lr[i]);
    return LATHE_OK;
}

static lathe_lr_found *new_found(const lathe_lr_sweeps *in)
{
    const size_t steps = in->steps, all = lathe_times(steps, (size_t)in->sweeps);
    lathe_lr_found *found = lathe_alloc(1, sizeof *found);
    if (!found) return NULL;
    found->steps = steps;
    found->sweeps = in->sweeps;
    found->each = lathe_alloc((size_t)in->sweeps, sizeof *found->each);
    double *room = found->lr = found->each ?
        lathe_alloc(lathe_plus(lathe_times(5, steps), lathe_times(2, all)), sizeof *room) :
        NULL;
    if (!room) {
        lathe_lr_found_free(found);
        return NULL;
    }
    found->loss = room + steps;
    found->accuracy = room + 2 * steps;
    found->slope = room + 3 * steps;
    found->raw_lr = room + 4 * steps;
    found->raw_loss = room + 5 * steps;
    found->raw_accuracy = found->raw_loss + all;
    memcpy(found->raw_lr, in->lr, steps * sizeof *room);
    memcpy(found->raw_loss, in->loss, all * sizeof *room);
    memcpy(found->raw_accuracy, in->accuracy, all * sizeof *room);
    return found;
}

lathe_lr_found *lathe_lr_read(const lathe_lr_sweeps *in, double smoothing)
{
    if (!in) return lathe_fail_null("lathe_lr_read", "sweeps"), NULL;
    if (check(in, smoothing)) return NULL;
    const size_t steps = in->steps, sweeps = (size_t)in->sweeps, all = lathe_times(steps, sweeps);
    lathe_lr_found *found = new_found(in);
    size_t *ends = found ? lathe_alloc(sweeps, sizeof *ends) : NULL;
    double *room = ends ?
        lathe_alloc(lathe_plus(lathe_times(2, all), lathe_plus(lathe_times(2, steps), sweeps)),
            sizeof *room) :
        NULL;
    lathe_status status = LATHE_ENOMEM;
    if (room) {
        smoothed s = { .loss = room,
            .accuracy = room + all,
            .x = room + 2 * all,
            .room = room + 2 * all + steps,
            .ends = ends };
        status = read_all(in, smoothing, &s, found);
    }
    lathe_free(room);
    lathe_free(ends);
    if (!status) return found;
    lathe_lr_found_free(found);
    return NULL;
}

void lathe_lr_found_free(lathe_lr_found *found)
{
    if (!found) return;
    lathe_free(found->lr);
    lathe_free(found->each);
    lathe_free(found);
}

const char *lathe_lr_rule_text(lathe_lr_rule rule)
{
    switch (rule) {
    case LATHE_LR_LOSS_FALLS: return "the loss has made a tenth of its way down";
    case LATHE_LR_QUARTER: return "a quarter of max_lr: the loss begins to fall only above it";
    case LATHE_LR_LOSS_RISES: return "half the rate where the loss has lost a tenth of its fall";
    case LATHE_LR_ACCURACY_FALLS: return "half the rate where the accuracy has lost a tenth of its gain";
    case LATHE_LR_STOPS: return "half the rate where the loss became non-finite";
    case LATHE_LR_NO_RULE: break;
    }
    return "no rule";
}
