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

lathe_layout lathe_layout_kept(const lathe_node *node)
{
    const lathe_tensor *x = node->in[0];
    return x->layout == LATHE_PLAIN ? lathe_tape_layout_of(node->tape) : x->layout;
}

typedef struct ranges {
    size_t count, grain;
    lathe_range_fn *run;
    void *job;
} ranges;

static void run_range(void *job, int task)
{
    const ranges *r = job;
    size_t begin = (size_t)task * r->grain;
    size_t end = r->count - begin < r->grain ? r->count : begin + r->grain;
    r->run(r->job, begin, end);
}

void lathe_parallel_pieces(lathe_context *context, size_t count, size_t cost, lathe_range_fn *run, void *job)
{
    size_t grain = cost < LATHE_GRAIN ? LATHE_GRAIN / cost : 1;
    ranges r = { count, grain, run, job };
    lathe_parallel(context, (int)((count + grain - 1) / grain), run_range, &r);
}

void lathe_parallel_ranges(lathe_context *context, size_t count, lathe_range_fn *run, void *job)
{
    lathe_parallel_pieces(context, count, 1, run, job);
}

/* The numbers of one block, in runs. */
typedef struct numbers {
    size_t a_block;
    int runs;
    lathe_range_fn *run;
    void *job;
} numbers;

static void run_numbers(void *job, int task)
{
    const numbers *n = job;
    size_t block = (size_t)(task / n->runs) * n->a_block, begin = (size_t)(task % n->runs) * LATHE_GRAIN;
    size_t end = n->a_block - begin < LATHE_GRAIN ? n->a_block : begin + LATHE_GRAIN;
    n->run(n->job, block + begin, block + end);
}

void lathe_parallel_numbers(const lathe_node *node, const lathe_tensor *like, lathe_range_fn *run, void *job,
    size_t size)
{
    void *copy = lathe_chain_keep(node, job, size);
    if (!copy) return;
    if (copy == job) {
        lathe_parallel_ranges(node->context, like->stored, run, job);
        return;
    }
    int blocks = like->layout == LATHE_BATCHED ? lathe_tensor_blocks(like) : 1;
    numbers n = { like->stored / (size_t)blocks, 0, run, copy };
    n.runs = (int)((n.a_block - 1) / LATHE_GRAIN + 1);
    lathe_parallel_blocks(node, blocks, n.runs, run_numbers, &n, sizeof n);
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

typedef struct copy_job {
    const lathe_element_kernels *element;
    const lathe_real *from;
    lathe_real *to;
    bool add;
} copy_job;

static void copy_range(void *context, size_t begin, size_t end)
{
    const copy_job *job = context;
    job->element->copy(end - begin, job->from + begin, job->to + begin, job->add);
}

void lathe_copy(const lathe_node *node, const lathe_tensor *like, const lathe_real *from, lathe_real *to,
    bool add)
{
    copy_job job = { node->kernels->element, from, to, add };
    lathe_parallel_numbers(node, like, copy_range, &job, sizeof job);
}

void lathe_grad_copy(lathe_node *node, int i)
{
    bool add;
    lathe_real *gx = lathe_grad_target(node->tape, node->in[i], &add);
    if (gx) lathe_copy(node, node->out, node->out->grad, gx, add);
}

/* Make y's buffer x's. Returns false if that is not possible. */
static bool hand_over(lathe_tensor *y, lathe_tensor *x)
{
    if (x->grad || !x->needs_grad || y->keep_grad) return false;
    x->grad = y->grad;
    x->has_grad = true;
    y->grad = NULL;
    y->has_grad = false;
    return true;
}

void lathe_grad_pass(lathe_node *node, int i)
{
    if (!hand_over(node->out, node->in[i])) lathe_grad_copy(node, i);
}

lathe_real *lathe_grad_in_place(lathe_node *node, bool *add)
{
    lathe_tensor *x = node->in[0];
    if (!hand_over(node->out, x)) return lathe_grad_target(node->tape, x, add);
    *add = false;
    return x->grad;
}

typedef struct before_job {
    lathe_map_backward_kernel *activation;
    const lathe_real *y, *gy;
    lathe_real *g;
} before_job;

static void before_range(void *context, size_t begin, size_t end)
{
    const before_job *job = context;
    job->activation(end - begin, job->y + begin, job->gy + begin, job->g + begin, 0);
}

lathe_real *lathe_grad_before(lathe_node *node, lathe_map_backward_kernel *activation)
{
    lathe_tensor *y = node->out;
    before_job job = { activation, y->data, y->grad, y->grad };
    if (y->keep_grad) job.g = lathe_tape_work(node->tape, y->stored, sizeof *job.g);
    if (job.g) lathe_parallel_numbers(node, y, before_range, &job, sizeof job);
    return job.g;
}
