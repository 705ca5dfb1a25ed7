#include "box_loss.h"

#include <math.h>

#include "loss_impl.h"

enum { COORDINATES = 4 };

typedef struct box_job {
    lathe_box_kernel kind;
    double eps;
    size_t columns; /* boxes of an image */
    const lathe_real *x, *target;
    lathe_real *loss;  /* [blocks][columns][16] */
    lathe_real *slope; /* stored like x; NULL if no gradient is needed */
    const lathe_real *gy;
    lathe_real *gx;
    bool add;
} box_job;

static void forward_columns(void *context, size_t begin, size_t end)
{
    const box_job *job = context;
    for (size_t column = begin; column < end; column++) {
        size_t block = column / job->columns,
               at = (block * COORDINATES * job->columns + column % job->columns) * LATHE_LANES;
        lathe_context_kernels(NULL)->loss->boxes(job->kind, job->eps, job->columns * LATHE_LANES, job->x + at,
            job->target + at, job->loss + column * LATHE_LANES, job->slope ? job->slope + at : NULL);
    }
}

static void backward_pieces(void *context, size_t begin, size_t end)
{
    const box_job *job = context;
    size_t piece = job->columns * LATHE_LANES;
    for (size_t i = begin; i < end; i++)
        lathe_context_kernels(NULL)->element->mul(piece, job->slope + i * piece,
            job->gy + i / COORDINATES * piece, job->gx + i * piece, job->add);
}

static lathe_status box_backward(lathe_node *node)
{
    lathe_tensor *x = node->in[0];
    box_job job = { .columns = lathe_loss_columns(x), .slope = node->saved, .gy = node->out->grad };
    if ((job.gx = lathe_grad_target(node->out->tape, x, &job.add)))
        lathe_parallel_pieces((size_t)lathe_tensor_blocks(x) * COORDINATES, job.columns * LATHE_LANES,
            backward_pieces, &job);
    return LATHE_OK;
}

const lathe_op lathe_box_op = { "box", box_backward };

static lathe_tensor *box_loss(const char *who, const lathe_loss_type *type, lathe_box_kernel kind,
    lathe_tensor *x, lathe_tensor *target, const lathe_box_opts *opts)
{
    char text[LATHE_SHAPE_TEXT];
    lathe_box_opts o;
    lathe_tape *tape = lathe_tape_of_alike(who, "x", x, "target", target);
    if (!tape || !lathe_loss_batched(tape, who, x) || !lathe_loss_resolve(tape, type, opts, &o)) return NULL;
    if (x->shape.dim[1] != COORDINATES)
        return lathe_tape_fail(tape, LATHE_ESHAPE, "%s: x is %s, expected boxes [B, 4, ...]", who,
            lathe_shape_text(&x->shape, text));
    bool records = lathe_tape_records(tape, &x, 1);
    lathe_tensor *y = lathe_tape_tensor(tape, LATHE_BATCHED, lathe_loss_samples(x));
    lathe_real *slope = records ? lathe_tape_alloc(tape, x->stored, sizeof *slope) : NULL;
    if (!y || (records && !slope)) return NULL;
    box_job job = { .kind = kind,
        .eps = o.eps,
        .columns = lathe_loss_columns(x),
        .x = x->data,
        .target = target->data,
        .loss = y->data,
        .slope = slope };
    lathe_parallel_pieces((size_t)lathe_tensor_blocks(x) * job.columns, LATHE_LANES * 64, forward_columns,
        &job);
    lathe_zero_tails(y, y->data); /* what garbage there gives may be no number */
    if (records) lathe_zero_tails(x, slope);
    double boxes = (double)lathe_shape_count(&y->shape);
    return lathe_reduce(who, lathe_tape_record(tape, &lathe_box_op, y, &x, 1, slope), o.reduction, boxes);
}

/* ---- the four ------------------------------------------------------------------------------------------ */

static const lathe_field fields[] = {
    { .name = "eps",
        .kind = LATHE_FIELD_DOUBLE,
        .offset = offsetof(lathe_box_opts, eps),
        .preset = { 1e-7 },
        .max = HUGE_VAL,
        .above_min = true,
        .help = "keeps denominators from 0" },
    { .name = "reduction",
        .kind = LATHE_FIELD_CHOICE,
        .offset = offsetof(lathe_box_opts, reduction),
        .choices = lathe_reduction_names,
        .help = "over the boxes" },
    { .name = NULL },
};

const lathe_loss_type lathe_iou_loss = {
    .name = "iou",
    .summary = "between boxes: 1 - IoU",
    .opts_size = sizeof(lathe_box_opts),
    .fields = fields,
};

lathe_tensor *lathe_iou(lathe_tensor *x, lathe_tensor *target, const lathe_box_opts *opts)
{
    return box_loss("lathe_iou", &lathe_iou_loss, LATHE_BOX_KERNEL_IOU, x, target, opts);
}

const lathe_loss_type lathe_giou_loss = {
    .name = "giou",
    .summary = "between boxes: also how empty the smallest box around both is",
    .opts_size = sizeof(lathe_box_opts),
    .fields = fields,
};

lathe_tensor *lathe_giou(lathe_tensor *x, lathe_tensor *target, const lathe_box_opts *opts)
{
    return box_loss("lathe_giou", &lathe_giou_loss, LATHE_BOX_KERNEL_GIOU, x, target, opts);
}

const lathe_loss_type lathe_diou_loss = {
    .name = "diou",
    .summary = "between boxes: also how far their centers are apart",
    .opts_size = sizeof(lathe_box_opts),
    .fields = fields,
};

lathe_tensor *lathe_diou(lathe_tensor *x, lathe_tensor *target, const lathe_box_opts *opts)
{
    return box_loss("lathe_diou", &lathe_diou_loss, LATHE_BOX_KERNEL_DIOU, x, target, opts);
}

const lathe_loss_type lathe_ciou_loss = {
    .name = "ciou",
    .summary = "between boxes: also how far their centers and how different their proportions are",
    .opts_size = sizeof(lathe_box_opts),
    .fields = fields,
};

lathe_tensor *lathe_ciou(lathe_tensor *x, lathe_tensor *target, const lathe_box_opts *opts)
{
    return box_loss("lathe_ciou", &lathe_ciou_loss, LATHE_BOX_KERNEL_CIOU, x, target, opts);
}
