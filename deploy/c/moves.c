/* Operations that only move numbers. */
#include "../../core/alloc.h"
#include "plan_impl.h"

extern const lathe_op lathe_channel_shuffle_op, lathe_concat_op, lathe_dropout_op, lathe_flatten_op,
    lathe_linear_op, lathe_linear_relu_op, lathe_reshape_op, lathe_slice_op, lathe_stochastic_depth_op,
    lathe_subsample_op;

static void write_concat(lathe_c_plan *plan, const lathe_graph_node *node)
{
    int *in = lathe_arena_alloc(plan->arena, (size_t)node->inputs, sizeof *in), first = 0;
    int pixels = lathe_c_pixels(&node->out), to = lathe_c_channels(&node->out);
    lathe_text text = { 0 };
    for (int i = 0; i < node->inputs && in; i++) {
        int channels = lathe_c_channels(&node->in[i].shape);
        in[i] = lathe_c_operand(plan, node, i);
        lathe_text_add(&text, "%s$n_move($%d, %d, %d, %d, %d, $y + %d);", i ? "\n" : "", i, pixels, channels,
            to, channels, first);
        first += channels;
    }
    lathe_c_step *step = lathe_c_step_new(plan, node, "move", lathe_shape_count(&node->out));
    char *calls = lathe_text_take(&text);
    if (in && calls) lathe_c_step_call(plan, step, in, node->inputs, "%s", calls);
    else if (!plan->status) plan->status = LATHE_ENOMEM;
    lathe_free(calls);
    lathe_c_step_end(plan, step);
}

static void write_slice(lathe_c_plan *plan, const lathe_graph_node *node)
{
    const int in[] = { lathe_c_operand(plan, node, 0) };
    int pixels = lathe_c_pixels(&node->out), from = lathe_c_channels(&node->in[0].shape),
        to = lathe_c_channels(&node->out);
    lathe_c_step *step = lathe_c_step_new(plan, node, "move", lathe_shape_count(&node->out));
    lathe_c_step_call(plan, step, in, 1, "$n_move($0 + %d, %d, %d, %d, %d, $y);", lathe_c_int(node, "first"),
        pixels, from, to, to);
    lathe_c_step_end(plan, step);
}

static void write_shuffle(lathe_c_plan *plan, const lathe_graph_node *node)
{
    const int in[] = { lathe_c_operand(plan, node, 0) };
    lathe_c_step *step = lathe_c_step_new(plan, node, "shuffle", lathe_shape_count(&node->out));
    lathe_c_step_call(plan, step, in, 1, "$n_channel_shuffle($0, %d, %d, %d, $y);",
        lathe_c_pixels(&node->out), lathe_c_channels(&node->out), lathe_c_int(node, "groups"));
    lathe_c_step_end(plan, step);
}

static void write_subsample(lathe_c_plan *plan, const lathe_graph_node *node)
{
    const int in[] = { lathe_c_operand(plan, node, 0) }, *x = node->in[0].shape.dim;
    lathe_c_step *step = lathe_c_step_new(plan, node, "subsample", lathe_shape_count(&node->out));
    lathe_c_step_call(plan, step, in, 1, "$n_subsample($0, %d, %d, %d, %d, %d, $y);", x[2], x[3], x[1],
        lathe_c_int(node, "stride"), node->out.dim[1]);
    lathe_c_step_end(plan, step);
}

/* ---- reshaping ----------------------------------------------------------------------------------------- */

/* Between [pixels][channels] and lathe's order. */
static int reordered(lathe_c_plan *plan, const lathe_graph_node *node, int value, const lathe_shape *shape,
    bool to_pixels)
{
    int channels = lathe_c_channels(shape), pixels = lathe_c_pixels(shape);
    if (channels == 1 || pixels == 1) return value;
    lathe_c_step *step =
        lathe_c_step_new(plan, node, to_pixels ? "order" : "reorder", lathe_shape_count(shape));
    step->multiply_adds = 0;
    lathe_c_step_call(plan, step, &value, 1, "$n_%s($0, %d, %d, $y);", to_pixels ? "pixels" : "planes",
        pixels, channels);
    return plan->status ? LATHE_C_IMAGE : step->out;
}

/* Whether all that reads a node are linear layers, whose weights can be packed for any order. */
static bool feeds_linear(const lathe_graph *graph, int index)
{
    int readers = 0;
    for (int n = 0; n < graph->nodes; n++)
        for (int i = 0; i < graph->node[n].inputs; i++) {
            const lathe_graph_node *node = &graph->node[n];
            if (node->in[i].source != LATHE_GRAPH_NODE || node->in[i].index != index) continue;
            if (i || (node->op != &lathe_linear_op && node->op != &lathe_linear_relu_op)) return false;
            readers++;
        }
    return readers && (graph->result.source != LATHE_GRAPH_NODE || graph->result.index != index);
}

static void write_reshape(lathe_c_plan *plan, const lathe_graph_node *node)
{
    int value = lathe_c_operand(plan, node, 0), index = (int)(node - plan->graph->node);
    const lathe_shape *from = &node->in[0].shape;
    if (node->out.rank == 2 && lathe_c_pixels(from) > 1 && feeds_linear(plan->graph, index)) {
        plan->pixels[index] = lathe_c_pixels(from);
        lathe_c_same(plan, node, value);
        return;
    }
    bool same = lathe_c_channels(from) == lathe_c_channels(&node->out) &&
        lathe_c_pixels(from) == lathe_c_pixels(&node->out);
    if (!same) {
        value = reordered(plan, node, value, from, false);
        value = reordered(plan, node, value, &node->out, true);
    }
    if (!plan->status) lathe_c_same(plan, node, value);
}

/* In an evaluation the result is the input. */
static void write_nothing(lathe_c_plan *plan, const lathe_graph_node *node)
{
    int value = lathe_c_operand(plan, node, 0);
    if (!plan->status) lathe_c_same(plan, node, value);
}

const lathe_c_form lathe_c_move_forms[] = {
    { &lathe_concat_op, write_concat },
    { &lathe_slice_op, write_slice },
    { &lathe_channel_shuffle_op, write_shuffle },
    { &lathe_subsample_op, write_subsample },
    { &lathe_flatten_op, write_reshape },
    { &lathe_reshape_op, write_reshape },
    { &lathe_dropout_op, write_nothing },
    { &lathe_stochastic_depth_op, write_nothing },
    { 0 },
};
