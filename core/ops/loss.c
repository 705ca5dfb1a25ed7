#include "loss.h"

#include <math.h>
#include <string.h>

#include "op_impl.h"

enum { IGNORED = -100 }; /* PyTorch's default ignore_index */

/*
 * Every kind of cross-entropy becomes one: - sum over k of target[b,k] * log softmax(x)[b,k], with targets that hold the class
 * weights and the smoothing, and zeros for samples that take no part and for tail lanes.
 */
typedef struct cross_entropy_job {
    int classes;
    const lathe_real *x;
    lathe_real *targets;             /* stored like x */
    lathe_real *largest, *log_sum;   /* [blocks][16], from the forward for the backward */
    lathe_real *loss;                /* [blocks][16] */
    const lathe_real *gloss;         /* [blocks][16] */
    lathe_real *gx;
    double factor; /* the result is factor * the sum of all losses, unless each is wanted */
    bool each, add;
} cross_entropy_job;

static void forward_blocks(void *context, size_t begin, size_t end)
{
    const cross_entropy_job *job = context;
    for (size_t block = begin; block < end; block++) {
        size_t at = block * (size_t)job->classes * LATHE_LANES, lane = block * LATHE_LANES;
        lathe_kernels_in_use()->softmax->cross_entropy(job->classes, job->x + at, job->targets + at, job->loss + lane,
            job->largest + lane, job->log_sum + lane);
    }
}

static void backward_blocks(void *context, size_t begin, size_t end)
{
    const cross_entropy_job *job = context;
    for (size_t block = begin; block < end; block++) {
        size_t at = block * (size_t)job->classes * LATHE_LANES, lane = block * LATHE_LANES;
        lathe_kernels_in_use()->softmax->cross_entropy_backward(job->classes, job->x + at, job->targets + at,
            job->largest + lane, job->log_sum + lane, job->gloss + lane, job->gx + at, job->add);
    }
}

static lathe_status cross_entropy_backward(lathe_node *node)
{
    cross_entropy_job job = *(const cross_entropy_job *)node->saved;
    lathe_tape *tape = node->out->tape;
    lathe_tensor *x = node->in[0];
    size_t blocks = (size_t)lathe_tensor_blocks(x);
    job.gloss = node->out->grad;
    if (!job.each) {
        lathe_real *gloss = lathe_tape_work(tape, blocks * LATHE_LANES, sizeof *gloss);
        if (!gloss) return LATHE_ENOMEM;
        for (size_t i = 0; i < blocks * LATHE_LANES; i++)
            gloss[i] = (lathe_real)(job.factor * (double)node->out->grad[0]);
        job.gloss = gloss;
    }
    if ((job.gx = lathe_grad_target(tape, x, &job.add)))
        lathe_parallel_pieces(blocks, (size_t)job.classes * LATHE_LANES, backward_blocks, &job);
    return LATHE_OK;
}

const lathe_op lathe_cross_entropy_op = { "cross_entropy", cross_entropy_backward };

/* The operation for targets as they shall be; a mean divides by `total`. */
static lathe_tensor *cross_entropy(lathe_tape *tape, lathe_tensor *x, lathe_real *targets, lathe_reduction reduction, double total)
{
    size_t blocks = (size_t)lathe_tensor_blocks(x), lanes = blocks * LATHE_LANES;
    bool each = reduction == LATHE_REDUCE_NONE;
    lathe_shape shape = each ? (lathe_shape){ 1, { x->shape.dim[0] } } : (lathe_shape){ 0 };
    lathe_tensor *y = lathe_tape_tensor(tape, each ? LATHE_BATCHED : LATHE_PLAIN, shape);
    cross_entropy_job *job = lathe_tape_alloc(tape, 1, sizeof *job);
    lathe_real *saved = lathe_tape_alloc(tape, lanes * 2, sizeof *saved);
    lathe_real *loss = each && y ? y->data : lathe_tape_work(tape, lanes, sizeof *loss);
    if (!y || !job || !saved || !loss) return NULL;
    *job = (cross_entropy_job){ .classes = x->shape.dim[1], .x = x->data, .targets = targets, .largest = saved,
        .log_sum = saved + lanes, .loss = loss, .each = each, .factor = reduction == LATHE_REDUCE_MEAN ? 1 / total : 1 };
    lathe_parallel_pieces(blocks, (size_t)job->classes * LATHE_LANES, forward_blocks, job);
    if (!each) {
        double sum = 0;
        for (int b = 0; b < x->shape.dim[0]; b++) sum += (double)loss[b];
        y->data[0] = (lathe_real)(sum * job->factor);
    }
    return lathe_tape_record(tape, &lathe_cross_entropy_op, y, &x, 1, job);
}

/* Checks what both kinds share; *opts is filled in. */
static bool checks_pass(lathe_tape *tape, const char *who, const lathe_tensor *x, const lathe_cross_entropy_opts *given,
    lathe_cross_entropy_opts *opts)
{
    char text[LATHE_SHAPE_TEXT];
    *opts = given ? *given : (lathe_cross_entropy_opts){ 0 };
    if (x->layout != LATHE_BATCHED || x->shape.rank != 2)
        return lathe_tape_fail(tape, LATHE_ESHAPE, "%s: x is %s%s, expected batched logits [B, K]", who,
            lathe_shape_text(&x->shape, text), x->layout == LATHE_BATCHED ? "" : " and not batched");
    if (!(opts->label_smoothing >= 0 && opts->label_smoothing <= 1))
        return lathe_tape_fail(tape, LATHE_EARG, "%s: label_smoothing %g is outside [0, 1]", who, opts->label_smoothing);
    if (opts->reduction < LATHE_REDUCE_MEAN || opts->reduction > LATHE_REDUCE_NONE)
        return lathe_tape_fail(tape, LATHE_EARG, "%s: reduction %d is none of mean, sum, none", who, (int)opts->reduction);
    for (int k = 0; opts->class_weights && k < x->shape.dim[1]; k++) {
        double weight = (double)opts->class_weights[k];
        if (!(weight >= 0 && isfinite(weight)))
            return lathe_tape_fail(tape, LATHE_EARG, "%s: the weight of class %d is %g, not a finite number >= 0", who, k, weight);
    }
    if (opts->ignore_index == 0) opts->ignore_index = IGNORED;
    return true;
}

static double weight_of(const lathe_cross_entropy_opts *opts, int k)
{
    return opts->class_weights ? (double)opts->class_weights[k] : 1;
}

/* Checks all labels; the sum of their classes' weights goes to *total. */
static bool labels_pass(lathe_tape *tape, const lathe_tensor *x, const int *labels, const lathe_cross_entropy_opts *opts,
    double *total)
{
    int batch = x->shape.dim[0], classes = x->shape.dim[1], counted = 0;
    *total = 0;
    for (int b = 0; b < batch; b++) {
        if (labels[b] == opts->ignore_index) continue;
        if (labels[b] < 0 || labels[b] >= classes)
            return lathe_tape_fail(tape, LATHE_EARG, "lathe_cross_entropy: label %d of sample %d is outside 0 to %d", labels[b], b,
                classes - 1);
        *total += weight_of(opts, labels[b]);
        counted++;
    }
    if (opts->reduction != LATHE_REDUCE_MEAN || *total > 0) return true;
    return lathe_tape_fail(tape, LATHE_EARG, "lathe_cross_entropy: the mean over no samples: of %d labels %d are not ignored, with "
        "class weights of 0 in all", batch, counted);
}

lathe_tensor *lathe_cross_entropy(lathe_tensor *x, const int *labels, const lathe_cross_entropy_opts *opts)
{
    const char *who = "lathe_cross_entropy";
    lathe_cross_entropy_opts o;
    double total;
    lathe_tape *tape = lathe_tape_of(who, &x, 1);
    if (!tape || !checks_pass(tape, who, x, opts, &o)) return NULL;
    if (!labels) return lathe_tape_fail(tape, LATHE_EARG, "%s: labels is NULL", who);
    if (!labels_pass(tape, x, labels, &o, &total)) return NULL;

    lathe_real *targets = lathe_tape_alloc(tape, x->stored, sizeof *targets);
    if (!targets) return NULL;
    memset(targets, 0, x->stored * sizeof *targets);
    int batch = x->shape.dim[0], classes = x->shape.dim[1];
    double smooth = o.label_smoothing;
    for (int b = 0; b < batch; b++) {
        if (labels[b] == o.ignore_index) continue;
        lathe_real *target = targets + (size_t)(b / LATHE_LANES) * (size_t)classes * LATHE_LANES + b % LATHE_LANES;
        for (int k = 0; smooth > 0 && k < classes; k++)
            target[(size_t)k * LATHE_LANES] = (lathe_real)(smooth / classes * weight_of(&o, k));
        target[(size_t)labels[b] * LATHE_LANES] += (lathe_real)((1 - smooth) * weight_of(&o, labels[b]));
    }
    return cross_entropy(tape, x, targets, o.reduction, total);
}

lathe_tensor *lathe_cross_entropy_soft(lathe_tensor *x, lathe_tensor *targets, const lathe_cross_entropy_opts *opts)
{
    const char *who = "lathe_cross_entropy_soft";
    lathe_cross_entropy_opts o;
    lathe_tape *tape = lathe_tape_of(who, (lathe_tensor *[]){ x, targets }, 2);
    if (!tape || !checks_pass(tape, who, x, opts, &o)) return NULL;
    char x_text[LATHE_SHAPE_TEXT], target_text[LATHE_SHAPE_TEXT];
    if (targets->layout != LATHE_BATCHED || !lathe_shape_equal(&x->shape, &targets->shape))
        return lathe_tape_fail(tape, LATHE_ESHAPE, "%s: x is %s, targets are %s%s", who, lathe_shape_text(&x->shape, x_text),
            lathe_shape_text(&targets->shape, target_text), targets->layout == LATHE_BATCHED ? "" : " and not batched");

    lathe_real *wanted = lathe_tape_alloc(tape, x->stored, sizeof *wanted);
    if (!wanted) return NULL;
    int blocks = lathe_tensor_blocks(x), classes = x->shape.dim[1];
    double smooth = o.label_smoothing;
    for (int block = 0; block < blocks; block++) {
        int lanes = lathe_lanes_in_block(x, block);
        for (int k = 0; k < classes; k++) {
            size_t at = ((size_t)block * (size_t)classes + (size_t)k) * LATHE_LANES;
            for (int i = 0; i < LATHE_LANES; i++)
                wanted[at + (size_t)i] = i >= lanes ? 0
                    : (lathe_real)(((double)targets->data[at + (size_t)i] * (1 - smooth) + smooth / classes) * weight_of(&o, k));
        }
    }
    return cross_entropy(tape, x, wanted, o.reduction, x->shape.dim[0]);
}

typedef struct mse_job {
    const lathe_real *a, *b, *gy;
    lathe_real *y;
    bool add;
} mse_job;

static void squared_error_range(void *context, size_t begin, size_t end)
{
    const mse_job *job = context;
    lathe_kernels_in_use()->element->squared_difference(end - begin, job->a + begin, job->b + begin, job->y + begin);
}

static void squared_error_backward_range(void *context, size_t begin, size_t end)
{
    const mse_job *job = context;
    lathe_kernels_in_use()->element->difference_times(end - begin, 2, job->a + begin, job->b + begin, job->gy + begin,
        job->y + begin, job->add);
}

static lathe_status squared_error_backward(lathe_node *node)
{
    for (int i = 0; i < 2; i++) {
        mse_job job = { .a = node->in[i]->data, .b = node->in[1 - i]->data, .gy = node->out->grad };
        if ((job.y = lathe_grad_target(node->out->tape, node->in[i], &job.add)))
            lathe_parallel_ranges(node->out->stored, squared_error_backward_range, &job);
    }
    return LATHE_OK;
}

const lathe_op lathe_squared_error_op = { "squared_error", squared_error_backward };

lathe_tensor *lathe_mse(lathe_tensor *x, lathe_tensor *target, lathe_reduction reduction)
{
    lathe_tape *tape = lathe_tape_of_alike("lathe_mse", "x", x, "target", target);
    if (!tape) return NULL;
    if (reduction < LATHE_REDUCE_MEAN || reduction > LATHE_REDUCE_NONE)
        return lathe_tape_fail(tape, LATHE_EARG, "lathe_mse: reduction %d is none of mean, sum, none", (int)reduction);
    lathe_tensor *y = lathe_tape_tensor(tape, x->layout, x->shape);
    if (!y) return NULL;
    mse_job job = { .a = x->data, .b = target->data, .y = y->data };
    lathe_parallel_ranges(y->stored, squared_error_range, &job);
    y = lathe_tape_record(tape, &lathe_squared_error_op, y, (lathe_tensor *[]){ x, target }, 2, NULL);
    if (reduction == LATHE_REDUCE_NONE) return y;
    return lathe_sum_times("lathe_mse", y, reduction == LATHE_REDUCE_MEAN ? 1.0 / (double)lathe_shape_count(&x->shape) : 1.0);
}
