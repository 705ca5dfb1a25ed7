/* What lathe itself answers: the expected output in the self-test of a written file. */
#include <string.h>

#include "../../core/alloc.h"
#include "plan_impl.h"

static lathe_tensor *tensor_of(const lathe_graph *graph, const lathe_graph_value *value,
    lathe_tensor **results, lathe_tensor *image)
{
    const lathe_graph_constant *constant = &graph->constant[value->index];
    switch (value->source) {
    case LATHE_GRAPH_INPUT: return image;
    case LATHE_GRAPH_NODE: return results[value->index];
    case LATHE_GRAPH_CONSTANT:
        return lathe_tape_leaf(image->tape, LATHE_PLAIN, constant->shape, constant->data);
    case LATHE_GRAPH_ABSENT: break;
    }
    return NULL;
}

static lathe_tensor *run(const lathe_graph *graph, lathe_tensor *image, lathe_tensor **results)
{
    for (int n = 0; n < graph->nodes; n++) {
        const lathe_graph_node *node = &graph->node[n];
        lathe_tensor **in = lathe_alloc((size_t)node->inputs, sizeof *in);
        for (int i = 0; in && i < node->inputs; i++) in[i] = tensor_of(graph, &node->in[i], results, image);
        results[n] = in ? lathe_apply(node->op, in, node->inputs, node->attributes) : NULL;
        lathe_free(in);
        if (!results[n]) return NULL;
    }
    return tensor_of(graph, &graph->result, results, image);
}

lathe_status lathe_c_answer(const lathe_graph *graph, const lathe_real *image, lathe_real *output,
    size_t count)
{
    lathe_tensor **results = lathe_alloc((size_t)graph->nodes + 1, sizeof *results);
    lathe_tape *tape = results ? lathe_tape_new(NULL) : NULL;
    lathe_status status = LATHE_ENOMEM;
    if (tape) {
        lathe_tape_begin(tape, LATHE_EVAL);
        lathe_tensor *x = lathe_tape_leaf(tape, LATHE_BATCHED, graph->image, image);
        lathe_tensor *y = x ? run(graph, x, results) : NULL;
        status = y ? lathe_tensor_read(y, output, count) : lathe_error();
    }
    lathe_tape_free(tape);
    lathe_free(results);
    return status;
}
