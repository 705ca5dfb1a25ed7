#include "summary.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "../core/alloc.h"
#include "layer_impl.h"
#include "trace.h"

static int count_layers(const lathe_layer *layer)
{
    int count = 1;
    for (int i = 0; i < layer->children; i++) count += count_layers(layer->child[i]);
    return count;
}

static void list_layers(lathe_summary *summary, const lathe_layer *layer, int depth)
{
    lathe_summary_row *row = &summary->row[summary->rows++];
    row->layer = layer;
    row->depth = depth;
    if (layer->type->describe) layer->type->describe(layer, row->settings, sizeof row->settings);
    for (int i = 0; i < layer->tensors; i++) {
        const lathe_named_tensor *named = lathe_named(layer->tensor[i]);
        if (named->buffer) summary->buffers += named->tensor.stored;
        else row->parameters += named->tensor.stored;
        if (!named->buffer && !named->tensor.needs_grad) summary->frozen += named->tensor.stored;
    }
    summary->parameters += row->parameters;
    for (int i = 0; i < layer->children; i++) list_layers(summary, layer->child[i], depth + 1);
}

static lathe_shape without_batch(const lathe_shape *shape)
{
    lathe_shape image = { shape->rank - 1, { 0 } };
    for (int i = 0; i < image.rank; i++) image.dim[i] = shape->dim[i + 1];
    return image;
}

/* What each layer gives, as a hook. */
static void note_shape(void *context, lathe_layer *layer, const lathe_tensor *x, const lathe_tensor *y)
{
    (void)x;
    lathe_summary *summary = context;
    for (int i = 0; y && i < summary->rows; i++)
        if (summary->row[i].layer == layer && y->shape.rank) summary->row[i].out = without_batch(&y->shape);
}

static void count_flops(lathe_summary *summary, const lathe_trace_node *node)
{
    if (!node->op->flops) return;
    double flops = node->op->flops(&node->in[0].shape, &node->in[1].shape, &node->out.shape);
    summary->flops += flops;
    for (int i = 0; i < summary->rows; i++)
        if (!strcmp(summary->row[i].layer->path, node->layer)) summary->row[i].flops += flops;
}

static bool run_once(lathe_summary *summary, lathe_layer *net)
{
    lathe_model *model = net->model;
    lathe_forward_hook *hook = model->hook;
    void *context = model->hook_context;
    lathe_nn_on_forward(model, note_shape, summary);
    lathe_trace *trace = lathe_nn_trace(net, summary->in);
    lathe_nn_on_forward(model, hook, context);
    if (!trace) return false;
    for (int i = 0; i < trace->nodes; i++) count_flops(summary, &trace->node[i]);
    summary->out = summary->row[0].out;
    lathe_trace_free(trace);
    return true;
}

lathe_summary *lathe_nn_summary(lathe_layer *net, lathe_shape image)
{
    bool lent;
    if (net && net->parent && net->memory) lent = false; /* a part of a net that is initialised */
    else if (lathe_nn_lend(net, &lent)) return NULL;
    lathe_summary *summary = lathe_alloc(1, sizeof *summary);
    if (summary && (summary->row = lathe_alloc((size_t)count_layers(net), sizeof *summary->row))) {
        summary->in = image;
        list_layers(summary, net, 0);
    }
    bool fine = summary && summary->row && run_once(summary, net);
    if (lent) lathe_nn_take_back(net);
    if (!fine) lathe_summary_free(summary);
    return fine ? summary : NULL;
}

void lathe_summary_free(lathe_summary *summary)
{
    if (!summary) return;
    lathe_free(summary->row);
    lathe_free(summary);
}

/* A text that may be cut, and its full length. */
typedef struct table {
    char *text;
    size_t size, length;
} table;

static void print(table *to, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void print(table *to, const char *format, ...)
{
    size_t used = to->length < to->size ? to->length : to->size;
    va_list arguments;
    va_start(arguments, format);
    to->length += (size_t)vsnprintf(to->size ? to->text + used : NULL, to->size - used, format, arguments);
    va_end(arguments);
}

/* "832.8 k", "81.10 M": four digits and a unit. */
static const char *short_number(double number, char text[32])
{
    static const char *const units[] = { "", " k", " M", " G", " T" };
    int unit = 0;
    for (; number >= 999.95 && unit < 4; unit++) number /= 1000;
    snprintf(text, 32, "%.*f%s", unit == 0 ? 0 : number < 100 ? 2 : 1, number, units[unit]);
    return text;
}

typedef struct widths {
    int path, type, settings, out;
} widths;

static void widen(int *width, size_t length)
{
    if (length > (size_t)*width) *width = (int)length;
}

static widths measure(const lathe_summary *summary)
{
    widths w = { 4, 5, 8, 6 }; /* the headings' */
    char shape[LATHE_SHAPE_TEXT];
    for (int i = 0; i < summary->rows; i++) {
        const lathe_summary_row *row = &summary->row[i];
        widen(&w.path, strlen(row->layer->path));
        widen(&w.type, strlen(row->layer->type->name));
        widen(&w.settings, strlen(row->settings));
        widen(&w.out, strlen(lathe_shape_text(&row->out, shape)));
    }
    return w;
}

static void print_row(table *to, const widths *w, const lathe_summary_row *row)
{
    char shape[LATHE_SHAPE_TEXT] = "-", number[32];
    if (row->out.rank) lathe_shape_text(&row->out, shape);
    print(to, "%-*s  %-*s  %-*s  ", w->path, row->layer->path, w->type, row->layer->type->name, w->settings,
        row->settings);
    if (!row->parameters && !(row->flops > 0)) print(to, "%s\n", shape);
    else if (!(row->flops > 0)) print(to, "%-*s  %10zu\n", w->out, shape, row->parameters);
    else print(to, "%-*s  %10zu  %9s\n", w->out, shape, row->parameters, short_number(row->flops, number));
}

size_t lathe_summary_text(const lathe_summary *summary, char *text, size_t size)
{
    if (!text) size = 0;
    table to = { text, size, 0 };
    if (size) *text = '\0';
    if (!summary) return 0;
    char shape[LATHE_SHAPE_TEXT];
    widths w = measure(summary);
    print(&to, "%-*s  %-*s  %-*s  %-*s  %10s  %9s\n", w.path, "path", w.type, "layer", w.settings, "settings",
        w.out, "output", "parameters", "FLOPs");
    for (int i = 0; i < summary->rows; i++) print_row(&to, &w, &summary->row[i]);
    print(&to, "input %s, ", lathe_shape_text(&summary->in, shape));
    print(&to, "output %s: %zu parameters", lathe_shape_text(&summary->out, shape), summary->parameters);
    if (summary->frozen) print(&to, " (%zu of them frozen)", summary->frozen);
    if (summary->buffers) print(&to, ", %zu numbers of running statistics", summary->buffers);
    print(&to, ", %.3f MFLOP an image forward\n", summary->flops / 1e6);
    return to.length;
}
