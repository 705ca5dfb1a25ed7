#include "conv_transpose2d.h"

#include "../alloc.h"
#include "conv_impl.h"

/* All is a convolution's from y to x: its gradient to the data is our forward, its forward our gradient to x.
 */

static lathe_status conv_transpose2d_backward(lathe_node *node)
{
    lathe_tensor *x = node->in[0], *w = node->in[1], *y = node->out;
    const lathe_conv_geometry *g = node->saved;
    bool add;
    lathe_real *gx = lathe_grad_target(y->tape, x, &add);
    if (gx) {
        lathe_real *packed = lathe_tape_work(y->tape,
            lathe_times(lathe_conv_group_weights(g), (size_t)g->groups), sizeof *packed);
        if (!packed) return lathe_tape_status(y->tape);
        lathe_conv_forward(g, y->grad, w->data, NULL, gx, lathe_tensor_blocks(x),
            add ? LATHE_CONV_ADD : LATHE_CONV_WRITE, packed);
    }
    lathe_real *gw = lathe_grad_target(y->tape, w, &add);
    if (gw) lathe_conv_to_weights(g, y->grad, x->data, gw, lathe_tensor_blocks(x), add, y->tape);
    lathe_conv_to_bias(y, y->grad, node->in[2]);
    return lathe_tape_status(y->tape);
}

const lathe_op lathe_conv_transpose2d_op = { "conv_transpose2d", conv_transpose2d_backward };

static bool check_shapes(lathe_tape *tape, const lathe_tensor *x, const lathe_tensor *w,
    const lathe_tensor *bias, int groups)
{
    char text[LATHE_SHAPE_TEXT];
    if (x->layout != LATHE_BATCHED || x->shape.rank != 4)
        lathe_tape_fail(tape, LATHE_ESHAPE,
            "lathe_conv_transpose2d: x is %s %s, it must be batched [B, C, H, W]",
            x->layout == LATHE_BATCHED ? "batched" : "plain", lathe_shape_text(&x->shape, text));
    else if (w->layout != LATHE_PLAIN || w->shape.rank != 4)
        lathe_tape_fail(tape, LATHE_ESHAPE,
            "lathe_conv_transpose2d: weight is %s %s, it must be plain [C, O/groups, kh, kw]",
            w->layout == LATHE_BATCHED ? "batched" : "plain", lathe_shape_text(&w->shape, text));
    else if (x->shape.dim[1] != w->shape.dim[0])
        lathe_tape_fail(tape, LATHE_ESHAPE, "lathe_conv_transpose2d: x has %d channels, weight expects %d",
            x->shape.dim[1], w->shape.dim[0]);
    else if (x->shape.dim[1] % groups)
        lathe_tape_fail(tape, LATHE_ESHAPE,
            "lathe_conv_transpose2d: %d channels cannot be cut into %d groups", x->shape.dim[1], groups);
    else if (bias &&
        (bias->layout != LATHE_PLAIN || bias->shape.rank != 1 ||
            bias->shape.dim[0] != (long)w->shape.dim[1] * groups))
        lathe_tape_fail(tape, LATHE_ESHAPE, "lathe_conv_transpose2d: bias is %s, the result has %ld channels",
            lathe_shape_text(&bias->shape, text), (long)w->shape.dim[1] * groups);
    else return true;
    return false;
}

/* Larger settings say nothing for images and would overflow the arithmetic of places. */
enum { LARGEST = 1 << 20 };

static bool check_range(lathe_tape *tape, const char *name, int value, int lowest, int highest)
{
    if (value >= lowest && value <= highest) return true;
    lathe_tape_fail(tape, LATHE_EARG, "lathe_conv_transpose2d: %s is %d, it must be %d to %d", name, value,
        lowest, highest);
    return false;
}

static bool resolve(lathe_tape *tape, const lathe_conv_transpose2d_opts *opts, lathe_conv_transpose2d_opts *o)
{
    *o = opts ? *opts : (lathe_conv_transpose2d_opts){ 0 };
    if (!o->stride) o->stride = 1;
    if (!o->dilation) o->dilation = 1;
    if (!o->groups) o->groups = 1;
    return check_range(tape, "stride", o->stride, 1, LARGEST) &&
        check_range(tape, "padding", o->padding, 0, LARGEST) &&
        check_range(tape, "dilation", o->dilation, 1, LARGEST) &&
        check_range(tape, "groups", o->groups, 1, LARGEST) &&
        check_range(tape, "output_padding", o->output_padding, 0, o->stride - 1);
}

/* The result's places along one axis. */
static long results(const lathe_conv_transpose2d_opts *o, int size, int taps)
{
    return (size - 1L) * o->stride - 2L * o->padding + (long)o->dilation * (taps - 1) + o->output_padding + 1;
}

static lathe_conv_geometry *geometry_of(lathe_tape *tape, const lathe_tensor *x, const lathe_tensor *w,
    const lathe_conv_transpose2d_opts *o)
{
    long height = results(o, x->shape.dim[2], w->shape.dim[2]),
         width = results(o, x->shape.dim[3], w->shape.dim[3]);
    if (height < 1 || width < 1 || height > LARGEST || width > LARGEST)
        return lathe_tape_fail(tape, LATHE_ESHAPE,
            "lathe_conv_transpose2d: the result would be %ld x %ld; its sides must be 1 to %d", height, width,
            LARGEST);
    lathe_conv_geometry *g = lathe_tape_alloc(tape, 1, sizeof *g);
    if (g)
        *g = (lathe_conv_geometry){ .stride = o->stride,
            .padding = o->padding,
            .dilation = o->dilation,
            .groups = o->groups,
            .channels = w->shape.dim[1],
            .filters = w->shape.dim[0] / o->groups,
            .height = (int)height,
            .width = (int)width,
            .kernel_height = w->shape.dim[2],
            .kernel_width = w->shape.dim[3],
            .out_height = x->shape.dim[2],
            .out_width = x->shape.dim[3] };
    return g;
}

lathe_tensor *lathe_conv_transpose2d(lathe_tensor *x, lathe_tensor *w, lathe_tensor *bias,
    const lathe_conv_transpose2d_opts *opts)
{
    lathe_tensor *in[3] = { x, w, bias };
    lathe_tape *tape = lathe_tape_of("lathe_conv_transpose2d", in, bias ? 3 : 2);
    lathe_conv_transpose2d_opts o;
    if (!tape || !resolve(tape, opts, &o) || !check_shapes(tape, x, w, bias, o.groups)) return NULL;
    lathe_conv_geometry *g = geometry_of(tape, x, w, &o);
    if (!g) return NULL;
    lathe_tensor *y = lathe_tape_tensor(tape, LATHE_BATCHED,
        (lathe_shape){ 4, { x->shape.dim[0], g->channels * g->groups, g->height, g->width } });
    lathe_real *packed =
        lathe_tape_work(tape, lathe_times(lathe_conv_group_weights(g), (size_t)g->groups), sizeof *packed);
    if (!y || !packed) return NULL;
    lathe_conv_to_data(g, x->data, w->data, bias ? bias->data : NULL, y->data, lathe_tensor_blocks(x),
        LATHE_CONV_WRITE, packed);
    return lathe_tape_record(tape, &lathe_conv_transpose2d_op, y, in, 3, g);
}
