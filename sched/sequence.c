#include "sequence.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "../core/alloc.h"
#include "sched_impl.h"

typedef struct lathe_sequence_part {
    const lathe_sched_type *type;
    void *opts; /* from lathe_sched_prepare */
    lathe_sched_base base;
    uint64_t start, steps;
} part;

static const lathe_field fields[] = { { .name = NULL } };

static lathe_rates rates_in(const part *p, uint64_t t) { return p->type->rates(p->opts, &p->base, t); }

/* The momentum during a segment that does not set it. */
static double resting_momentum(const part *p, const part *before, const lathe_sched_base *base)
{
    if (!before || p->type->joins != LATHE_JOINS_PREVIOUS) return base->momentum;
    lathe_rates last = rates_in(before, before->steps);
    return last.sets_momentum ? last.momentum : base->momentum;
}

static lathe_rates rates(const void *opts, const lathe_sched_base *base, uint64_t t)
{
    const lathe_sequence_opts *o = opts;
    int now = 0;
    bool any = false;
    while (now + 1 < o->count && t >= o->part[now + 1].start) now++;
    for (int i = 0; i < o->count; i++) any = any || rates_in(&o->part[i], 0).sets_momentum;
    lathe_rates r = rates_in(&o->part[now], t - o->part[now].start);
    if (any && !r.sets_momentum) {
        r.momentum = resting_momentum(&o->part[now], now ? &o->part[now - 1] : NULL, base);
        r.sets_momentum = true;
    }
    return r;
}

static bool begins_cycle(const void *opts, uint64_t t)
{
    const lathe_sequence_opts *o = opts;
    for (int i = 0; i < o->count; i++) {
        const part *p = &o->part[i];
        const bool inside = t >= p->start && (i + 1 == o->count || t <= o->part[i + 1].start);
        if (inside && p->type->begins_cycle && p->type->begins_cycle(p->opts, t - p->start)) return true;
    }
    return false;
}

static lathe_status check(const void *opts, const lathe_sched_base *base)
{
    const lathe_sequence_opts *o = opts;
    uint64_t end = 0;
    (void)base;
    if (!o->segment || o->count < 1)
        return lathe_fail(LATHE_EARG, "sequence: count = %d segments, at least 1 is needed",
            o->segment ? o->count : 0);
    for (int i = 0; i < o->count; i++) {
        const lathe_segment *s = &o->segment[i];
        if (!s->type) return lathe_fail(LATHE_EARG, "sequence: segment %d has no type", i);
        if (!s->steps && i + 1 < o->count)
            return lathe_fail(LATHE_EARG,
                "sequence: segment %d, %s, has no length; only the last may have none", i, s->type->name);
        if (s->steps > (uint64_t)1 << 53 || (end += s->steps) > (uint64_t)1 << 53)
            return lathe_fail(LATHE_EARG, "sequence: segment %d, %s, ends beyond step 2^53", i,
                s->type->name);
    }
    return LATHE_OK;
}

/* `steps`: the segment's length, of its own or what the run leaves; 0: unknown. */
static lathe_status open_part(const lathe_segment *segment, uint64_t steps, const lathe_sched_base *base,
    part *made)
{
    const lathe_sched_type *type = segment->type;
    void *given = lathe_alloc(1, type->opts_size);
    if (!given) return LATHE_ENOMEM;
    if (segment->opts) memcpy(given, segment->opts, type->opts_size);
    if (steps) lathe_sched_fill_length(type, given, steps, false);
    lathe_status status = lathe_sched_prepare(type, base, given, &made->opts);
    lathe_free(given);
    made->type = type;
    made->base = *base;
    made->steps = segment->steps;
    return status;
}

/* Segments that join the next are resolved from the right, segments that join the former from the left. */
static void join_parts(part *parts, int count)
{
    for (int i = count - 2; i >= 0; i--)
        if (parts[i].type->joins == LATHE_JOINS_NEXT) parts[i].base.lr = rates_in(&parts[i + 1], 0).lr;
    for (int i = 1; i < count; i++)
        if (parts[i].type->joins == LATHE_JOINS_PREVIOUS)
            parts[i].base.lr = rates_in(&parts[i - 1], parts[i - 1].steps).lr;
}

static void close_parts(void *opts)
{
    lathe_sequence_opts *o = opts;
    for (int i = 0; o->part && i < o->count; i++) lathe_sched_release(o->part[i].type, o->part[i].opts);
    lathe_free(o->part);
}

static lathe_status open_parts(void *opts, const lathe_sched_base *base)
{
    lathe_sequence_opts *o = opts;
    lathe_status status = LATHE_OK;
    o->part = lathe_alloc((size_t)o->count, sizeof *o->part);
    if (!o->part) return LATHE_ENOMEM;
    for (int i = 0; i < o->count && !status; i++) {
        const uint64_t start = i ? o->part[i - 1].start + o->part[i - 1].steps : 0,
                       left = o->run_steps > start ? o->run_steps - start : o->run_steps > 0;
        status =
            open_part(&o->segment[i], o->segment[i].steps ? o->segment[i].steps : left, base, &o->part[i]);
        o->part[i].start = start;
        if (!status && i + 1 < o->count && lathe_sched_type_observes(o->part[i].type, o->part[i].opts))
            status = lathe_fail(LATHE_EARG,
                "sequence: segment %d, %s, observes a metric, which only the last segment can", i,
                o->part[i].type->name);
    }
    if (status) close_parts(o);
    else join_parts(o->part, o->count);
    o->segment = NULL; /* it belongs to the caller */
    return status;
}

static bool warn(const void *opts, const lathe_sched_base *base, uint64_t steps, int n, char text[256])
{
    const lathe_sequence_opts *o = opts;
    const part *last = &o->part[o->count - 1];
    (void)base;
    if (steps && steps <= last->start && n-- == 0)
        return snprintf(text, 256,
            "sequence: the run of %" PRIu64 " steps ends before its last segment, %s, begins at %" PRIu64,
            steps, last->type->name, last->start);
    if (last->steps && steps > last->start + last->steps && n-- == 0)
        return snprintf(text, 256,
            "sequence: the run of %" PRIu64 " steps continues after the end of the sequence at %" PRIu64,
            steps, last->start + last->steps);
    for (int i = 0; i < o->count; i++) {
        const part *p = &o->part[i];
        uint64_t length = p->steps ? p->steps : steps > p->start ? steps - p->start : 0;
        for (int k = 0; p->type->warn && p->type->warn(p->opts, &p->base, length, k, text); k++)
            if (n-- == 0) return true;
    }
    return false;
}

/* Only the last segment observes, once it runs. */
static const part *observer_of(const void *opts)
{
    const lathe_sequence_opts *o = opts;
    const part *last = &o->part[o->count - 1];
    return lathe_sched_type_observes(last->type, last->opts) ? last : NULL;
}

static bool observes(const void *opts) { return observer_of(opts); }

static void observe(const void *opts, double state[LATHE_SCHED_STATE], uint64_t t, double value)
{
    const part *last = observer_of(opts);
    if (last && t > last->start) last->type->observe(last->opts, state, t - last->start, value);
}

static bool wants_more(const void *opts)
{
    const part *last = observer_of(opts);
    return last && last->type->wants_more && last->type->wants_more(last->opts);
}

/* Does no segment begin from the group's own rate? */
static bool sets_rate(const void *opts)
{
    const lathe_sequence_opts *o = opts;
    for (int i = 0; i < o->count; i++) {
        const part *p = &o->part[i];
        const bool joined = (p->type->joins == LATHE_JOINS_NEXT && i + 1 < o->count) ||
            (p->type->joins == LATHE_JOINS_PREVIOUS && i);
        if (!joined && !(p->type->sets_rate && p->type->sets_rate(p->opts))) return false;
    }
    return true;
}

const lathe_sched_type lathe_sequence_sched = {
    .name = "sequence",
    .summary = "schedules one after the other, such as warmup:200it,cyclic:4ep,cooldown:1ep",
    .opts_size = sizeof(lathe_sequence_opts),
    .fields = fields,
    .check = check,
    .rates = rates,
    .begins_cycle = begins_cycle,
    .observe = observe,
    .observes = observes,
    .wants_more = wants_more,
    .sets_rate = sets_rate,
    .warn = warn,
    .open = open_parts,
    .close = close_parts,
};

lathe_sched *lathe_sched_sequence(lathe_optim *optim, const lathe_sequence_opts *opts)
{
    return lathe_sched_new(&lathe_sequence_sched, optim, opts);
}
