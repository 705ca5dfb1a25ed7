#include "trace.h"

#include <string.h>

#include "alloc.h"
#include "tape_impl.h"

struct lathe_trace_memory {
    lathe_arena *arena;          /* inputs, attributes, paths */
    const lathe_tensor **result; /* [nodes] while the tape lives: by which tensors are known again */
    const lathe_tensor **input;  /* [inputs] */
    int node_room, input_room;
};

lathe_trace *lathe_trace_new(void)
{
    lathe_trace *trace = lathe_alloc(1, sizeof *trace);
    if (!trace) return NULL;
    trace->memory = lathe_alloc(1, sizeof *trace->memory);
    if (trace->memory && (trace->memory->arena = lathe_arena_new())) return trace;
    lathe_trace_free(trace);
    return NULL;
}

void lathe_trace_free(lathe_trace *trace)
{
    if (!trace) return;
    if (trace->memory) {
        lathe_arena_free(trace->memory->arena);
        lathe_free(trace->memory->result);
        lathe_free(trace->memory->input);
    }
    lathe_free(trace->memory);
    lathe_free(trace->node);
    lathe_free(trace);
}

void lathe_trace_open(lathe_trace *trace, lathe_tape *tape)
{
    if (!tape || !trace) lathe_fail_null("lathe_trace_open", !tape ? "tape" : "trace");
    else tape->trace = trace;
}

/* Room for one more in *array of `count`; false after a failure. */
static bool with_room(void *array, int count, int *room, size_t size)
{
    if (count < *room) return true;
    int more = *room ? 2 * *room : 32;
    void *grown = lathe_grow(*(void **)array, (size_t)*room, (size_t)more, size);
    if (!grown) return false;
    *(void **)array = grown;
    *room = more;
    return true;
}

/* Where the tensor comes from; a new one that is on the tape is an input of the trace. False after a failure.
 * */
static bool find_source(lathe_trace *trace, lathe_tensor *tensor, lathe_trace_value *value)
{
    struct lathe_trace_memory *memory = trace->memory;
    *value = (lathe_trace_value){ .source = LATHE_TRACE_ABSENT };
    if (!tensor) return true;
    value->layout = tensor->layout;
    value->shape = tensor->shape;
    value->source = LATHE_TRACE_PARAMETER;
    value->parameter = tensor->tape ? NULL : tensor;
    if (!tensor->tape)
        return (value->path = lathe_arena_strdup(memory->arena, tensor->name ? tensor->name : "")) != NULL;
    value->source = LATHE_TRACE_NODE;
    for (value->index = trace->nodes - 1; value->index >= 0; value->index--)
        if (memory->result[value->index] == tensor) return true;
    value->source = LATHE_TRACE_INPUT;
    for (value->index = 0; value->index < trace->inputs; value->index++)
        if (memory->input[value->index] == tensor) return true;
    if (!with_room(&memory->input, trace->inputs, &memory->input_room, sizeof *memory->input)) return false;
    memory->input[trace->inputs++] = tensor;
    return true;
}

/* The list of nodes and the list of their results grow together. */
static bool with_room_for_node(lathe_trace *trace)
{
    int room = trace->memory->node_room;
    return with_room(&trace->node, trace->nodes, &room, sizeof *trace->node) &&
        with_room(&trace->memory->result, trace->nodes, &trace->memory->node_room,
            sizeof *trace->memory->result);
}

bool lathe_trace_note(lathe_trace *trace, const lathe_node *node)
{
    lathe_arena *arena = trace->memory->arena;
    if (!with_room_for_node(trace)) return false;
    lathe_trace_node noted = { .op = node->op, .inputs = node->inputs };
    noted.in = lathe_arena_alloc(arena, (size_t)node->inputs, sizeof *noted.in);
    noted.layer = lathe_arena_strdup(arena, node->scope ? node->scope : "");
    if (!noted.in || !noted.layer) return false;
    for (int i = 0; i < node->inputs; i++)
        if (!find_source(trace, node->in[i], &noted.in[i])) return false;
    if (node->attributes) {
        void *copy = lathe_arena_alloc(arena, 1, node->op->attributes_size);
        if (!copy) return false;
        noted.attributes = memcpy(copy, node->attributes, node->op->attributes_size);
    }
    noted.out = (lathe_trace_value){ LATHE_TRACE_NODE, trace->nodes, NULL, NULL, node->out->layout,
        node->out->shape };
    trace->memory->result[trace->nodes] = node->out;
    trace->node[trace->nodes++] = noted;
    return true;
}

lathe_status lathe_trace_input(lathe_trace *trace, lathe_tensor *x)
{
    if (!trace || !x) return lathe_fail_null("lathe_trace_input", trace ? "x" : "trace");
    lathe_trace_value value;
    return find_source(trace, x, &value) ? LATHE_OK : lathe_error();
}

lathe_status lathe_trace_close(lathe_trace *trace, lathe_tape *tape, lathe_tensor *result)
{
    if (!tape || !trace) return lathe_fail_null("lathe_trace_close", !tape ? "tape" : "trace");
    tape->trace = NULL;
    return find_source(trace, result, &trace->result) ? LATHE_OK : lathe_error();
}
