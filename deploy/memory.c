#include "memory.h"

#include "../core/alloc.h"
#include "c/plan_impl.h"

/* A node may have several steps, of which the last has its result. */
static void add_row(lathe_memory *memory, const lathe_c_plan *plan, const lathe_c_step *step)
{
    const lathe_graph_node *node = step->node;
    const bool goes_on = step > plan->step && step[-1].node == node && memory->rows;
    lathe_memory_row *row = &memory->row[goes_on ? memory->rows - 1 : memory->rows++];
    const lathe_c_value *out = &plan->value[step->out];
    size_t work = step->work < 0 ? 0 : plan->value[step->work].count * sizeof(float);
    *row = (lathe_memory_row){ node->layer, node->op->name, node->out,
        goes_on ? row->multiply_adds : step->multiply_adds,
        (goes_on ? row->weights : 0) + step->weight_count * sizeof(float), out->offset * sizeof(float),
        out->count * sizeof(float), (goes_on ? row->work : 0) + work, step->over >= 0 };
}

lathe_memory *lathe_memory_new(const lathe_graph *graph)
{
    if (!graph) return lathe_fail_null("lathe_memory_new", "graph"), NULL;
    lathe_memory *memory = lathe_alloc(1, sizeof *memory);
    lathe_c_plan *plan = memory ? lathe_c_plan_new(graph) : NULL;
    if (plan) {
        memory->plan = plan;
        memory->row = lathe_alloc((size_t)plan->steps + 1, sizeof *memory->row);
    }
    if (!plan || !memory->row) {
        lathe_memory_free(memory);
        return NULL;
    }
    for (int i = 0; i < plan->steps; i++)
        if (plan->step[i].node) add_row(memory, plan, &plan->step[i]);
    for (int i = 0; i < memory->rows; i++) memory->multiply_adds += memory->row[i].multiply_adds;
    memory->weights = plan->weights * sizeof(float);
    memory->scratch = plan->scratch * sizeof(float);
    return memory;
}

void lathe_memory_free(lathe_memory *memory)
{
    if (!memory) return;
    lathe_c_plan_free(memory->plan);
    lathe_free(memory->row);
    lathe_free(memory);
}
