/*
 * From a graph to calls, and the memory of their results. A value lives from the step that writes it to the
 * last step that reads it. Values are placed largest first, each at the lowest place that no other value of
 * the same time has: the greedy planner of TensorFlow Lite Micro.
 */
#include "plan_impl.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "../../core/alloc.h"

enum { ALIGN = 16 }; /* values begin at multiples of so many numbers */

/* ---- small things -------------------------------------------------------------------------------------- */

void lathe_c_fail(lathe_c_plan *plan, const lathe_graph_node *node, const char *format, ...)
{
    char what[LATHE_MESSAGE_SIZE];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(what, sizeof what, format, arguments);
    va_end(arguments);
    if (plan->status) return;
    plan->status = LATHE_EARG;
    lathe_fail(LATHE_EARG, "c: lathe_%s %.300s: layer '%.300s'", node->op->name, what, node->layer);
}

/* Remember that memory has run out, unless `block` is there. */
static bool have(lathe_c_plan *plan, const void *block)
{
    if (!block && !plan->status) plan->status = LATHE_ENOMEM;
    return !plan->status;
}

const char *lathe_c_float(double number, char text[40])
{
    if (!isfinite(number)) {
        snprintf(text, 40, "%s",
            isnan(number)  ? "(HUGE_VALF - HUGE_VALF)" :
                number < 0 ? "-HUGE_VALF" :
                             "HUGE_VALF");
        return text;
    }
    char digits[32];
    int most = 8;
    lathe_double_digits((float)number, most, digits);
    double back;
    if (!lathe_parse_double(digits, &back) || (float)back != (float)number)
        lathe_double_digits((float)number, 9, digits);
    else
        while (--most && lathe_parse_double(lathe_double_digits((float)number, most, text), &back) &&
            (float)back == (float)number)
            memcpy(digits, text, sizeof digits);
    snprintf(text, 40, "%s%sf", digits, strpbrk(digits, ".e") ? "" : ".0");
    return text;
}

int lathe_c_int(const lathe_graph_node *node, const char *name)
{
    return (int)lathe_graph_attribute(node, name, 0);
}

int lathe_c_channels(const lathe_shape *shape) { return shape->rank > 1 ? shape->dim[1] : 1; }

int lathe_c_pixels(const lathe_shape *shape)
{
    int pixels = 1;
    for (int i = 2; i < shape->rank; i++) pixels *= shape->dim[i];
    return pixels;
}

bool lathe_c_sides(lathe_c_plan *plan, const lathe_graph_node *node, const lathe_shape *shape, int *height,
    int *width)
{
    *height = shape->rank > 3 ? shape->dim[2] : 1;
    *width = shape->rank > 3 ? shape->dim[3] : shape->rank > 2 ? shape->dim[2] : 1;
    if (shape->rank < 5) return true;
    lathe_c_fail(plan, node, "has no C form for five dimensions");
    return false;
}

/* ---- values and steps ---------------------------------------------------------------------------------- */

static int add_value(lathe_c_plan *plan, lathe_c_value value)
{
    if (plan->values == plan->value_room) {
        int room = 2 * plan->value_room + 64;
        void *more = lathe_grow(plan->value, (size_t)plan->value_room, (size_t)room, sizeof *plan->value);
        if (!have(plan, more)) return LATHE_C_IMAGE;
        plan->value = more;
        plan->value_room = room;
    }
    value.with = plan->values;
    plan->value[plan->values] = value;
    return plan->values++;
}

/* Remember a section of the template; NULL: none. */
static void need(lathe_c_plan *plan, const char *section)
{
    int i = 0;
    while (section && i < plan->sections && strcmp(plan->section[i], section)) i++;
    if (section && i == plan->sections && i < LATHE_C_SECTIONS) plan->section[plan->sections++] = section;
}

/* The step's address is good until the next one. */
lathe_c_step *lathe_c_step_new(lathe_c_plan *plan, const lathe_graph_node *node, const char *section,
    size_t count)
{
    if (plan->steps == plan->step_room && !plan->status) {
        int room = 2 * plan->step_room + 64;
        void *more = lathe_grow(plan->step, (size_t)plan->step_room, (size_t)room, sizeof *plan->step);
        if (have(plan, more)) {
            plan->step = more;
            plan->step_room = room;
        }
    }
    need(plan, section);
    if (plan->status) return &plan->nowhere;
    lathe_c_step *step = &plan->step[plan->steps];
    *step = (lathe_c_step){ .node = node,
        .over = -1,
        .work = -1,
        .weights = plan->weights,
        .weight_count = plan->weights - plan->counted };
    plan->counted = plan->weights;
    step->out = add_value(plan, (lathe_c_value){ .count = count, .first = plan->steps, .last = plan->steps });
    if (node && node->op->flops)
        step->multiply_adds =
            node->op->flops(&node->in[0].shape, &node->in[node->inputs > 1].shape, &node->out) / 2;
    plan->steps++;
    return step;
}

void lathe_c_step_call(lathe_c_plan *plan, lathe_c_step *step, const int *in, int inputs, const char *format,
    ...)
{
    if (plan->status) return;
    va_list arguments;
    va_start(arguments, format);
    size_t size = (size_t)vsnprintf(NULL, 0, format, arguments) + 1;
    va_end(arguments);
    step->call = lathe_arena_alloc(plan->arena, size, 1);
    step->in = lathe_arena_alloc(plan->arena, (size_t)inputs + 1, sizeof *step->in);
    if (!have(plan, step->call) || !have(plan, step->in)) return;
    va_start(arguments, format);
    vsnprintf(step->call, size, format, arguments);
    va_end(arguments);
    step->inputs = inputs;
    for (int i = 0; i < inputs; i++) {
        step->in[i] = in[i];
        plan->value[in[i]].last = (int)(step - plan->step);
    }
}

void lathe_c_same(lathe_c_plan *plan, const lathe_graph_node *node, int value)
{
    plan->of_node[node - plan->graph->node] = value;
}

void lathe_c_step_end(lathe_c_plan *plan, lathe_c_step *step)
{
    if (!plan->status) lathe_c_same(plan, step->node, step->out);
}

void lathe_c_work(lathe_c_plan *plan, lathe_c_step *step, size_t count)
{
    if (plan->status) return;
    int at = (int)(step - plan->step);
    step->work = add_value(plan, (lathe_c_value){ .count = count, .first = at, .last = at });
}

int lathe_c_window(lathe_c_plan *plan, const int row[LATHE_C_WINDOW])
{
    if (plan->windows == plan->window_room && !plan->status) {
        int room = 2 * plan->window_room + 32;
        void *more = lathe_grow(plan->window, (size_t)plan->window_room, (size_t)room, sizeof *plan->window);
        if (have(plan, more)) {
            plan->window = more;
            plan->window_room = room;
        }
    }
    if (plan->status) return 0;
    memcpy(plan->window[plan->windows], row, sizeof *plan->window);
    return plan->windows++;
}

/* ---- weights and operands ------------------------------------------------------------------------------ */

float *lathe_c_weights(lathe_c_plan *plan, lathe_c_step *step, size_t count)
{
    if (plan->status) return NULL;
    size_t need = lathe_plus(plan->weights, count), room = plan->weight_room;
    if (need > room) {
        room = lathe_plus(need, need / 2);
        void *more = lathe_grow(plan->weight, plan->weight_room, room, sizeof *plan->weight);
        if (!have(plan, more)) return NULL;
        plan->weight = more;
        plan->weight_room = room;
    }
    float *at = plan->weight + plan->weights;
    plan->weights = need;
    if (step) {
        step->weight_count += count;
        plan->counted = need;
    }
    return at;
}

const lathe_real *lathe_c_constant(lathe_c_plan *plan, const lathe_graph_node *node, int i)
{
    if (plan->status || i >= node->inputs || node->in[i].source == LATHE_GRAPH_ABSENT) return NULL;
    if (node->in[i].source == LATHE_GRAPH_CONSTANT) return plan->graph->constant[node->in[i].index].data;
    lathe_c_fail(plan, node, "has no C form for %s that is computed", node->op->in[i].name);
    return NULL;
}

/* The place of number n of a picture [1, C, ...], which lies as [...][C]. */
static size_t place_of(size_t n, size_t channels, size_t pixels)
{
    return n % pixels * channels + n / pixels;
}

/* A constant may lack the batch's dimension: [C, 1, 1] is [1, C, 1, 1], [C] is [1, C]. */
static int constant_operand(lathe_c_plan *plan, const lathe_graph_node *node, int i)
{
    const lathe_graph_constant *c = &plan->graph->constant[node->in[i].index];
    lathe_shape shape = c->shape;
    bool batch = shape.rank == node->in[0].shape.rank;
    for (int d = 0; !batch && d < shape.rank; d++) shape.dim[shape.rank - d] = shape.dim[shape.rank - d - 1];
    if (!batch) shape.rank++;
    size_t channels = (size_t)lathe_c_channels(&shape), pixels = (size_t)lathe_c_pixels(&shape);
    size_t offset = plan->weights;
    float *to = lathe_c_weights(plan, NULL, c->count);
    if (!to) return LATHE_C_IMAGE;
    for (size_t n = 0; n < c->count; n++) to[place_of(n, channels, pixels)] = (float)c->data[n];
    return add_value(plan, (lathe_c_value){ .count = c->count, .offset = offset, .constant = true });
}

int lathe_c_operand(lathe_c_plan *plan, const lathe_graph_node *node, int i)
{
    if (plan->status) return LATHE_C_IMAGE;
    switch (node->in[i].source) {
    case LATHE_GRAPH_NODE: return plan->of_node[node->in[i].index];
    case LATHE_GRAPH_CONSTANT: return constant_operand(plan, node, i);
    case LATHE_GRAPH_INPUT:
    case LATHE_GRAPH_ABSENT: break;
    }
    return LATHE_C_IMAGE;
}

/* ---- memory -------------------------------------------------------------------------------------------- */

static int owner_of(const lathe_c_plan *plan, int value)
{
    while (plan->value[value].with != value) value = plan->value[value].with;
    return value;
}

/* Let a result take the memory of an operand that nothing reads later. The image is the caller's. */
static void join(lathe_c_plan *plan)
{
    for (int s = 0; s < plan->steps; s++) {
        lathe_c_step *step = &plan->step[s];
        if (step->over < 0) continue;
        const int in = step->in[step->over], owner = owner_of(plan, in);
        const lathe_c_value *out = &plan->value[step->out];
        bool free = owner != LATHE_C_IMAGE && !plan->value[in].constant && plan->value[owner].last <= s &&
            plan->value[in].count == out->count;
        /* No other operand is in that memory, but for a number by number function of twice the same. */
        for (int i = 0; free && i < step->inputs; i++)
            free =
                i == step->over || owner_of(plan, step->in[i]) != owner || (!step->over && step->in[i] == in);
        if (!free) {
            step->over = -1;
            continue;
        }
        plan->value[step->out].with = owner;
        plan->value[owner].last = out->last;
    }
}

/* The lowest place for a value among those that are placed and live at its time. */
static size_t place_for(const lathe_c_plan *plan, const lathe_c_value *value, const int *order, int placed)
{
    size_t at = 0;
    for (bool moved = true; moved;) {
        moved = false;
        for (int i = 0; i < placed; i++) {
            const lathe_c_value *other = &plan->value[order[i]];
            if (other->last < value->first || value->last < other->first) continue;
            if (at + value->count <= other->offset || other->offset + other->count <= at) continue;
            at = (other->offset + other->count + ALIGN - 1) / ALIGN * ALIGN;
            moved = true;
        }
    }
    return at;
}

static void place(lathe_c_plan *plan)
{
    int *order = lathe_arena_alloc(plan->arena, (size_t)plan->values + 1, sizeof *order), count = 0;
    if (!have(plan, order)) return;
    for (int v = 0; v < plan->values; v++) {
        if (plan->value[v].constant || plan->value[v].with != v) continue;
        int i = count++;
        for (; i && plan->value[order[i - 1]].count < plan->value[v].count; i--) order[i] = order[i - 1];
        order[i] = v;
    }
    for (int i = 0; i < count; i++) {
        lathe_c_value *value = &plan->value[order[i]];
        value->offset = place_for(plan, value, order, i);
        if (value->offset + value->count > plan->scratch) plan->scratch = value->offset + value->count;
    }
    for (int v = 0; v < plan->values; v++)
        if (!plan->value[v].constant) plan->value[v].offset = plan->value[owner_of(plan, v)].offset;
}

/* ---- the plan ------------------------------------------------------------------------------------------ */

const lathe_c_form *lathe_c_form_of(const lathe_op *op)
{
    const lathe_c_form *const tables[] = { lathe_c_window_forms, lathe_c_element_forms, lathe_c_move_forms };
    for (size_t t = 0; t < sizeof tables / sizeof tables[0]; t++)
        for (const lathe_c_form *form = tables[t]; form->op; form++)
            if (form->op == op) return form;
    return NULL;
}

/* The result in lathe's order, for the caller. */
static void add_result(lathe_c_plan *plan)
{
    const lathe_graph *graph = plan->graph;
    const lathe_graph_value *result = &graph->result;
    int value = result->source == LATHE_GRAPH_NODE ? plan->of_node[result->index] : LATHE_C_IMAGE;
    int channels = lathe_c_channels(&result->shape), pixels = lathe_c_pixels(&result->shape);
    lathe_c_step *step = lathe_c_step_new(plan, NULL, channels > 1 && pixels > 1 ? "reorder" : NULL, 0);
    if (channels > 1 && pixels > 1)
        lathe_c_step_call(plan, step, &value, 1, "$n_planes($0, %d, %d, out);", pixels, channels);
    else lathe_c_step_call(plan, step, &value, 1, "memcpy(out, $0, %d * sizeof *out);", channels * pixels);
}

static void add_all(lathe_c_plan *plan)
{
    const lathe_graph *graph = plan->graph;
    size_t nodes = (size_t)graph->nodes + 1;
    plan->of_node = lathe_arena_zeroed(plan->arena, nodes, sizeof *plan->of_node);
    plan->pixels = lathe_arena_zeroed(plan->arena, nodes, sizeof *plan->pixels);
    if (!have(plan, plan->of_node) || !have(plan, plan->pixels)) return;
    add_value(plan, (lathe_c_value){ .count = lathe_shape_count(&graph->image), .first = -1, .last = -1 });
    if (lathe_c_channels(&graph->image) > 1 && lathe_c_pixels(&graph->image) > 1) need(plan, "order");
    for (int n = 0; n < graph->nodes && !plan->status; n++) {
        const lathe_c_form *form = lathe_c_form_of(graph->node[n].op);
        if (form) form->write(plan, &graph->node[n]);
        else lathe_c_fail(plan, &graph->node[n], "has no C form");
    }
    add_result(plan);
}

lathe_c_plan *lathe_c_plan_new(const lathe_graph *graph)
{
    lathe_c_plan *plan = lathe_alloc(1, sizeof *plan);
    if (!plan) return NULL;
    plan->graph = graph;
    plan->arena = lathe_arena_new();
    if (have(plan, plan->arena)) add_all(plan);
    if (!plan->status) join(plan);
    if (!plan->status) place(plan);
    if (!plan->status) return plan;
    lathe_c_plan_free(plan);
    return NULL;
}

void lathe_c_plan_free(lathe_c_plan *plan)
{
    if (!plan) return;
    lathe_arena_free(plan->arena);
    lathe_free(plan->value);
    lathe_free(plan->step);
    lathe_free(plan->weight);
    lathe_free(plan->window);
    lathe_free(plan);
}
