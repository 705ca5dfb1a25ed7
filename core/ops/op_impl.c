#include "op_impl.h"

#include "../registry.h"

extern const void *const lathe_op_types[]; /* made by cmake/registry.cmake */

const lathe_op *lathe_op_at(int index)
{
    static const lathe_registry registry = { .kind = "operation",
        .prefix = "lathe_op",
        .table = lathe_op_types };
    return lathe_registry_at(&registry, index);
}

lathe_tape *lathe_tape_of_alike(const char *who, const char *a_name, lathe_tensor *a, const char *b_name,
    lathe_tensor *b)
{
    lathe_tape *tape = lathe_tape_of(who, (lathe_tensor *[]){ a, b }, 2);
    if (!tape || (a->layout == b->layout && lathe_shape_equal(&a->shape, &b->shape))) return tape;
    char a_text[LATHE_SHAPE_TEXT], b_text[LATHE_SHAPE_TEXT];
    return lathe_tape_fail(tape, LATHE_ESHAPE, "%s: %s is %s%s, %s is %s%s", who, a_name,
        lathe_shape_text(&a->shape, a_text), a->layout == LATHE_BATCHED ? " batched" : "", b_name,
        lathe_shape_text(&b->shape, b_text), b->layout == LATHE_BATCHED ? " batched" : "");
}

typedef struct ranges {
    size_t count, grain;
    lathe_range_fn *run;
    void *context;
} ranges;

static void run_range(void *context, int task)
{
    const ranges *r = context;
    size_t begin = (size_t)task * r->grain;
    size_t end = r->count - begin < r->grain ? r->count : begin + r->grain;
    r->run(r->context, begin, end);
}

void lathe_parallel_pieces(size_t count, size_t cost, lathe_range_fn *run, void *context)
{
    size_t grain = cost < LATHE_GRAIN ? LATHE_GRAIN / cost : 1;
    ranges r = { count, grain, run, context };
    lathe_parallel(NULL, (int)((count + grain - 1) / grain), run_range, &r);
}

void lathe_parallel_ranges(size_t count, lathe_range_fn *run, void *context)
{
    lathe_parallel_pieces(count, 1, run, context);
}

int lathe_lanes_in_block(const lathe_tensor *batched, int block)
{
    int left = batched->shape.dim[0] - block * LATHE_LANES;
    return left < LATHE_LANES ? left : LATHE_LANES;
}

size_t lathe_whole_part(const lathe_tensor *x, int *lanes)
{
    *lanes = LATHE_LANES;
    if (x->layout == LATHE_PLAIN) return x->stored;
    int last = lathe_tensor_blocks(x) - 1;
    *lanes = lathe_lanes_in_block(x, last);
    return (size_t)last * lathe_tensor_per_image(x) * LATHE_LANES;
}

size_t lathe_split_at(size_t whole, size_t begin, size_t end)
{
    return whole < begin ? begin : whole > end ? end : whole;
}

typedef struct sum_job {
    const lathe_real *values;
    size_t whole;
    int lanes;
    double *partial;
} sum_job;

static void sum_range(void *context, size_t begin, size_t end)
{
    const sum_job *job = context;
    const lathe_element_kernels *element = lathe_context_kernels(NULL)->element;
    size_t middle = lathe_split_at(job->whole, begin, end);
    job->partial[begin / LATHE_GRAIN] = element->sum(middle - begin, LATHE_LANES, job->values + begin) +
        element->sum(end - middle, job->lanes, job->values + middle);
}

double lathe_sum(lathe_tape *tape, const lathe_tensor *like, const lathe_real *values)
{
    size_t runs = (like->stored - 1) / LATHE_GRAIN + 1;
    sum_job job = { .values = values, .partial = lathe_tape_work(tape, runs, sizeof *job.partial) };
    if (!job.partial) return 0;
    job.whole = lathe_whole_part(like, &job.lanes);
    lathe_parallel_ranges(like->stored, sum_range, &job);
    double sum = 0;
    for (size_t i = 0; i < runs; i++) sum += job.partial[i];
    return sum;
}

typedef struct copy_job {
    const lathe_real *gy;
    lathe_real *gx;
    bool add;
} copy_job;

static void copy_range(void *context, size_t begin, size_t end)
{
    const copy_job *job = context;
    lathe_context_kernels(NULL)->element->copy(end - begin, job->gy + begin, job->gx + begin, job->add);
}

void lathe_grad_copy(lathe_tensor *y, lathe_tensor *x)
{
    copy_job job = { .gy = y->grad };
    if ((job.gx = lathe_grad_target(y->tape, x, &job.add)))
        lathe_parallel_ranges(y->stored, copy_range, &job);
}

/* y's buffer becomes x's. False if that cannot be. */
static bool hand_over(lathe_tensor *y, lathe_tensor *x)
{
    if (x->grad || !x->needs_grad || y->keep_grad) return false;
    x->grad = y->grad;
    x->has_grad = true;
    y->grad = NULL;
    y->has_grad = false;
    return true;
}

void lathe_grad_pass(lathe_tensor *y, lathe_tensor *x)
{
    if (!hand_over(y, x)) lathe_grad_copy(y, x);
}

lathe_real *lathe_grad_in_place(lathe_tensor *y, lathe_tensor *x, bool *add)
{
    if (!hand_over(y, x)) return lathe_grad_target(y->tape, x, add);
    *add = false;
    return x->grad;
}

typedef struct before_relu {
    const lathe_tensor *y;
    lathe_real *g;
} before_relu;

static void before_relu_range(void *context, size_t begin, size_t end)
{
    const before_relu *job = context;
    lathe_context_kernels(NULL)->element->relu_backward(end - begin, job->y->data + begin,
        job->y->grad + begin, job->g + begin, 0);
}

lathe_real *lathe_grad_before_relu(lathe_tensor *y)
{
    before_relu job = { y, y->keep_grad ? lathe_tape_work(y->tape, y->stored, sizeof *job.g) : y->grad };
    if (job.g) lathe_parallel_ranges(y->stored, before_relu_range, &job);
    return job.g;
}
