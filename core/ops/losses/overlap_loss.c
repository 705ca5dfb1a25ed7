#include "overlap_loss.h"

#include <math.h>

#include "../../alloc.h"
#include "../arithmetic.h"
#include "../batch_sum_impl.h"
#include "loss_impl.h"
#include "../softmax.h"

/* For each class 1 - N / M: N and M follow from three sums, and so does the gradient at_p + at_t * t. */
typedef struct overlap_job {
    const lathe_loss_kernels *kernels;
    bool jaccard;
    double smooth;
    size_t blocks, classes, piece; /* numbers of one class of one block */
    const lathe_real *p, *targets;
    const lathe_real *mask;  /* [blocks][columns][16]: 0 for what takes no part */
    double *sums;            /* [blocks][K][3]: of p t, of p, of t; the batch's come first */
    lathe_real *loss;        /* [K] */
    lathe_real *at_p, *at_t; /* [K] */
    const lathe_real *gloss; /* [K] */
    lathe_real *gp;
    bool add;
} overlap_job;

static void sum_pieces(void *context, size_t begin, size_t end)
{
    const overlap_job *job = context;
    for (size_t i = begin; i < end; i++) {
        size_t at = i * job->piece;
        double *sums = job->sums + 3 * i;
        sums[0] = sums[1] = sums[2] = 0;
        job->kernels->overlap(job->piece, job->p + at, job->targets + at,
            job->mask + i / job->classes * job->piece, sums);
    }
}

static void set_losses(const overlap_job *job)
{
    for (size_t k = 0; k < job->classes; k++) {
        const double *sums = job->sums + 3 * k;
        double above = (job->jaccard ? 1 : 2) * sums[0] + job->smooth;
        double below = sums[1] + sums[2] - (job->jaccard ? sums[0] : 0) + job->smooth;
        bool occurs = sums[2] > 0;
        job->loss[k] = (lathe_real)(occurs ? 1 - above / below : 0);
        job->at_p[k] = (lathe_real)(occurs ? above / (below * below) : 0);
        job->at_t[k] = (lathe_real)(!occurs ? 0 :
                job->jaccard                ? -(below + above) / (below * below) :
                                              -2 / below);
    }
}

static void backward_pieces(void *context, size_t begin, size_t end)
{
    const overlap_job *job = context;
    for (size_t i = begin; i < end; i++) {
        size_t k = i % job->classes, at = i * job->piece;
        job->kernels->overlap_backward(job->piece, job->gloss[k] * job->at_p[k], job->gloss[k] * job->at_t[k],
            job->targets + at, job->mask + i / job->classes * job->piece, job->gp + at, job->add);
    }
}

/* 1 for each column, 0 in tail lanes and where the label (NULL: none is) is ignored; stored as one class of
 * x. */
static lathe_real *make_mask(lathe_tape *tape, const lathe_tensor *x, const int *labels, int ignore_index)
{
    lathe_tensor *mask = lathe_tape_leaf(tape, LATHE_BATCHED, lathe_loss_samples(x), NULL);
    size_t count = (size_t)x->shape.dim[0] * lathe_loss_columns(x);
    for (size_t i = 0; mask && i < count; i++)
        if (!labels || !lathe_is_ignored(labels[i], ignore_index))
            mask->data[lathe_tensor_place(mask, i)] = 1;
    return mask ? mask->data : NULL;
}

/* The labels decide which pixels are ignored; NULL: no pixel. */
typedef struct overlap_attributes {
    lathe_overlap_opts opts; /* first: their fields describe the attributes */
    const int *labels;
} overlap_attributes;

static bool overlap_shape(lathe_node *node, lathe_result *result)
{
    (void)node;
    *result =
        (lathe_result){ .layout = LATHE_PLAIN, .shape = { 1, { result->shape.dim[1] } }, .whole = true };
    return true;
}

static void forward(lathe_node *node, bool jaccard)
{
    const overlap_attributes *a = node->attributes;
    const lathe_tensor *p = node->in[0];
    int classes = p->shape.dim[1];
    overlap_job *job = node->saved;
    lathe_real *slopes = lathe_tape_alloc(node->tape, lathe_times(2, (size_t)classes), sizeof *slopes);
    lathe_real *mask = make_mask(node->tape, p, a->labels, a->opts.ignore_index);
    size_t blocks = (size_t)lathe_tensor_blocks(p), numbers = 3 * (size_t)classes;
    double *sums = lathe_tape_work(node->tape, lathe_times(blocks, numbers), sizeof *sums);
    if (!slopes || !mask || !sums) return;
    *job = (overlap_job){ .kernels = node->kernels->loss,
        .jaccard = jaccard,
        .smooth = a->opts.smooth,
        .blocks = blocks,
        .classes = (size_t)classes,
        .piece = lathe_loss_columns(p) * LATHE_LANES,
        .p = p->data,
        .targets = node->in[1]->data,
        .mask = mask,
        .sums = sums,
        .loss = node->out->data,
        .at_p = slopes,
        .at_t = slopes + classes };
    lathe_parallel_pieces(node->context, job->blocks * job->classes, job->piece, sum_pieces, job);
    if (lathe_batch_join(node, sums, numbers * sizeof *sums, lathe_join_doubles, &numbers)) set_losses(job);
}

static void overlap_backward(lathe_node *node)
{
    overlap_job job = *(const overlap_job *)node->saved;
    job.gloss = node->out->grad;
    if ((job.gp = lathe_grad_target(node->tape, node->in[0], &job.add)))
        lathe_parallel_pieces(node->context, job.blocks * job.classes, job.piece, backward_pieces, &job);
}

static const lathe_field fields[] = {
    { .name = "smooth",
        .kind = LATHE_FIELD_DOUBLE,
        .offset = offsetof(lathe_overlap_opts, smooth),
        .max = HUGE_VAL,
        .help = "added above and below the fraction bar" },
    { .name = "ignore_index",
        .kind = LATHE_FIELD_INT,
        .offset = offsetof(lathe_overlap_opts, ignore_index),
        .preset = { -100 },
        .zero = LATHE_LABEL_0,
        .help = "pixels with this label take no part" },
    { .name = "reduction",
        .kind = LATHE_FIELD_CHOICE,
        .offset = offsetof(lathe_overlap_opts, reduction),
        .choices = lathe_reduction_names,
        .help = "over the classes" },
    { .name = NULL },
};

static lathe_tensor *overlap(const lathe_op *op, lathe_tensor *p, lathe_tensor *targets, const int *labels,
    const lathe_overlap_opts *opts)
{
    const overlap_attributes attributes = { opts ? *opts : (lathe_overlap_opts){ 0 }, labels };
    lathe_tensor *each = lathe_apply(op, (lathe_tensor *[]){ p, targets }, 2, &attributes);
    return lathe_reduce(each, attributes.opts.reduction, 0);
}

/* From logits and labels. */
static lathe_tensor *of_labels(const lathe_op *op, const lathe_loss_type *type, lathe_tensor *x,
    const int *labels, const lathe_overlap_opts *opts)
{
    lathe_overlap_opts o;
    size_t counted;
    lathe_tape *tape = lathe_tape_of(op->name, &x, 1);
    if (!tape || !lathe_loss_batched(tape, op->name, x) || !lathe_loss_resolve(tape, type, opts, &o) ||
        !lathe_loss_labels(tape, op->name, x, labels, o.ignore_index, &counted))
        return NULL;
    return overlap(op, lathe_softmax(x), lathe_one_hot(tape, x, labels, o.ignore_index), labels, opts);
}

/* ---- Dice and Jaccard ---------------------------------------------------------------------------------- */

static void dice_forward(lathe_node *node) { forward(node, false); }

const lathe_op lathe_dice_op = {
    .name = "dice",
    .in = { { .name = "p", .form = LATHE_FORM_CHANNELS },
        { .name = "targets", .form = LATHE_FORM_LIKE, .constant = true } },
    .fields = fields,
    .attributes_size = sizeof(overlap_attributes),
    .saved_size = sizeof(overlap_job),
    .shape = overlap_shape,
    .forward = dice_forward,
    .backward = overlap_backward,
};

static lathe_tensor *classify_dice(lathe_tensor *scores, const int *labels, const void *opts)
{
    return lathe_dice(scores, labels, opts);
}

const lathe_loss_type lathe_dice_loss = {
    .name = "dice",
    .summary = "1 - Dice overlap of each class's region, from logits",
    .opts_size = sizeof(lathe_overlap_opts),
    .fields = fields,
    .classify = classify_dice,
};

lathe_tensor *lathe_dice(lathe_tensor *x, const int *labels, const lathe_overlap_opts *opts)
{
    return of_labels(&lathe_dice_op, &lathe_dice_loss, x, labels, opts);
}

lathe_tensor *lathe_dice_soft(lathe_tensor *p, lathe_tensor *targets, const lathe_overlap_opts *opts)
{
    return overlap(&lathe_dice_op, p, targets, NULL, opts);
}

static void jaccard_forward(lathe_node *node) { forward(node, true); }

const lathe_op lathe_jaccard_op = {
    .name = "jaccard",
    .in = { { .name = "p", .form = LATHE_FORM_CHANNELS },
        { .name = "targets", .form = LATHE_FORM_LIKE, .constant = true } },
    .fields = fields,
    .attributes_size = sizeof(overlap_attributes),
    .saved_size = sizeof(overlap_job),
    .shape = overlap_shape,
    .forward = jaccard_forward,
    .backward = overlap_backward,
};

static lathe_tensor *classify_jaccard(lathe_tensor *scores, const int *labels, const void *opts)
{
    return lathe_jaccard(scores, labels, opts);
}

const lathe_loss_type lathe_jaccard_loss = {
    .name = "jaccard",
    .summary = "1 - IoU of each class's region, from logits",
    .opts_size = sizeof(lathe_overlap_opts),
    .fields = fields,
    .classify = classify_jaccard,
};

lathe_tensor *lathe_jaccard(lathe_tensor *x, const int *labels, const lathe_overlap_opts *opts)
{
    return of_labels(&lathe_jaccard_op, &lathe_jaccard_loss, x, labels, opts);
}

lathe_tensor *lathe_jaccard_soft(lathe_tensor *p, lathe_tensor *targets, const lathe_overlap_opts *opts)
{
    return overlap(&lathe_jaccard_op, p, targets, NULL, opts);
}

/* ---- with cross-entropy -------------------------------------------------------------------------------- */

static const lathe_field iou_fields[] = {
    { .name = "lambda",
        .kind = LATHE_FIELD_DOUBLE,
        .offset = offsetof(lathe_cross_entropy_iou_opts, lambda),
        .preset = { 1 },
        .max = HUGE_VAL,
        .help = "weight of 1 - IoU" },
    { .name = "label_smoothing",
        .kind = LATHE_FIELD_DOUBLE,
        .offset = offsetof(lathe_cross_entropy_iou_opts, label_smoothing),
        .max = 1,
        .help = "part of the label spread over all classes, in the cross-entropy" },
    { .name = "smooth",
        .kind = LATHE_FIELD_DOUBLE,
        .offset = offsetof(lathe_cross_entropy_iou_opts, smooth),
        .max = HUGE_VAL,
        .help = "added above and below IoU's fraction bar" },
    { .name = "ignore_index",
        .kind = LATHE_FIELD_INT,
        .offset = offsetof(lathe_cross_entropy_iou_opts, ignore_index),
        .preset = { -100 },
        .zero = LATHE_LABEL_0,
        .help = "pixels with this label take no part" },
    { .name = "reduction",
        .kind = LATHE_FIELD_CHOICE,
        .offset = offsetof(lathe_cross_entropy_iou_opts, reduction),
        .choices = lathe_reduction_names,
        .help = "over samples and over classes; not none" },
    { .name = NULL },
};

static lathe_tensor *classify_iou(lathe_tensor *scores, const int *labels, const void *opts)
{
    return lathe_cross_entropy_iou(scores, labels, opts);
}

static const lathe_real **class_weights(void *opts)
{
    return &((lathe_cross_entropy_iou_opts *)opts)->class_weights;
}

/* Of the cross-entropy; the IoU of a batch's regions is not a sum over samples. */
static double mean_weight(const void *opts, const int *labels, size_t count)
{
    lathe_cross_entropy_iou_opts o;
    if (lathe_fields_resolve("cross_entropy_iou", iou_fields, opts, &o, sizeof o)) return (double)count;
    return lathe_cross_entropy_loss.mean_weight(&(lathe_cross_entropy_opts){ .class_weights = o.class_weights,
                                                    .ignore_index = o.ignore_index },
        labels, count);
}

const lathe_loss_type lathe_cross_entropy_iou_loss = {
    .name = "cross_entropy_iou",
    .summary = "cross-entropy + lambda * (1 - IoU of each class's region)",
    .opts_size = sizeof(lathe_cross_entropy_iou_opts),
    .fields = iou_fields,
    .classify = classify_iou,
    .class_weights = class_weights,
    .mean_weight = mean_weight,
};

lathe_tensor *lathe_cross_entropy_iou(lathe_tensor *x, const int *labels,
    const lathe_cross_entropy_iou_opts *opts)
{
    lathe_cross_entropy_iou_opts o;
    lathe_tape *tape = lathe_tape_of("cross_entropy_iou", &x, 1);
    if (!tape || !lathe_loss_resolve(tape, &lathe_cross_entropy_iou_loss, opts, &o)) return NULL;
    if (o.reduction == LATHE_REDUCE_NONE)
        return lathe_tape_fail(tape, LATHE_EARG,
            "lathe_cross_entropy_iou: reduction none: one part has a loss a sample, the other a loss a "
            "class");
    lathe_tensor *entropy = lathe_cross_entropy(x, labels,
        &(lathe_cross_entropy_opts){ .class_weights = o.class_weights,
            .label_smoothing = o.label_smoothing,
            .ignore_index = o.ignore_index,
            .reduction = o.reduction });
    lathe_tensor *iou = lathe_jaccard(x, labels,
        &(lathe_overlap_opts){ .smooth = o.smooth,
            .ignore_index = o.ignore_index,
            .reduction = o.reduction });
    return lathe_add(entropy, lathe_scale(iou, o.lambda));
}
