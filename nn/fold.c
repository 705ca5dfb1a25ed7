#include "fold_impl.h"

#include <math.h>
#include <stdint.h>

#include "../core/alloc.h"
#include "../core/ops/batch_norm.h"

/* What becomes of two successive operations. */
typedef enum way {
    FUSE,   /* the second is part of another operation */
    AFFINE, /* the second multiplies and shifts each channel: it goes into the first one's weights */
    SUM     /* the second adds another result, which the new operation gets as its last input */
} way;

typedef struct pattern {
    const lathe_op *first, *second, *folded;
    way way;
} pattern;

extern const lathe_op lathe_add_op, lathe_add_relu_op, lathe_batch_norm_op, lathe_batch_norm_hardswish_op,
    lathe_batch_norm_relu_op, lathe_batch_norm_relu6_op, lathe_batch_norm_silu_op, lathe_hardswish_op,
    lathe_relu6_op, lathe_silu_op, lathe_conv2d_op, lathe_conv2d_relu_op, lathe_conv2d_relu6_op,
    lathe_conv2d_add_op, lathe_conv2d_add_relu_op, lathe_conv_transpose2d_op, lathe_linear_op,
    lathe_linear_relu_op, lathe_max_pool2d_op, lathe_relu_op, lathe_relu_max_pool2d_op, lathe_scale_op;

static const pattern patterns[] = {
    { &lathe_conv2d_op, &lathe_batch_norm_op, &lathe_conv2d_op, AFFINE },
    { &lathe_conv2d_op, &lathe_scale_op, &lathe_conv2d_op, AFFINE },
    { &lathe_conv_transpose2d_op, &lathe_batch_norm_op, &lathe_conv_transpose2d_op, AFFINE },
    { &lathe_conv_transpose2d_op, &lathe_scale_op, &lathe_conv_transpose2d_op, AFFINE },
    { &lathe_linear_op, &lathe_batch_norm_op, &lathe_linear_op, AFFINE },
    { &lathe_linear_op, &lathe_scale_op, &lathe_linear_op, AFFINE },
    { &lathe_conv2d_op, &lathe_relu_op, &lathe_conv2d_relu_op, FUSE },
    { &lathe_conv2d_op, &lathe_relu6_op, &lathe_conv2d_relu6_op, FUSE },
    { &lathe_linear_op, &lathe_relu_op, &lathe_linear_relu_op, FUSE },
    { &lathe_batch_norm_op, &lathe_relu_op, &lathe_batch_norm_relu_op, FUSE },
    { &lathe_batch_norm_op, &lathe_relu6_op, &lathe_batch_norm_relu6_op, FUSE },
    { &lathe_batch_norm_op, &lathe_hardswish_op, &lathe_batch_norm_hardswish_op, FUSE },
    { &lathe_batch_norm_op, &lathe_silu_op, &lathe_batch_norm_silu_op, FUSE },
    { &lathe_max_pool2d_op, &lathe_relu_op, &lathe_relu_max_pool2d_op, FUSE }, /* relu and max commute */
    { &lathe_conv2d_op, &lathe_add_op, &lathe_conv2d_add_op, SUM },
    { &lathe_conv2d_add_op, &lathe_relu_op, &lathe_conv2d_add_relu_op, FUSE },
    { &lathe_add_op, &lathe_relu_op, &lathe_add_relu_op, FUSE },
};

/* The work: a step for each node of the trace, whose op is NULL once it is part of a later one. */
typedef struct folding {
    const lathe_trace *trace;
    lathe_graph_fold how;
    lathe_fold_step *step;
    int *readers, *last; /* of each node's result: how many, and the last one */
} folding;

static const pattern *pattern_for(const lathe_op *first, const lathe_op *second, lathe_graph_fold how)
{
    for (size_t i = 0; i < sizeof patterns / sizeof patterns[0]; i++)
        if (patterns[i].first == first && patterns[i].second == second)
            return how == LATHE_GRAPH_FUSED || (how == LATHE_GRAPH_FOLDED && patterns[i].way == AFFINE) ?
                &patterns[i] :
                NULL;
    return NULL;
}

static void read_by(folding *f, const lathe_trace_value *value, int reader)
{
    if (value->source != LATHE_TRACE_NODE) return;
    f->readers[value->index]++;
    f->last[value->index] = reader;
}

/* Whether all inputs from the second on are parameters, so that they are known before the net runs. */
static bool parameters_follow(const lathe_trace_node *node)
{
    for (int i = 1; i < node->inputs; i++)
        if (node->in[i].source != LATHE_TRACE_ABSENT && node->in[i].source != LATHE_TRACE_PARAMETER)
            return false;
    return true;
}

/* Fold what computes input number i of node n into n, where a pattern says so. */
static bool fold_input(folding *f, int n, int i)
{
    const lathe_trace_node *node = &f->trace->node[n];
    if (node->in[i].source != LATHE_TRACE_NODE || f->readers[node->in[i].index] != 1) return false;
    lathe_fold_step *before = &f->step[node->in[i].index], joined = *before;
    const pattern *p = before->op ? pattern_for(before->op, node->op, f->how) : NULL;
    if (!p) return false;
    joined.op = p->folded;
    joined.result = n;
    if (p->way == AFFINE) {
        if (joined.affine >= 0 || !parameters_follow(&f->trace->node[joined.node]) ||
            !parameters_follow(node))
            return false;
        joined.affine = n;
    } else if (p->way == SUM) {
        const lathe_trace_value *other = &node->in[1 - i];
        if (other->source != LATHE_TRACE_NODE || f->last[other->index] != n) return false;
        if (!lathe_shape_equal(&node->in[0].shape, &node->in[1].shape)) return false; /* one is spread */
        joined.base = other->index; /* it is read for the last time, and its memory becomes the sum's */
    }
    before->op = NULL;
    f->step[n] = joined;
    return true;
}

static void fold_all(folding *f)
{
    const lathe_trace *trace = f->trace;
    for (int n = 0; n < trace->nodes; n++)
        for (int i = 0; i < trace->node[n].inputs; i++) read_by(f, &trace->node[n].in[i], n);
    read_by(f, &trace->result, trace->nodes);
    for (int n = 0; n < trace->nodes; n++) {
        const lathe_trace_node *node = &trace->node[n];
        f->step[n] = (lathe_fold_step){ node->op, n, -1, -1, n };
        /* Of two inputs the newer one comes first: its work need not be put off. */
        int newer = node->inputs > 1 && node->in[1].source == LATHE_TRACE_NODE &&
            (node->in[0].source != LATHE_TRACE_NODE || node->in[1].index > node->in[0].index);
        if (!node->inputs || fold_input(f, n, newer)) continue;
        if (node->op == &lathe_add_op) fold_input(f, n, 1 - newer);
    }
}

lathe_fold *lathe_fold_new(const lathe_trace *trace, lathe_graph_fold how)
{
    size_t nodes = (size_t)trace->nodes + 1;
    lathe_fold *fold = lathe_alloc(1, sizeof *fold);
    folding f = { trace, how, lathe_alloc(nodes, sizeof *f.step), lathe_alloc(nodes, sizeof *f.readers),
        lathe_alloc(nodes, sizeof *f.last) };
    bool fine = fold && f.step && f.readers && f.last;
    if (fine) {
        fold_all(&f);
        fold->step = f.step;
        for (int n = 0; n < trace->nodes; n++)
            if (f.step[n].op) fold->step[fold->steps++] = f.step[n];
    }
    lathe_free(f.readers);
    lathe_free(f.last);
    if (fine) return fold;
    lathe_free(f.step);
    lathe_free(fold);
    return NULL;
}

void lathe_fold_free(lathe_fold *fold)
{
    if (!fold) return;
    lathe_free(fold->step);
    lathe_free(fold);
}

/* ---- weights ------------------------------------------------------------------------------------------- */

/* Number i of a parameter that may be absent. */
static double number(const lathe_trace_value *value, int i, double otherwise)
{
    return value->parameter ? (double)value->parameter->data[i] : otherwise;
}

/* y = a x + c for one channel. */
static void affine_of(const lathe_trace_node *node, int channel, double *a, double *c)
{
    if (node->op == &lathe_scale_op) {
        const lathe_field *field = lathe_fields_find(node->op->fields, "factor");
        *a = (lathe_real) * (const double *)((const char *)node->attributes + field->offset);
        *c = 0;
        return;
    }
    const lathe_batch_norm_opts *opts = node->attributes;
    *a = number(&node->in[1], channel, 1) / sqrt(number(&node->in[4], channel, 1) + opts->eps);
    *c = number(&node->in[2], channel, 0) - number(&node->in[3], channel, 0) * *a;
}

/* The result's channel that weight[i][j] is for: i; in a transposed convolution [C, O / groups, kh, kw], the
 * group's channel j. */
static int channel_of(const lathe_trace_node *node, int i, int j)
{
    const lathe_shape *w = &node->in[1].shape;
    if (node->op != &lathe_conv_transpose2d_op) return i;
    int groups = node->out.shape.dim[1] / w->dim[1], group = i / (w->dim[0] / groups);
    return group * w->dim[1] + j;
}

void lathe_fold_weights(const lathe_trace *trace, const lathe_fold_step *step, lathe_real *weight,
    lathe_real *bias)
{
    const lathe_trace_node *node = &trace->node[step->node], *affine = &trace->node[step->affine];
    double a = 0, c;
    for (int o = 0; o < node->out.shape.dim[1]; o++) {
        affine_of(affine, o, &a, &c);
        bias[o] = (lathe_real)(number(&node->in[2], o, 0) * a + c);
    }
    const lathe_shape *w = &node->in[1].shape;
    const lathe_real *from = node->in[1].parameter->data;
    size_t taps = lathe_shape_count(w) / (size_t)w->dim[0] / (size_t)w->dim[1];
    for (int i = 0, last = -1; i < w->dim[0]; i++)
        for (int j = 0; j < w->dim[1]; j++, from += taps, weight += taps) {
            int o = channel_of(node, i, j);
            if (o != last) affine_of(affine, last = o, &a, &c);
            for (size_t k = 0; k < taps; k++) weight[k] = (lathe_real)((double)from[k] * a);
        }
}
