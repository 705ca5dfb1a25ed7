/* Functions of single numbers, sums, products and norms. */
#include <math.h>

#include "../../core/ops/batch_norm.h"
#include "../../core/ops/local_response_norm.h"
#include "../../core/ops/reduce.h"
#include "plan_impl.h"

extern const lathe_op lathe_add_op, lathe_add_relu_op, lathe_batch_norm_add_op, lathe_batch_norm_add_relu_op,
    lathe_batch_norm_op, lathe_batch_norm_hardswish_op, lathe_batch_norm_relu_op, lathe_batch_norm_relu6_op,
    lathe_batch_norm_silu_op, lathe_clip_op, lathe_elu_op, lathe_gelu_op, lathe_group_norm_op,
    lathe_hardsigmoid_op, lathe_hardswish_op, lathe_instance_norm_op, lathe_layer_norm_op,
    lathe_layer_norm2d_op, lathe_leaky_relu_op, lathe_local_response_norm_op, lathe_log_softmax_op,
    lathe_max_dims_op, lathe_mean_dims_op, lathe_mul_op, lathe_prelu_op, lathe_relu_op, lathe_relu6_op,
    lathe_scale_op, lathe_sigmoid_op, lathe_silu_op, lathe_softmax_op, lathe_softplus_op, lathe_sum_op,
    lathe_tanh_op;

static int count_of(const lathe_shape *shape) { return (int)lathe_shape_count(shape); }

/* ---- functions ----------------------------------------------------------------------------------------- */

/* An activation with up to two settings: its section in the template, also its name, and the options. */
typedef struct function {
    const lathe_op *op;
    const char *section, *first, *second;
} function;

static const function functions[] = {
    { &lathe_relu_op, "relu", NULL, NULL },
    { &lathe_sigmoid_op, "sigmoid", NULL, NULL },
    { &lathe_silu_op, "silu", NULL, NULL },
    { &lathe_tanh_op, "tanh", NULL, NULL },
    { &lathe_gelu_op, "gelu", NULL, NULL },
    { &lathe_hardsigmoid_op, "hardsigmoid", NULL, NULL },
    { &lathe_hardswish_op, "hardswish", NULL, NULL },
    { &lathe_leaky_relu_op, "leaky_relu", "slope", NULL },
    { &lathe_elu_op, "elu", "alpha", NULL },
    { &lathe_softplus_op, "softplus", "beta", "threshold" },
    { &lathe_clip_op, "clip", "min", "max" },
    { &lathe_scale_op, "scale", "factor", NULL },
};

/* A step of the function over the result of `in`. */
static void add_function(lathe_c_plan *plan, const lathe_graph_node *node, int in, const function *f)
{
    char first[40], second[40];
    lathe_c_step *step = lathe_c_step_new(plan, node, f->section, lathe_shape_count(&node->out));
    lathe_c_step_call(plan, step, &in, 1, "$n_%s($0, %d, %s%s%s%s$y);", f->section, count_of(&node->out),
        f->first ? lathe_c_float(lathe_graph_attribute(node, f->first, 0), first) : "", f->first ? ", " : "",
        f->second ? lathe_c_float(lathe_graph_attribute(node, f->second, 0), second) : "",
        f->second ? ", " : "");
    step->over = 0;
    lathe_c_step_end(plan, step);
}

static void write_function(lathe_c_plan *plan, const lathe_graph_node *node)
{
    const function *f = functions;
    while (f->op != node->op) f++;
    add_function(plan, node, lathe_c_operand(plan, node, 0), f);
}

static void write_relu6(lathe_c_plan *plan, const lathe_graph_node *node)
{
    const int in[] = { lathe_c_operand(plan, node, 0) };
    lathe_c_step *step = lathe_c_step_new(plan, node, "clip", lathe_shape_count(&node->out));
    lathe_c_step_call(plan, step, in, 1, "$n_clip($0, %d, 0, 6, $y);", count_of(&node->out));
    step->over = 0;
    lathe_c_step_end(plan, step);
}

static void write_prelu(lathe_c_plan *plan, const lathe_graph_node *node)
{
    const int in[] = { lathe_c_operand(plan, node, 0) }, slopes = node->in[1].shape.dim[0];
    const lathe_real *slope = lathe_c_constant(plan, node, 1);
    lathe_c_step *step = lathe_c_step_new(plan, node, "prelu", lathe_shape_count(&node->out));
    float *to = lathe_c_weights(plan, step, (size_t)slopes);
    for (int i = 0; to && slope && i < slopes; i++) to[i] = (float)slope[i];
    lathe_c_step_call(plan, step, in, 1, "$n_prelu($0, %d, $w, %d, $y);", count_of(&node->out), slopes);
    step->over = 0;
    lathe_c_step_end(plan, step);
}

static void write_softmax(lathe_c_plan *plan, const lathe_graph_node *node)
{
    const char *name = node->op == &lathe_softmax_op ? "softmax" : "log_softmax";
    const int in[] = { lathe_c_operand(plan, node, 0) };
    lathe_c_step *step = lathe_c_step_new(plan, node, name, lathe_shape_count(&node->out));
    lathe_c_step_call(plan, step, in, 1, "$n_%s($0, %d, %d, $y);", name, lathe_c_pixels(&node->out),
        lathe_c_channels(&node->out));
    step->over = 0;
    lathe_c_step_end(plan, step);
}

/* ---- sums and products --------------------------------------------------------------------------------- */

/* Steps of b from a row, a column and a channel to the next; 0 where one number meets all. */
static void steps_of(lathe_c_plan *plan, const lathe_graph_node *node, int *down, int *across, int *along)
{
    lathe_shape b = node->in[1].shape;
    int height, width, lacks = node->out.rank - b.rank;
    for (int d = node->out.rank - 1; d >= 0; d--) b.dim[d] = d >= lacks ? b.dim[d - lacks] : 1;
    if (node->in[1].shape.rank == 1 && node->out.rank > 1) /* [C] is a number a channel */
        for (int d = node->out.rank - 1; d >= 0; d--) b.dim[d] = d == 1 ? node->in[1].shape.dim[0] : 1;
    b.rank = node->out.rank;
    if (!lathe_c_sides(plan, node, &b, &height, &width)) return;
    int channels = lathe_c_channels(&b);
    *along = channels > 1;
    *across = width > 1 ? channels : 0;
    *down = height > 1 ? channels * width : 0;
}

/* a + b, limited from below, or a * b. */
static void write_two(lathe_c_plan *plan, const lathe_graph_node *node)
{
    const int in[] = { lathe_c_operand(plan, node, 0), lathe_c_operand(plan, node, 1) };
    bool times = node->op == &lathe_mul_op;
    const char *low = node->op == &lathe_add_relu_op ? "0" : "-HUGE_VALF";
    bool alike = lathe_shape_equal(&node->in[0].shape, &node->in[1].shape);
    int height = 1, width = 1, down = 0, across = 0, along = 0;
    if (!alike) {
        steps_of(plan, node, &down, &across, &along);
        lathe_c_sides(plan, node, &node->out, &height, &width);
    }
    lathe_c_step *step =
        lathe_c_step_new(plan, node, alike ? times ? "mul" : "add" : "spread", lathe_shape_count(&node->out));
    if (!alike)
        lathe_c_step_call(plan, step, in, 2, "$n_spread($0, $1, %d, %d, %d, %d, %d, %d, %d, %s, $y);", height,
            width, lathe_c_channels(&node->out), down, across, along, times, low);
    else if (times) lathe_c_step_call(plan, step, in, 2, "$n_mul($0, $1, %d, $y);", count_of(&node->out));
    else lathe_c_step_call(plan, step, in, 2, "$n_add($0, $1, %d, %s, $y);", count_of(&node->out), low);
    step->over = 0;
    lathe_c_step_end(plan, step);
}

/* ---- means and maxima ---------------------------------------------------------------------------------- */

/* x as a picture is reduced along some axes; what is left lies as a picture of the result's shape does. */
static void write_reduce(lathe_c_plan *plan, const lathe_graph_node *node)
{
    const lathe_reduce_opts *o = node->attributes;
    const lathe_shape *x = &node->in[0].shape;
    const int in[] = { lathe_c_operand(plan, node, 0) };
    int height, width, step_of[LATHE_MAX_RANK] = { 0 }, left = 0, pixels = 1;
    bool gone[LATHE_MAX_RANK] = { false };
    if (!lathe_c_sides(plan, node, x, &height, &width)) return;
    for (int i = 0; i < o->count; i++) gone[o->dims[i] < 0 ? o->dims[i] + x->rank : o->dims[i]] = true;
    if (gone[0]) {
        lathe_c_fail(plan, node, "over the batch has no C form");
        return;
    }
    for (int d = 1; d < x->rank; d++) left += o->keepdim || !gone[d];
    int channels = lathe_c_channels(&node->out), place = left;
    for (int d = x->rank - 1; d > 0; d--) { /* of the result's dimensions the first is its channels */
        if (gone[d] && !o->keepdim) continue;
        if (!gone[d]) step_of[d] = place == 1 ? 1 : pixels * channels;
        if (place > 1) pixels *= gone[d] ? 1 : x->dim[d];
        place--;
    }
    lathe_c_step *step = lathe_c_step_new(plan, node, "reduce", lathe_shape_count(&node->out));
    lathe_c_step_call(plan, step, in, 1, "$n_reduce($0, %d, %d, %d, %d, %d, %d, %d, %d, $y);", height, width,
        lathe_c_channels(x), x->rank > 3 ? step_of[2] : 0, x->rank > 2 ? step_of[x->rank - 1] : 0, step_of[1],
        node->op == &lathe_max_dims_op, count_of(&node->out));
    lathe_c_step_end(plan, step);
}

/* factor * the sum of all numbers: their mean times factor * count. */
static void write_sum(lathe_c_plan *plan, const lathe_graph_node *node)
{
    const int in[] = { lathe_c_operand(plan, node, 0) }, count = count_of(&node->in[0].shape);
    const function scale = { NULL, "scale", NULL, NULL };
    char factor[40];
    lathe_c_step *mean = lathe_c_step_new(plan, node, "reduce", 1);
    lathe_c_step_call(plan, mean, in, 1, "$n_reduce($0, 1, 1, %d, 0, 0, 0, 0, 1, $y);", count);
    const int sum[] = { mean->out };
    lathe_c_step *step = lathe_c_step_new(plan, node, scale.section, 1);
    lathe_c_step_call(plan, step, sum, 1, "$n_scale($0, 1, %s, $y);",
        lathe_c_float(lathe_graph_attribute(node, "factor", 0) * count, factor));
    step->over = 0;
    lathe_c_step_end(plan, step);
}

/* ---- norms --------------------------------------------------------------------------------------------- */

/* The factors and summands of a norm, `count` of each in pixels' order of [channels][pixels]; 1 and 0. */
static void put_factors(lathe_c_plan *plan, lathe_c_step *step, const lathe_graph_node *node, int channels,
    int pixels)
{
    const lathe_real *factor = lathe_c_constant(plan, node, 1), *shift = lathe_c_constant(plan, node, 2);
    size_t count = (size_t)channels * (size_t)pixels;
    float *to = lathe_c_weights(plan, step, 2 * count);
    for (int c = 0; to && c < channels; c++)
        for (int p = 0; p < pixels; p++) {
            int from = c * pixels + p, at = p * channels + c;
            to[at] = factor ? (float)factor[from] : 1;
            to[count + (size_t)at] = shift ? (float)shift[from] : 0;
        }
}

/* A step that adds the last input to the result of `in`. */
static void add_base(lathe_c_plan *plan, const lathe_graph_node *node, int in, bool relu)
{
    const int both[] = { in, lathe_c_operand(plan, node, node->inputs - 1) };
    lathe_c_step *step = lathe_c_step_new(plan, node, "add", lathe_shape_count(&node->out));
    lathe_c_step_call(plan, step, both, 2, "$n_add($0, $1, %d, %s, $y);", count_of(&node->out),
        relu ? "0" : "-HUGE_VALF");
    step->over = 0;
    lathe_c_step_end(plan, step);
}

/* y = gamma (x - mean) / sqrt(var + eps) + beta is y = a x + b. */
static void write_batch_norm(lathe_c_plan *plan, const lathe_graph_node *node)
{
    static const function silu = { NULL, "silu", NULL, NULL }, hardswish = { NULL, "hardswish", NULL, NULL };
    const lathe_batch_norm_opts *o = node->attributes;
    const int in[] = { lathe_c_operand(plan, node, 0) }, channels = lathe_c_channels(&node->out);
    const lathe_real *set[5] = { NULL };
    for (int i = 1; i < 5; i++) set[i] = lathe_c_constant(plan, node, i);
    lathe_c_step *step = lathe_c_step_new(plan, node, "affine", lathe_shape_count(&node->out));
    float *to = lathe_c_weights(plan, step, 2 * (size_t)channels);
    for (int c = 0; to && c < channels; c++) {
        double a = (set[1] ? (double)set[1][c] : 1) / sqrt((set[4] ? (double)set[4][c] : 1) + o->eps);
        to[c] = (float)a;
        to[channels + c] = (float)((set[2] ? (double)set[2][c] : 0) - (set[3] ? (double)set[3][c] : 0) * a);
    }
    bool relu6 = node->op == &lathe_batch_norm_relu6_op, relu = node->op == &lathe_batch_norm_relu_op;
    lathe_c_step_call(plan, step, in, 1, "$n_affine($0, %d, %d, $w, %s, %s, $y);", lathe_c_pixels(&node->out),
        channels, relu || relu6 ? "0" : "-HUGE_VALF", relu6 ? "6" : "HUGE_VALF");
    step->over = 0;
    int out = step->out;
    lathe_c_step_end(plan, step);
    if (node->op == &lathe_batch_norm_add_op || node->op == &lathe_batch_norm_add_relu_op)
        add_base(plan, node, out, node->op == &lathe_batch_norm_add_relu_op);
    if (node->op == &lathe_batch_norm_silu_op) add_function(plan, node, out, &silu);
    if (node->op == &lathe_batch_norm_hardswish_op) add_function(plan, node, out, &hardswish);
}

static void write_group_norm(lathe_c_plan *plan, const lathe_graph_node *node)
{
    const int in[] = { lathe_c_operand(plan, node, 0) }, channels = lathe_c_channels(&node->out);
    char eps[40];
    int groups = node->op == &lathe_instance_norm_op ? channels : lathe_c_int(node, "groups");
    lathe_c_step *step = lathe_c_step_new(plan, node, "group_norm", lathe_shape_count(&node->out));
    put_factors(plan, step, node, channels, 1);
    lathe_c_step_call(plan, step, in, 1, "$n_group_norm($0, %d, %d, %d, %s, $w, $y);",
        lathe_c_pixels(&node->out), channels, groups,
        lathe_c_float(lathe_graph_attribute(node, "eps", 0), eps));
    step->over = 0;
    lathe_c_step_end(plan, step);
}

/* Over the last dimensions of [1, C, H, W], or over the channels of each pixel, which is one row each. */
static void write_layer_norm(lathe_c_plan *plan, const lathe_graph_node *node)
{
    const int in[] = { lathe_c_operand(plan, node, 0) }, channels = lathe_c_channels(&node->out);
    int height, width, dims = lathe_c_int(node, "dims");
    char eps[40];
    if (!lathe_c_sides(plan, node, &node->out, &height, &width)) return;
    bool pixels = node->op == &lathe_layer_norm2d_op;
    bool all = !pixels && dims == node->out.rank - 1;
    lathe_c_step *step =
        lathe_c_step_new(plan, node, pixels ? "pixel_norm" : "layer_norm", lathe_shape_count(&node->out));
    put_factors(plan, step, node, pixels || all ? channels : 1,
        pixels               ? 1 :
            all || dims == 2 ? height * width :
                               width);
    lathe_c_float(lathe_graph_attribute(node, "eps", 0), eps);
    if (pixels)
        lathe_c_step_call(plan, step, in, 1, "$n_pixel_norm($0, %d, %d, %s, $w, $y);", height * width,
            channels, eps);
    else
        lathe_c_step_call(plan, step, in, 1, "$n_layer_norm($0, %d, %d, %d, %d, %s, $w, $y);", height, width,
            channels, all ? 3 : dims, eps);
    step->over = 0;
    lathe_c_step_end(plan, step);
}

static void write_response(lathe_c_plan *plan, const lathe_graph_node *node)
{
    const lathe_local_response_norm_opts *o = node->attributes;
    const int in[] = { lathe_c_operand(plan, node, 0) }, *x = node->out.dim;
    char alpha[40], beta[40], k[40];
    int window = o->within_channel ? o->size * o->size : o->size;
    lathe_c_step *step = lathe_c_step_new(plan, node, "response", lathe_shape_count(&node->out));
    lathe_c_step_call(plan, step, in, 1, "$n_local_response_norm($0, %d, %d, %d, %d, %d, %s, %s, %s, $y);",
        x[2], x[3], x[1], o->size / 2, o->within_channel, lathe_c_float(o->alpha / window, alpha),
        lathe_c_float(o->beta, beta), lathe_c_float(o->k, k));
    lathe_c_step_end(plan, step);
}

const lathe_c_form lathe_c_element_forms[] = {
    { &lathe_relu_op, write_function },
    { &lathe_sigmoid_op, write_function },
    { &lathe_silu_op, write_function },
    { &lathe_tanh_op, write_function },
    { &lathe_gelu_op, write_function },
    { &lathe_hardsigmoid_op, write_function },
    { &lathe_hardswish_op, write_function },
    { &lathe_leaky_relu_op, write_function },
    { &lathe_elu_op, write_function },
    { &lathe_softplus_op, write_function },
    { &lathe_clip_op, write_function },
    { &lathe_scale_op, write_function },
    { &lathe_relu6_op, write_relu6 },
    { &lathe_prelu_op, write_prelu },
    { &lathe_softmax_op, write_softmax },
    { &lathe_log_softmax_op, write_softmax },
    { &lathe_add_op, write_two },
    { &lathe_add_relu_op, write_two },
    { &lathe_mul_op, write_two },
    { &lathe_mean_dims_op, write_reduce },
    { &lathe_max_dims_op, write_reduce },
    { &lathe_sum_op, write_sum },
    { &lathe_batch_norm_op, write_batch_norm },
    { &lathe_batch_norm_relu_op, write_batch_norm },
    { &lathe_batch_norm_relu6_op, write_batch_norm },
    { &lathe_batch_norm_silu_op, write_batch_norm },
    { &lathe_batch_norm_add_op, write_batch_norm },
    { &lathe_batch_norm_add_relu_op, write_batch_norm },
    { &lathe_batch_norm_hardswish_op, write_batch_norm },
    { &lathe_group_norm_op, write_group_norm },
    { &lathe_instance_norm_op, write_group_norm },
    { &lathe_layer_norm_op, write_layer_norm },
    { &lathe_layer_norm2d_op, write_layer_norm },
    { &lathe_local_response_norm_op, write_response },
    { 0 },
};
