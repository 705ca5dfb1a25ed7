#include "upsample.h"

#include <string.h>

#include "op_impl.h"

typedef struct upsample_job {
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
    const lathe_upsample_kernels *kernels = lathe_context_kernels(NULL)->upsample;
    (job->bilinear ? kernels->bilinear : kernels->nearest)(job->grid, (int)(end - begin),
        job->from + begin * in_plane(job->grid), job->to + begin * out_plane(job->grid));
}

static void backward_planes(void *context, size_t begin, size_t end)
{
    const upsample_job *job = context;
    const lathe_upsample_kernels *kernels = lathe_context_kernels(NULL)->upsample;
    lathe_real *gx = job->to + begin * in_plane(job->grid);
    if (!job->add) memset(gx, 0, (end - begin) * in_plane(job->grid) * sizeof *gx);
    (job->bilinear ? kernels->bilinear_backward : kernels->nearest_backward)(job->grid, (int)(end - begin),
        job->from + begin * out_plane(job->grid), gx);
}

static size_t planes_of(const lathe_tensor *x)
{
    return (size_t)lathe_tensor_blocks(x) * (size_t)x->shape.dim[1];
}

static lathe_status backward(lathe_node *node, bool bilinear)
{
    lathe_tensor *x = node->in[0], *y = node->out;
    upsample_job job = { .grid = node->saved, .bilinear = bilinear, .from = y->grad };
    if ((job.to = lathe_grad_target(y->tape, x, &job.add)))
        lathe_parallel_pieces(planes_of(x), in_plane(job.grid) + out_plane(job.grid), backward_planes, &job);
    return LATHE_OK;
}

static lathe_status nearest_backward(lathe_node *node) { return backward(node, false); }

static lathe_status bilinear_backward(lathe_node *node) { return backward(node, true); }

const lathe_op lathe_upsample_nearest_op = { "upsample_nearest", nearest_backward };
const lathe_op lathe_upsample_bilinear_op = { "upsample_bilinear", bilinear_backward };

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

static bool check(lathe_tape *tape, const lathe_tensor *x, int height, int width,
    const lathe_upsample_opts *o)
{
    enum { LARGEST = 1 << 20 };
    char text[LATHE_SHAPE_TEXT];
    if (x->layout != LATHE_BATCHED || x->shape.rank != 4)
        lathe_tape_fail(tape, LATHE_ESHAPE, "lathe_upsample: x is %s %s, expected batched [B, C, H, W]",
            x->layout == LATHE_BATCHED ? "batched" : "plain", lathe_shape_text(&x->shape, text));
    else if (height < 1 || width < 1 || height > LARGEST || width > LARGEST)
        lathe_tape_fail(tape, LATHE_EARG, "lathe_upsample: height %d and width %d must be 1 to %d", height,
            width, LARGEST);
    else if (o->mode != LATHE_UPSAMPLE_NEAREST && o->mode != LATHE_UPSAMPLE_BILINEAR)
        lathe_tape_fail(tape, LATHE_EARG, "lathe_upsample: there is no mode %d", (int)o->mode);
    else return true;
    return false;
}

lathe_tensor *lathe_upsample(lathe_tensor *x, int height, int width, const lathe_upsample_opts *opts)
{
    static const lathe_upsample_opts none;
    const lathe_upsample_opts *o = opts ? opts : &none;
    lathe_tape *tape = lathe_tape_of("lathe_upsample", &x, 1);
    if (!tape || !check(tape, x, height, width, o)) return NULL;
    lathe_tensor *y = lathe_tape_tensor(tape, LATHE_BATCHED,
        (lathe_shape){ 4, { x->shape.dim[0], x->shape.dim[1], height, width } });
    lathe_upsample_grid *grid = y ? lathe_tape_alloc(tape, 1, sizeof *grid) : NULL;
    if (!grid) return NULL;
    *grid = (lathe_upsample_grid){ x->shape.dim[2], x->shape.dim[3], height, width,
        places(tape, x->shape.dim[2], height, o), places(tape, x->shape.dim[3], width, o) };
    if (!grid->rows || !grid->columns) return NULL;
    bool bilinear = o->mode == LATHE_UPSAMPLE_BILINEAR;
    upsample_job job = { .grid = grid, .bilinear = bilinear, .from = x->data, .to = y->data };
    lathe_parallel_pieces(planes_of(x), in_plane(grid) + out_plane(grid), forward_planes, &job);
    return lathe_tape_record(tape, bilinear ? &lathe_upsample_bilinear_op : &lathe_upsample_nearest_op, y, &x,
        1, grid);
}
