#include "overlap_loss.h"

#include <math.h>

#include "../../alloc.h"
#include "../arithmetic.h"
#include "loss_impl.h"
#include "../softmax.h"

/* For each class 1 - N / M: N and M follow from three sums, and so does the gradient at_p + at_t * t. */
typedef struct overlap_job {
    bool jaccard;
    double smooth;
    size_t blocks, classes, piece; /* numbers of one class of one block */
    const lathe_real *p, *targets;
    const lathe_real *mask;  /* [blocks][columns][16]: 0 for what takes no part */
    lathe_real *loss;        /* [K] */
    lathe_real *at_p, *at_t; /* [K] */
    const lathe_real *gloss; /* [K] */
    lathe_real *gp;
    bool add;
} overlap_job;

static void forward_classes(void *context, size_t begin, size_t end)
{
    const overlap_job *job = context;
    for (size_t k = begin; k < end; k++) {
        double sums[3] = { 0 }; /* of p t, of p, of t */
        for (size_t block = 0; block < job->blocks; block++) {
            size_t at = (block * job->classes + k) * job->piece;
            lathe_context_kernels(NULL)->loss->overlap(job->piece, job->p + at, job->targets + at,
                job->mask + block * job->piece, sums);
        }
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
        lathe_context_kernels(NULL)->loss->overlap_backward(job->piece, job->gloss[k] * job->at_p[k],
            job->gloss[k] * job->at_t[k], job->targets + at, job->mask + i / job->classes * job->piece,
            job->gp + at, job->add);
    }
}

static lathe_status overlap_backward(lathe_node *node)
{
    overlap_job job = *(const overlap_job *)node->saved;
    job.gloss = node->out->grad;
    if ((job.gp = lathe_grad_target(node->out->tape, node->in[0], &job.add)))
        lathe_parallel_pieces(job.blocks * job.classes, job.piece, backward_pieces, &job);
    return LATHE_OK;
}

const lathe_op lathe_overlap_op = { "overlap", overlap_backward };

/* 1 for each column, 0 in tail lanes and where the label (NULL: none is) is ignored; stored as one class of
 * x. */
static lathe_real *make_mask(lathe_tape *tape, const lathe_tensor *x, const int *labels, int ignore_index)
{
    lathe_tensor *mask = lathe_tape_leaf(tape, LATHE_BATCHED, lathe_loss_samples(x), NULL);
    size_t count = (size_t)x->shape.dim[0] * lathe_loss_columns(x);
    for (size_t i = 0; mask && i < count; i++)
        if (!labels || labels[i] != ignore_index) mask->data[lathe_tensor_place(mask, i)] = 1;
    return mask ? mask->data : NULL;
}

static lathe_tensor *overlap(const char *who, lathe_tensor *p, const lathe_tensor *targets, const int *labels,
    bool jaccard, const lathe_overlap_opts *o)
{
    if (!p || !targets) return NULL;
    lathe_tape *tape = p->tape;
    int classes = p->shape.dim[1];
    overlap_job *job = lathe_tape_alloc(tape, 1, sizeof *job);
    lathe_real *slopes = lathe_tape_alloc(tape, lathe_times(2, (size_t)classes), sizeof *slopes);
    lathe_real *mask = make_mask(tape, p, labels, o->ignore_index);
    lathe_tensor *y = lathe_tape_tensor(tape, LATHE_PLAIN, (lathe_shape){ 1, { classes } });
    if (!job || !slopes || !mask || !y) return NULL;
    *job = (overlap_job){ .jaccard = jaccard,
        .smooth = o->smooth,
        .blocks = (size_t)lathe_tensor_blocks(p),
        .classes = (size_t)classes,
        .piece = lathe_loss_columns(p) * LATHE_LANES,
        .p = p->data,
        .targets = targets->data,
        .mask = mask,
        .loss = y->data,
        .at_p = slopes,
        .at_t = slopes + classes };
    lathe_parallel_pieces(job->classes, job->blocks * job->piece, forward_classes, job);
    return lathe_reduce(who, lathe_tape_record(tape, &lathe_overlap_op, y, &p, 1, job), o->reduction,
        classes);
}

/* ---- from logits and labels, from probabilities -------------------------------------------------------- */

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
        .help = "pixels with this label take no part" },
    { .name = "reduction",
        .kind = LATHE_FIELD_CHOICE,
        .offset = offsetof(lathe_overlap_opts, reduction),
        .choices = lathe_reduction_names,
        .help = "over the classes" },
    { .name = NULL },
};

static lathe_tensor *of_labels(const char *who, const lathe_loss_type *type, lathe_tensor *x,
    const int *labels, bool jaccard, const lathe_overlap_opts *opts)
{
    lathe_overlap_opts o;
    size_t counted;
    lathe_tape *tape = lathe_tape_of(who, &x, 1);
    if (!tape || !lathe_loss_batched(tape, who, x) || !lathe_loss_resolve(tape, type, opts, &o) ||
        !lathe_loss_labels(tape, who, x, labels, o.ignore_index, &counted))
        return NULL;
    return overlap(who, lathe_softmax(x), lathe_one_hot(tape, x, labels, o.ignore_index), labels, jaccard,
        &o);
}

static lathe_tensor *of_targets(const char *who, const lathe_loss_type *type, lathe_tensor *p,
    lathe_tensor *targets, bool jaccard, const lathe_overlap_opts *opts)
{
    lathe_overlap_opts o;
    lathe_tape *tape = lathe_tape_of_alike(who, "p", p, "targets", targets);
    if (!tape || !lathe_loss_batched(tape, who, p) || !lathe_loss_resolve(tape, type, opts, &o)) return NULL;
    return overlap(who, p, targets, NULL, jaccard, &o);
}

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
    return of_labels("lathe_dice", &lathe_dice_loss, x, labels, false, opts);
}

lathe_tensor *lathe_dice_soft(lathe_tensor *p, lathe_tensor *targets, const lathe_overlap_opts *opts)
{
    return of_targets("lathe_dice_soft", &lathe_dice_loss, p, targets, false, opts);
}

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
    return of_labels("lathe_jaccard", &lathe_jaccard_loss, x, labels, true, opts);
}

lathe_tensor *lathe_jaccard_soft(lathe_tensor *p, lathe_tensor *targets, const lathe_overlap_opts *opts)
{
    return of_targets("lathe_jaccard_soft", &lathe_jaccard_loss, p, targets, true, opts);
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

const lathe_loss_type lathe_cross_entropy_iou_loss = {
    .name = "cross_entropy_iou",
    .summary = "cross-entropy + lambda * (1 - IoU of each class's region)",
    .opts_size = sizeof(lathe_cross_entropy_iou_opts),
    .fields = iou_fields,
    .classify = classify_iou,
    .class_weights = class_weights,
};

lathe_tensor *lathe_cross_entropy_iou(lathe_tensor *x, const int *labels,
    const lathe_cross_entropy_iou_opts *opts)
{
    const char *who = "lathe_cross_entropy_iou";
    lathe_cross_entropy_iou_opts o;
    lathe_tape *tape = lathe_tape_of(who, &x, 1);
    if (!tape || !lathe_loss_resolve(tape, &lathe_cross_entropy_iou_loss, opts, &o)) return NULL;
    if (o.reduction == LATHE_REDUCE_NONE)
        return lathe_tape_fail(tape, LATHE_EARG,
            "%s: reduction none: one part has a loss a sample, the other a loss a class", who);
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
