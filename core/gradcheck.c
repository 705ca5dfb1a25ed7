#include "gradcheck.h"

#include <math.h>

#include "alloc.h"
#include "rng.h"

/* A number for the tail lanes of batched leaves; it must not change the result. */
static const lathe_real TAIL = 7;

/* The wide difference's step, in steps. */
static const double WIDER = sizeof(lathe_real) == sizeof(double) ? 1000 : 4;

typedef struct checker {
    lathe_function *function;
    void *context;
    const lathe_leaf *leaves;
    int count;
    lathe_gradcheck_opts opts;
    lathe_tape *tape;
    lathe_tensor **tensors; /* [count], of the newest call */
    lathe_real **values;    /* [count], row-major */
    lathe_real **gradients; /* [count], row-major */
    lathe_real *result, *projection;
    double *plus; /* the result with one element a step further */
    size_t results;
    /* the worst element so far */
    double worst, analytic, numeric;
    int leaf;
    size_t element;
} checker;

static lathe_gradcheck_opts with_defaults(const lathe_gradcheck_opts *opts)
{
    bool wide = sizeof(lathe_real) == sizeof(double);
    lathe_gradcheck_opts o = opts ? *opts : (lathe_gradcheck_opts){ 0 };
    if (o.step == 0) o.step = wide ? 1e-6 : 1e-2;
    if (o.absolute == 0) o.absolute = wide ? 1e-8 : 1e-3;
    if (o.relative == 0) o.relative = wide ? 1e-6 : 1e-2;
    return o;
}

static lathe_status fill_leaves(checker *c)
{
    c->tensors = lathe_alloc((size_t)c->count, sizeof *c->tensors);
    c->values = lathe_alloc((size_t)c->count, sizeof *c->values);
    c->gradients = lathe_alloc((size_t)c->count, sizeof *c->gradients);
    if (!c->tensors || !c->values || !c->gradients) return LATHE_ENOMEM;
    for (int i = 0; i < c->count; i++) {
        size_t n = lathe_shape_count(&c->leaves[i].shape);
        if (!n) return LATHE_ESHAPE;
        c->values[i] = lathe_alloc(n, sizeof(lathe_real));
        c->gradients[i] = lathe_alloc(n, sizeof(lathe_real));
        if (!c->values[i] || !c->gradients[i]) return LATHE_ENOMEM;
        lathe_rng rng = lathe_rng_at(c->opts.seed, lathe_rng_stream("gradcheck/leaf"), (uint64_t)i);
        for (size_t j = 0; j < n; j++)
            c->values[i][j] =
                c->leaves[i].values ? c->leaves[i].values[j] : (lathe_real)lathe_rng_normal(&rng);
    }
    return LATHE_OK;
}

static void fill_tail_lanes(lathe_tensor *tensor)
{
    for (size_t i = 0; i < tensor->stored; i++)
        if (lathe_tensor_is_tail(tensor, i)) tensor->data[i] = TAIL;
}

/* The function's result for the present values; NULL after a failure. */
static lathe_tensor *call(checker *c)
{
    lathe_tape_seed(c->tape, c->opts.seed,
        0); /* every call is the same step, so dropout drops the same numbers */
    lathe_tape_begin(c->tape, LATHE_TRAIN);
    for (int i = 0; i < c->count; i++) {
        const lathe_leaf *leaf = &c->leaves[i];
        if (leaf->layout == LATHE_CHANNELS) lathe_tape_layout(c->tape, LATHE_CHANNELS);
        if (!(c->tensors[i] = lathe_tape_leaf(c->tape, leaf->layout, leaf->shape, c->values[i]))) return NULL;
        c->tensors[i]->needs_grad = !leaf->constant;
        fill_tail_lanes(c->tensors[i]);
    }
    return c->function(c->context, c->tensors, c->count);
}

static lathe_status failure(const checker *c)
{
    if (lathe_tape_status(c->tape)) return lathe_tape_status(c->tape);
    return lathe_error() ? lathe_error() : lathe_fail(LATHE_EARG, "lathe_gradcheck: the function gave NULL");
}

static lathe_status read_result(checker *c)
{
    lathe_tensor *y = call(c);
    return y ? lathe_tensor_read(y, c->result, c->results) : failure(c);
}

static lathe_status check_tail_lanes(const lathe_tensor *tensor, int leaf)
{
    for (size_t i = 0; tensor->has_grad && i < tensor->stored; i++)
        if (lathe_tensor_is_tail(tensor, i) && tensor->grad[i] != 0)
            return lathe_fail(LATHE_ESTATE,
                "lathe_gradcheck: leaf %d: the gradient holds %g in tail lane %zu, not 0", leaf,
                (double)tensor->grad[i], i % LATHE_LANES);
    return LATHE_OK;
}

/* Backward, from a random projection of the result. */
static lathe_status compute_gradients(checker *c)
{
    lathe_tensor *y = call(c);
    if (!y) return failure(c);
    c->results = lathe_shape_count(&y->shape);
    c->result = lathe_alloc(c->results, sizeof *c->result);
    c->plus = lathe_alloc(c->results, sizeof *c->plus);
    c->projection = lathe_alloc(c->results, sizeof *c->projection);
    if (!c->result || !c->plus || !c->projection) return LATHE_ENOMEM;
    lathe_rng rng = lathe_rng_at(c->opts.seed, lathe_rng_stream("gradcheck/projection"), 0);
    for (size_t i = 0; i < c->results; i++) c->projection[i] = (lathe_real)lathe_rng_normal(&rng);
    lathe_status status = lathe_backward_from(y, c->projection, c->results);
    for (int i = 0; i < c->count && !status; i++) {
        if (c->leaves[i].constant) continue;
        status =
            lathe_tensor_read_grad(c->tensors[i], c->gradients[i], lathe_shape_count(&c->leaves[i].shape));
        if (!status) status = check_tail_lanes(c->tensors[i], i);
    }
    return status;
}

/*
 * The projected result `step` above minus that below the value, divided by the true distance of the two
 * arguments. Summed as differences, so that what this element leaves alone adds no rounding.
 */
static lathe_status difference(checker *c, int leaf, size_t element, double step, double *slope)
{
    lathe_real *at = &c->values[leaf][element], was = *at;
    lathe_real above = (lathe_real)((double)was + step), below = (lathe_real)((double)was - step);
    *at = above;
    lathe_status status = read_result(c);
    for (size_t i = 0; !status && i < c->results; i++) c->plus[i] = (double)c->result[i];
    *at = below;
    if (!status) status = read_result(c);
    *at = was;
    double sum = 0;
    for (size_t i = 0; !status && i < c->results; i++)
        sum += (double)c->projection[i] * (c->plus[i] - (double)c->result[i]);
    *slope = sum / ((double)above - (double)below);
    return status;
}

static double excess_of(const checker *c, double analytic, double numeric)
{
    double excess = fabs(analytic - numeric) / (c->opts.absolute + c->opts.relative * fabs(numeric));
    return isnan(excess) ? HUGE_VAL : excess;
}

/*
 * The derivative by values[leaf][element]: a narrow difference, good beside a kink; where it disagrees, which
 * may be the rounding of a large result, a wide one of fourth order (Richardson's extrapolation of two), if
 * that is nearer.
 */
static lathe_status derivative(checker *c, int leaf, size_t element, double analytic, double *numeric)
{
    lathe_status status = difference(c, leaf, element, c->opts.step, numeric);
    if (status || excess_of(c, analytic, *numeric) <= 1) return status;
    double step = c->opts.step * WIDER, near, far;
    status = difference(c, leaf, element, step, &near);
    if (!status) status = difference(c, leaf, element, 2 * step, &far);
    if (status) return status;
    double wide = (4 * near - far) / 3;
    if (excess_of(c, analytic, wide) < excess_of(c, analytic, *numeric)) *numeric = wide;
    return LATHE_OK;
}

static lathe_status compare_all(checker *c)
{
    for (int i = 0; i < c->count; i++) {
        if (c->leaves[i].constant) continue;
        size_t n = lathe_shape_count(&c->leaves[i].shape);
        for (size_t j = 0; j < n; j++) {
            double analytic = (double)c->gradients[i][j], numeric;
            lathe_status status = derivative(c, i, j, analytic, &numeric);
            if (status) return status;
            double excess = excess_of(c, analytic, numeric);
            if (excess <= c->worst) continue;
            c->worst = excess, c->analytic = analytic, c->numeric = numeric;
            c->leaf = i, c->element = j;
        }
    }
    if (c->worst <= 1) return LATHE_OK;
    return lathe_fail(LATHE_ESTATE,
        "lathe_gradcheck: leaf %d, element %zu: backward says %.9g, differences say %.9g, %.3g times the "
        "tolerance",
        c->leaf, c->element, c->analytic, c->numeric, c->worst);
}

static void free_all(checker *c)
{
    for (int i = 0; i < c->count; i++) {
        if (c->values) lathe_free(c->values[i]);
        if (c->gradients) lathe_free(c->gradients[i]);
    }
    lathe_free(c->tensors);
    lathe_free(c->values);
    lathe_free(c->gradients);
    lathe_free(c->result);
    lathe_free(c->projection);
    lathe_free(c->plus);
    lathe_tape_free(c->tape);
}

lathe_status lathe_gradcheck(lathe_function *function, void *context, const lathe_leaf *leaves, int count,
    const lathe_gradcheck_opts *opts, double *worst)
{
    if (!function || !leaves) return lathe_fail_null("lathe_gradcheck", function ? "leaves" : "function");
    if (count < 1) return lathe_fail(LATHE_EARG, "lathe_gradcheck: it needs at least one leaf");
    checker c = { .function = function,
        .context = context,
        .leaves = leaves,
        .count = count,
        .opts = with_defaults(opts) };
    if (!(c.opts.step > 0 && c.opts.step <= 1 && c.opts.absolute > 0 && c.opts.relative > 0 &&
            isfinite(c.opts.absolute) && isfinite(c.opts.relative)))
        return lathe_fail(LATHE_EARG,
            "lathe_gradcheck: step %g must be in (0, 1], absolute %g and relative %g finite and above 0",
            c.opts.step, c.opts.absolute, c.opts.relative);
    lathe_status status = LATHE_ENOMEM;
    if ((c.tape = lathe_tape_new(NULL))) status = fill_leaves(&c);
    if (!status) status = compute_gradients(&c);
    if (!status) status = compare_all(&c);
    if (worst) *worst = c.worst;
    free_all(&c);
    return status;
}
