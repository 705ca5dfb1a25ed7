#include "cross_entropy.h"

#include <string.h>

#include "../../alloc.h"
#include "loss_impl.h"

/*
 * Every kind of cross-entropy becomes one: - sum over k of target[b,k] * log softmax(x)[b,k], with targets
 * that hold the class weights and the smoothing, and zeros for samples that take no part and for tail lanes.
 * A column is what is normalised together: one place of sixteen images, over all classes.
 */
typedef struct cross_entropy_job {
    int classes;
    size_t columns; /* of a block */
    const lathe_real *x;
    lathe_real *targets;           /* stored like x */
    lathe_real *largest, *log_sum; /* [blocks][columns][16], from the forward for the backward */
    lathe_real *loss;              /* [blocks][columns][16] */
    const lathe_real *gloss;       /* [blocks][columns][16] */
    lathe_real *gx;
    double factor; /* the result is factor * the sum of all losses, unless each is wanted */
    bool each, add;
} cross_entropy_job;

static size_t place_of(const cross_entropy_job *job, size_t column)
{
    return (column / job->columns * job->columns * (size_t)job->classes + column % job->columns) *
        LATHE_LANES;
}

static void forward_columns(void *context, size_t begin, size_t end)
{
    const cross_entropy_job *job = context;
    for (size_t column = begin; column < end; column++) {
        size_t at = place_of(job, column), lane = column * LATHE_LANES;
        lathe_context_kernels(NULL)->softmax->cross_entropy(job->classes, job->columns * LATHE_LANES,
            job->x + at, job->targets + at, job->loss + lane, job->largest + lane, job->log_sum + lane);
    }
}

static void backward_columns(void *context, size_t begin, size_t end)
{
    const cross_entropy_job *job = context;
    for (size_t column = begin; column < end; column++) {
        size_t at = place_of(job, column), lane = column * LATHE_LANES;
        lathe_context_kernels(NULL)->softmax->cross_entropy_backward(job->classes, job->columns * LATHE_LANES,
            job->x + at, job->targets + at, job->largest + lane, job->log_sum + lane, job->gloss + lane,
            job->gx + at, job->add);
    }
}

static lathe_status cross_entropy_backward(lathe_node *node)
{
    cross_entropy_job job = *(const cross_entropy_job *)node->saved;
    lathe_tape *tape = node->out->tape;
    lathe_tensor *x = node->in[0];
    size_t columns = (size_t)lathe_tensor_blocks(x) * job.columns;
    job.gloss = node->out->grad;
    if (!job.each) {
        lathe_real *gloss = lathe_tape_work(tape, lathe_times(columns, LATHE_LANES), sizeof *gloss);
        if (!gloss) return LATHE_ENOMEM;
        for (size_t i = 0; i < columns * LATHE_LANES; i++)
            gloss[i] = (lathe_real)(job.factor * (double)node->out->grad[0]);
        job.gloss = gloss;
    }
    if ((job.gx = lathe_grad_target(tape, x, &job.add)))
        lathe_parallel_pieces(columns, (size_t)job.classes * LATHE_LANES, backward_columns, &job);
    return LATHE_OK;
}

const lathe_op lathe_cross_entropy_op = { "cross_entropy", cross_entropy_backward };

/* Of losses [blocks][columns][16], those of images: in double, image by image. */
static double sum_of(const cross_entropy_job *job, int images)
{
    double sum = 0;
    for (int b = 0; b < images; b++)
        for (size_t i = 0; i < job->columns; i++)
            sum += (double)job->loss[((size_t)(b / LATHE_LANES) * job->columns + i) * LATHE_LANES +
                (size_t)(b % LATHE_LANES)];
    return sum;
}

/* The operation for targets as they shall be; a mean divides by `total`. */
static lathe_tensor *cross_entropy(lathe_tape *tape, lathe_tensor *x, lathe_real *targets,
    lathe_reduction reduction, double total)
{
    size_t columns = lathe_loss_columns(x), lanes = (size_t)lathe_tensor_blocks(x) * columns * LATHE_LANES;
    bool each = reduction == LATHE_REDUCE_NONE;
    lathe_shape shape = each ? lathe_loss_samples(x) : (lathe_shape){ 0 };
    lathe_tensor *y = lathe_tape_tensor(tape, each ? LATHE_BATCHED : LATHE_PLAIN, shape);
    cross_entropy_job *job = lathe_tape_alloc(tape, 1, sizeof *job);
    lathe_real *saved = lathe_tape_alloc(tape, lathe_times(lanes, 2), sizeof *saved);
    lathe_real *loss = each && y ? y->data : lathe_tape_work(tape, lanes, sizeof *loss);
    if (!y || !job || !saved || !loss) return NULL;
    *job = (cross_entropy_job){ .classes = x->shape.dim[1],
        .columns = columns,
        .x = x->data,
        .targets = targets,
        .largest = saved,
        .log_sum = saved + lanes,
        .loss = loss,
        .each = each,
        .factor = reduction == LATHE_REDUCE_MEAN ? 1 / total : 1 };
    lathe_parallel_pieces(lanes / LATHE_LANES, (size_t)job->classes * LATHE_LANES, forward_columns, job);
    if (!each) y->data[0] = (lathe_real)(sum_of(job, x->shape.dim[0]) * job->factor);
    return lathe_tape_record(tape, &lathe_cross_entropy_op, y, &x, 1, job);
}

/* ---- options ------------------------------------------------------------------------------------------- */

static const lathe_field fields[] = {
    { .name = "label_smoothing",
        .kind = LATHE_FIELD_DOUBLE,
        .offset = offsetof(lathe_cross_entropy_opts, label_smoothing),
        .max = 1,
        .help = "part of the label spread over all classes" },
    { .name = "ignore_index",
        .kind = LATHE_FIELD_INT,
        .offset = offsetof(lathe_cross_entropy_opts, ignore_index),
        .preset = { -100 },
        .help = "samples with this label take no part" },
    { .name = "reduction",
        .kind = LATHE_FIELD_CHOICE,
        .offset = offsetof(lathe_cross_entropy_opts, reduction),
        .choices = lathe_reduction_names,
        .help = "over all samples" },
    { .name = NULL },
};

static lathe_tensor *classify(lathe_tensor *scores, const int *labels, const void *opts)
{
    return lathe_cross_entropy(scores, labels, opts);
}

static lathe_tensor *mixed(lathe_tensor *scores, lathe_tensor *targets, const void *opts)
{
    return lathe_cross_entropy_soft(scores, targets, opts);
}

static const lathe_real **class_weights(void *opts)
{
    return &((lathe_cross_entropy_opts *)opts)->class_weights;
}

const lathe_loss_type lathe_cross_entropy_loss = {
    .name = "cross_entropy",
    .summary = "one class of several, from logits",
    .opts_size = sizeof(lathe_cross_entropy_opts),
    .fields = fields,
    .classify = classify,
    .mixed = mixed,
    .class_weights = class_weights,
};

/* Checks what both kinds share; *opts is filled in. */
static bool checks_pass(lathe_tape *tape, const char *who, const lathe_tensor *x,
    const lathe_cross_entropy_opts *given, lathe_cross_entropy_opts *opts)
{
    return lathe_loss_batched(tape, who, x) &&
        lathe_loss_resolve(tape, &lathe_cross_entropy_loss, given, opts) &&
        lathe_loss_weights(tape, who, "weight", opts->class_weights, x->shape.dim[1]);
}

static double weight_of(const lathe_cross_entropy_opts *opts, int k)
{
    return opts->class_weights ? (double)opts->class_weights[k] : 1;
}

/* ---- labels -------------------------------------------------------------------------------------------- */

/* Checks all labels; the sum of their classes' weights goes to *total. */
static bool labels_pass(lathe_tape *tape, const lathe_tensor *x, const int *labels,
    const lathe_cross_entropy_opts *opts, double *total)
{
    const char *who = "lathe_cross_entropy";
    size_t count = (size_t)x->shape.dim[0] * lathe_loss_columns(x), counted;
    if (!lathe_loss_labels(tape, who, x, labels, opts->ignore_index, &counted)) return false;
    *total = 0;
    for (size_t i = 0; i < count; i++)
        if (labels[i] != opts->ignore_index) *total += weight_of(opts, labels[i]);
    if (opts->reduction != LATHE_REDUCE_MEAN || *total > 0) return true;
    return lathe_tape_fail(tape, LATHE_EARG,
        "%s: the mean over no samples: of %zu labels %zu are not ignored, with class weights "
        "of 0 in all",
        who, count, counted);
}

lathe_tensor *lathe_cross_entropy(lathe_tensor *x, const int *labels, const lathe_cross_entropy_opts *opts)
{
    const char *who = "lathe_cross_entropy";
    lathe_cross_entropy_opts o;
    double total;
    lathe_tape *tape = lathe_tape_of(who, &x, 1);
    if (!tape || !checks_pass(tape, who, x, opts, &o) || !labels_pass(tape, x, labels, &o, &total))
        return NULL;

    lathe_real *targets = lathe_tape_alloc(tape, x->stored, sizeof *targets);
    if (!targets) return NULL;
    memset(targets, 0, x->stored * sizeof *targets);
    int classes = x->shape.dim[1];
    size_t stride = lathe_loss_columns(x) * LATHE_LANES,
           count = (size_t)x->shape.dim[0] * lathe_loss_columns(x);
    double smooth = o.label_smoothing;
    for (size_t i = 0; i < count; i++) {
        if (labels[i] == o.ignore_index) continue;
        lathe_real *target = targets + lathe_loss_place(x, i);
        for (int k = 0; smooth > 0 && k < classes; k++)
            target[(size_t)k * stride] = (lathe_real)(smooth / classes * weight_of(&o, k));
        target[(size_t)labels[i] * stride] += (lathe_real)((1 - smooth) * weight_of(&o, labels[i]));
    }
    return cross_entropy(tape, x, targets, o.reduction, total);
}

/* ---- probabilities ------------------------------------------------------------------------------------- */

lathe_tensor *lathe_cross_entropy_soft(lathe_tensor *x, lathe_tensor *targets,
    const lathe_cross_entropy_opts *opts)
{
    const char *who = "lathe_cross_entropy_soft";
    lathe_cross_entropy_opts o;
    lathe_tape *tape = lathe_tape_of_alike(who, "x", x, "targets", targets);
    if (!tape || !checks_pass(tape, who, x, opts, &o)) return NULL;

    lathe_real *wanted = lathe_tape_alloc(tape, x->stored, sizeof *wanted);
    if (!wanted) return NULL;
    int classes = x->shape.dim[1];
    size_t piece = lathe_loss_columns(x) * LATHE_LANES;
    double smooth = o.label_smoothing;
    for (size_t i = 0; i < x->stored; i++)
        wanted[i] = (lathe_real)(((double)targets->data[i] * (1 - smooth) + smooth / classes) *
            weight_of(&o, (int)(i / piece % (size_t)classes)));
    lathe_zero_tails(x, wanted);
    return cross_entropy(tape, x, wanted, o.reduction,
        (double)x->shape.dim[0] * (double)lathe_loss_columns(x));
}
