#include "cross_entropy.h"

#include <string.h>

#include "../../alloc.h"
#include "../batch_sum_impl.h"
#include "loss_impl.h"

/*
 * Every kind of cross-entropy becomes one: - sum over k of target[b,k] * log softmax(x)[b,k], with targets
 * that hold the class weights and the smoothing, and zeros for samples that take no part and for tail lanes.
 * A column is what is normalised together: one place of sixteen images, over all classes.
 */
typedef struct cross_entropy_job {
    const lathe_softmax_kernels *kernels;
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

/* The attributes of both kinds; the soft kind has no labels. */
typedef struct cross_entropy_attributes {
    lathe_cross_entropy_opts opts; /* first: their fields describe the attributes */
    const int *labels;
} cross_entropy_attributes;

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
        job->kernels->cross_entropy(job->classes, job->columns * LATHE_LANES, job->x + at, job->targets + at,
            job->loss + lane, job->largest + lane, job->log_sum + lane);
    }
}

static void backward_columns(void *context, size_t begin, size_t end)
{
    const cross_entropy_job *job = context;
    for (size_t column = begin; column < end; column++) {
        size_t at = place_of(job, column), lane = column * LATHE_LANES;
        job->kernels->cross_entropy_backward(job->classes, job->columns * LATHE_LANES, job->x + at,
            job->targets + at, job->largest + lane, job->log_sum + lane, job->gloss + lane, job->gx + at,
            job->add);
    }
}

static void cross_entropy_backward(lathe_node *node)
{
    cross_entropy_job job = *(const cross_entropy_job *)node->saved;
    const lathe_tensor *x = node->in[0];
    size_t columns = (size_t)lathe_tensor_blocks(x) * job.columns;
    job.gloss = node->out->grad;
    if (!job.each) {
        lathe_real *gloss = lathe_tape_work(node->tape, lathe_times(columns, LATHE_LANES), sizeof *gloss);
        if (!gloss) return;
        for (size_t i = 0; i < columns * LATHE_LANES; i++)
            gloss[i] = (lathe_real)(job.factor * (double)node->out->grad[0]);
        job.gloss = gloss;
    }
    if ((job.gx = lathe_grad_target(node->tape, node->in[0], &job.add)))
        lathe_parallel_pieces(node->context, columns, (size_t)job.classes * LATHE_LANES, backward_columns,
            &job);
}

/* What is added up over the samples of a leaf, and then over the batch. */
typedef struct totals {
    double loss, weight, counted; /* losses, weights of the labels, and labels that are not ignored */
} totals;

/* The sum of losses [columns][16] of a block. Those of tail lanes are 0. */
static double sum_of(const lathe_real *loss, size_t columns)
{
    double lane[LATHE_LANES] = { 0 }, sum = 0;
    for (size_t i = 0; i < columns; i++)
        for (size_t k = 0; k < LATHE_LANES; k++) lane[k] += (double)loss[i * LATHE_LANES + k];
    for (int k = 0; k < LATHE_LANES; k++) sum += lane[k];
    return sum;
}

/* The forward for given targets. `total` [blocks] has the weights of each leaf, and gets its losses. */
static void forward(lathe_node *node, cross_entropy_job *job, totals *total)
{
    const lathe_tensor *x = node->in[0];
    size_t columns = lathe_loss_columns(x), lanes = (size_t)lathe_tensor_blocks(x) * columns * LATHE_LANES;
    bool each = node->out->shape.rank > 0;
    lathe_real *saved = lathe_tape_alloc(node->tape, lathe_times(lanes, 2), sizeof *saved);
    lathe_real *loss = each ? node->out->data : lathe_tape_work(node->tape, lanes, sizeof *loss);
    if (!saved || !loss) return;
    job->kernels = node->kernels->softmax;
    job->classes = x->shape.dim[1];
    job->columns = columns;
    job->x = x->data;
    job->largest = saved;
    job->log_sum = saved + lanes;
    job->loss = loss;
    job->each = each;
    lathe_parallel_pieces(node->context, lanes / LATHE_LANES, (size_t)job->classes * LATHE_LANES,
        forward_columns, job);
    if (each) return;
    for (int block = 0; block < lathe_tensor_blocks(x); block++)
        total[block].loss = sum_of(loss + (size_t)block * columns * LATHE_LANES, columns);
    const size_t numbers = sizeof *total / sizeof(double);
    if (!lathe_batch_join(node, total, sizeof *total, lathe_join_doubles, &numbers)) return;
    bool mean = ((const lathe_cross_entropy_opts *)node->attributes)->reduction == LATHE_REDUCE_MEAN;
    job->factor = mean ? 1 / total->weight : 1;
    node->out->data[0] = (lathe_real)(total->loss * job->factor);
    if (mean && !(total->weight > 0))
        lathe_op_fail(node, LATHE_EARG,
            "the mean over no samples: %.0f labels are not ignored, with class weights of 0 in all",
            total->counted);
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
        .zero = LATHE_LABEL_0,
        .help = "samples with this label take no part" },
    { .name = "reduction",
        .kind = LATHE_FIELD_CHOICE,
        .offset = offsetof(lathe_cross_entropy_opts, reduction),
        .choices = lathe_reduction_names,
        .help = "over all samples" },
    { .name = NULL },
};

static double weight_of(const lathe_cross_entropy_opts *opts, int k)
{
    return opts->class_weights ? (double)opts->class_weights[k] : 1;
}

/* The shape of both kinds. */
static bool reduced_shape(lathe_node *node, lathe_result *result)
{
    const lathe_cross_entropy_opts *o = node->attributes;
    if (o->reduction == LATHE_REDUCE_NONE) result->shape = lathe_loss_samples(node->in[0]);
    else *result = (lathe_result){ .layout = LATHE_PLAIN };
    return lathe_loss_weights(node->tape, node->op->name, "weight", o->class_weights,
        node->in[0]->shape.dim[1]);
}

static totals *new_totals(lathe_node *node)
{
    size_t blocks = (size_t)lathe_tensor_blocks(node->in[0]);
    totals *total = lathe_tape_work(node->tape, blocks, sizeof *total);
    if (total) memset(total, 0, blocks * sizeof *total);
    return total;
}

/* ---- labels -------------------------------------------------------------------------------------------- */

static bool cross_entropy_shape(lathe_node *node, lathe_result *result)
{
    const cross_entropy_attributes *a = node->attributes;
    size_t counted;
    return lathe_loss_labels(node->tape, node->op->name, node->in[0], a->labels, a->opts.ignore_index,
               &counted) &&
        reduced_shape(node, result);
}

static void cross_entropy_forward(lathe_node *node)
{
    const cross_entropy_attributes *a = node->attributes;
    const lathe_cross_entropy_opts *o = &a->opts;
    const lathe_tensor *x = node->in[0];
    lathe_real *targets = lathe_tape_alloc(node->tape, x->stored, sizeof *targets);
    totals *total = new_totals(node);
    if (!targets || !total) return;
    memset(targets, 0, x->stored * sizeof *targets);
    int classes = x->shape.dim[1];
    size_t columns = lathe_loss_columns(x), stride = columns * LATHE_LANES,
           count = (size_t)x->shape.dim[0] * columns;
    double smooth = o->label_smoothing;
    for (size_t i = 0; i < count; i++) {
        int label = a->labels[i];
        if (lathe_is_ignored(label, o->ignore_index)) continue;
        lathe_real *target = targets + lathe_loss_place(x, i);
        for (int k = 0; smooth > 0 && k < classes; k++)
            target[(size_t)k * stride] = (lathe_real)(smooth / classes * weight_of(o, k));
        target[(size_t)label * stride] += (lathe_real)((1 - smooth) * weight_of(o, label));
        total[i / stride].weight += weight_of(o, label);
        total[i / stride].counted++;
    }
    cross_entropy_job *job = node->saved;
    job->targets = targets;
    forward(node, job, total);
}

const lathe_op lathe_cross_entropy_op = {
    .name = "cross_entropy",
    .in = { { .name = "x", .form = LATHE_FORM_CHANNELS } },
    .fields = fields,
    .attributes_size = sizeof(cross_entropy_attributes),
    .saved_size = sizeof(cross_entropy_job),
    .shape = cross_entropy_shape,
    .forward = cross_entropy_forward,
    .backward = cross_entropy_backward,
};

lathe_tensor *lathe_cross_entropy(lathe_tensor *x, const int *labels, const lathe_cross_entropy_opts *opts)
{
    return lathe_apply(&lathe_cross_entropy_op, &x, 1,
        &(cross_entropy_attributes){ opts ? *opts : (lathe_cross_entropy_opts){ 0 }, labels });
}

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

static double mean_weight(const void *opts, const int *labels, size_t count)
{
    lathe_cross_entropy_opts o;
    double total = 0;
    if (lathe_fields_resolve("cross_entropy", fields, opts, &o, sizeof o)) return (double)count;
    for (size_t i = 0; i < count; i++)
        if (!lathe_is_ignored(labels[i], o.ignore_index)) total += weight_of(&o, labels[i]);
    return total;
}

const lathe_loss_type lathe_cross_entropy_loss = {
    .name = "cross_entropy",
    .summary = "one class of several, from logits",
    .opts_size = sizeof(lathe_cross_entropy_opts),
    .fields = fields,
    .classify = classify,
    .mixed = mixed,
    .class_weights = class_weights,
    .mean_weight = mean_weight,
};

/* ---- probabilities ------------------------------------------------------------------------------------- */

static void cross_entropy_soft_forward(lathe_node *node)
{
    const lathe_cross_entropy_opts *o = node->attributes;
    const lathe_tensor *x = node->in[0], *targets = node->in[1];
    lathe_real *wanted = lathe_tape_alloc(node->tape, x->stored, sizeof *wanted);
    totals *total = new_totals(node);
    if (!wanted || !total) return;
    int classes = x->shape.dim[1];
    size_t piece = lathe_loss_columns(x) * LATHE_LANES;
    double smooth = o->label_smoothing;
    for (size_t i = 0; i < x->stored; i++)
        wanted[i] = (lathe_real)(((double)targets->data[i] * (1 - smooth) + smooth / classes) *
            weight_of(o, (int)(i / piece % (size_t)classes)));
    lathe_zero_tails(x, wanted);
    cross_entropy_job *job = node->saved;
    job->targets = wanted;
    for (int block = 0; block < lathe_tensor_blocks(x); block++)
        total[block].weight = (double)lathe_lanes_in_block(x, block) * (double)lathe_loss_columns(x);
    forward(node, job, total);
}

const lathe_op lathe_cross_entropy_soft_op = {
    .name = "cross_entropy_soft",
    .in = { { .name = "x", .form = LATHE_FORM_CHANNELS },
        { .name = "targets", .form = LATHE_FORM_LIKE, .constant = true } },
    .fields = fields,
    .attributes_size = sizeof(lathe_cross_entropy_opts),
    .saved_size = sizeof(cross_entropy_job),
    .shape = reduced_shape,
    .forward = cross_entropy_soft_forward,
    .backward = cross_entropy_backward,
};

lathe_tensor *lathe_cross_entropy_soft(lathe_tensor *x, lathe_tensor *targets,
    const lathe_cross_entropy_opts *opts)
{
    return lathe_apply(&lathe_cross_entropy_soft_op, (lathe_tensor *[]){ x, targets }, 2, opts);
}
