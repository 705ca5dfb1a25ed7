#include "arithmetic.h"

#include <math.h>

#include "op_impl.h"

/* The arguments of an element kernel, for a range of the numbers. */
typedef struct element_job {
    const lathe_real *a, *b;
    lathe_real *y;
    lathe_real factor;
    bool add, relu;
} element_job;

static void add_range(void *context, size_t begin, size_t end)
{
    const element_job *job = context;
    lathe_context_kernels(NULL)->element->add(end - begin, job->a + begin, job->b + begin, job->y + begin,
        job->relu);
}

static lathe_status add_backward(lathe_node *node)
{
    lathe_tensor *a = node->in[0], *b = node->in[1];
    if (a->needs_grad) lathe_grad_copy(node->out, b);
    else lathe_grad_pass(node->out, b);
    lathe_grad_pass(node->out, a);
    return LATHE_OK;
}

const lathe_op lathe_add_op = { "add", add_backward };

typedef struct add_relu_job {
    const lathe_real *y, *gy;
    lathe_real *masked, *to[2];
    bool add[2];
} add_relu_job;

/* A run of gy, masked, is still in the cache when it is copied. */
static void add_relu_range(void *context, size_t begin, size_t end)
{
    const add_relu_job *job = context;
    const lathe_element_kernels *element = lathe_context_kernels(NULL)->element;
    element->relu_backward(end - begin, job->y + begin, job->gy + begin, job->masked + begin, 0);
    for (int i = 0; i < 2; i++)
        if (job->to[i]) element->copy(end - begin, job->masked + begin, job->to[i] + begin, job->add[i]);
}

static lathe_status add_relu_backward(lathe_node *node)
{
    lathe_tensor *y = node->out, *a = node->in[0], *b = node->in[1];
    bool pass = a->needs_grad && !a->grad && !y->keep_grad; /* a takes over the memory of y's gradient */
    add_relu_job job = { .y = y->data, .gy = y->grad };
    job.masked = y->keep_grad ? lathe_tape_work(y->tape, y->stored, sizeof *job.masked) : y->grad;
    job.to[1] = lathe_grad_target(y->tape, b, &job.add[1]);
    if (!pass) job.to[0] = lathe_grad_target(y->tape, a, &job.add[0]);
    if (lathe_tape_status(y->tape)) return lathe_tape_status(y->tape);
    lathe_parallel_ranges(y->stored, add_relu_range, &job);
    if (pass) lathe_grad_pass(y, a);
    return LATHE_OK;
}

const lathe_op lathe_add_relu_op = { "add_relu", add_relu_backward };

static lathe_tensor *add(const char *who, const lathe_op *op, lathe_tensor *a, lathe_tensor *b)
{
    lathe_tape *tape = lathe_tape_of_alike(who, "a", a, "b", b);
    lathe_tensor *y = tape ? lathe_tape_tensor(tape, a->layout, a->shape) : NULL;
    if (!y) return NULL;
    element_job job = { .a = a->data, .b = b->data, .y = y->data, .relu = op == &lathe_add_relu_op };
    lathe_parallel_ranges(y->stored, add_range, &job);
    return lathe_tape_record(tape, op, y, (lathe_tensor *[]){ a, b }, 2, NULL);
}

lathe_tensor *lathe_add(lathe_tensor *a, lathe_tensor *b) { return add("lathe_add", &lathe_add_op, a, b); }

lathe_tensor *lathe_add_relu(lathe_tensor *a, lathe_tensor *b)
{
    return add("lathe_add_relu", &lathe_add_relu_op, a, b);
}

static void mul_range(void *context, size_t begin, size_t end)
{
    const element_job *job = context;
    lathe_context_kernels(NULL)->element->mul(end - begin, job->a + begin, job->b + begin, job->y + begin,
        job->add);
}

static lathe_status mul_backward(lathe_node *node)
{
    for (int i = 0; i < 2; i++) {
        element_job job = { .a = node->out->grad, .b = node->in[1 - i]->data };
        if ((job.y = lathe_grad_target(node->out->tape, node->in[i], &job.add)))
            lathe_parallel_ranges(node->out->stored, mul_range, &job);
    }
    return LATHE_OK;
}

const lathe_op lathe_mul_op = { "mul", mul_backward };

lathe_tensor *lathe_mul(lathe_tensor *a, lathe_tensor *b)
{
    lathe_tape *tape = lathe_tape_of_alike("lathe_mul", "a", a, "b", b);
    lathe_tensor *y = tape ? lathe_tape_tensor(tape, a->layout, a->shape) : NULL;
    if (!y) return NULL;
    element_job job = { .a = a->data, .b = b->data, .y = y->data };
    lathe_parallel_ranges(y->stored, mul_range, &job);
    return lathe_tape_record(tape, &lathe_mul_op, y, (lathe_tensor *[]){ a, b }, 2, NULL);
}

static void scale_range(void *context, size_t begin, size_t end)
{
    const element_job *job = context;
    lathe_context_kernels(NULL)->element->scale(end - begin, job->factor, job->a + begin, job->y + begin,
        job->add);
}

static lathe_status scale_backward(lathe_node *node)
{
    element_job job = { .a = node->out->grad, .factor = *(const lathe_real *)node->saved };
    if ((job.y = lathe_grad_in_place(node->out, node->in[0], &job.add)))
        lathe_parallel_ranges(node->out->stored, scale_range, &job);
    return LATHE_OK;
}

const lathe_op lathe_scale_op = { "scale", scale_backward };

lathe_tensor *lathe_scale(lathe_tensor *x, double factor)
{
    lathe_tape *tape = lathe_tape_of("lathe_scale", &x, 1);
    if (!tape) return NULL;
    if (!isfinite(factor))
        return lathe_tape_fail(tape, LATHE_EARG, "lathe_scale: factor %g is not finite", factor);
    lathe_tensor *y = lathe_tape_tensor(tape, x->layout, x->shape);
    lathe_real *saved = lathe_tape_alloc(tape, 1, sizeof *saved);
    if (!y || !saved) return NULL;
    *saved = (lathe_real)factor;
    element_job job = { .a = x->data, .y = y->data, .factor = *saved };
    lathe_parallel_ranges(y->stored, scale_range, &job);
    return lathe_tape_record(tape, &lathe_scale_op, y, &x, 1, saved);
}

/* What is filled with one number: all of `whole`, and in each sixteen behind it the first `lanes`. */
typedef struct spread_job {
    size_t whole;
    int lanes;
    lathe_real value, *y;
    bool add;
} spread_job;

static void spread_range(void *context, size_t begin, size_t end)
{
    const spread_job *job = context;
    const lathe_element_kernels *element = lathe_context_kernels(NULL)->element;
    size_t middle = lathe_split_at(job->whole, begin, end);
    element->fill(middle - begin, LATHE_LANES, job->value, job->y + begin, job->add);
    element->fill(end - middle, job->lanes, job->value, job->y + middle, job->add);
}

static lathe_status sum_backward(lathe_node *node)
{
    lathe_tensor *x = node->in[0];
    spread_job job = { .value = (lathe_real)(*(const double *)node->saved * (double)node->out->grad[0]) };
    job.whole = lathe_whole_part(x, &job.lanes);
    if ((job.y = lathe_grad_target(node->out->tape, x, &job.add)))
        lathe_parallel_ranges(x->stored, spread_range, &job);
    return LATHE_OK;
}

const lathe_op lathe_sum_op = { "sum", sum_backward };

lathe_tensor *lathe_sum_times(const char *who, lathe_tensor *x, double factor)
{
    lathe_tape *tape = lathe_tape_of(who, &x, 1);
    if (!tape) return NULL;
    lathe_tensor *y = lathe_tape_tensor(tape, LATHE_PLAIN, (lathe_shape){ 0 });
    double *saved = lathe_tape_alloc(tape, 1, sizeof *saved);
    if (!y || !saved) return NULL;
    *saved = factor;
    y->data[0] = (lathe_real)(lathe_sum(tape, x, x->data) * factor);
    return lathe_tape_record(tape, &lathe_sum_op, y, &x, 1, saved);
}

lathe_tensor *lathe_mean(lathe_tensor *x)
{
    return lathe_sum_times("lathe_mean", x, x ? 1.0 / (double)lathe_shape_count(&x->shape) : 0);
}
