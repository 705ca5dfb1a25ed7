#include "upsample.h"

#include <string.h>

#include "op_impl.h"

typedef struct upsample_attributes {
    int height, width;
    lathe_upsample_opts opts;
} upsample_attributes;

typedef struct upsample_job {
    const lathe_upsample_kernels *kernels;
    const lathe_upsample_grid *grid;
    bool bilinear, add;
    const lathe_real *from;
    lathe_real *to;
} upsample_job;

static size_t in_plane(const lathe_upsample_grid *g)
{
    return (size_t)g->height * (size_t)g->width * LATHE_LANES;
}

static size_t out_plane(const lathe_upsample_grid *g)
{
    return (size_t)g->out_height * (size_t)g->out_width * LATHE_LANES;
}

static void forward_planes(void *context, size_t begin, size_t end)
{
    const upsample_job *job = context;
    const lathe_upsample_kernels *kernels = job->kernels;
    (job->bilinear ? kernels->bilinear : kernels->nearest)(job->grid, (int)(end - begin),
        job->from + begin * in_plane(job->grid), job->to + begin * out_plane(job->grid));
}

static void backward_planes(void *context, size_t begin, size_t end)
{
    const upsample_job *job = context;
    const lathe_upsample_kernels *kernels = job->kernels;
    lathe_real *gx = job->to + begin * in_plane(job->grid);
    if (!job->add) memset(gx, 0, (end - begin) * in_plane(job->grid) * sizeof *gx);
    (job->bilinear ? kernels->bilinear_backward : kernels->nearest_backward)(job->grid, (int)(end - begin),
        job->from + begin * out_plane(job->grid), gx);
}

static void run(lathe_node *node, lathe_range_fn *planes, upsample_job *job)
{
    const upsample_attributes *a = node->attributes;
    job->kernels = node->kernels->upsample;
    job->grid = node->saved;
    job->bilinear = a->opts.mode == LATHE_UPSAMPLE_BILINEAR;
    lathe_parallel_pieces(node->context, lathe_tensor_planes(node->in[0]),
        in_plane(job->grid) + out_plane(job->grid), planes, job);
}

static void forward(lathe_node *node)
{
    upsample_job job = { .from = node->in[0]->data, .to = node->out->data };
    run(node, forward_planes, &job);
}

static void backward(lathe_node *node)
{
    upsample_job job = { .from = node->out->grad };
    if ((job.to = lathe_grad_target(node->tape, node->in[0], &job.add))) run(node, backward_planes, &job);
}

/* The places along one axis; NULL after a failure. */
static const lathe_upsample_place *places(lathe_tape *tape, int size, int count, const lathe_upsample_opts *o)
{
    lathe_upsample_place *place = lathe_tape_alloc(tape, (size_t)count, sizeof *place);
    for (int i = 0; place && i < count; i++) {
        if (o->mode == LATHE_UPSAMPLE_NEAREST) {
            int at = (int)((long long)i * size / count);
            place[i] = (lathe_upsample_place){ at, at, 0 };
            continue;
        }
        double at = o->align_corners ? count > 1 ? (double)i * (size - 1) / (count - 1) : 0 :
                                       (i + 0.5) * size / count - 0.5;
        int first = at > 0 ? (int)at : 0;
        if (first > size - 1) first = size - 1;
        place[i] = (lathe_upsample_place){ first, first < size - 1 ? first + 1 : first,
            (lathe_real)(at > first ? at - first : 0) };
    }
    return place;
}

static bool upsample_shape(lathe_node *node, lathe_result *result)
{
    const upsample_attributes *a = node->attributes;
    int height = result->shape.dim[2], width = result->shape.dim[3];
    lathe_upsample_grid *grid = node->saved;
    *grid = (lathe_upsample_grid){ height, width, a->height, a->width,
        places(node->tape, height, a->height, &a->opts), places(node->tape, width, a->width, &a->opts) };
    result->shape.dim[2] = a->height;
    result->shape.dim[3] = a->width;
    return grid->rows && grid->columns;
}

enum { LARGEST = 1 << 20 };

static const char *const modes[] = { "nearest", "bilinear", NULL };

#define OPTION(name) offsetof(upsample_attributes, name)

static const lathe_field fields[] = {
    { "height", LATHE_FIELD_INT, OPTION(height), .min = 1, .max = LARGEST, .required = true },
    { "width", LATHE_FIELD_INT, OPTION(width), .min = 1, .max = LARGEST, .required = true },
    { "mode", LATHE_FIELD_CHOICE, OPTION(opts.mode), .choices = modes },
    { "align_corners", LATHE_FIELD_BOOL, OPTION(opts.align_corners), .help = "the corner pixels coincide" },
    { 0 },
};

const lathe_op lathe_upsample_op = {
    .name = "upsample",
    .in = { { .name = "x", .form = LATHE_FORM_IMAGES } },
    .fields = fields,
    .attributes_size = sizeof(upsample_attributes),
    .saved_size = sizeof(lathe_upsample_grid),
    .layout = lathe_layout_kept,
    .shape = upsample_shape,
    .forward = forward,
    .backward = backward,
};

lathe_tensor *lathe_upsample(lathe_tensor *x, int height, int width, const lathe_upsample_opts *opts)
{
    return lathe_apply(&lathe_upsample_op, &x, 1,
        &(upsample_attributes){ height, width, opts ? *opts : (lathe_upsample_opts){ 0 } });
}
