#include "box_loss.h"

#include <math.h>

#include "loss_impl.h"

enum { COORDINATES = 4 };

typedef struct box_job {
    const lathe_kernels *kernels;
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
        job->kernels->loss->boxes(job->kind, job->eps, job->columns * LATHE_LANES, job->x + at,
            job->target + at, job->loss + column * LATHE_LANES, job->slope ? job->slope + at : NULL);
    }
}

static bool box_shape(lathe_node *node, lathe_result *result)
{
    const lathe_tensor *x = node->in[0];
    char text[LATHE_SHAPE_TEXT];
    if (x->shape.dim[1] != COORDINATES)
        return lathe_op_fail(node, LATHE_ESHAPE, "x is %s, expected boxes [B, 4, ...]",
            lathe_shape_text(&x->shape, text));
    result->shape = lathe_loss_samples(x);
    return true;
}

static void forward(lathe_node *node, lathe_box_kernel kind)
{
    const lathe_tensor *x = node->in[0], *y = node->out;
    box_job job = { .kernels = node->kernels,
        .kind = kind,
        .eps = ((const lathe_box_opts *)node->attributes)->eps,
        .columns = lathe_loss_columns(x),
        .x = x->data,
        .target = node->in[1]->data,
        .loss = y->data };
    if (node->records && !(job.slope = lathe_tape_alloc(node->tape, x->stored, sizeof *job.slope))) return;
    lathe_parallel_pieces(node->context, (size_t)lathe_tensor_blocks(x) * job.columns, LATHE_LANES * 64,
        forward_columns, &job);
    lathe_zero_tails(y, y->data); /* the results of tail lanes may be non-finite */
    if (job.slope) lathe_zero_tails(x, job.slope);
    node->saved = job.slope;
}

static void backward_pieces(void *context, size_t begin, size_t end)
{
    const box_job *job = context;
    size_t piece = job->columns * LATHE_LANES;
    for (size_t i = begin; i < end; i++)
        job->kernels->element->mul(piece, job->slope + i * piece, job->gy + i / COORDINATES * piece,
            job->gx + i * piece, job->add);
}

static void box_backward(lathe_node *node)
{
    const lathe_tensor *x = node->in[0];
    box_job job = { .kernels = node->kernels,
        .columns = lathe_loss_columns(x),
        .slope = node->saved,
        .gy = node->out->grad };
    if ((job.gx = lathe_grad_target(node->tape, node->in[0], &job.add)))
        lathe_parallel_pieces(node->context, (size_t)lathe_tensor_blocks(x) * COORDINATES,
            job.columns * LATHE_LANES, backward_pieces, &job);
}

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

static lathe_tensor *box_loss(const lathe_op *op, lathe_tensor *x, lathe_tensor *target,
    const lathe_box_opts *opts)
{
    lathe_tensor *each = lathe_apply(op, (lathe_tensor *[]){ x, target }, 2, opts);
    return lathe_reduce(each, opts ? opts->reduction : LATHE_REDUCE_MEAN, 0);
}

/* ---- the four ------------------------------------------------------------------------------------------ */

static void iou_forward(lathe_node *node) { forward(node, LATHE_BOX_KERNEL_IOU); }

const lathe_op lathe_iou_op = {
    .name = "iou",
    .in = { { .name = "x", .form = LATHE_FORM_CHANNELS },
        { .name = "target", .form = LATHE_FORM_LIKE, .constant = true } },
    .fields = fields,
    .attributes_size = sizeof(lathe_box_opts),
    .shape = box_shape,
    .forward = iou_forward,
    .backward = box_backward,
};

static lathe_tensor *iou(lathe_tensor *x, lathe_tensor *target, const void *opts)
{
    return lathe_iou(x, target, opts);
}

const lathe_loss_type lathe_iou_loss = {
    .name = "iou",
    .summary = "1 - IoU",
    .opts_size = sizeof(lathe_box_opts),
    .fields = fields,
    .boxes = iou,
};

lathe_tensor *lathe_iou(lathe_tensor *x, lathe_tensor *target, const lathe_box_opts *opts)
{
    return box_loss(&lathe_iou_op, x, target, opts);
}

static void giou_forward(lathe_node *node) { forward(node, LATHE_BOX_KERNEL_GIOU); }

const lathe_op lathe_giou_op = {
    .name = "giou",
    .in = { { .name = "x", .form = LATHE_FORM_CHANNELS },
        { .name = "target", .form = LATHE_FORM_LIKE, .constant = true } },
    .fields = fields,
    .attributes_size = sizeof(lathe_box_opts),
    .shape = box_shape,
    .forward = giou_forward,
    .backward = box_backward,
};

static lathe_tensor *giou(lathe_tensor *x, lathe_tensor *target, const void *opts)
{
    return lathe_giou(x, target, opts);
}

const lathe_loss_type lathe_giou_loss = {
    .name = "giou",
    .summary = "also how empty the smallest box around both is",
    .opts_size = sizeof(lathe_box_opts),
    .fields = fields,
    .boxes = giou,
};

lathe_tensor *lathe_giou(lathe_tensor *x, lathe_tensor *target, const lathe_box_opts *opts)
{
    return box_loss(&lathe_giou_op, x, target, opts);
}

static void diou_forward(lathe_node *node) { forward(node, LATHE_BOX_KERNEL_DIOU); }

const lathe_op lathe_diou_op = {
    .name = "diou",
    .in = { { .name = "x", .form = LATHE_FORM_CHANNELS },
        { .name = "target", .form = LATHE_FORM_LIKE, .constant = true } },
    .fields = fields,
    .attributes_size = sizeof(lathe_box_opts),
    .shape = box_shape,
    .forward = diou_forward,
    .backward = box_backward,
};

static lathe_tensor *diou(lathe_tensor *x, lathe_tensor *target, const void *opts)
{
    return lathe_diou(x, target, opts);
}

const lathe_loss_type lathe_diou_loss = {
    .name = "diou",
    .summary = "also how far their centers are apart",
    .opts_size = sizeof(lathe_box_opts),
    .fields = fields,
    .boxes = diou,
};

lathe_tensor *lathe_diou(lathe_tensor *x, lathe_tensor *target, const lathe_box_opts *opts)
{
    return box_loss(&lathe_diou_op, x, target, opts);
}

static void ciou_forward(lathe_node *node) { forward(node, LATHE_BOX_KERNEL_CIOU); }

const lathe_op lathe_ciou_op = {
    .name = "ciou",
    .in = { { .name = "x", .form = LATHE_FORM_CHANNELS },
        { .name = "target", .form = LATHE_FORM_LIKE, .constant = true } },
    .fields = fields,
    .attributes_size = sizeof(lathe_box_opts),
    .shape = box_shape,
    .forward = ciou_forward,
    .backward = box_backward,
};

static lathe_tensor *ciou(lathe_tensor *x, lathe_tensor *target, const void *opts)
{
    return lathe_ciou(x, target, opts);
}

const lathe_loss_type lathe_ciou_loss = {
    .name = "ciou",
    .summary = "also how far their centers and how different their proportions are",
    .opts_size = sizeof(lathe_box_opts),
    .fields = fields,
    .boxes = ciou,
};

lathe_tensor *lathe_ciou(lathe_tensor *x, lathe_tensor *target, const lathe_box_opts *opts)
{
    return box_loss(&lathe_ciou_op, x, target, opts);
}
