/* Sums, products, means and maxima. */
#include "../../core/ops/reduce.h"
#include "onnx_impl.h"

extern const lathe_op lathe_add_op, lathe_add_relu_op, lathe_max_dims_op, lathe_mean_dims_op, lathe_mul_op,
    lathe_scale_op, lathe_sum_op;

/*
 * The second input of a sum or product. A list of one number a channel lies along dimension 1; other shapes
 * meet the first input's last dimensions, as in ONNX.
 */
static const char *second(lathe_onnx *o)
{
    const lathe_graph_node *node = lathe_onnx_op(o);
    const lathe_shape *a = &node->in[0].shape, *b = &node->in[1].shape;
    if (!lathe_onnx_batched(o, &node->in[0]) || b->rank != 1 || a->rank <= 2) return lathe_onnx_in(o, 1);
    lathe_shape channels = { a->rank - 1, { b->dim[0] } };
    for (int i = 1; i < channels.rank; i++) channels.dim[i] = 1;
    return lathe_onnx_in_as(o, 1, channels);
}

static const char *both(lathe_onnx *o, const char *type)
{
    const char *a = lathe_onnx_in(o, 0);
    return lathe_onnx_binary(o, type, a, second(o));
}

static const char *emit_add(lathe_onnx *o) { return both(o, "Add"); }
static const char *emit_mul(lathe_onnx *o) { return both(o, "Mul"); }
static const char *emit_add_relu(lathe_onnx *o) { return lathe_onnx_unary(o, "Relu", both(o, "Add")); }

static const char *emit_scale(lathe_onnx *o)
{
    const char *x = lathe_onnx_in(o, 0);
    return lathe_onnx_binary(o, "Mul", x, lathe_onnx_number(o, lathe_onnx_attribute(o, "factor")));
}

bool lathe_onnx_joins_images(const lathe_graph_node *node)
{
    const lathe_reduce_opts *a = node->attributes;
    if (node->op == &lathe_sum_op) return true;
    if (node->op != &lathe_mean_dims_op && node->op != &lathe_max_dims_op) return false;
    for (int i = 0; i < a->count; i++)
        if (!a->dims[i] || a->dims[i] == -node->in[0].shape.rank) return true;
    return false;
}

/* With a batch of any size, no result may be of several images. */
static bool is_refused(lathe_onnx *o)
{
    const lathe_graph_node *node = lathe_onnx_op(o);
    if (!o->dynamic || !lathe_onnx_batched(o, &node->in[0]) || !lathe_onnx_joins_images(node)) return false;
    lathe_onnx_refuse(o, "joins the images of a batch; leave out dynamic_batch");
    return true;
}

static const char *emit_sum(lathe_onnx *o)
{
    lathe_proto attributes = { 0 };
    if (is_refused(o)) return NULL;
    const char *x = lathe_onnx_in(o, 0);
    lathe_onnx_int(&attributes, "keepdims", 0);
    const char *sum = lathe_onnx_node(o, "ReduceSum", &x, 1, &attributes);
    return lathe_onnx_binary(o, "Mul", sum, lathe_onnx_number(o, lathe_onnx_attribute(o, "factor")));
}

static const char *reduce(lathe_onnx *o, const char *type)
{
    int64_t dims[LATHE_MAX_RANK];
    const lathe_graph_node *node = lathe_onnx_op(o);
    const lathe_reduce_opts *a = node->attributes;
    if (is_refused(o)) return NULL;
    for (int i = 0; i < a->count; i++)
        dims[i] = a->dims[i] < 0 ? a->dims[i] + node->in[0].shape.rank : a->dims[i];
    return lathe_onnx_reduce(o, type, lathe_onnx_in(o, 0), dims, a->count, a->keepdim);
}

static const char *emit_mean_dims(lathe_onnx *o) { return reduce(o, "ReduceMean"); }
static const char *emit_max_dims(lathe_onnx *o) { return reduce(o, "ReduceMax"); }

const lathe_onnx_form lathe_onnx_arithmetic[] = {
    { &lathe_add_op, emit_add },
    { &lathe_add_relu_op, emit_add_relu },
    { &lathe_max_dims_op, emit_max_dims },
    { &lathe_mean_dims_op, emit_mean_dims },
    { &lathe_mul_op, emit_mul },
    { &lathe_scale_op, emit_scale },
    { &lathe_sum_op, emit_sum },
    { 0 },
};
