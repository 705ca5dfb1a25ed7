#include "broadcast_impl.h"

#include <string.h>

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

/* The longest run of at most LATHE_GRAIN numbers in which the form stands still, or moves on. */
static void find_run(lathe_broadcast *b)
{
    const lathe_shape *large = &b->large->shape;
    bool known = false;
    b->run = 1;
    for (b->inner = large->rank; b->inner > 0; b->inner--) {
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
    if (b.lane >= 0) find_run(&b);
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
    size_t over; /* runs of a unit */
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
        lathe_unit unit = { .b = b, .all = job->over };
        size_t left = n;
        for (int i = b->inner - 1; i >= 0; i--) {
            if (!b->step[i]) continue;
            unit.index[i] = left % b->size[i];
            left /= b->size[i];
            unit.form += unit.index[i] * b->step[i] * LATHE_LANES;
        }
        job->unit(job->job, &unit);
    }
}

void lathe_broadcast_units(const lathe_broadcast *b, lathe_node *node, lathe_unit_fn *unit, void *job)
{
    runs_job units = { .b = b, .unit = unit, .job = job, .over = 1 };
    for (int i = 0; i < b->inner; i++)
        if (!b->step[i]) units.over *= b->size[i];
    lathe_parallel_pieces(node->context, b->runs / units.over, units.over * b->run * LATHE_LANES, do_units,
        &units);
}

/* ---- sums ---------------------------------------------------------------------------------------------- */

typedef struct sum_job {
    const lathe_element_kernels *element;
    const lathe_real *x, *times;
    lathe_real factor, *form;
    bool add;
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

static void sum_unit(void *context, lathe_unit *unit)
{
    const sum_job *job = context;
    lathe_real sixteen[LATHE_LANES];
    double total[LATHE_LANES] = { 0 };
    lathe_run run;
    lathe_unit_next(unit, &run);
    if (!run.one) {
        sum_of_runs(job, unit, &run);
        return;
    }
    do {
        job->element->sum_sixteens(run.count, job->x + run.large, job->times ? job->times + run.large : NULL,
            sixteen);
        for (int lane = 0; lane < run.lanes; lane++) total[lane] += (double)sixteen[lane];
    } while (lathe_unit_next(unit, &run));
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
