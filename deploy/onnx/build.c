/* Values and nodes of a graph. The numbers of fields are those of onnx.proto. */
#include <stdio.h>
#include <string.h>

#include "../../core/alloc.h"
#include "onnx_impl.h"

enum { NAME = 1024 }; /* bytes for a name */

const char *lathe_onnx_failed(lathe_onnx *o, lathe_status status)
{
    if (!o->status) o->status = status;
    return NULL;
}

const lathe_graph_node *lathe_onnx_op(const lathe_onnx *o) { return &o->graph->node[o->at]; }

const char *lathe_onnx_refuse(lathe_onnx *o, const char *reason)
{
    const lathe_graph_node *node = lathe_onnx_op(o);
    if (o->status) return NULL;
    return lathe_onnx_failed(o,
        lathe_fail(LATHE_EARG, "onnx: lathe_%s %s: layer '%s'", node->op->name, reason, node->layer));
}

double lathe_onnx_attribute(const lathe_onnx *o, const char *name)
{
    return lathe_graph_attribute(lathe_onnx_op(o), name, 0);
}

bool lathe_onnx_batched(const lathe_onnx *o, const lathe_graph_value *value)
{
    return value->source == LATHE_GRAPH_INPUT ||
        (value->source == LATHE_GRAPH_NODE && o->batched[value->index]);
}

/* ---- names --------------------------------------------------------------------------------------------- */

static bool is_used(const lathe_onnx *o, const char *name)
{
    for (int i = o->useds - 1; i >= 0; i--)
        if (!strcmp(o->used[i], name)) return true;
    return false;
}

static bool remember(lathe_onnx *o, const char *name)
{
    if (o->useds == o->room) {
        int room = o->room ? 2 * o->room : 64;
        const char **grown = lathe_grow(o->used, (size_t)o->room, (size_t)room, sizeof *grown);
        if (!grown) return false;
        o->used = grown;
        o->room = room;
    }
    o->used[o->useds++] = name;
    return true;
}

const char *lathe_onnx_unique(lathe_onnx *o, const char *name)
{
    char text[NAME];
    snprintf(text, sizeof text, "%s", name);
    for (int i = 2; is_used(o, text); i++) snprintf(text, sizeof text, "%.1000s_%d", name, i);
    char *copy = lathe_arena_strdup(o->arena, text);
    return copy && remember(o, copy) ? copy : lathe_onnx_failed(o, LATHE_ENOMEM);
}

/* "features.1/Conv", or "Conv" outside of any layer. */
static const char *name_of(lathe_onnx *o, const char *what)
{
    char name[NAME];
    snprintf(name, sizeof name, "%.900s%s%s", o->scope, *o->scope ? "/" : "", what);
    return lathe_onnx_unique(o, name);
}

/* ---- constants ----------------------------------------------------------------------------------------- */

/* A TensorProto without its numbers. */
static lathe_proto tensor_of(const char *name, int type, const int64_t *dims, int rank)
{
    lathe_proto tensor = { 0 };
    for (int i = 0; i < rank; i++) lathe_proto_int(&tensor, 1, dims[i]);
    lathe_proto_int(&tensor, 2, type);
    lathe_proto_text(&tensor, 8, name);
    return tensor;
}

static lathe_proto float_tensor(const char *name, const lathe_shape *shape)
{
    int64_t dims[LATHE_MAX_RANK];
    for (int i = 0; i < shape->rank; i++) dims[i] = shape->dim[i];
    return tensor_of(name, LATHE_ONNX_FLOAT, dims, shape->rank);
}

static void add_initializer(lathe_onnx *o, lathe_proto *tensor, const void *raw, size_t size)
{
    lathe_proto_lend(tensor, 9, raw, size);
    lathe_proto_message(&o->proto, LATHE_ONNX_INITIALIZER, tensor);
}

/* Whether lathe_real is the file's own type: float in the order of bytes of ONNX, the lowest first. */
static bool same_type(void)
{
    const uint16_t one = 1;
    unsigned char first;
    memcpy(&first, &one, 1);
    return sizeof(lathe_real) == sizeof(float) && first;
}

static void put_float(unsigned char *to, double number)
{
    float single = (float)number;
    uint32_t bits;
    memcpy(&bits, &single, sizeof bits);
    for (int i = 0; i < 4; i++) to[i] = (unsigned char)(bits >> 8 * i);
}

static const char *add_constant(lathe_onnx *o, const char *name, const lathe_graph_constant *constant,
    const lathe_shape *shape)
{
    const void *raw = constant->data;
    if (!name) return NULL;
    if (!same_type()) {
        unsigned char *copy = lathe_arena_alloc(o->arena, constant->count, 4);
        if (!copy) return lathe_onnx_failed(o, LATHE_ENOMEM);
        for (size_t i = 0; i < constant->count; i++) put_float(copy + 4 * i, (double)constant->data[i]);
        raw = copy;
    }
    lathe_proto tensor = float_tensor(name, shape);
    add_initializer(o, &tensor, raw, 4 * constant->count);
    return name;
}

const char *lathe_onnx_floats(lathe_onnx *o, const char *what, const double *numbers, lathe_shape shape)
{
    size_t count = lathe_shape_count(&shape);
    const char *name = name_of(o, what);
    unsigned char *raw = name ? lathe_arena_alloc(o->arena, count, 4) : NULL;
    if (!raw) return lathe_onnx_failed(o, LATHE_ENOMEM);
    for (size_t i = 0; i < count; i++) put_float(raw + 4 * i, numbers[i]);
    lathe_proto tensor = float_tensor(name, &shape);
    add_initializer(o, &tensor, raw, 4 * count);
    return name;
}

const char *lathe_onnx_filled(lathe_onnx *o, const char *what, double number, int count)
{
    double *numbers = lathe_arena_alloc(o->arena, (size_t)count, sizeof *numbers);
    if (!numbers) return lathe_onnx_failed(o, LATHE_ENOMEM);
    for (int i = 0; i < count; i++) numbers[i] = number;
    return lathe_onnx_floats(o, what, numbers, (lathe_shape){ 1, { count } });
}

const char *lathe_onnx_number(lathe_onnx *o, double number)
{
    char text[32], name[64];
    snprintf(name, sizeof name, "number/%s", lathe_double_text(number, text));
    for (int i = 0; i < o->useds; i++)
        if (!strcmp(o->used[i], name)) return o->used[i];
    const char *unique = lathe_onnx_unique(o, name);
    unsigned char *raw = unique ? lathe_arena_alloc(o->arena, 1, 4) : NULL;
    if (!raw) return lathe_onnx_failed(o, LATHE_ENOMEM);
    put_float(raw, number);
    lathe_proto tensor = tensor_of(unique, LATHE_ONNX_FLOAT, NULL, 0);
    add_initializer(o, &tensor, raw, 4);
    return unique;
}

const char *lathe_onnx_ints(lathe_onnx *o, const char *what, const int64_t *numbers, int count)
{
    const char *name = name_of(o, what);
    unsigned char *raw = name ? lathe_arena_alloc(o->arena, (size_t)count, 8) : NULL;
    if (!raw) return lathe_onnx_failed(o, LATHE_ENOMEM);
    for (int i = 0; i < 8 * count; i++) raw[i] = (unsigned char)((uint64_t)numbers[i / 8] >> i % 8 * 8);
    lathe_proto tensor = tensor_of(name, LATHE_ONNX_INT64, (int64_t[]){ count }, 1);
    add_initializer(o, &tensor, raw, 8 * (size_t)count);
    return name;
}

/* ---- inputs -------------------------------------------------------------------------------------------- */

static const char *constant_value(lathe_onnx *o, int index)
{
    const lathe_graph_constant *constant = &o->graph->constant[index];
    if (!o->constant[index])
        o->constant[index] =
            add_constant(o, lathe_onnx_unique(o, constant->name), constant, &constant->shape);
    return o->constant[index];
}

const char *lathe_onnx_in(lathe_onnx *o, int i)
{
    const lathe_graph_node *node = lathe_onnx_op(o);
    const lathe_graph_value *value = i < node->inputs ? &node->in[i] : NULL;
    if (!value || value->source == LATHE_GRAPH_ABSENT) return "";
    if (value->source == LATHE_GRAPH_INPUT) return o->input;
    return value->source == LATHE_GRAPH_NODE ? o->result[value->index] : constant_value(o, value->index);
}

const char *lathe_onnx_in_as(lathe_onnx *o, int i, lathe_shape shape)
{
    const lathe_graph_value *value = &lathe_onnx_op(o)->in[i];
    if (lathe_shape_equal(&value->shape, &shape)) return lathe_onnx_in(o, i);
    if (value->source == LATHE_GRAPH_CONSTANT) {
        const lathe_graph_constant *constant = &o->graph->constant[value->index];
        return add_constant(o, lathe_onnx_unique(o, constant->name), constant, &shape);
    }
    int64_t dims[LATHE_MAX_RANK];
    for (int j = 0; j < shape.rank; j++) dims[j] = shape.dim[j];
    return lathe_onnx_reshape(o, lathe_onnx_in(o, i), dims, shape.rank, false);
}

/* ---- attributes ---------------------------------------------------------------------------------------- */

enum { ATTRIBUTE_FLOAT = 1, ATTRIBUTE_INT = 2, ATTRIBUTE_STRING = 3, ATTRIBUTE_INTS = 7 };

/* Add an AttributeProto as field 5 of a NodeProto. */
static void add_attribute(lathe_proto *attributes, const char *name, int type, lathe_proto *value)
{
    lathe_proto_text(value, 1, name);
    lathe_proto_int(value, 20, type);
    lathe_proto_message(attributes, 5, value);
}

void lathe_onnx_float(lathe_proto *attributes, const char *name, double number)
{
    lathe_proto value = { 0 };
    lathe_proto_float(&value, 2, number);
    add_attribute(attributes, name, ATTRIBUTE_FLOAT, &value);
}

void lathe_onnx_int(lathe_proto *attributes, const char *name, int64_t number)
{
    lathe_proto value = { 0 };
    lathe_proto_int(&value, 3, number);
    add_attribute(attributes, name, ATTRIBUTE_INT, &value);
}

void lathe_onnx_string(lathe_proto *attributes, const char *name, const char *text)
{
    lathe_proto value = { 0 };
    lathe_proto_text(&value, 4, text);
    add_attribute(attributes, name, ATTRIBUTE_STRING, &value);
}

void lathe_onnx_list(lathe_proto *attributes, const char *name, const int64_t *numbers, int count)
{
    lathe_proto value = { 0 };
    for (int i = 0; i < count; i++) lathe_proto_int(&value, 8, numbers[i]);
    add_attribute(attributes, name, ATTRIBUTE_INTS, &value);
}

/* ---- nodes --------------------------------------------------------------------------------------------- */

/* The last node gets its output's name and goes into the graph. */
static void flush(lathe_onnx *o, const char *output)
{
    if (!o->last_name) return;
    lathe_proto_text(&o->last, 2, output);
    lathe_proto_message(&o->proto, LATHE_ONNX_NODE, &o->last);
    o->last_name = NULL;
}

const char *lathe_onnx_node(lathe_onnx *o, const char *type, const char *const *in, int count,
    lathe_proto *attributes)
{
    lathe_proto none = { 0 }, *node = attributes ? attributes : &none;
    bool given = true;
    for (int i = 0; i < count; i++) given = given && in[i];
    while (given && count > 0 && !*in[count - 1]) count--; /* inputs at the end that are not given */
    const char *name = given && !o->status ? name_of(o, type) : NULL;
    if (!name) {
        lathe_proto_free(node);
        return NULL;
    }
    flush(o, o->last_name);
    for (int i = 0; i < count; i++) lathe_proto_text(node, 1, in[i]);
    lathe_proto_text(node, 3, name);
    lathe_proto_text(node, 4, type);
    o->last = *node;
    *node = (lathe_proto){ 0 };
    return o->last_name = name;
}

void lathe_onnx_close(lathe_onnx *o, const char *result)
{
    if (o->status) return;
    o->scope = "";
    if (result != o->last_name) lathe_onnx_unary(o, "Identity", result);
    flush(o, "output");
}

const char *lathe_onnx_unary(lathe_onnx *o, const char *type, const char *x)
{
    return lathe_onnx_node(o, type, &x, 1, NULL);
}

const char *lathe_onnx_binary(lathe_onnx *o, const char *type, const char *a, const char *b)
{
    return lathe_onnx_node(o, type, (const char *const[]){ a, b }, 2, NULL);
}

const char *lathe_onnx_reshape(lathe_onnx *o, const char *x, const int64_t *dims, int rank, bool batched)
{
    int64_t to[8];
    if (!x) return NULL;
    for (int i = 0; i < rank; i++) to[i] = i || !batched ? dims[i] : o->dynamic ? 0 : 1; /* 0: x's own */
    return lathe_onnx_binary(o, "Reshape", x, lathe_onnx_ints(o, "shape", to, rank));
}

const char *lathe_onnx_as_result(lathe_onnx *o, const char *x)
{
    int64_t dims[LATHE_MAX_RANK];
    const lathe_shape *out = &lathe_onnx_op(o)->out;
    for (int i = 0; i < out->rank; i++) dims[i] = out->dim[i];
    return lathe_onnx_reshape(o, x, dims, out->rank, o->batched[o->at]);
}

const char *lathe_onnx_reduce(lathe_onnx *o, const char *type, const char *x, const int64_t *dims, int count,
    bool keepdims)
{
    lathe_proto attributes = { 0 };
    lathe_onnx_list(&attributes, "axes", dims, count);
    lathe_onnx_int(&attributes, "keepdims", keepdims);
    return lathe_onnx_node(o, type, &x, 1, &attributes);
}

const char *lathe_onnx_pad(lathe_onnx *o, const char *x, const int64_t *before, const int64_t *after,
    int rank, double number)
{
    int64_t pads[2 * LATHE_MAX_RANK];
    for (int i = 0; i < rank; i++) pads[i] = before[i], pads[rank + i] = after[i];
    const char *in[] = { x, lathe_onnx_ints(o, "pads", pads, 2 * rank),
        number == 0 ? "" : lathe_onnx_number(o, number) };
    return lathe_onnx_node(o, "Pad", in, 3, NULL);
}

void lathe_onnx_value(lathe_onnx *o, int field, const char *name, int type, const lathe_shape *shape,
    bool batched, const char *doc)
{
    lathe_proto dims = { 0 }, tensor = { 0 }, kind = { 0 }, value = { 0 };
    for (int i = 0; i < shape->rank; i++) {
        lathe_proto dim = { 0 };
        if (!i && batched && o->dynamic) lathe_proto_text(&dim, 2, "N");
        else lathe_proto_int(&dim, 1, shape->dim[i]);
        lathe_proto_message(&dims, 1, &dim);
    }
    lathe_proto_int(&tensor, 1, type);
    lathe_proto_message(&tensor, 2, &dims);
    lathe_proto_message(&kind, 1, &tensor);
    lathe_proto_text(&value, 1, name);
    lathe_proto_message(&value, 2, &kind);
    if (doc) lathe_proto_text(&value, 3, doc);
    lathe_proto_message(&o->proto, field, &value);
}
