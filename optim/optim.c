#include "optim.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "../core/alloc.h"
#include "../core/registry.h"
#include "../core/threads.h"

/* Work is cut at multiples of this many numbers of the slab, for any number of threads. A multiple of 16. */
enum { CHUNK = 8192 };

/* The numbers that one tensor has in one chunk. */
typedef struct piece {
    size_t at; /* in the slab */
    size_t count;
    int tensor;
} piece;

typedef struct group {
    void *opts;    /* resolved, with the present rates */
    void *made;    /* resolved, with the first rates */
    double factor; /* of the learning rate, beside any schedule */
} group;

struct lathe_optim {
    const lathe_optim_type *type;
    lathe_context *context;
    const lathe_params *params;
    size_t size; /* of the slab when the optimizer was made */
    const lathe_real *grad;
    group *groups;
    int group_count;
    int *group_of;            /* [tensors] */
    lathe_optim_clock *clock; /* [tensors] */
    bool *active;             /* [tensors] in the present step */
    lathe_real *slot[LATHE_OPTIM_SLOTS];
    lathe_real **scratch; /* [tensors] NULL: updated in pieces, not as a whole */
    lathe_real *scratch_slab;
    piece *pieces;
    size_t *first; /* [chunks + 1] first piece of each chunk */
    int chunks;
    int held;
    bool leaving;                     /* lathe_optim_free was called: the last scheduler frees it */
    const lathe_field *lr, *momentum; /* where they are in the options; momentum may be NULL */
};

/* ---- options of a group -------------------------------------------------------------------------------- */

static double *option(const lathe_field *field, void *opts)
{
    return (double *)(void *)((char *)opts + field->offset);
}

static bool has_group(const lathe_optim *optim, int number)
{
    return number >= 0 && number < optim->group_count;
}

static lathe_status find_rates(lathe_optim *optim)
{
    const lathe_field *fields = optim->type->fields;
    optim->lr = lathe_fields_find(fields, "lr");
    if (!optim->lr || optim->lr->kind != LATHE_FIELD_DOUBLE)
        return lathe_fail(LATHE_EARG, "lathe_optim_new: the options of %s have no double 'lr'",
            optim->type->name);
    optim->momentum = lathe_fields_find(fields, "momentum");
    if (!optim->momentum) optim->momentum = lathe_fields_find(fields, "betas");
    return LATHE_OK;
}

static void group_clear(group *g)
{
    lathe_free(g->opts);
    lathe_free(g->made);
}

/* Add a group with these resolved options; its tensors are added later. */
static lathe_status group_append(lathe_optim *optim, const void *resolved)
{
    size_t size = optim->type->opts_size, count = (size_t)optim->group_count;
    group fresh = { .opts = lathe_alloc(1, size), .made = lathe_alloc(1, size), .factor = 1 };
    group *grown =
        fresh.opts && fresh.made ? lathe_grow(optim->groups, count, count + 1, sizeof *grown) : NULL;
    if (!grown) {
        group_clear(&fresh);
        return LATHE_ENOMEM;
    }
    memcpy(fresh.opts, resolved, size);
    memcpy(fresh.made, resolved, size);
    optim->groups = grown;
    optim->groups[optim->group_count++] = fresh;
    return LATHE_OK;
}

static lathe_status resolve(const lathe_optim_type *type, const void *opts, void *resolved)
{
    lathe_status status = lathe_fields_resolve(type->name, type->fields, opts, resolved, type->opts_size);
    return !status && type->check ? type->check(resolved) : status;
}

/* Make the slots that these options need and that do not exist yet. */
static lathe_status provide_slots(lathe_optim *optim, const void *resolved)
{
    const lathe_optim_type *type = optim->type;
    int wanted = type->slots ? type->slots(resolved) : 0;
    while (!type->slots && wanted < LATHE_OPTIM_SLOTS && type->slot_names[wanted]) wanted++;
    for (int i = 0; i < wanted; i++) {
        if (!optim->slot[i]) optim->slot[i] = lathe_alloc(optim->size, sizeof(lathe_real));
        if (!optim->slot[i]) return LATHE_ENOMEM;
    }
    return LATHE_OK;
}

static lathe_status new_group(lathe_optim *optim, const void *opts)
{
    void *resolved = lathe_alloc(1, optim->type->opts_size);
    if (!resolved) return LATHE_ENOMEM;
    lathe_status status = resolve(optim->type, opts, resolved);
    if (!status) status = provide_slots(optim, resolved);
    if (!status) status = group_append(optim, resolved);
    lathe_free(resolved);
    return status;
}

/* ---- pieces -------------------------------------------------------------------------------------------- */

static size_t numbers_in(const lathe_tensor *tensor) { return lathe_shape_count(&tensor->shape); }

static size_t smaller(size_t a, size_t b) { return a < b ? a : b; }

/*
 * Fill `pieces` in the slab's order; NULL: only count them. first[chunk] is the index of a chunk's first
 * piece.
 */
static size_t cut_pieces(const lathe_optim *optim, piece *pieces, size_t *first)
{
    const lathe_params *params = optim->params;
    size_t count = 0, chunk = 0;
    for (int i = 0; i < params->count; i++) {
        if (optim->scratch[i]) continue;
        size_t at = (size_t)(params->tensor[i]->data - params->data),
               end = at + numbers_in(params->tensor[i]);
        while (at < end) {
            size_t here = smaller(end, (at / CHUNK + 1) * CHUNK) - at;
            if (pieces) {
                while (chunk <= at / CHUNK) first[chunk++] = count;
                pieces[count] = (piece){ at, here, i };
            }
            count++;
            at += here;
        }
    }
    if (pieces) first[chunk] = count;
    return count;
}

static lathe_status check_params(const lathe_params *params)
{
    if (!params) return lathe_fail_null("lathe_optim_new", "params");
    if (!params->data || !params->grad || params->count < 1)
        return lathe_fail(LATHE_ESTATE,
            "lathe_optim_new: the parameters have no values; call lathe_nn_init first");
    const lathe_real *end = params->data;
    for (int i = 0; i < params->count; i++) {
        if (params->tensor[i]->data < end)
            return lathe_fail(LATHE_EARG,
                "lathe_optim_new: parameter %d does not follow parameter %d in the slab", i, i - 1);
        end = params->tensor[i]->data + numbers_in(params->tensor[i]);
    }
    if ((size_t)(end - params->data) > params->size)
        return lathe_fail(LATHE_EARG, "lathe_optim_new: the parameters end at %zu, the slab at %zu",
            (size_t)(end - params->data), params->size);
    return LATHE_OK;
}

static size_t scratch_of(const lathe_optim *optim, int tensor)
{
    return optim->type->scratch ? optim->type->scratch(optim->params, tensor) : 0;
}

/*
 * Scratch for the tensors that are updated as a whole. Each has its own, because they are updated in
 * parallel.
 */
static lathe_status provide_scratch(lathe_optim *optim)
{
    size_t total = 0;
    for (int i = 0; i < optim->params->count; i++) total += scratch_of(optim, i);
    if (!total) return LATHE_OK;
    optim->scratch_slab = lathe_alloc(total, sizeof(lathe_real));
    if (!optim->scratch_slab) return LATHE_ENOMEM;
    lathe_real *at = optim->scratch_slab;
    for (int i = 0; i < optim->params->count; i++) {
        size_t count = scratch_of(optim, i);
        if (count) optim->scratch[i] = at;
        at += count;
    }
    return LATHE_OK;
}

static lathe_status adopt_params(lathe_optim *optim, const lathe_params *params)
{
    size_t tensors = (size_t)params->count, chunks = (params->size + CHUNK - 1) / CHUNK;
    optim->params = params;
    optim->size = params->size;
    optim->chunks = (int)chunks;
    optim->group_of = lathe_alloc(tensors, sizeof *optim->group_of);
    optim->clock = lathe_alloc(tensors, sizeof *optim->clock);
    optim->active = lathe_alloc(tensors, sizeof *optim->active);
    optim->scratch = lathe_alloc(tensors, sizeof *optim->scratch);
    optim->first = lathe_alloc(chunks + 1, sizeof *optim->first);
    if (!optim->group_of || !optim->clock || !optim->active || !optim->scratch || !optim->first)
        return LATHE_ENOMEM;
    if (provide_scratch(optim)) return LATHE_ENOMEM;
    optim->pieces = lathe_alloc(cut_pieces(optim, NULL, NULL) + 1, sizeof *optim->pieces);
    if (!optim->pieces) return LATHE_ENOMEM;
    size_t count = cut_pieces(optim, optim->pieces, optim->first);
    /* Chunks behind the last piece are empty. */
    size_t used = count ? optim->pieces[count - 1].at / CHUNK + 1 : 0;
    for (size_t i = used; i <= chunks; i++) optim->first[i] = count;
    return LATHE_OK;
}

/* ---- life ---------------------------------------------------------------------------------------------- */

lathe_optim *lathe_optim_new(const lathe_optim_type *type, const lathe_params *params, const void *opts)
{
    if (!type) return lathe_fail_null("lathe_optim_new", "type"), NULL;
    if (check_params(params)) return NULL;
    lathe_optim *optim = lathe_alloc(1, sizeof *optim);
    if (!optim) return NULL;
    optim->type = type;
    if (find_rates(optim) || adopt_params(optim, params) || new_group(optim, opts)) {
        lathe_optim_free(optim);
        return NULL;
    }
    return optim;
}

void lathe_optim_free(lathe_optim *optim)
{
    if (!optim) return;
    optim->leaving = optim->held > 0;
    if (optim->leaving) {
        lathe_fail(LATHE_ESTATE,
            "lathe_optim_free: a scheduler holds the optimizer; free the scheduler first");
        return;
    }
    for (int i = 0; i < optim->group_count; i++) group_clear(&optim->groups[i]);
    for (int i = 0; i < LATHE_OPTIM_SLOTS; i++) lathe_free(optim->slot[i]);
    lathe_free(optim->groups);
    lathe_free(optim->group_of);
    lathe_free(optim->clock);
    lathe_free(optim->active);
    lathe_free(optim->scratch);
    lathe_free(optim->scratch_slab);
    lathe_free(optim->pieces);
    lathe_free(optim->first);
    lathe_free(optim);
}

static int number_of(const lathe_params *params, const lathe_tensor *tensor)
{
    for (int i = 0; i < params->count; i++)
        if (params->tensor[i] == tensor) return i;
    return -1;
}

/* Groups are made before the first step, and before a scheduler that would not know them. */
static lathe_status groups_may_change(const lathe_optim *optim, const char *who)
{
    if (optim->held)
        return lathe_fail(LATHE_ESTATE, "%s: a scheduler holds the optimizer; make groups before it", who);
    uint64_t steps = lathe_optim_steps(optim);
    if (steps)
        return lathe_fail(LATHE_ESTATE,
            "%s: the optimizer has made %" PRIu64 " steps; make groups before the first", who, steps);
    return LATHE_OK;
}

static lathe_status check_tensors(const lathe_optim *optim, const char *who, lathe_tensor *const *tensors,
    int count)
{
    if (!tensors) return lathe_fail_null(who, "tensors");
    if (count < 1) return lathe_fail(LATHE_EARG, "%s: %d tensors, at least 1 is needed", who, count);
    for (int i = 0; i < count; i++)
        if (number_of(optim->params, tensors[i]) < 0)
            return lathe_fail(LATHE_EARG, "%s: tensors[%d] (%s) is not one of the optimizer's %d parameters",
                who, i, tensors[i] && tensors[i]->name ? tensors[i]->name : "no name", optim->params->count);
    return LATHE_OK;
}

int lathe_optim_add_group(lathe_optim *optim, lathe_tensor *const *tensors, int count, const void *opts)
{
    if (!optim) return lathe_fail_null("lathe_optim_add_group", "optim"), -1;
    if (groups_may_change(optim, "lathe_optim_add_group") ||
        check_tensors(optim, "lathe_optim_add_group", tensors, count) || new_group(optim, opts))
        return -1;
    for (int i = 0; i < count; i++)
        optim->group_of[number_of(optim->params, tensors[i])] = optim->group_count - 1;
    return optim->group_count - 1;
}

/* What a group of moved tensors has that differs from its former group. */
typedef void change_fn(lathe_optim *optim, group *fresh, double value);

/* Move the marked tensors of each group to a group of their own, with the options of the former one. */
static lathe_status split_groups(lathe_optim *optim, const bool *marked, change_fn *change, double value)
{
    lathe_status status = LATHE_OK;
    const int tensors = optim->params->count;
    for (int from = 0, groups = optim->group_count; from < groups && !status; from++) {
        int first = 0;
        while (first < tensors && (!marked[first] || optim->group_of[first] != from)) first++;
        if (first == tensors) continue;
        if ((status = group_append(optim, optim->groups[from].made))) break;
        group *fresh = &optim->groups[optim->group_count - 1];
        fresh->factor = optim->groups[from].factor;
        change(optim, fresh, value);
        *option(optim->lr, fresh->opts) = *option(optim->lr, fresh->made) * fresh->factor;
        for (int i = first; i < tensors; i++)
            if (marked[i] && optim->group_of[i] == from) optim->group_of[i] = optim->group_count - 1;
    }
    return status;
}

static void set_decay(lathe_optim *optim, group *fresh, double value)
{
    const lathe_field *decay = lathe_fields_find(optim->type->fields, "weight_decay");
    *option(decay, fresh->opts) = *option(decay, fresh->made) = value;
}

static void scale_rate(lathe_optim *optim, group *fresh, double value)
{
    (void)optim;
    fresh->factor *= value;
}

lathe_status lathe_optim_decay_weights_only(lathe_optim *optim)
{
    if (!optim) return lathe_fail_null("lathe_optim_decay_weights_only", "optim");
    if (!lathe_fields_find(optim->type->fields, "weight_decay"))
        return lathe_fail(LATHE_EARG, "lathe_optim_decay_weights_only: %s has no weight_decay",
            optim->type->name);
    if (groups_may_change(optim, "lathe_optim_decay_weights_only")) return lathe_error();
    bool *marked = lathe_alloc((size_t)optim->params->count, sizeof *marked);
    for (int i = 0; marked && i < optim->params->count; i++)
        marked[i] = optim->params->tensor[i]->shape.rank < 2;
    lathe_status status = marked ? split_groups(optim, marked, set_decay, 0) : LATHE_ENOMEM;
    lathe_free(marked);
    return status;
}

lathe_status lathe_optim_scale_lr(lathe_optim *optim, lathe_tensor *const *tensors, int count, double factor)
{
    static const char who[] = "lathe_optim_scale_lr";
    if (!optim) return lathe_fail_null(who, "optim");
    if (!(factor > 0) || !isfinite(factor))
        return lathe_fail(LATHE_EARG, "%s: factor = %g is not legal: above 0 and finite", who, factor);
    if (groups_may_change(optim, who) || check_tensors(optim, who, tensors, count)) return lathe_error();
    bool *marked = lathe_alloc((size_t)optim->params->count, sizeof *marked);
    for (int i = 0; marked && i < count; i++) marked[number_of(optim->params, tensors[i])] = true;
    lathe_status status = marked ? split_groups(optim, marked, scale_rate, factor) : LATHE_ENOMEM;
    lathe_free(marked);
    return status;
}

/* ---- a step -------------------------------------------------------------------------------------------- */

void lathe_optim_zero_grad(lathe_optim *optim)
{
    if (!optim) return;
    for (int i = 0; i < optim->params->count; i++) optim->params->tensor[i]->has_grad = false;
}

static void update_piece(const lathe_optim *optim, const piece *here)
{
    if (!optim->active[here->tensor]) return;
    lathe_real *scratch = optim->scratch[here->tensor];
    lathe_update update = {
        .opts = optim->groups[optim->group_of[here->tensor]].opts,
        .clock = &optim->clock[here->tensor],
        .p = optim->params->data + here->at,
        .g = optim->params->grad + here->at,
        .count = here->count,
        .kernels = lathe_context_kernels(optim->context),
        .shape = scratch ? &optim->params->tensor[here->tensor]->shape : NULL,
        .scratch = scratch,
    };
    for (int s = 0; s < LATHE_OPTIM_SLOTS; s++)
        update.slot[s] = optim->slot[s] ? optim->slot[s] + here->at : NULL;
    optim->type->update(&update);
}

/* The first tasks are the tensors, each if it is updated as a whole; then come the chunks. */
static void update_task(void *context, int task)
{
    const lathe_optim *optim = context;
    const lathe_params *params = optim->params;
    int chunk = task - params->count;
    if (chunk < 0) {
        const lathe_tensor *tensor = params->tensor[task];
        if (optim->scratch[task])
            update_piece(optim, &(piece){ (size_t)(tensor->data - params->data), numbers_in(tensor), task });
        return;
    }
    for (size_t i = optim->first[chunk]; i < optim->first[chunk + 1]; i++)
        update_piece(optim, &optim->pieces[i]);
}

lathe_status lathe_optim_step(lathe_optim *optim)
{
    if (!optim) return lathe_fail_null("lathe_optim_step", "optim");
    const lathe_params *params = optim->params;
    if (params->size != optim->size || !params->data || !params->grad)
        return lathe_fail(LATHE_ESTATE,
            "lathe_optim_step: the parameters are %zu numbers, the optimizer was made for %zu",
            params->data ? params->size : 0, optim->size);
    int active = 0;
    for (int i = 0; i < params->count; i++) {
        if (params->tensor[i]->needs_grad && params->tensor[i]->has_grad && params->tensor[i]->mixed)
            return lathe_fail(LATHE_ESTATE,
                "lathe_optim_step: the gradient of %s was added to that of an earlier step; call "
                "lathe_optim_zero_grad after each step",
                params->tensor[i]->name ? params->tensor[i]->name : "a parameter");
        optim->active[i] = params->tensor[i]->needs_grad && params->tensor[i]->has_grad;
        active += optim->active[i];
    }
    if (!active)
        return lathe_fail(LATHE_ESTATE,
            "lathe_optim_step: 0 of %d parameters have a gradient; call lathe_backward first", params->count);
    for (int i = 0; i < params->count; i++) {
        if (!optim->active[i]) continue;
        params->tensor[i]->stepped = true;
        optim->clock[i].step++;
        if (optim->type->advance)
            optim->type->advance(optim->groups[optim->group_of[i]].opts, &optim->clock[i]);
    }
    lathe_parallel(optim->context, params->count + optim->chunks, update_task, optim);
    return LATHE_OK;
}

void lathe_optim_set_context(lathe_optim *optim, lathe_context *context)
{
    if (optim) optim->context = context;
}

lathe_context *lathe_optim_context(const lathe_optim *optim)
{
    return optim && optim->context ? optim->context : lathe_context_default();
}

/* ---- looking at it ------------------------------------------------------------------------------------- */

const lathe_optim_type *lathe_optim_type_of(const lathe_optim *optim) { return optim ? optim->type : NULL; }

int lathe_optim_groups(const lathe_optim *optim) { return optim ? optim->group_count : 0; }

const lathe_params *lathe_optim_params(const lathe_optim *optim) { return optim ? optim->params : NULL; }

const void *lathe_optim_opts(const lathe_optim *optim, int number)
{
    return optim && has_group(optim, number) ? optim->groups[number].opts : NULL;
}

const void *lathe_optim_made(const lathe_optim *optim, int number)
{
    return optim && has_group(optim, number) ? optim->groups[number].made : NULL;
}

int lathe_optim_group_of(const lathe_optim *optim, int tensor)
{
    return optim && tensor >= 0 && tensor < optim->params->count ? optim->group_of[tensor] : -1;
}

double lathe_optim_lr_factor(const lathe_optim *optim, int number)
{
    return optim && has_group(optim, number) ? optim->groups[number].factor : 0;
}

double lathe_optim_lr(const lathe_optim *optim, int number)
{
    return optim && has_group(optim, number) ? *option(optim->lr, optim->groups[number].opts) : 0;
}

double lathe_optim_momentum(const lathe_optim *optim, int number)
{
    bool known = optim && has_group(optim, number) && optim->momentum;
    return known ? *option(optim->momentum, optim->groups[number].opts) : 0;
}

lathe_momentum_kind lathe_optim_momentum_kind(const lathe_optim *optim)
{
    if (!optim || !optim->momentum) return LATHE_NO_MOMENTUM;
    return optim->momentum->count == 2 ? LATHE_BETA1 : LATHE_MOMENTUM;
}

void lathe_optim_set_lr(lathe_optim *optim, int number, double lr)
{
    if (optim && has_group(optim, number)) *option(optim->lr, optim->groups[number].opts) = lr;
}

void lathe_optim_set_momentum(lathe_optim *optim, int number, double momentum)
{
    if (optim && has_group(optim, number) && optim->momentum)
        *option(optim->momentum, optim->groups[number].opts) = momentum;
}

uint64_t lathe_optim_steps(const lathe_optim *optim)
{
    uint64_t most = 0;
    for (int i = 0; optim && i < optim->params->count; i++)
        if (optim->clock[i].step > most) most = optim->clock[i].step;
    return most;
}

int lathe_optim_hold(lathe_optim *optim, int change)
{
    if (!optim) return 0;
    int held = optim->held += change;
    if (held <= 0 && optim->leaving) lathe_optim_free(optim);
    return held;
}

lathe_real *lathe_optim_slot(lathe_optim *optim, int slot)
{
    return optim && slot >= 0 && slot < LATHE_OPTIM_SLOTS ? optim->slot[slot] : NULL;
}

lathe_optim_clock *lathe_optim_clock_of(lathe_optim *optim, int tensor)
{
    return optim && tensor >= 0 && tensor < optim->params->count ? &optim->clock[tensor] : NULL;
}

/* ---- by name ------------------------------------------------------------------------------------------- */

/* The base reads and writes the learning rate of any type. */
static lathe_status check_type(const lathe_registry *registry, const void *object)
{
    const lathe_optim_type *type = object;
    if (!type->update) return lathe_registry_refuse(registry, type, "update is NULL");
    lathe_status status = lathe_registry_check_fields(registry, type, type->fields, type->opts_size);
    if (status) return status;
    const lathe_field *lr = lathe_fields_find(type->fields, "lr");
    if (!lr || lr->kind != LATHE_FIELD_DOUBLE || lr->count > 1)
        return lathe_registry_refuse(registry, type, "its fields have no \"lr\", one double");
    return LATHE_OK;
}

extern const void *const lathe_optim_types[]; /* made by cmake/registry.cmake */

static lathe_registry registry = { .kind = "optimizer",
    .prefix = "lathe_optim",
    .table = lathe_optim_types,
    .check = check_type };

const lathe_optim_type *lathe_optim_at(int index) { return lathe_registry_at(&registry, index); }

const lathe_optim_type *lathe_optim_find(const char *name) { return lathe_registry_find(&registry, name); }

lathe_status lathe_optim_register(const lathe_optim_type *type)
{
    return lathe_registry_add(&registry, type);
}
