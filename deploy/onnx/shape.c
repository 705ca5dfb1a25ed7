/* Operations that move numbers, and resizing. */
#include <limits.h>
#include <math.h>

#include "../../core/ops/upsample.h"
#include "onnx_impl.h"

static const char *emit_flatten(lathe_onnx *o)
{
    lathe_proto attributes = { 0 };
    const char *x = lathe_onnx_in(o, 0);
    lathe_onnx_int(&attributes, "axis", 1);
    return lathe_onnx_node(o, "Flatten", &x, 1, &attributes);
}

static const char *emit_reshape(lathe_onnx *o) { return lathe_onnx_as_result(o, lathe_onnx_in(o, 0)); }

static const char *emit_concat(lathe_onnx *o)
{
    const lathe_graph_node *node = lathe_onnx_op(o);
    lathe_proto attributes = { 0 };
    const char **in = lathe_arena_alloc(o->arena, (size_t)node->inputs, sizeof *in);
    if (!in) return lathe_onnx_failed(o, LATHE_ENOMEM);
    for (int i = 0; i < node->inputs; i++) in[i] = lathe_onnx_in(o, i);
    lathe_onnx_int(&attributes, "axis", 1);
    return lathe_onnx_node(o, "Concat", in, node->inputs, &attributes);
}

/* Of the given dimensions every `step`-th place in [begin, end). */
static const char *slice(lathe_onnx *o, const char *x, const int64_t *axes, int count, int64_t begin,
    int64_t end, int64_t step)
{
    int64_t begins[2] = { begin, begin }, ends[2] = { end, end }, steps[2] = { step, step };
    const char *in[5] = { x };
    in[1] = lathe_onnx_ints(o, "starts", begins, count);
    in[2] = lathe_onnx_ints(o, "ends", ends, count);
    in[3] = lathe_onnx_ints(o, "axes", axes, count);
    in[4] = step > 1 ? lathe_onnx_ints(o, "steps", steps, count) : "";
    return lathe_onnx_node(o, "Slice", in, 5, NULL);
}

static const char *emit_slice(lathe_onnx *o)
{
    int first = (int)lathe_onnx_attribute(o, "first"), count = (int)lathe_onnx_attribute(o, "count");
    return slice(o, lathe_onnx_in(o, 0), (int64_t[]){ 1 }, 1, first, first + count, 1);
}

static const char *emit_subsample(lathe_onnx *o)
{
    const lathe_graph_node *node = lathe_onnx_op(o);
    const char *x = lathe_onnx_in(o, 0);
    int more = node->out.dim[1] - node->in[0].shape.dim[1], stride = (int)lathe_onnx_attribute(o, "stride");
    if (stride > 1) x = slice(o, x, (int64_t[]){ 2, 3 }, 2, 0, INT_MAX, stride);
    if (stride == 1 && !more) return lathe_onnx_unary(o, "Identity", x);
    if (!more) return x;
    const int64_t before[] = { 0, more / 2, 0, 0 }, after[] = { 0, more - more / 2, 0, 0 };
    return lathe_onnx_pad(o, x, before, after, 4, 0);
}

/* [B, groups, C / groups, places] with the two in the middle exchanged */
static const char *emit_channel_shuffle(lathe_onnx *o)
{
    const lathe_graph_node *node = lathe_onnx_op(o);
    int groups = (int)lathe_onnx_attribute(o, "groups"), each = node->out.dim[1] / groups;
    lathe_proto attributes = { 0 };
    const char *x = lathe_onnx_reshape(o, lathe_onnx_in(o, 0), (int64_t[]){ 1, groups, each, -1 }, 4, true);
    lathe_onnx_list(&attributes, "perm", (int64_t[]){ 0, 2, 1, 3 }, 4);
    return lathe_onnx_as_result(o, lathe_onnx_node(o, "Transpose", &x, 1, &attributes));
}

/* ---- resizing ------------------------------------------------------------------------------------------ */

/* Rows or columns of x, one for each place of the result: exact where places are no whole multiples. */
static const char *gather(lathe_onnx *o, const char *x, int axis, int size, int results)
{
    lathe_proto attributes = { 0 };
    int64_t *places = lathe_arena_alloc(o->arena, (size_t)results, sizeof *places);
    if (!places) return lathe_onnx_failed(o, LATHE_ENOMEM);
    for (int i = 0; i < results; i++) places[i] = (int64_t)i * size / results;
    const char *indices = lathe_onnx_ints(o, "places", places, results);
    lathe_onnx_int(&attributes, "axis", axis);
    return lathe_onnx_node(o, "Gather", (const char *const[]){ x, indices }, 2, &attributes);
}

/*
 * The factor, in float, by which `size` places become `results`. Readers round the product down. ONNX takes
 * sizes instead of factors, too, but then it wants that of the batch.
 */
static double factor(int size, int results)
{
    float scale = (float)results / (float)size;
    while ((double)scale * size < results) scale = nextafterf(scale, INFINITY);
    return (double)scale;
}

static const char *emit_upsample(lathe_onnx *o)
{
    const lathe_graph_node *node = lathe_onnx_op(o);
    const int *from = node->in[0].shape.dim, *to = node->out.dim;
    const bool nearest = lathe_onnx_attribute(o, "mode") == LATHE_UPSAMPLE_NEAREST,
               aligned = lathe_onnx_attribute(o, "align_corners") > 0;
    const char *x = lathe_onnx_in(o, 0);
    if (nearest && (to[2] % from[2] || to[3] % from[3]))
        return gather(o, gather(o, x, 2, from[2], to[2]), 3, from[3], to[3]);
    const double scales[] = { 1, 1, factor(from[2], to[2]), factor(from[3], to[3]) };
    const char *in[] = { x, "", lathe_onnx_floats(o, "scales", scales, (lathe_shape){ 1, { 4 } }) };
    lathe_proto attributes = { 0 };
    lathe_onnx_string(&attributes, "mode", nearest ? "nearest" : "linear");
    lathe_onnx_string(&attributes, "coordinate_transformation_mode",
        nearest     ? "asymmetric" :
            aligned ? "align_corners" :
                      "half_pixel");
    if (nearest) lathe_onnx_string(&attributes, "nearest_mode", "floor");
    return lathe_onnx_node(o, "Resize", in, 3, &attributes);
}

extern const lathe_op lathe_channel_shuffle_op, lathe_concat_op, lathe_flatten_op, lathe_reshape_op,
    lathe_slice_op, lathe_subsample_op, lathe_upsample_op;

const lathe_onnx_form lathe_onnx_shapes[] = {
    { &lathe_channel_shuffle_op, emit_channel_shuffle },
    { &lathe_concat_op, emit_concat },
    { &lathe_flatten_op, emit_flatten },
    { &lathe_reshape_op, emit_reshape },
    { &lathe_slice_op, emit_slice },
    { &lathe_subsample_op, emit_subsample },
    { &lathe_upsample_op, emit_upsample },
    { 0 },
};
