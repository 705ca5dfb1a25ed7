/* A graph is a trace, folded, with its relayouts taken out. It keeps the trace, whose attributes it shows. */
#include "graph.h"

#include <stdio.h>
#include <string.h>

#include "../core/alloc.h"
#include "../core/arena.h"
#include "../core/relayout.h"
#include "fold_impl.h"
#include "layer_impl.h"
#include "trace_impl.h"

struct lathe_graph_memory {
    lathe_trace *trace;
    lathe_fold *fold;
    lathe_arena *arena;          /* nodes, constants, names, folded weights */
    const lathe_tensor **tensor; /* [constants] where a constant is a parameter, by which it is known again */
    lathe_graph_value *value;    /* [trace->nodes] what became of each node's result */
    int room;                    /* for constants */
};

/* ---- constants ----------------------------------------------------------------------------------------- */

static bool is_taken(const lathe_graph *graph, const char *name)
{
    for (int i = 0; i < graph->constants; i++)
        if (!strcmp(graph->constant[i].name, name)) return true;
    return false;
}

/* `path`, or with a number where another constant has that name. NULL if memory runs out. */
static const char *unique_name(const lathe_graph *graph, const char *path)
{
    char name[LATHE_MESSAGE_SIZE];
    snprintf(name, sizeof name, "%s", *path ? path : "constant");
    for (int i = 2; is_taken(graph, name); i++)
        snprintf(name, sizeof name, "%.400s.%d", *path ? path : "constant", i);
    return lathe_arena_strdup(graph->memory->arena, name);
}

/* Add a constant; `tensor` is what it is known by, or NULL. False if memory runs out. */
static bool add_constant(lathe_graph *graph, const char *path, lathe_shape shape, const lathe_real *data,
    const lathe_tensor *tensor, lathe_graph_value *value)
{
    const char *name = unique_name(graph, path);
    if (!name || graph->constants >= graph->memory->room) return false;
    *value = (lathe_graph_value){ LATHE_GRAPH_CONSTANT, graph->constants, shape };
    graph->memory->tensor[graph->constants] = tensor;
    graph->constant[graph->constants++] =
        (lathe_graph_constant){ name, shape, lathe_shape_count(&shape), data };
    return true;
}

static bool parameter_of(lathe_graph *graph, const lathe_trace_value *from, lathe_graph_value *value)
{
    const lathe_tensor *tensor = from->parameter;
    for (int i = 0; i < graph->constants; i++)
        if (graph->memory->tensor[i] == tensor)
            return *value = (lathe_graph_value){ LATHE_GRAPH_CONSTANT, i, tensor->shape }, true;
    return add_constant(graph, from->path, tensor->shape, tensor->data, tensor, value);
}

/* "conv1.bias" for "conv1.weight". */
static void bias_name(const char *weight, char *name, size_t size)
{
    static const char end[] = "weight";
    size_t length = strlen(weight), tail = sizeof end - 1;
    bool is_weight = length >= tail && !strcmp(weight + length - tail, end);
    snprintf(name, size, "%.*s%s", (int)(is_weight ? length - tail : length), weight,
        is_weight ? "bias" : ".bias");
}

/* The weight and the bias of a step with an affine operation in them. */
static bool folded_of(lathe_graph *graph, const lathe_fold_step *step, lathe_graph_value *weight,
    lathe_graph_value *bias)
{
    const lathe_trace *trace = graph->memory->trace;
    const lathe_trace_node *node = &trace->node[step->node];
    const lathe_shape shape = node->in[1].shape, outputs = { 1, { node->out.shape.dim[1] } };
    lathe_arena *arena = graph->memory->arena;
    lathe_real *w = lathe_arena_alloc(arena, lathe_shape_count(&shape), sizeof *w),
               *b = lathe_arena_alloc(arena, (size_t)outputs.dim[0], sizeof *b);
    char name[LATHE_MESSAGE_SIZE];
    if (!w || !b) return false;
    lathe_fold_weights(trace, step, w, b);
    bias_name(node->in[1].path, name, sizeof name);
    return add_constant(graph, node->in[1].path, shape, w, NULL, weight) &&
        add_constant(graph, name, outputs, b, NULL, bias);
}

/* ---- nodes --------------------------------------------------------------------------------------------- */

static bool value_of(lathe_graph *graph, const lathe_trace_value *from, lathe_graph_value *value)
{
    switch (from->source) {
    case LATHE_TRACE_PARAMETER: return parameter_of(graph, from, value);
    case LATHE_TRACE_NODE: *value = graph->memory->value[from->index]; return true;
    case LATHE_TRACE_INPUT: *value = (lathe_graph_value){ LATHE_GRAPH_INPUT, 0, from->shape }; return true;
    case LATHE_TRACE_ABSENT: *value = (lathe_graph_value){ .source = LATHE_GRAPH_ABSENT }; return true;
    }
    return false;
}

static bool add_node(lathe_graph *graph, const lathe_fold_step *step)
{
    struct lathe_graph_memory *memory = graph->memory;
    const lathe_trace_node *from = &memory->trace->node[step->node];
    const lathe_shape out = memory->trace->node[step->result].out.shape;
    if (from->op == &lathe_relayout_op) /* the same numbers */
        return value_of(graph, &from->in[0], &memory->value[step->result]);
    lathe_graph_node *node = &graph->node[graph->nodes];
    *node = (lathe_graph_node){ .op = step->op,
        .attributes = from->attributes,
        .layer = from->layer,
        .out = out,
        .in = lathe_arena_zeroed(memory->arena, (size_t)from->inputs + 3, sizeof *node->in) };
    if (!node->in) return false;
    const bool folded = step->affine >= 0;
    while (node->inputs < from->inputs) {
        bool weights = folded && (node->inputs == 1 || node->inputs == 2);
        if (!weights && !value_of(graph, &from->in[node->inputs], &node->in[node->inputs])) return false;
        node->inputs++;
    }
    if (folded && !folded_of(graph, step, &node->in[1], &node->in[2])) return false;
    if (step->base >= 0) node->in[node->inputs++] = memory->value[step->base];
    memory->value[step->result] = (lathe_graph_value){ LATHE_GRAPH_NODE, graph->nodes++, out };
    return true;
}

static bool add_nodes(lathe_graph *graph)
{
    struct lathe_graph_memory *memory = graph->memory;
    const lathe_trace *trace = memory->trace;
    size_t nodes = (size_t)trace->nodes + 1, inputs = 0;
    for (int n = 0; n < trace->nodes; n++) inputs += (size_t)trace->node[n].inputs + 1;
    memory->room = (int)inputs;
    memory->value = lathe_arena_zeroed(memory->arena, nodes, sizeof *memory->value);
    memory->tensor = lathe_arena_zeroed(memory->arena, inputs + 1, sizeof *memory->tensor);
    graph->node = lathe_arena_zeroed(memory->arena, nodes, sizeof *graph->node);
    graph->constant = lathe_arena_zeroed(memory->arena, inputs + 1, sizeof *graph->constant);
    if (!memory->value || !memory->tensor || !graph->node || !graph->constant) return false;
    for (int i = 0; i < memory->fold->steps; i++)
        if (!add_node(graph, &memory->fold->step[i])) return false;
    return value_of(graph, &trace->result, &graph->result);
}

/* ---- the graph ----------------------------------------------------------------------------------------- */

/* The net's operations. NULL for a net that has no graph. */
static lathe_trace *trace_of(lathe_layer *net, lathe_shape image)
{
    bool reads_numbers;
    lathe_trace *trace = lathe_trace_shapes(net, image, &reads_numbers);
    if (!trace && !reads_numbers) return NULL;
    if (trace && trace->inputs <= 1 && trace->result.source != LATHE_TRACE_PARAMETER &&
        !lathe_layer_is_dynamic(net))
        return trace;
    lathe_trace_free(trace);
    lathe_fail(LATHE_EARG,
        "lathe_graph_new: the net depends on numbers, so that it is no list of operations");
    return NULL;
}

lathe_graph *lathe_graph_new(lathe_layer *net, lathe_shape image, lathe_graph_fold fold)
{
    if (!net) return lathe_fail_null("lathe_graph_new", "net"), NULL;
    if ((int)fold < LATHE_GRAPH_PLAIN || fold > LATHE_GRAPH_FUSED)
        return lathe_fail(LATHE_EARG, "lathe_graph_new: fold %d is unknown", (int)fold), NULL;
    lathe_trace *trace = trace_of(net, image);
    lathe_graph *graph = trace ? lathe_alloc(1, sizeof *graph) : NULL;
    if (graph) graph->memory = lathe_alloc(1, sizeof *graph->memory);
    if (!graph || !graph->memory) {
        lathe_trace_free(trace);
        lathe_free(graph);
        return NULL;
    }
    graph->image = (lathe_shape){ image.rank + 1, { 1 } };
    for (int i = 0; i < image.rank; i++) graph->image.dim[i + 1] = image.dim[i];
    graph->memory->trace = trace;
    graph->memory->arena = lathe_arena_new();
    graph->memory->fold = graph->memory->arena ? lathe_fold_new(trace, fold) : NULL;
    if (graph->memory->fold && add_nodes(graph)) return graph;
    lathe_graph_free(graph);
    return NULL;
}

void lathe_graph_free(lathe_graph *graph)
{
    if (!graph) return;
    lathe_fold_free(graph->memory->fold);
    lathe_trace_free(graph->memory->trace);
    lathe_arena_free(graph->memory->arena);
    lathe_free(graph->memory);
    lathe_free(graph);
}

double lathe_graph_attribute(const lathe_graph_node *node, const char *name, int index)
{
    if (!node || !name) return lathe_fail_null("lathe_graph_attribute", node ? "name" : "node"), 0;
    const lathe_field *field =
        node->attributes && node->op->fields ? lathe_fields_find(node->op->fields, name) : NULL;
    if (!field || index < 0 || index >= (field->count ? field->count : 1)) return 0;
    const char *at = (const char *)node->attributes + field->offset;
    switch (field->kind) {
    case LATHE_FIELD_DOUBLE: return ((const double *)at)[index];
    case LATHE_FIELD_STEPS: return (double)((const uint64_t *)at)[index];
    case LATHE_FIELD_BOOL: return *(const bool *)at;
    case LATHE_FIELD_INT:
    case LATHE_FIELD_CHOICE: return ((const int *)at)[index];
    case LATHE_FIELD_PATH: return 0;
    }
    return 0;
}
