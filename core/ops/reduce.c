#include "reduce.h"

#include <math.h>
#include <string.h>

#include "batch_sum_impl.h"
#include "broadcast_impl.h"

/* `dims` is checked with x's shape. */
static const lathe_field fields[] = {
    { .name = "count",
        .kind = LATHE_FIELD_INT,
        .offset = offsetof(lathe_reduce_opts, count),
        .min = 1,
        .max = LATHE_MAX_RANK,
        .required = true },
    { .name = "keepdim", .kind = LATHE_FIELD_BOOL, .offset = offsetof(lathe_reduce_opts, keepdim) },
    { 0 },
};

/* x's shape with 1 where it is reduced. Fails for a dimension that is not there, or is given twice. */
static bool reduced_shape(const lathe_node *node, lathe_shape *shape, bool gone[LATHE_MAX_RANK])
{
    const lathe_reduce_opts *a = node->attributes;
    char text[LATHE_SHAPE_TEXT];
    *shape = node->in[0]->shape;
    for (int i = 0; i < a->count; i++) {
        int at = a->dims[i] < 0 ? a->dims[i] + shape->rank : a->dims[i];
        if (at < 0 || at >= shape->rank)
            return lathe_op_fail(node, LATHE_EARG, "x is %s, without dimension %d",
                lathe_shape_text(&node->in[0]->shape, text), a->dims[i]);
        if (gone[at]) return lathe_op_fail(node, LATHE_EARG, "dimension %d is given twice", at);
        gone[at] = true;
        shape->dim[at] = 1;
    }
    return !gone[0] || !node->in[0]->sharded ||
        lathe_op_fail(node, LATHE_ESTATE,
            "dimension 0 mixes the pictures of a batch, and this process has %d of %d",
            node->in[0]->shape.dim[0], lathe_whole_batch(node->in[0]));
}

static bool reduce_shape(lathe_node *node, lathe_result *result)
{
    bool gone[LATHE_MAX_RANK] = { false };
    lathe_shape kept;
    if (!reduced_shape(node, &kept, gone)) return false;
    result->shape = kept;
    if (((const lathe_reduce_opts *)node->attributes)->keepdim) return true;
    result->shape.rank = 0;
    for (int i = 0; i < kept.rank; i++)
        if (!gone[i]) result->shape.dim[result->shape.rank++] = kept.dim[i];
    if (result->layout != LATHE_PLAIN) result->layout = gone[0] ? LATHE_PLAIN : LATHE_BATCHED;
    return true;
}

static lathe_broadcast broadcast_of(const lathe_node *node)
{
    bool gone[LATHE_MAX_RANK] = { false };
    lathe_shape kept;
    reduced_shape(node, &kept, gone);
    return lathe_broadcast_of(node->in[0], node->out, kept);
}

/* ---- mean ---------------------------------------------------------------------------------------------- */

static double share_of(const lathe_node *node)
{
    return (double)lathe_shape_count(&node->out->shape) / (double)lathe_shape_count(&node->in[0]->shape);
}

static void mean_forward(lathe_node *node)
{
    lathe_broadcast b = broadcast_of(node);
    lathe_broadcast_sum(&b, node, node->in[0]->data, NULL, share_of(node), node->out->data, false);
}

typedef struct spread_job {
    const lathe_element_kernels *element;
    const lathe_real *form;
    lathe_real factor, *gx;
    bool add;
} spread_job;

/* gx (+)= factor * the form; 0 in tail lanes */
static void spread_run(void *context, const lathe_run *run)
{
    const spread_job *job = context;
    const lathe_real *form = job->form + run->form;
    lathe_real *gx = job->gx + run->large;
    _Alignas(LATHE_LANES * sizeof(lathe_real)) lathe_real sixteen[LATHE_LANES];
    if (run->one) {
        for (int lane = 0; lane < LATHE_LANES; lane++)
            sixteen[lane] = lane < run->lanes ? job->factor * form[lane] : 0;
        job->element->copy_sixteen(run->count, sixteen, gx, job->add);
    } else if (run->lanes == LATHE_LANES) job->element->scale(run->count, job->factor, form, gx, job->add);
    else
        for (size_t i = 0; i < run->count; i++) {
            lathe_real g = (int)(i % LATHE_LANES) < run->lanes ? job->factor * form[i] : 0;
            gx[i] = job->add ? gx[i] + g : g;
        }
}

static void mean_backward(lathe_node *node)
{
    spread_job job = { .element = node->kernels->element, .factor = (lathe_real)share_of(node) };
    if (!(job.gx = lathe_grad_target(node->tape, node->in[0], &job.add))) return;
    lathe_broadcast b = broadcast_of(node);
    if ((job.form = lathe_broadcast_form(&b, node, node->out->grad)))
        lathe_broadcast_runs(&b, node, spread_run, &job);
}

const lathe_op lathe_mean_dims_op = {
    .name = "mean_dims",
    .in = { { .name = "x" } },
    .fields = fields,
    .attributes_size = sizeof(lathe_reduce_opts),
    .layout = lathe_layout_kept,
    .shape = reduce_shape,
    .forward = mean_forward,
    .backward = mean_backward,
};

/* ---- maximum ------------------------------------------------------------------------------------------- */

typedef struct max_job {
    const lathe_broadcast *b;
    const lathe_real *x;
    lathe_real *most; /* forms: the maximum, */
    const lathe_real *gy;
    lathe_real *equal; /* and how many numbers are equal to it */
    lathe_real *gx;
    bool add;
} max_job;

static bool is_tail(const lathe_run *run, size_t i) { return (int)(i % LATHE_LANES) >= run->lanes; }

/* The number of the form, from the unit's first one on, that number i of the run meets. */
static size_t met_by(const lathe_run *run, size_t i) { return run->one ? i % LATHE_LANES : i; }

static lathe_real larger(lathe_real a, lathe_real b) { return b > a || b != b ? b : a; }

static size_t width_of(const lathe_broadcast *b) { return (b->one ? 1 : b->run) * LATHE_LANES; }

/* With one number for all lanes, it comes into the first, and the others become 0. */
static void max_unit(void *context, lathe_unit *unit)
{
    const max_job *job = context;
    lathe_real *most = job->most + unit->form;
    size_t width = width_of(job->b);
    lathe_run run;
    for (size_t k = 0; k < width; k++) most[k] = -(lathe_real)INFINITY;
    while (lathe_unit_next(unit, &run))
        for (size_t i = 0; i < run.count; i++)
            if (!is_tail(&run, i)) {
                lathe_real *at = &most[met_by(&run, i)];
                *at = larger(*at, job->x[run.large + i]);
            }
    for (size_t k = 0; job->b->splat && k < width; k++) {
        size_t first = k - k % LATHE_LANES;
        if (k == first) continue;
        most[first] = larger(most[first], most[k]);
        most[k] = 0;
    }
}

static void max_forward(lathe_node *node)
{
    lathe_broadcast b = broadcast_of(node);
    lathe_real *y = node->out->data;
    max_job job = { .b = &b, .x = node->in[0]->data, .most = y };
    if (b.lane < 0) {
        lathe_plain_walk walk = { 0 };
        for (size_t i = 0; i < node->out->stored; i++) y[i] = -(lathe_real)INFINITY;
        for (size_t i = 0; i < b.large->stored; i++, lathe_plain_next(&b, &walk))
            y[walk.small] = larger(y[walk.small], job.x[i]);
        return;
    }
    if (!b.direct && !(job.most = lathe_tape_work(node->tape, b.like.stored, sizeof *job.most))) return;
    lathe_broadcast_units(&b, node, max_unit, &job);
    if (!b.direct) lathe_broadcast_give(&b, job.most, y, false);
}

static void max_backward_unit(void *context, lathe_unit *unit)
{
    const max_job *job = context;
    const lathe_real *most = job->most + unit->form, *gy = job->gy + unit->form;
    lathe_real *equal = job->equal + unit->form;
    size_t width = width_of(job->b);
    lathe_unit again = *unit;
    lathe_run run;
    memset(equal, 0, width * sizeof *equal);
    while (lathe_unit_next(unit, &run))
        for (size_t i = 0; i < run.count; i++)
            if (!is_tail(&run, i)) equal[met_by(&run, i)] += job->x[run.large + i] == most[met_by(&run, i)];
    for (size_t first = 0; job->b->splat && first < width; first += LATHE_LANES) {
        lathe_real sum = 0;
        for (size_t k = 0; k < LATHE_LANES; k++) sum += equal[first + k];
        for (size_t k = 0; k < LATHE_LANES; k++) equal[first + k] = sum;
    }
    while (lathe_unit_next(&again, &run))
        for (size_t i = 0; i < run.count; i++) {
            size_t k = met_by(&run, i), at = run.large + i;
            lathe_real g = !is_tail(&run, i) && job->x[at] == most[k] ? gy[k] / equal[k] : 0;
            job->gx[at] = job->add ? job->gx[at] + g : g;
        }
}

static void max_backward_plain(const max_job *job, const lathe_tensor *y)
{
    lathe_plain_walk walk = { 0 };
    memset(job->equal, 0, y->stored * sizeof *job->equal);
    for (size_t i = 0; i < job->b->large->stored; i++, lathe_plain_next(job->b, &walk))
        job->equal[walk.small] += job->x[i] == y->data[walk.small];
    walk = (lathe_plain_walk){ 0 };
    for (size_t i = 0; i < job->b->large->stored; i++, lathe_plain_next(job->b, &walk)) {
        size_t k = walk.small;
        lathe_real g = job->x[i] == y->data[k] ? y->grad[k] / job->equal[k] : 0;
        job->gx[i] = job->add ? job->gx[i] + g : g;
    }
}

static void max_backward(lathe_node *node)
{
    lathe_broadcast b = broadcast_of(node);
    max_job job = { .b = &b, .x = node->in[0]->data };
    if (!(job.gx = lathe_grad_target(node->tape, node->in[0], &job.add))) return;
    if (!(job.equal = lathe_tape_work(node->tape, b.like.stored, sizeof *job.equal))) return;
    if (b.lane < 0) {
        max_backward_plain(&job, node->out);
        return;
    }
    job.most = (lathe_real *)(uintptr_t)lathe_broadcast_form(&b, node, node->out->data);
    job.gy = lathe_broadcast_form(&b, node, node->out->grad);
    if (job.most && job.gy) lathe_broadcast_units(&b, node, max_backward_unit, &job);
}

const lathe_op lathe_max_dims_op = {
    .name = "max_dims",
    .in = { { .name = "x" } },
    .fields = fields,
    .attributes_size = sizeof(lathe_reduce_opts),
    .layout = lathe_layout_kept,
    .shape = reduce_shape,
    .forward = max_forward,
    .backward = max_backward,
};

/* ---- both ---------------------------------------------------------------------------------------------- */

static lathe_tensor *reduce(const lathe_op *op, lathe_tensor *x, const int *dims, int count, bool keepdim)
{
    lathe_reduce_opts a = { .count = count, .keepdim = keepdim };
    for (int i = 0; dims && i < count && i < LATHE_MAX_RANK; i++) a.dims[i] = dims[i];
    if (dims || !x) return lathe_apply(op, &x, 1, &a);
    return lathe_fail_null(op == &lathe_mean_dims_op ? "lathe_mean_dims" : "lathe_max_dims", "dims"), NULL;
}

lathe_tensor *lathe_mean_dims(lathe_tensor *x, const int *dims, int count, bool keepdim)
{
    return reduce(&lathe_mean_dims_op, x, dims, count, keepdim);
}

lathe_tensor *lathe_max_dims(lathe_tensor *x, const int *dims, int count, bool keepdim)
{
    return reduce(&lathe_max_dims_op, x, dims, count, keepdim);
}
