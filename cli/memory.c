#include "memory.h"

#include <stdio.h>

#include "text.h"

static lathe_graph *graph_of(const lathe_trained *trained, bool no_fold)
{
    const lathe_shape image = { 3, { trained->data.channels, trained->task->height, trained->task->width } };
    return lathe_graph_new(trained->net, image, no_fold ? LATHE_GRAPH_PLAIN : LATHE_GRAPH_FUSED);
}

static void print_row(const lathe_memory_row *row)
{
    char shape[LATHE_SHAPE_TEXT], place[64];
    snprintf(place, sizeof place, "%zu to %zu%s", row->offset, row->offset + row->size,
        row->in_place ? " *" : "");
    cli_say(stdout, "%-24s %-20s %-18s %13.0f %10zu %10zu %9zu  %s", row->layer, row->op,
        lathe_shape_text(&row->shape, shape), row->multiply_adds, row->weights, row->size, row->work, place);
}

lathe_status cli_memory_print(const lathe_trained *trained, bool no_fold)
{
    lathe_graph *graph = graph_of(trained, no_fold);
    lathe_memory *memory = graph ? lathe_memory_new(graph) : NULL;
    lathe_status status = memory ? LATHE_OK : lathe_error();
    if (memory) {
        printf("%-24s %-20s %-18s %13s %10s %10s %9s  %s\n", "layer", "operation", "result", "multiply-adds",
            "weights", "result", "work", "place in the scratch");
        for (int i = 0; i < memory->rows; i++) print_row(&memory->row[i]);
        printf("%-24s %-20s %-18s %13.0f %10zu bytes of flash, %zu bytes of scratch; *: in place\n", "all",
            "", "", memory->multiply_adds, memory->weights, memory->scratch);
    }
    lathe_memory_free(memory);
    lathe_graph_free(graph);
    return status;
}

static void add_row(cJSON *array, const lathe_memory_row *row)
{
    cJSON *object = cJSON_CreateObject(), *shape = cJSON_AddArrayToObject(object, "shape");
    cJSON_AddStringToObject(object, "layer", row->layer);
    cJSON_AddStringToObject(object, "operation", row->op);
    for (int i = 0; i < row->shape.rank; i++) cli_json_add(shape, row->shape.dim[i]);
    cli_json_number(object, "multiply_adds", row->multiply_adds);
    cli_json_number(object, "weight_bytes", (double)row->weights);
    cli_json_number(object, "offset", (double)row->offset);
    cli_json_number(object, "bytes", (double)row->size);
    cli_json_number(object, "work_bytes", (double)row->work);
    cJSON_AddBoolToObject(object, "in_place", row->in_place);
    cJSON_AddItemToArray(array, object);
}

lathe_status cli_memory_json(const lathe_trained *trained, bool no_fold, cJSON *object)
{
    lathe_graph *graph = graph_of(trained, no_fold);
    lathe_memory *memory = graph ? lathe_memory_new(graph) : NULL;
    lathe_status status = memory ? LATHE_OK : lathe_error();
    if (memory) {
        cli_json_number(object, "multiply_adds", memory->multiply_adds);
        cli_json_number(object, "weight_bytes", (double)memory->weights);
        cli_json_number(object, "scratch_bytes", (double)memory->scratch);
        cJSON *array = cJSON_AddArrayToObject(object, "operations");
        for (int i = 0; i < memory->rows; i++) add_row(array, &memory->row[i]);
    }
    lathe_memory_free(memory);
    lathe_graph_free(graph);
    return status;
}
