#include "arithmetic.h"

#include "../alloc.h"
#include "../shard.h"
#include "batch_sum_impl.h"
#include "broadcast_impl.h"

/* The arguments of an element kernel, for a range of the numbers. */
typedef struct element_job {
    const lathe_element_kernels *element;
    const lathe_real *a, *b;
    lathe_real *y;
    lathe_real factor;
    bool add, relu;
} element_job;

/* The result has a's shape; b's shape is the same or fits it. */
static bool broadcast_shape(lathe_node *node, lathe_result *result)
{
    const lathe_tensor *a = node->in[0], *b = node->in[1];
    char first[LATHE_SHAPE_TEXT], other[LATHE_SHAPE_TEXT];
    lathe_shape aligned;
    (void)result;
    bool fits = lathe_broadcasts(a, b, &aligned);
    if (fits && (a->sharded == b->sharded || (a->sharded && a->layout != LATHE_PLAIN && aligned.dim[0] == 1)))
        return true;
    if (fits)
        return lathe_op_fail(node, LATHE_ESTATE,
            "%s %s is of the pictures that this process has of a batch, %s %s is not", a->sharded ? "a" : "b",
            lathe_shape_text(a->sharded ? &a->shape : &b->shape, first), a->sharded ? "b" : "a",
            lathe_shape_text(a->sharded ? &b->shape : &a->shape, other));
    return lathe_op_fail(node, LATHE_ESHAPE, "a is %s %s, b is %s %s", lathe_layout_name(a->layout),
        lathe_shape_text(&a->shape, first), lathe_layout_name(b->layout), lathe_shape_text(&b->shape, other));
}

static bool is_alike(const lathe_node *node)
{
    const lathe_tensor *a = node->in[0], *b = node->in[1];
    return a->layout == b->layout && a->sharded == b->sharded && lathe_shape_equal(&a->shape, &b->shape);
}

static lathe_broadcast broadcast_of(const lathe_node *node)
{
    lathe_shape aligned;
    lathe_broadcasts(node->in[0], node->in[1], &aligned);
    return lathe_broadcast_of(node->in[0], node->in[1], aligned);
}

/* y = job of a and b, where b is spread over a. */
static void spread_b(lathe_node *node, lathe_run_fn *run, element_job *job)
{
    lathe_broadcast b = broadcast_of(node);
    if ((job->b = lathe_broadcast_form(&b, node, node->in[1]->data)))
        lathe_broadcast_runs(&b, node, run, job);
}

/* b's gradient: the sums of those of y that it met, times those of `times` if that is not NULL. */
static void sum_to_b(lathe_node *node, const lathe_real *gy, const lathe_real *times)
{
    lathe_broadcast b = broadcast_of(node);
    lathe_broadcast_gradient(&b, node, 1, gy, times);
}

/* ---- add ----------------------------------------------------------------------------------------------- */

static void add_range(void *context, size_t begin, size_t end)
{
    const element_job *job = context;
    job->element->add(end - begin, job->a + begin, job->b + begin, job->y + begin, job->relu);
}

static void add_run(void *context, const lathe_run *run)
{
    const element_job *job = context;
    (run->one ? job->element->add_sixteen : job->element->add)(run->count, job->a + run->large,
        job->b + run->form, job->y + run->large, job->relu);
}

static void add(lathe_node *node, bool relu)
{
    element_job job = { .element = node->kernels->element,
        .a = node->in[0]->data,
        .b = node->in[1]->data,
        .y = node->out->data,
        .relu = relu };
    if (is_alike(node)) lathe_parallel_ranges(node->context, node->out->stored, add_range, &job);
    else spread_b(node, add_run, &job);
}

static void add_forward(lathe_node *node) { add(node, false); }

static void add_backward(lathe_node *node)
{
    if (!is_alike(node)) sum_to_b(node, node->out->grad, NULL);
    else if (node->in[0]->needs_grad) lathe_grad_copy(node, 1);
    else lathe_grad_pass(node, 1);
    lathe_grad_pass(node, 0);
}

const lathe_op lathe_add_op = {
    .name = "add",
    .in = { { .name = "a" }, { .name = "b" } },
    .layout = lathe_layout_kept,
    .shape = broadcast_shape,
    .forward = add_forward,
    .backward = add_backward,
};

lathe_tensor *lathe_add(lathe_tensor *a, lathe_tensor *b)
{
    return lathe_apply(&lathe_add_op, (lathe_tensor *[]){ a, b }, 2, NULL);
}

typedef struct add_relu_job {
    const lathe_element_kernels *element;
    const lathe_real *y, *gy;
    lathe_real *masked, *to[2];
    bool add[2];
} add_relu_job;

/* A run of gy, masked, is still in the cache when it is copied. */
static void add_relu_range(void *context, size_t begin, size_t end)
{
    const add_relu_job *job = context;
    const lathe_element_kernels *element = job->element;
    element->relu_backward(end - begin, job->y + begin, job->gy + begin, job->masked + begin, 0);
    for (int i = 0; i < 2; i++)
        if (job->to[i]) element->copy(end - begin, job->masked + begin, job->to[i] + begin, job->add[i]);
}

static void add_relu_backward(lathe_node *node)
{
    lathe_tensor *y = node->out, *a = node->in[0], *b = node->in[1];
    bool pass = a->needs_grad && !a->grad && !y->keep_grad; /* a takes over the memory of y's gradient */
    bool alike = is_alike(node);
    add_relu_job job = { .element = node->kernels->element, .y = y->data, .gy = y->grad };
    job.masked = y->keep_grad ? lathe_tape_work(node->tape, y->stored, sizeof *job.masked) : y->grad;
    if (alike) job.to[1] = lathe_grad_target(node->tape, b, &job.add[1]);
    if (!pass) job.to[0] = lathe_grad_target(node->tape, a, &job.add[0]);
    if (lathe_tape_status(node->tape)) return;
    lathe_parallel_ranges(node->context, y->stored, add_relu_range, &job);
    if (!alike) sum_to_b(node, job.masked, NULL);
    if (pass) lathe_grad_pass(node, 0);
}

static void add_relu_forward(lathe_node *node) { add(node, true); }

const lathe_op lathe_add_relu_op = {
    .name = "add_relu",
    .in = { { .name = "a" }, { .name = "b" } },
    .layout = lathe_layout_kept,
    .shape = broadcast_shape,
    .forward = add_relu_forward,
    .backward = add_relu_backward,
};

lathe_tensor *lathe_add_relu(lathe_tensor *a, lathe_tensor *b)
{
    return lathe_apply(&lathe_add_relu_op, (lathe_tensor *[]){ a, b }, 2, NULL);
}

/* ---- mul ----------------------------------------------------------------------------------------------- */

static void mul_range(void *context, size_t begin, size_t end)
{
    const element_job *job = context;
    job->element->mul(end - begin, job->a + begin, job->b + begin, job->y + begin, job->add);
}

static void mul_run(void *context, const lathe_run *run)
{
    const element_job *job = context;
    (run->one ? job->element->mul_sixteen : job->element->mul)(run->count, job->a + run->large,
        job->b + run->form, job->y + run->large, job->add);
}

/* y (+)= a * b */
static void mul(lathe_node *node, element_job *job)
{
    job->element = node->kernels->element;
    if (is_alike(node)) lathe_parallel_ranges(node->context, node->out->stored, mul_range, job);
    else spread_b(node, mul_run, job);
}

static void mul_forward(lathe_node *node)
{
    element_job job = { .a = node->in[0]->data, .b = node->in[1]->data, .y = node->out->data };
    mul(node, &job);
}

static void mul_backward(lathe_node *node)
{
    lathe_tensor *a = node->in[0], *b = node->in[1];
    element_job job = { .a = node->out->grad, .b = b->data };
    if ((job.y = lathe_grad_target(node->tape, a, &job.add))) mul(node, &job);
    if (!is_alike(node)) {
        sum_to_b(node, node->out->grad, a->data);
        return;
    }
    job.b = a->data;
    if ((job.y = lathe_grad_target(node->tape, b, &job.add))) mul(node, &job);
}

const lathe_op lathe_mul_op = {
    .name = "mul",
    .in = { { .name = "a" }, { .name = "b" } },
    .layout = lathe_layout_kept,
    .shape = broadcast_shape,
    .forward = mul_forward,
    .backward = mul_backward,
};

lathe_tensor *lathe_mul(lathe_tensor *a, lathe_tensor *b)
{
    return lathe_apply(&lathe_mul_op, (lathe_tensor *[]){ a, b }, 2, NULL);
}

/* ---- scale --------------------------------------------------------------------------------------------- */

typedef struct factor_attributes {
    double factor;
} factor_attributes;

static const lathe_field factor_fields[] = {
    { .name = "factor", .kind = LATHE_FIELD_DOUBLE, .offset = offsetof(factor_attributes, factor) },
    { 0 },
};

static double factor_of(const lathe_node *node)
{
    return ((const factor_attributes *)node->attributes)->factor;
}

static void scale_range(void *context, size_t begin, size_t end)
{
    const element_job *job = context;
    job->element->scale(end - begin, job->factor, job->a + begin, job->y + begin, job->add);
}

static void scale_forward(lathe_node *node)
{
    element_job job = { .element = node->kernels->element,
        .a = node->in[0]->data,
        .y = node->out->data,
        .factor = (lathe_real)factor_of(node) };
    lathe_parallel_ranges(node->context, node->out->stored, scale_range, &job);
}

static void scale_backward(lathe_node *node)
{
    element_job job = { .element = node->kernels->element,
        .a = node->out->grad,
        .factor = (lathe_real)factor_of(node) };
    if ((job.y = lathe_grad_in_place(node, &job.add)))
        lathe_parallel_ranges(node->context, node->out->stored, scale_range, &job);
}

const lathe_op lathe_scale_op = {
    .name = "scale",
    .in = { { .name = "x" } },
    .fields = factor_fields,
    .attributes_size = sizeof(factor_attributes),
    .layout = lathe_layout_kept,
    .forward = scale_forward,
    .backward = scale_backward,
};

lathe_tensor *lathe_scale(lathe_tensor *x, double factor)
{
    return lathe_apply(&lathe_scale_op, &x, 1, &(factor_attributes){ factor });
}

/* ---- sum ----------------------------------------------------------------------------------------------- */

/* A leaf is the numbers of sixteen pictures, or of sixteen rows of a plain tensor: they lie in one run. */
typedef struct sum_job {
    const lathe_element_kernels *element;
    const lathe_tensor *x;
    size_t leaf, pieces; /* numbers of a leaf, and the pieces of LATHE_GRAIN numbers that it has */
    size_t whole;
    int lanes;
    double *partial; /* [leaves][pieces] */
} sum_job;

static void sum_pieces(void *context, size_t begin, size_t end)
{
    const sum_job *job = context;
    for (size_t i = begin; i < end; i++) {
        size_t first = i / job->pieces * job->leaf, from = first + i % job->pieces * LATHE_GRAIN,
               most = lathe_split_at(job->x->stored, first, first + job->leaf),
               to = lathe_split_at(from + LATHE_GRAIN, 0, most);
        size_t middle = lathe_split_at(job->whole, from, to);
        const lathe_real *x = job->x->data;
        job->partial[i] = from >= to ? 0 :
                                       job->element->sum(middle - from, LATHE_LANES, x + from) +
                job->element->sum(to - middle, job->lanes, x + middle);
    }
}

static bool to_a_number(lathe_node *node, lathe_result *result)
{
    (void)node;
    *result = (lathe_result){ .layout = LATHE_PLAIN };
    return true;
}

/* Tail lanes are left out. Pieces are summed in double and added up in order, leaves along their tree. */
static void sum_forward(lathe_node *node)
{
    const lathe_tensor *x = node->in[0];
    lathe_leaves leaves = lathe_leaves_of(x);
    size_t count = (size_t)(leaves.end - leaves.begin), one = 1;
    sum_job job = { .element = node->kernels->element, .x = x, .leaf = x->stored };
    if (count > 1) job.leaf = lathe_tensor_per_image(x) * LATHE_MICRO_BATCH;
    job.pieces = (job.leaf - 1) / LATHE_GRAIN + 1;
    job.partial = lathe_tape_work(node->tape, lathe_times(count, job.pieces), sizeof *job.partial);
    double *sums = lathe_tape_work(node->tape, count, sizeof *sums);
    if (!job.partial || !sums) return;
    job.whole = lathe_whole_part(x, &job.lanes);
    size_t cost = job.leaf < LATHE_GRAIN ? job.leaf : LATHE_GRAIN;
    lathe_parallel_pieces(node->context, count * job.pieces, cost, sum_pieces, &job);
    for (size_t i = 0; i < count; i++) {
        sums[i] = 0;
        for (size_t p = 0; p < job.pieces; p++) sums[i] += job.partial[i * job.pieces + p];
    }
    if (lathe_batch_join(node, sums, sizeof *sums, lathe_join_doubles, &one))
        node->out->data[0] = (lathe_real)(*sums * factor_of(node));
}

/* What is filled with one number: all of `whole`, and in each sixteen behind it the first `lanes`. */
typedef struct spread_job {
    const lathe_element_kernels *element;
    size_t whole;
    int lanes;
    lathe_real value, *y;
    bool add;
} spread_job;

static void spread_range(void *context, size_t begin, size_t end)
{
    const spread_job *job = context;
    size_t middle = lathe_split_at(job->whole, begin, end);
    job->element->fill(middle - begin, LATHE_LANES, job->value, job->y + begin, job->add);
    job->element->fill(end - middle, job->lanes, job->value, job->y + middle, job->add);
}

static void sum_backward(lathe_node *node)
{
    lathe_tensor *x = node->in[0];
    spread_job job = { .element = node->kernels->element,
        .value = (lathe_real)(factor_of(node) * (double)node->out->grad[0]) };
    job.whole = lathe_whole_part(x, &job.lanes);
    if ((job.y = lathe_grad_target(node->tape, x, &job.add)))
        lathe_parallel_ranges(node->context, x->stored, spread_range, &job);
}

const lathe_op lathe_sum_op = {
    .name = "sum",
    .in = { { .name = "x" } },
    .fields = factor_fields,
    .attributes_size = sizeof(factor_attributes),
    .shape = to_a_number,
    .forward = sum_forward,
    .backward = sum_backward,
};

lathe_tensor *lathe_sum_times(lathe_tensor *x, double factor)
{
    return lathe_apply(&lathe_sum_op, &x, 1, &(factor_attributes){ factor });
}

/* Numbers of x, or of the whole batch of which x has some pictures. */
static size_t whole_count(const lathe_tensor *x)
{
    return x->sharded ? (size_t)lathe_whole_batch(x) * lathe_tensor_per_image(x) :
                        lathe_shape_count(&x->shape);
}

lathe_tensor *lathe_mean(lathe_tensor *x) { return lathe_sum_times(x, x ? 1.0 / (double)whole_count(x) : 0); }
