#include "broadcast_impl.h"

#include <string.h>

#include "../alloc.h"
#include "batch_sum_impl.h"

bool lathe_broadcasts(const lathe_tensor *large, const lathe_tensor *small, lathe_shape *aligned)
{
    const lathe_shape *a = &large->shape, *b = &small->shape;
    bool plain = large->layout == LATHE_PLAIN, channel = !plain && b->rank == 1 && a->rank > 1;
    if (small->layout != LATHE_PLAIN && (small->layout != large->layout || b->rank != a->rank)) return false;
    if (b->rank > a->rank) return false;
    int before = channel ? 1 : a->rank - b->rank;
    *aligned = (lathe_shape){ a->rank, { 0 } };
    for (int i = 0; i < a->rank; i++) {
        int at = i - before;
        aligned->dim[i] = at < 0 || at >= b->rank ? 1 : b->dim[at];
        if (aligned->dim[i] != 1 && aligned->dim[i] != a->dim[i]) return false;
    }
    return true;
}

static int lane_of(lathe_layout layout, int rank)
{
    if (layout == LATHE_PLAIN || !rank) return -1;
    return layout == LATHE_CHANNELS ? 1 : 0;
}

static size_t places_in(const lathe_broadcast *b, const lathe_shape *shape, int dimension)
{
    size_t count = (size_t)shape->dim[dimension];
    return dimension == b->lane ? (count - 1) / LATHE_LANES + 1 : count;
}

/*
 * The longest run of at most LATHE_GRAIN numbers in which the form stands still, or moves on. It does not
 * cross the first `outer` dimensions.
 */
static void find_run(lathe_broadcast *b, int outer)
{
    const lathe_shape *large = &b->large->shape;
    bool known = false;
    b->run = 1;
    for (b->inner = large->rank; b->inner > outer; b->inner--) {
        int i = b->inner - 1;
        bool one = b->step[i] == 0;
        if (b->splat && i == b->lane) break;
        if (b->size[i] > 1 && known && one != b->one) break;
        if (b->run * b->size[i] * LATHE_LANES > LATHE_GRAIN && b->run > 1) break;
        if (b->size[i] > 1 && !known) known = true, b->one = one;
        b->run *= b->size[i];
    }
    if (b->run == 1) b->one = true;
    b->runs = 1;
    for (int i = 0; i < b->inner; i++) b->runs *= b->size[i];
}

lathe_broadcast lathe_broadcast_of(const lathe_tensor *large, const lathe_tensor *small, lathe_shape aligned)
{
    lathe_broadcast b = { .large = large,
        .small = small,
        .like = { .shape = aligned, .layout = large->layout },
        .lane = lane_of(large->layout, large->shape.rank) };
    const lathe_shape *wide = &large->shape;
    b.splat = b.lane >= 0 && aligned.dim[b.lane] == 1 && wide->dim[b.lane] > 1;
    size_t step = 1;
    for (int i = wide->rank - 1; i >= 0; i--) {
        b.size[i] = places_in(&b, wide, i);
        b.step[i] = aligned.dim[i] == 1 ? 0 : step;
        step *= places_in(&b, &aligned, i);
    }
    b.like.stored = step * (b.lane < 0 ? 1 : LATHE_LANES);
    b.direct = !b.splat && small->layout == large->layout && small->stored == b.like.stored &&
        (b.lane >= 0 || small->stored == large->stored);
    if (b.lane >= 0) find_run(&b, 0);
    return b;
}

/* ---- the form ------------------------------------------------------------------------------------------ */

void lathe_plain_next(const lathe_broadcast *b, lathe_plain_walk *walk)
{
    const lathe_shape *wide = &b->large->shape, *narrow = &b->like.shape;
    size_t step = 1;
    for (int i = wide->rank - 1; i >= 0; i--) {
        if (narrow->dim[i] > 1) walk->small += step;
        if (++walk->index[i] < wide->dim[i]) return;
        if (narrow->dim[i] > 1) walk->small -= step * (size_t)narrow->dim[i];
        walk->index[i] = 0;
        step *= (size_t)narrow->dim[i];
    }
}

const lathe_real *lathe_broadcast_form(const lathe_broadcast *b, lathe_node *node, const lathe_real *numbers)
{
    if (b->direct) return numbers;
    size_t stored = b->lane < 0 ? b->large->stored : b->like.stored;
    lathe_real *form = lathe_tape_work(node->tape, stored, sizeof *form);
    if (!form) return NULL;
    if (b->lane < 0) {
        lathe_plain_walk walk = { 0 };
        for (size_t i = 0; i < stored; i++, lathe_plain_next(b, &walk)) form[i] = numbers[walk.small];
        return form;
    }
    memset(form, 0, stored * sizeof *form);
    size_t count = lathe_shape_count(&b->like.shape);
    for (size_t i = 0; i < count; i++) {
        lathe_real *at = form + lathe_tensor_place(&b->like, i),
                   number = numbers[lathe_tensor_place(b->small, i)];
        for (int lane = 0; lane < (b->splat ? LATHE_LANES : 1); lane++) at[lane] = number;
    }
    return form;
}

void lathe_broadcast_give(const lathe_broadcast *b, const lathe_real *form, lathe_real *to, bool add)
{
    size_t count = lathe_shape_count(&b->like.shape);
    if (!add) memset(to, 0, b->small->stored * sizeof *to);
    for (size_t i = 0; i < count; i++) {
        const lathe_real *at = form + lathe_tensor_place(&b->like, i);
        double sum = 0;
        for (int lane = 0; lane < (b->splat ? LATHE_LANES : 1); lane++) sum += (double)at[lane];
        to[lathe_tensor_place(b->small, i)] += (lathe_real)sum;
    }
}

/* ---- runs and units ------------------------------------------------------------------------------------ */

/* The run at these indices of the outer dimensions. */
static lathe_run run_at(const lathe_broadcast *b, const size_t index[LATHE_MAX_RANK])
{
    size_t large = 0, form = 0;
    for (int i = 0; i < b->inner; i++) {
        large = large * b->size[i] + index[i];
        form += index[i] * b->step[i];
    }
    lathe_run run = { large * b->run * LATHE_LANES, form * LATHE_LANES, b->run * LATHE_LANES, b->one,
        LATHE_LANES };
    if (b->splat && index[b->lane] == b->size[b->lane] - 1)
        run.lanes = (b->large->shape.dim[b->lane] - 1) % LATHE_LANES + 1;
    return run;
}

typedef struct runs_job {
    const lathe_broadcast *b;
    lathe_run_fn *run;
    lathe_unit_fn *unit;
    void *job;
    size_t over;        /* runs of a unit */
    size_t units;       /* of a micro-batch, or of all */
    size_t leaf_places; /* of the first dimension that a micro-batch has; 0: units are of all pictures */
} runs_job;

static void do_plain_run(void *context, size_t begin, size_t end)
{
    const runs_job *job = context;
    job->run(job->job, &(lathe_run){ begin, begin, end - begin, false, LATHE_LANES });
}

static void do_runs(void *context, size_t begin, size_t end)
{
    const runs_job *job = context;
    const lathe_broadcast *b = job->b;
    for (size_t n = begin; n < end; n++) {
        size_t index[LATHE_MAX_RANK] = { 0 }, left = n;
        for (int i = b->inner - 1; i >= 0; left /= b->size[i--]) index[i] = left % b->size[i];
        lathe_run run = run_at(b, index);
        job->run(job->job, &run);
    }
}

void lathe_broadcast_runs(const lathe_broadcast *b, lathe_node *node, lathe_run_fn *run, void *job)
{
    runs_job runs = { .b = b, .run = run, .job = job };
    if (b->lane < 0) lathe_parallel_ranges(node->context, b->large->stored, do_plain_run, &runs);
    else lathe_parallel_pieces(node->context, b->runs, b->run * LATHE_LANES, do_runs, &runs);
}

bool lathe_unit_next(lathe_unit *unit, lathe_run *run)
{
    const lathe_broadcast *b = unit->b;
    if (unit->done == unit->all) return false;
    *run = run_at(b, unit->index);
    unit->done++;
    for (int i = b->inner - 1; i >= 0; i--) {
        if (b->step[i]) continue;
        if (++unit->index[i] < b->size[i]) break;
        unit->index[i] = 0;
    }
    return true;
}

static void do_units(void *context, size_t begin, size_t end)
{
    const runs_job *job = context;
    const lathe_broadcast *b = job->b;
    for (size_t n = begin; n < end; n++) {
        lathe_unit unit = { .b = b, .leaf = n / job->units, .all = job->over };
        size_t left = n % job->units;
        for (int i = b->inner - 1; i >= 0; i--) {
            if (!b->step[i]) continue;
            unit.index[i] = left % b->size[i];
            left /= b->size[i];
            unit.form += unit.index[i] * b->step[i] * LATHE_LANES;
        }
        if (job->leaf_places) {
            size_t first = unit.index[0] = unit.leaf * job->leaf_places, places = b->size[0] - first;
            unit.all *= places < job->leaf_places ? places : job->leaf_places;
        }
        job->unit(job->job, &unit);
    }
}

/* Dimensions before the first one of which units have all places are `outer`. */
static runs_job units_of(const lathe_broadcast *b, lathe_unit_fn *unit, void *job, int outer)
{
    runs_job units = { .b = b, .unit = unit, .job = job, .over = 1, .units = 1 };
    for (int i = outer; i < b->inner; i++) *(b->step[i] ? &units.units : &units.over) *= b->size[i];
    return units;
}

void lathe_broadcast_units(const lathe_broadcast *b, lathe_node *node, lathe_unit_fn *unit, void *job)
{
    runs_job units = units_of(b, unit, job, 0);
    lathe_parallel_pieces(node->context, units.units, units.over * b->run * LATHE_LANES, do_units, &units);
}

/* ---- sums ---------------------------------------------------------------------------------------------- */

typedef struct sum_job {
    const lathe_element_kernels *element;
    const lathe_real *x, *times;
    lathe_real factor, *form;
    bool add;
    size_t compact; /* numbers of a micro-batch's sums, without the lanes that are added up */
} sum_job;

/* to (+)= factor * x but for tail lanes. */
static void add_lanes(const sum_job *job, const lathe_run *run, lathe_real *to, bool add)
{
    const lathe_real *x = job->x + run->large;
    for (size_t i = 0; i < run->count; i++)
        if ((int)(i % LATHE_LANES) < run->lanes) to[i] = job->factor * x[i] + (add ? to[i] : 0);
        else if (!add) to[i] = 0;
}

/* The form moves on with the numbers: whole runs are added to it. */
static void sum_of_runs(const sum_job *job, lathe_unit *unit, lathe_run *run)
{
    lathe_real *to = job->form + unit->form;
    bool add = job->add;
    do {
        const lathe_real *x = job->x + run->large;
        if (job->times) job->element->mul(run->count, x, job->times + run->large, to, add);
        else if (run->lanes < LATHE_LANES) add_lanes(job, run, to, add);
        else job->element->scale(run->count, job->factor, x, to, add);
        add = true;
    } while (lathe_unit_next(unit, run));
}

/* One place of the form meets all numbers of these runs: the sum of each lane. */
static void sum_of_sixteens(const sum_job *job, lathe_unit *unit, lathe_run *run, double total[LATHE_LANES])
{
    lathe_real sixteen[LATHE_LANES];
    do {
        job->element->sum_sixteens(run->count, job->x + run->large,
            job->times ? job->times + run->large : NULL, sixteen);
        for (int lane = 0; lane < run->lanes; lane++) total[lane] += (double)sixteen[lane];
    } while (lathe_unit_next(unit, run));
}

static void sum_unit(void *context, lathe_unit *unit)
{
    const sum_job *job = context;
    double total[LATHE_LANES] = { 0 };
    lathe_run run;
    lathe_unit_next(unit, &run);
    if (!run.one) {
        sum_of_runs(job, unit, &run);
        return;
    }
    sum_of_sixteens(job, unit, &run, total);
    lathe_real *to = job->form + unit->form;
    for (int lane = 0; lane < LATHE_LANES; lane++)
        to[lane] = (lathe_real)(total[lane] * (double)job->factor) + (job->add ? to[lane] : 0);
}

/* Plain numbers, one by one. */
static void sum_plain(const lathe_broadcast *b, lathe_node *node, const sum_job *job, lathe_real *to)
{
    size_t count = b->small->stored;
    double *total = lathe_tape_work(node->tape, count, sizeof *total);
    if (!total) return;
    memset(total, 0, count * sizeof *total);
    lathe_plain_walk walk = { 0 };
    for (size_t i = 0; i < b->large->stored; i++, lathe_plain_next(b, &walk))
        total[walk.small] += (double)job->x[i] * (job->times ? (double)job->times[i] : 1);
    for (size_t i = 0; i < count; i++)
        to[i] = (lathe_real)(total[i] * (double)job->factor) + (job->add ? to[i] : 0);
}

void lathe_broadcast_sum(const lathe_broadcast *b, lathe_node *node, const lathe_real *x,
    const lathe_real *times, double factor, lathe_real *to, bool add)
{
    sum_job job = { .element = node->kernels->element,
        .x = x,
        .times = times,
        .factor = (lathe_real)factor,
        .form = to,
        .add = add };
    if (b->lane < 0) {
        sum_plain(b, node, &job, to);
        return;
    }
    if (!b->direct) {
        job.add = false;
        if (!(job.form = lathe_tape_work(node->tape, b->like.stored, sizeof *job.form))) return;
    }
    lathe_broadcast_units(b, node, sum_unit, &job);
    if (!b->direct) lathe_broadcast_give(b, job.form, to, add);
}

/* ---- sums over the batch ------------------------------------------------------------------------------- */

/* Each place of the form has one number for all lanes, and moves on with the numbers. */
static void sum_of_places(const sum_job *job, lathe_unit *unit, lathe_run *run, lathe_real *to)
{
    bool add = false;
    do {
        job->element->sum_each(run->count / LATHE_LANES, run->lanes, job->x + run->large,
            job->times ? job->times + run->large : NULL, to, add);
        add = true;
    } while (lathe_unit_next(unit, run));
}

static void leaf_unit(void *context, lathe_unit *unit)
{
    const sum_job *job = context;
    sum_job one = *job;
    bool splat = unit->b->splat;
    double total[LATHE_LANES] = { 0 }, sum = 0;
    lathe_run run;
    one.form += unit->leaf * job->compact;
    lathe_real *to = one.form + unit->form / (splat ? LATHE_LANES : 1);
    lathe_unit_next(unit, &run);
    if (!run.one) {
        if (splat) sum_of_places(job, unit, &run, to);
        else sum_of_runs(&one, unit, &run);
        return;
    }
    sum_of_sixteens(job, unit, &run, total);
    for (int lane = 0; lane < LATHE_LANES; lane++) sum += total[lane];
    if (splat) *to = (lathe_real)sum;
    else
        for (int lane = 0; lane < LATHE_LANES; lane++) to[lane] = (lathe_real)total[lane];
}

/* The sums of micro-batches, [leaves][compact]. */
typedef struct leaves_job {
    lathe_broadcast b;
    const lathe_real *sums;
    size_t compact;
} leaves_job;

static void take_leaf(const void *context, int leaf, int part, lathe_real *sum, bool add)
{
    (void)part;
    const leaves_job *job = context;
    const lathe_real *from = job->sums + (size_t)leaf * job->compact;
    for (size_t i = 0; i < job->compact; i++) sum[i] = from[i] + (add ? sum[i] : 0);
}

static void finish(const void *context, const lathe_real *sum, lathe_real *grad, bool add)
{
    const lathe_broadcast *b = &((const leaves_job *)context)->b;
    size_t count = lathe_shape_count(&b->like.shape), lanes = b->splat ? LATHE_LANES : 1;
    if (!add) memset(grad, 0, b->small->stored * sizeof *grad);
    for (size_t i = 0; i < count; i++)
        grad[lathe_tensor_place(b->small, i)] += sum[lathe_tensor_place(&b->like, i) / lanes];
}

/* The sums of each micro-batch, [leaves][job->compact]; `b` becomes their form. NULL without memory. */
static const lathe_real *leaf_sums(lathe_broadcast *b, lathe_node *node, sum_job *job)
{
    size_t leaves = (size_t)lathe_tensor_blocks(b->large);
    b->splat = b->splat || b->lane == 0; /* a micro-batch of one picture, too */
    find_run(b, 1);
    job->compact = b->splat ? b->like.stored / LATHE_LANES : b->like.stored;
    if (!(job->form = lathe_tape_work(node->tape, lathe_times(leaves, job->compact), sizeof *job->form)))
        return NULL;
    runs_job units = units_of(b, leaf_unit, job, 1);
    units.leaf_places = b->lane == 0 ? 1 : LATHE_MICRO_BATCH;
    lathe_parallel_pieces(node->context, leaves * units.units,
        units.over * units.leaf_places * b->run * LATHE_LANES, do_units, &units);
    return job->form;
}

/* Whether each number of the small one meets numbers of all pictures. */
static bool is_of_batch(const lathe_broadcast *b)
{
    return b->lane >= 0 && b->like.shape.dim[0] == 1 &&
        (!b->small->sharded || lathe_whole_batch(b->large) == 1);
}

void lathe_broadcast_gradient(const lathe_broadcast *b, lathe_node *node, int input, const lathe_real *x,
    const lathe_real *times)
{
    if (!lathe_needs_gradient(node, input)) return;
    if (!is_of_batch(b)) {
        bool add;
        lathe_real *grad = lathe_grad_target(node->tape, node->in[input], &add);
        if (grad) lathe_broadcast_sum(b, node, x, times, 1, grad, add);
        return;
    }
    lathe_broadcast form = *b;
    sum_job job = { .element = node->kernels->element, .x = x, .times = times, .factor = 1 };
    const lathe_real *sums = leaf_sums(&form, node, &job);
    if (!sums) return;
    bool as_they_are = form.splat && b->small->layout == LATHE_PLAIN;
    leaves_job leaves = { form, sums, job.compact };
    lathe_batch_gradient(node,
        &(lathe_batch_sum){ .input = input,
            .parts = 1,
            .part_size = job.compact,
            .leaf = take_leaf,
            .finish = as_they_are ? NULL : finish,
            .job = &leaves,
            .job_size = sizeof leaves,
            .work = (double)job.compact });
}
