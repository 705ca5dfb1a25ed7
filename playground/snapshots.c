/*
 * Snapshots: the state of the run after some of its steps, in memory. Together they have at most ROOM bytes:
 * when they need more, every second one goes, but never the first, nor those at a cycle's start while there
 * are others.
 */
#include <string.h>

#include "engine.h"
#include "exports.h"

enum { ROOM = 128 << 20 };

typedef struct snapshot {
    uint64_t step, batches;
    bool begins_cycle;
    lathe_average loss;
    double right[2]; /* the accuracy's sums of the epoch so far */
    double sched[LATHE_SCHED_STATE];
    int schedule;             /* whose state `sched` is */
    lathe_optim_clock *clock; /* [parameters], in the memory of `numbers` */
    lathe_real *numbers;      /* all tensors of the net, then the optimizer's slots */
} snapshot;

static struct {
    snapshot *all;
    int count, room;
    size_t bytes; /* of each one's numbers and clocks */
} kept;

/* ---- copying ------------------------------------------------------------------------------------------- */

static size_t copy(lathe_real *own, lathe_real *kept_numbers, size_t count, bool back)
{
    if (kept_numbers && back) memcpy(own, kept_numbers, count * sizeof *own);
    else if (kept_numbers) memcpy(kept_numbers, own, count * sizeof *own);
    return count;
}

/* Copy the net's tensors to `numbers` or back; NULL: neither. Returns their size. */
static size_t copy_net(const engine *e, lathe_real *numbers, bool back)
{
    int count;
    size_t size = 0;
    lathe_tensor *const *tensor = lathe_nn_state(e->net, &count);
    for (int i = 0; i < count; i++)
        size += copy(tensor[i]->data, numbers ? numbers + size : NULL, tensor[i]->stored, back);
    return size;
}

/* The same with the optimizer's slots. */
static size_t copy_all(const engine *e, lathe_real *numbers, bool back)
{
    size_t size = copy_net(e, numbers, back);
    const size_t slab = lathe_optim_params(e->optim)->size;
    for (int slot = 0; slot < LATHE_OPTIM_SLOTS; slot++) {
        lathe_real *own = lathe_optim_slot(e->optim, slot);
        if (own) size += copy(own, numbers ? numbers + size : NULL, slab, back);
    }
    return size;
}

static void save(const engine *e, snapshot *s)
{
    const lathe_learner *learner = e->learner;
    s->step = learner->step, s->batches = learner->batches, s->loss = learner->loss;
    memcpy(s->right, learner->counted, sizeof s->right);
    memcpy(s->sched, lathe_sched_state(e->sched), sizeof s->sched);
    s->begins_cycle = lathe_sched_begins_cycle(e->sched, s->step);
    s->schedule = e->schedule;
    for (int i = 0; i < lathe_optim_params(e->optim)->count; i++)
        s->clock[i] = *lathe_optim_clock_of(e->optim, i);
    copy_all(e, s->numbers, false);
}

static bool restore(engine *e, const snapshot *s)
{
    lathe_learner *learner = e->learner;
    learner->step = s->step, learner->batches = s->batches, learner->loss = s->loss;
    learner->stopped = false;
    memcpy(learner->counted, s->right, sizeof s->right);
    if (s->schedule == e->schedule) memcpy(lathe_sched_state(e->sched), s->sched, sizeof s->sched);
    for (int i = 0; i < lathe_optim_params(e->optim)->count; i++)
        *lathe_optim_clock_of(e->optim, i) = s->clock[i];
    copy_all(e, s->numbers, true);
    lathe_sched_seek(e->sched, s->step);
    lathe_tape_seed(learner->tape, e->settings.seed, s->batches);
    return !lathe_feed_seek(e->feed, s->batches);
}

/* ---- the list ------------------------------------------------------------------------------------------ */

static void drop_after(int count)
{
    while (kept.count > count) lathe_free(kept.all[--kept.count].numbers);
}

void engine_forget(void)
{
    drop_after(0);
    lathe_free(kept.all);
    memset(&kept, 0, sizeof kept);
}

/* Every second one goes, of those at a cycle's start or of the others; the first stays. Returns how many. */
static int thin(bool begins_cycle)
{
    int left = 1, seen = 0;
    for (int i = 1; i < kept.count; i++)
        if (kept.all[i].begins_cycle == begins_cycle && seen++ % 2 == 0) lathe_free(kept.all[i].numbers);
        else kept.all[left++] = kept.all[i];
    const int gone = kept.count - left;
    kept.count = left;
    return gone;
}

/* One with memory, at the end of the list; NULL after a failure. */
static snapshot *add(const engine *e)
{
    const size_t clocks = (size_t)lathe_optim_params(e->optim)->count * sizeof(lathe_optim_clock),
                 numbers = copy_all(e, NULL, false) * sizeof(lathe_real);
    kept.bytes = numbers + clocks + 64;
    if ((size_t)kept.count * kept.bytes > ROOM && !thin(false)) thin(true);
    if (kept.count == kept.room) {
        const int room = 2 * kept.room + 16;
        snapshot *all = lathe_alloc((size_t)room, sizeof *all);
        if (!all) return NULL;
        if (kept.count) memcpy(all, kept.all, (size_t)kept.count * sizeof *all);
        lathe_free(kept.all);
        kept.all = all, kept.room = room;
    }
    snapshot *s = &kept.all[kept.count];
    *s = (snapshot){ .numbers = lathe_alloc_raw(1, kept.bytes) };
    if (!s->numbers) return NULL;
    s->clock = (lathe_optim_clock *)(void *)((char *)s->numbers + (numbers + 63) / 64 * 64);
    kept.count++;
    return s;
}

/* The index of the last one at or before `step`; the first one is of step 0. */
static int last_at(uint64_t step)
{
    int index = kept.count - 1;
    while (index > 0 && kept.all[index].step > step) index--;
    return index;
}

bool engine_keep(void)
{
    const engine *e = &the_engine;
    const uint64_t step = e->learner->step;
    const bool again = kept.count && kept.all[kept.count - 1].step == step;
    snapshot *s = again ? &kept.all[kept.count - 1] : add(e);
    if (s) save(e, s);
    return s;
}

int engine_rewind(int step)
{
    engine *e = &the_engine;
    lathe_error_clear();
    if (!kept.count) return lathe_fail(LATHE_ESTATE, "rewind: there is no run"), -1;
    const int index = last_at(step > 0 ? (uint64_t)step : 0);
    if (!restore(e, &kept.all[index])) return -1;
    drop_after(index + 1);
    return (int)kept.all[index].step;
}

/* ---- the line between two of them ---------------------------------------------------------------------- */

/* Give the net the weights at `a` of the way from one snapshot to the other. */
static bool place(engine *e, const snapshot *from, const snapshot *to, lathe_real *between, double a)
{
    const size_t count = copy_net(e, NULL, false);
    for (size_t i = 0; i < count; i++)
        between[i] = (lathe_real)((1 - a) * (double)from->numbers[i] + a * (double)to->numbers[i]);
    copy_net(e, between, true);
    return a <= 0 || a >= 1 || !lathe_learner_statistics(e->learner);
}

bool engine_line(int step_a, int step_b, int points, int count, double *scores)
{
    engine *e = &the_engine;
    lathe_error_clear();
    if (!kept.count) return lathe_fail(LATHE_ESTATE, "line: there is no run"), false;
    if (points < 2) return lathe_fail(LATHE_EARG, "line: points = %d is below 2", points), false;
    const snapshot *from = &kept.all[last_at(step_a > 0 ? (uint64_t)step_a : 0)],
                   *to = &kept.all[last_at(step_b > 0 ? (uint64_t)step_b : 0)];
    const size_t size = copy_net(e, NULL, false);
    lathe_real *own = lathe_alloc_raw(2 * size, sizeof *own), *between = own ? own + size : NULL;
    if (!own) return false;
    copy_net(e, own, false);
    bool good = true;
    for (int i = 0; i < points && good; i++) {
        lathe_score score;
        good = place(e, from, to, between, (double)i / (points - 1)) && engine_score((size_t)count, &score);
        if (good) scores[2 * i] = score.loss, scores[2 * i + 1] = score.metric[0];
    }
    copy_net(e, own, true);
    lathe_free(own);
    return good;
}
