/*
 * Models as ONNX: opset 13 and IR version 7, the lowest that has every form used here. The numbers of fields
 * are those of onnx.proto.
 */
#include "../../core/alloc.h"
#include "../../core/machine.h"
#include "onnx_impl.h"

enum { OPSET = 13, IR_VERSION = 7 };

static const lathe_onnx_form *const families[] = { lathe_onnx_activations, lathe_onnx_arithmetic,
    lathe_onnx_convolutions, lathe_onnx_norms, lathe_onnx_pools, lathe_onnx_shapes };

const lathe_onnx_form *lathe_onnx_form_of(const lathe_op *op)
{
    for (size_t i = 0; i < sizeof families / sizeof families[0]; i++)
        for (const lathe_onnx_form *form = families[i]; form->op; form++)
            if (form->op == op) return form;
    return NULL;
}

/* ---- the graph ----------------------------------------------------------------------------------------- */

static lathe_status begin(lathe_onnx *o, const lathe_exported *model)
{
    const lathe_graph *graph = model->graph;
    *o = (lathe_onnx){ .graph = graph, .dynamic = model->opts.dynamic_batch, .arena = lathe_arena_new() };
    if (!o->arena) return lathe_error();
    o->result = lathe_arena_zeroed(o->arena, (size_t)graph->nodes + 1, sizeof *o->result);
    o->batched = lathe_arena_zeroed(o->arena, (size_t)graph->nodes + 1, sizeof *o->batched);
    o->constant = lathe_arena_zeroed(o->arena, (size_t)graph->constants + 1, sizeof *o->constant);
    if (!o->result || !o->batched || !o->constant) return lathe_error();
    o->input = lathe_onnx_unique(o, "input");
    lathe_onnx_unique(o, "output");
    return o->status;
}

/* A result has the batch if an input has it, unless the operation joins images. */
static bool keeps_batch(const lathe_onnx *o, const lathe_graph_node *node)
{
    bool batched = false;
    for (int i = 0; i < node->inputs; i++) batched = batched || lathe_onnx_batched(o, &node->in[i]);
    return batched && node->out.rank > 0 && !lathe_onnx_joins_images(node);
}

static void add_nodes(lathe_onnx *o)
{
    for (o->at = 0; o->at < o->graph->nodes && !o->status; o->at++) {
        const lathe_graph_node *node = lathe_onnx_op(o);
        const lathe_onnx_form *form = lathe_onnx_form_of(node->op);
        o->scope = node->layer;
        o->batched[o->at] = keeps_batch(o, node);
        if (form) o->result[o->at] = form->emit(o);
        else lathe_onnx_refuse(o, "has no ONNX form");
    }
}

/* The input: the net's own, or pixels. */
static void add_input(lathe_onnx *o, const lathe_exported *model)
{
    const lathe_shape *image = &o->graph->image;
    const int *dim = image->dim;
    if (!model->opts.preprocessing) {
        lathe_onnx_value(o, LATHE_ONNX_INPUT, o->input, LATHE_ONNX_FLOAT, image, true,
            model->trained ? "(pixel / 255 - mean) / std" : NULL);
        return;
    }
    const lathe_shape pixels = { 4, { 1, dim[2], dim[3], dim[1] } };
    lathe_onnx_value(o, LATHE_ONNX_INPUT, o->input, LATHE_ONNX_UINT8, &pixels, true,
        dim[1] == 1 ? "grey pixels, row after row" : "pixels of red, green and blue, row after row");
    o->input = lathe_onnx_preprocess(o, model->trained, o->input);
}

static void add_output(lathe_onnx *o, const lathe_exported *model)
{
    const lathe_graph_value *result = &o->graph->result;
    const bool batched = lathe_onnx_batched(o, result);
    lathe_onnx_close(o, result->source == LATHE_GRAPH_NODE ? o->result[result->index] : o->input);
    lathe_onnx_value(o, LATHE_ONNX_OUTPUT, "output", LATHE_ONNX_FLOAT, &result->shape, batched,
        lathe_onnx_meaning(model));
}

/* ---- the model ----------------------------------------------------------------------------------------- */

static lathe_status write_model(lathe_onnx *o, const lathe_exported *exported, const char *path)
{
    lathe_proto model = { 0 }, opset = { 0 };
    lathe_proto_int(&model, 1, IR_VERSION);
    lathe_proto_text(&model, 2, "lathe");
    lathe_proto_text(&model, 3, lathe_version());
    lathe_proto_text(&opset, 1, "");
    lathe_proto_int(&opset, 2, OPSET);
    lathe_proto_message(&model, 8, &opset);
    lathe_status status = lathe_onnx_describe(&model, exported);
    lathe_proto_text(&o->proto, 2, exported->name);
    lathe_proto_message(&model, 7, &o->proto);
    if (!status) status = lathe_proto_write(&model, path);
    lathe_proto_free(&model);
    return status;
}

static lathe_status check(const lathe_exported *model)
{
    if (model->opts.split_weights)
        return lathe_fail(LATHE_EARG, "onnx: split_weights is for c; the weights are inside the file");
    if (!model->opts.preprocessing) return LATHE_OK;
    if (!model->trained)
        return lathe_fail(LATHE_EARG, "onnx: preprocessing needs a trained model, whose mean and std it has");
    bool change;
    lathe_status status = lathe_trained_changes(model->trained, &change);
    if (status || !change) return status;
    return lathe_fail(LATHE_EARG,
        "onnx: preprocessing cannot hold the run's own transforms, '%s'; leave preprocessing out",
        model->trained->augment);
}

static lathe_status write(const lathe_exported *model, const char *path)
{
    lathe_onnx o = { 0 };
    lathe_status status = check(model);
    if (!status) status = begin(&o, model);
    if (!status) {
        add_input(&o, model);
        add_nodes(&o);
        add_output(&o, model);
        status = o.status ? o.status : write_model(&o, model, path);
    }
    lathe_proto_free(&o.proto);
    lathe_proto_free(&o.last);
    lathe_arena_free(o.arena);
    lathe_free(o.used);
    return status;
}

const lathe_export_type lathe_onnx_export = {
    .name = "onnx",
    .summary = "a graph for ONNX Runtime and other runtimes",
    .suffix = ".onnx",
    .fold = LATHE_GRAPH_FOLDED,
    .write = write,
};
