#include "sched_impl.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "../core/alloc.h"
#include "../core/registry.h"

typedef struct group {
    void *opts; /* from lathe_sched_prepare */
    lathe_sched_base base;
    bool own; /* set by lathe_sched_set_group */
} group;

struct lathe_sched {
    const lathe_sched_type *type;
    lathe_optim *optim;
    uint64_t steps;
    uint64_t unit; /* steps of the optimizer in one step of the schedule */
    double state[LATHE_SCHED_STATE];
    group *groups; /* one for each of the optimizer's */
    int group_count;
    uint64_t steps_at_start,
        optim_steps_at_start; /* when it was made or last sought: to notice that it is forgotten */
};

static lathe_sched_base base_of(const lathe_optim *optim, int number)
{
    const lathe_optim_type *type = lathe_optim_type_of(optim);
    const char *made = lathe_optim_made(optim, number);
    lathe_sched_base base = { .momentum_kind = lathe_optim_momentum_kind(optim), .optimizer = type->name };
    memcpy(&base.lr, made + lathe_fields_find(type->fields, "lr")->offset, sizeof base.lr);
    if (base.momentum_kind != LATHE_NO_MOMENTUM) {
        const char *word = base.momentum_kind == LATHE_BETA1 ? "betas" : "momentum";
        memcpy(&base.momentum, made + lathe_fields_find(type->fields, word)->offset, sizeof base.momentum);
    }
    return base;
}

lathe_status lathe_sched_prepare(const lathe_sched_type *type, const lathe_sched_base *base, const void *opts,
    void **ready)
{
    *ready = NULL;
    void *made = lathe_alloc(1, type->opts_size);
    if (!made) return LATHE_ENOMEM;
    lathe_status status = lathe_fields_resolve(type->name, type->fields, opts, made, type->opts_size);
    if (!status && type->check) status = type->check(made, base);
    if (!status && type->open) status = type->open(made, base);
    if (status) lathe_free(made);
    else *ready = made;
    return status;
}

void lathe_sched_release(const lathe_sched_type *type, void *ready)
{
    if (ready && type->close) type->close(ready);
    lathe_free(ready);
}

void lathe_sched_fill_length(const lathe_sched_type *type, void *opts, uint64_t steps, bool only_required)
{
    static const char *const names[] = { "total_iters", "total_steps", "t_max" };
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        const lathe_field *field = lathe_fields_find(type->fields, names[i]);
        if (!field || field->kind != LATHE_FIELD_STEPS || (only_required && !field->required)) continue;
        uint64_t *length = (uint64_t *)(void *)((char *)opts + field->offset);
        if (!*length) *length = steps;
    }
}

/* Prepare options for a group; nothing else changes. */
static lathe_status prepare_group(const lathe_sched *sched, int number, const void *opts, group *made)
{
    *made = (group){ .base = base_of(sched->optim, number) };
    made->base.state = sched->state;
    return lathe_sched_prepare(sched->type, &made->base, opts, &made->opts);
}

static void apply(lathe_sched *sched)
{
    for (int i = 0; i < sched->group_count; i++) {
        lathe_rates rates = lathe_sched_rates_at(sched, i, sched->steps);
        lathe_optim_set_lr(sched->optim, i, rates.lr);
        if (rates.sets_momentum) lathe_optim_set_momentum(sched->optim, i, rates.momentum);
    }
}

static void free_groups(lathe_sched *sched)
{
    for (int i = 0; sched->groups && i < sched->group_count; i++)
        lathe_sched_release(sched->type, sched->groups[i].opts);
    lathe_free(sched->groups);
}

static lathe_status prepare_groups(lathe_sched *sched, const void *opts)
{
    sched->group_count = lathe_optim_groups(sched->optim);
    sched->groups = lathe_alloc((size_t)sched->group_count, sizeof *sched->groups);
    if (!sched->groups) return LATHE_ENOMEM;
    lathe_status status = LATHE_OK;
    for (int i = 0; i < sched->group_count && !status; i++)
        status = prepare_group(sched, i, opts, &sched->groups[i]);
    return status;
}

lathe_sched *lathe_sched_new(const lathe_sched_type *type, lathe_optim *optim, const void *opts)
{
    if (!type || !optim) return lathe_fail_null("lathe_sched_new", type ? "optim" : "type"), NULL;
    if (lathe_optim_hold(optim, 0)) {
        lathe_fail(LATHE_ESTATE,
            "lathe_sched_new: the optimizer has a scheduler already; one at a time, or put them in a "
            "sequence");
        return NULL;
    }
    lathe_sched *sched = lathe_alloc(1, sizeof *sched);
    if (!sched) return NULL;
    sched->type = type;
    sched->optim = optim;
    sched->unit = 1;
    if (prepare_groups(sched, opts)) {
        free_groups(sched);
        lathe_free(sched);
        return NULL;
    }
    lathe_optim_hold(optim, 1);
    lathe_sched_seek(sched, 0);
    return sched;
}

void lathe_sched_free(lathe_sched *sched)
{
    if (!sched) return;
    lathe_optim_hold(sched->optim, -1);
    free_groups(sched);
    lathe_free(sched);
}

lathe_status lathe_sched_set_group(lathe_sched *sched, int number, const void *opts)
{
    if (!sched) return lathe_fail_null("lathe_sched_set_group", "sched");
    if (number < 0 || number >= sched->group_count)
        return lathe_fail(LATHE_EARG, "lathe_sched_set_group: group %d, the optimizer has groups 0 to %d",
            number, sched->group_count - 1);
    group fresh;
    lathe_status status = prepare_group(sched, number, opts, &fresh);
    if (status) return status;
    fresh.own = true;
    lathe_sched_release(sched->type, sched->groups[number].opts);
    sched->groups[number] = fresh;
    apply(sched);
    return LATHE_OK;
}

void lathe_sched_step(lathe_sched *sched)
{
    if (!sched) return;
    sched->steps++;
    apply(sched);
}

void lathe_sched_seek(lathe_sched *sched, uint64_t t)
{
    if (!sched) return;
    sched->steps = sched->steps_at_start = t;
    sched->optim_steps_at_start = lathe_optim_steps(sched->optim);
    apply(sched);
}

lathe_status lathe_sched_by_epoch(lathe_sched *sched, uint64_t steps_per_epoch)
{
    if (!sched) return lathe_fail_null("lathe_sched_by_epoch", "sched");
    if (!steps_per_epoch) return lathe_fail(LATHE_EARG, "lathe_sched_by_epoch: steps_per_epoch is 0");
    sched->unit = steps_per_epoch;
    apply(sched);
    return LATHE_OK;
}

void lathe_sched_observe(lathe_sched *sched, double value)
{
    if (!lathe_sched_observes(sched)) return;
    sched->type->observe(sched->groups[0].opts, sched->state, sched->steps / sched->unit, value);
    apply(sched);
}

bool lathe_sched_type_observes(const lathe_sched_type *type, const void *opts)
{
    return type->observe && (!type->observes || type->observes(opts));
}

bool lathe_sched_observes(const lathe_sched *sched)
{
    return sched && lathe_sched_type_observes(sched->type, sched->groups[0].opts);
}

bool lathe_sched_sets_rate(const lathe_sched *sched, int number)
{
    if (!sched || number < 0 || number >= sched->group_count) return false;
    return sched->type->sets_rate && sched->type->sets_rate(sched->groups[number].opts);
}

bool lathe_sched_wants_more(const lathe_sched *sched)
{
    return lathe_sched_observes(sched) && sched->type->wants_more &&
        sched->type->wants_more(sched->groups[0].opts);
}

bool lathe_sched_begins_cycle(const lathe_sched *sched, uint64_t t)
{
    if (!sched || !sched->type->begins_cycle || t % sched->unit) return false;
    return sched->type->begins_cycle(sched->groups[0].opts, t / sched->unit);
}

bool lathe_sched_describe(const lathe_sched *sched, uint64_t steps, double steps_per_epoch, char text[256])
{
    if (!sched || !text || !sched->type->describe) return false;
    bool epochs = sched->unit > 1; /* then the lengths are epochs already */
    sched->type->describe(sched->groups[0].opts, steps / sched->unit, epochs ? 1 : steps_per_epoch, text);
    return true;
}

double *lathe_sched_state(lathe_sched *sched) { return sched ? sched->state : NULL; }

uint64_t lathe_sched_steps(const lathe_sched *sched) { return sched ? sched->steps : 0; }

lathe_rates lathe_sched_rates_at(const lathe_sched *sched, int number, uint64_t t)
{
    if (!sched || number < 0 || number >= sched->group_count) return (lathe_rates){ 0 };
    const group *g = &sched->groups[number];
    lathe_rates rates = sched->type->rates(g->opts, &g->base, t / sched->unit);
    rates.lr *= lathe_optim_lr_factor(sched->optim, number);
    return rates;
}

const lathe_sched_type *lathe_sched_type_of(const lathe_sched *sched) { return sched ? sched->type : NULL; }

const void *lathe_sched_opts(const lathe_sched *sched, int number)
{
    return sched && number >= 0 && number < sched->group_count ? sched->groups[number].opts : NULL;
}

/* Once a batch is right, once an epoch is the usual mistake; a few steps without (a skipped batch) are
 * neither. */
static bool seldom_stepped(const lathe_sched *sched, char text[256])
{
    uint64_t own = sched->steps - sched->steps_at_start, now = lathe_optim_steps(sched->optim);
    uint64_t optim = now < sched->optim_steps_at_start ? 0 : now - sched->optim_steps_at_start;
    if (optim < 100 || own > optim / 10 || lathe_sched_observes(sched)) return false;
    snprintf(text, 256,
        "%s: %" PRIu64 " scheduler steps in %" PRIu64
        " optimizer steps; lathe_sched_step belongs after every "
        "batch, not after every epoch",
        sched->type->name, own, optim);
    return true;
}

/* Warning number k of a group. Of groups with the same options, the first one has the warnings. */
static bool warning_of(const lathe_sched *sched, int number, uint64_t steps, int k, char text[256])
{
    const group *g = &sched->groups[number];
    return (!number || g->own) && sched->type->warn(g->opts, &g->base, steps / sched->unit, k, text);
}

/* Whether a group before this one has the same warning. */
static bool said_before(const lathe_sched *sched, int number, uint64_t steps, const char *text)
{
    char other[256];
    for (int i = 0; i < number; i++)
        for (int k = 0; warning_of(sched, i, steps, k, other); k++)
            if (!strcmp(other, text)) return true;
    return false;
}

bool lathe_sched_warning(const lathe_sched *sched, uint64_t steps, int n, char text[256])
{
    if (!sched || !text || n < 0) return false;
    if (seldom_stepped(sched, text) && n-- == 0) return true;
    for (int i = 0; sched->type->warn && i < sched->group_count; i++)
        for (int k = 0; warning_of(sched, i, steps, k, text); k++)
            if (!said_before(sched, i, steps, text) && n-- == 0) return true;
    return false;
}

/* ---- what several schedules say ------------------------------------------------------------------------ */

lathe_status lathe_sched_check_floor(const char *name, double eta_min, const lathe_sched_base *base)
{
    if (eta_min <= base->lr) return LATHE_OK;
    return lathe_fail(LATHE_EARG, "%s: eta_min = %g is above the optimizer's lr = %g", name, eta_min,
        base->lr);
}

bool lathe_sched_warn_length(const char *name, uint64_t total_steps, uint64_t steps, int n, char text[256])
{
    if (!steps || steps == total_steps || n) return false;
    return snprintf(text, 256, "%s: the run is %" PRIu64 " steps, total_steps = %" PRIu64, name, steps,
        total_steps);
}

bool lathe_sched_warn_beyond(const char *name, const char *key, uint64_t length, uint64_t steps, int n,
    char text[256])
{
    if (!steps || steps >= length || n) return false;
    return snprintf(text, 256, "%s: the run of %" PRIu64 " steps ends before %s = %" PRIu64, name, steps, key,
        length);
}

/* ---- by name ------------------------------------------------------------------------------------------- */

static lathe_status check_type(const lathe_registry *registry, const void *object)
{
    const lathe_sched_type *type = object;
    if (!type->rates) return lathe_registry_refuse(registry, type, "rates is NULL");
    return lathe_registry_check_fields(registry, type, type->fields, type->opts_size);
}

extern const void *const lathe_sched_types[]; /* made by cmake/registry.cmake */

static lathe_registry registry = { .kind = "scheduler",
    .prefix = "lathe_sched",
    .table = lathe_sched_types,
    .check = check_type };

const lathe_sched_type *lathe_sched_at(int index) { return lathe_registry_at(&registry, index); }

const lathe_sched_type *lathe_sched_find(const char *name) { return lathe_registry_find(&registry, name); }

lathe_status lathe_sched_register(const lathe_sched_type *type)
{
    return lathe_registry_add(&registry, type);
}
