#include "op_cases.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* A net of one operation. */
typedef struct op_net {
    lathe_layer layer;
    const op_case *kind;
    uint64_t seed, drawn;
    lathe_shape image;
    lathe_tensor *weight[5];
    int number[4];
    double real[2];
    bool yes, flat; /* flat: the operation gets [B, C] */
    lathe_shape shape;
    lathe_conv2d_opts conv;
    lathe_conv_transpose2d_opts transposed;
    lathe_pool_opts pool;
    lathe_local_response_norm_opts response;
} op_net;

struct op_case {
    const char *op;
    int variants;
    void (*make)(op_net *net); /* NULL: images of any shape, and no parameters */
    lathe_tensor *(*run)(const op_net *net, lathe_tensor *x);
};

static int draw(op_net *net, int low, int high) { return random_int(net->seed, net->drawn++, low, high); }
static bool toss(op_net *net) { return draw(net, 0, 1); }

static void images(op_net *net, int channels, int height, int width)
{
    net->image = (lathe_shape){ 3, { channels, height, width } };
}

/* One case in five is a list of channels, for operations that take it. */
static void any_images(op_net *net)
{
    images(net, draw(net, 1, 20), draw(net, 1, 9), draw(net, 1, 9));
    if (draw(net, 0, 4)) return;
    net->flat = true;
    net->image.dim[1] = net->image.dim[2] = 1;
}

/* Weight number `i`, of these dimensions. */
static void weigh(op_net *net, int i, lathe_shape shape)
{
    static const char *const names[] = { "weight", "bias", "third", "mean", "var" };
    net->weight[i] = lathe_layer_param(&net->layer, names[i], shape, (lathe_init){ LATHE_INIT_NORMAL, 0.5 });
}

/* A weight and a bias [count], each perhaps. */
static void weigh_channels(op_net *net, int count)
{
    if (draw(net, 0, 3)) weigh(net, 0, (lathe_shape){ 1, { count } });
    if (draw(net, 0, 3)) weigh(net, 1, (lathe_shape){ 1, { count } });
}

/* ---- activations --------------------------------------------------------------------------------------- */

static lathe_tensor *run_relu(const op_net *net, lathe_tensor *x) { return (void)net, lathe_relu(x); }
static lathe_tensor *run_relu6(const op_net *net, lathe_tensor *x) { return (void)net, lathe_relu6(x); }
static lathe_tensor *run_gelu(const op_net *net, lathe_tensor *x) { return (void)net, lathe_gelu(x); }
static lathe_tensor *run_silu(const op_net *net, lathe_tensor *x) { return (void)net, lathe_silu(x); }
static lathe_tensor *run_sigmoid(const op_net *net, lathe_tensor *x) { return (void)net, lathe_sigmoid(x); }
static lathe_tensor *run_tanh(const op_net *net, lathe_tensor *x) { return (void)net, lathe_tanh(x); }
static lathe_tensor *run_hardswish(const op_net *net, lathe_tensor *x)
{
    return (void)net, lathe_hardswish(x);
}
static lathe_tensor *run_hardsigmoid(const op_net *net, lathe_tensor *x)
{
    return (void)net, lathe_hardsigmoid(x);
}

static void two_numbers(op_net *net)
{
    any_images(net);
    net->real[0] = draw(net, 1, 20) * 0.1;
    net->real[1] = net->real[0] + draw(net, 0, 30) * 0.1;
    net->yes = toss(net);
}
static lathe_tensor *run_leaky(const op_net *net, lathe_tensor *x)
{
    return lathe_leaky_relu(x, 0.2 * net->real[0]);
}
static lathe_tensor *run_clip(const op_net *net, lathe_tensor *x)
{
    return lathe_clip(x, net->real[0] - 2, net->real[1] - 2);
}
static lathe_tensor *run_elu(const op_net *net, lathe_tensor *x) { return lathe_elu(x, net->real[0]); }
static lathe_tensor *run_softplus(const op_net *net, lathe_tensor *x)
{
    return lathe_softplus(x, net->yes ? 0 : net->real[0], net->yes ? 0 : net->real[1]);
}

static void make_prelu(op_net *net)
{
    any_images(net);
    weigh(net, 0, (lathe_shape){ 1, { toss(net) ? 1 : net->image.dim[0] } });
}
static lathe_tensor *run_prelu(const op_net *net, lathe_tensor *x) { return lathe_prelu(x, net->weight[0]); }

static lathe_tensor *run_softmax(const op_net *net, lathe_tensor *x) { return (void)net, lathe_softmax(x); }
static lathe_tensor *run_log_softmax(const op_net *net, lathe_tensor *x)
{
    return (void)net, lathe_log_softmax(x);
}

/* ---- arithmetic ---------------------------------------------------------------------------------------- */

/* The second operand: one a channel, of the image's last dimensions, or with ones among them. */
static void make_operand(op_net *net)
{
    any_images(net);
    const int *d = net->image.dim;
    switch (draw(net, 0, 3)) {
    case 0: weigh(net, 0, (lathe_shape){ 1, { d[0] } }); break;
    case 1: weigh(net, 0, (lathe_shape){ 3, { toss(net) ? d[0] : 1, d[1], toss(net) ? d[2] : 1 } }); break;
    case 2: weigh(net, 0, (lathe_shape){ 4, { 1, d[0], 1, toss(net) ? d[2] : 1 } }); break;
    case 3: net->yes = true; /* made of the image */
    }
}
static lathe_tensor *operand(const op_net *net, lathe_tensor *x)
{
    if (!net->yes) return net->weight[0];
    return net->drawn % 2 ? lathe_tanh(x) : lathe_mean_dims(x, (int[]){ 2, 3 }, 2, true);
}
static lathe_tensor *run_add(const op_net *net, lathe_tensor *x) { return lathe_add(x, operand(net, x)); }
static lathe_tensor *run_mul(const op_net *net, lathe_tensor *x) { return lathe_mul(x, operand(net, x)); }
static lathe_tensor *run_add_relu(const op_net *net, lathe_tensor *x)
{
    return lathe_add_relu(x, operand(net, x));
}
static lathe_tensor *run_scale(const op_net *net, lathe_tensor *x) { return lathe_scale(x, net->real[0]); }

/* Sums are of the whole batch; here they are added to each image. */
static lathe_tensor *run_sum(const op_net *net, lathe_tensor *x)
{
    return (void)net, lathe_add(x, lathe_mean(x));
}

static void make_reduction(op_net *net)
{
    any_images(net);
    int which = draw(net, 0, 4);
    static const int dims[][3] = { { 2, 3 }, { 1 }, { -1 }, { 3, 1 }, { 1, -2, 3 } };
    static const int counts[] = { 2, 1, 1, 2, 3 };
    memcpy(net->number, dims[which], sizeof dims[which]);
    net->number[3] = counts[which];
    net->yes = toss(net);
}
static lathe_tensor *run_mean_dims(const op_net *net, lathe_tensor *x)
{
    return lathe_mean_dims(x, net->number, net->number[3], net->yes);
}
static lathe_tensor *run_max_dims(const op_net *net, lathe_tensor *x)
{
    return lathe_max_dims(x, net->number, net->number[3], net->yes);
}

/* ---- convolutions -------------------------------------------------------------------------------------- */

static lathe_sides sides(op_net *net)
{
    if (draw(net, 0, 2)) return (lathe_sides){ 0 };
    return (lathe_sides){ draw(net, 0, 2), draw(net, 0, 2), draw(net, 0, 2), draw(net, 0, 2) };
}

static void make_conv(op_net *net)
{
    int groups = draw(net, 0, 2) ? 1 : draw(net, 2, 4), each = draw(net, 1, 6), filters = draw(net, 1, 6);
    if (!draw(net, 0, 3)) groups = draw(net, 1, 20), each = 1;
    images(net, groups * each, draw(net, 1, 12), draw(net, 1, 12));
    net->conv = (lathe_conv2d_opts){ .groups = groups,
        .stride = draw(net, 1, 3),
        .dilation = draw(net, 0, 2) ? 1 : draw(net, 2, 3),
        .stride_width = toss(net) ? draw(net, 1, 4) : 0,
        .dilation_width = draw(net, 0, 3) ? 0 : draw(net, 1, 2),
        .same = !draw(net, 0, 3) };
    if (!net->conv.same) {
        net->conv.padding = draw(net, 0, 3);
        net->conv.padding_sides = sides(net);
    }
    lathe_shape w = { 4, { filters * groups, each, draw(net, 1, 5), draw(net, 1, 5) } };
    if (!draw(net, 0, 6)) w.rank = 2, w.dim[2] = w.dim[3] = 0;
    weigh(net, 0, w);
    if (toss(net)) weigh(net, 1, (lathe_shape){ 1, { filters * groups } });
}
static lathe_tensor *run_conv(const op_net *net, lathe_tensor *x)
{
    return lathe_conv2d(x, net->weight[0], net->weight[1], &net->conv);
}
static lathe_tensor *run_conv_relu(const op_net *net, lathe_tensor *x)
{
    return lathe_conv2d_relu(x, net->weight[0], net->weight[1], &net->conv);
}
static lathe_tensor *run_conv_relu6(const op_net *net, lathe_tensor *x)
{
    return lathe_conv2d_relu6(x, net->weight[0], net->weight[1], &net->conv);
}
static lathe_tensor *run_conv_add(const op_net *net, lathe_tensor *x)
{
    return lathe_conv2d_add(x, net->weight[0], net->weight[1], lathe_tanh(run_conv(net, x)), &net->conv);
}
static lathe_tensor *run_conv_add_relu(const op_net *net, lathe_tensor *x)
{
    return lathe_conv2d_add_relu(x, net->weight[0], net->weight[1], lathe_tanh(run_conv(net, x)), &net->conv);
}

static void make_transposed(op_net *net)
{
    int groups = draw(net, 0, 2) ? 1 : draw(net, 2, 4), each = draw(net, 1, 5), filters = draw(net, 1, 5);
    images(net, groups * each, draw(net, 1, 6), draw(net, 1, 6));
    net->transposed = (lathe_conv_transpose2d_opts){ .groups = groups,
        .stride = draw(net, 1, 3),
        .padding = draw(net, 0, 2),
        .dilation = draw(net, 1, 2),
        .output_padding = draw(net, 0, 1),
        .stride_width = toss(net) ? draw(net, 2, 3) : 0,
        .dilation_width = draw(net, 0, 3) ? 0 : draw(net, 1, 2),
        .padding_sides = sides(net) };
    weigh(net, 0, (lathe_shape){ 4, { groups * each, filters, draw(net, 1, 4), draw(net, 1, 4) } });
    if (toss(net)) weigh(net, 1, (lathe_shape){ 1, { filters * groups } });
}
static lathe_tensor *run_transposed(const op_net *net, lathe_tensor *x)
{
    return lathe_conv_transpose2d(x, net->weight[0], net->weight[1], &net->transposed);
}

static void make_linear(op_net *net)
{
    int outputs = draw(net, 1, 40);
    any_images(net);
    weigh(net, 0, (lathe_shape){ 2, { outputs, net->image.dim[0] * net->image.dim[1] * net->image.dim[2] } });
    if (toss(net)) weigh(net, 1, (lathe_shape){ 1, { outputs } });
}
static lathe_tensor *run_linear(const op_net *net, lathe_tensor *x)
{
    return lathe_linear(lathe_flatten(x), net->weight[0], net->weight[1]);
}
static lathe_tensor *run_linear_relu(const op_net *net, lathe_tensor *x)
{
    return lathe_linear_relu(lathe_flatten(x), net->weight[0], net->weight[1]);
}

/* ---- norms --------------------------------------------------------------------------------------------- */

static void make_batch_norm(op_net *net)
{
    any_images(net);
    weigh_channels(net, net->image.dim[0]);
    for (int i = 3; i < 5; i++) weigh(net, i, (lathe_shape){ 1, { net->image.dim[0] } });
    net->real[0] = draw(net, 1, 9) * 1e-3;
}

extern const lathe_op lathe_batch_norm_relu6_op, lathe_batch_norm_hardswish_op, lathe_batch_norm_silu_op,
    lathe_batch_norm_add_op, lathe_batch_norm_add_relu_op;

static lathe_tensor *normed(const op_net *net, const lathe_op *op, lathe_tensor *x)
{
    lathe_tensor *in[] = { x, net->weight[0], net->weight[1], net->weight[3], net->weight[4] };
    return lathe_apply(op, in, 5, &(lathe_batch_norm_opts){ .eps = net->real[0] });
}
static lathe_tensor *normed_and_added(const op_net *net, const lathe_op *op, lathe_tensor *x)
{
    lathe_tensor *in[] = { x, net->weight[0], net->weight[1], net->weight[3], net->weight[4], lathe_tanh(x) };
    return lathe_apply(op, in, 6, &(lathe_batch_norm_opts){ .eps = net->real[0] });
}
static lathe_tensor *run_batch_norm(const op_net *net, lathe_tensor *x)
{
    return lathe_batch_norm(x, net->weight[0], net->weight[1], net->weight[3], net->weight[4],
        &(lathe_batch_norm_opts){ .eps = net->real[0] });
}
static lathe_tensor *run_batch_norm_relu(const op_net *net, lathe_tensor *x)
{
    return lathe_batch_norm_relu(x, net->weight[0], net->weight[1], net->weight[3], net->weight[4],
        &(lathe_batch_norm_opts){ .eps = net->real[0] });
}
static lathe_tensor *run_batch_norm_relu6(const op_net *net, lathe_tensor *x)
{
    return normed(net, &lathe_batch_norm_relu6_op, x);
}
static lathe_tensor *run_batch_norm_hardswish(const op_net *net, lathe_tensor *x)
{
    return normed(net, &lathe_batch_norm_hardswish_op, x);
}
static lathe_tensor *run_batch_norm_silu(const op_net *net, lathe_tensor *x)
{
    return normed(net, &lathe_batch_norm_silu_op, x);
}

static lathe_tensor *run_batch_norm_add(const op_net *net, lathe_tensor *x)
{
    return normed_and_added(net, &lathe_batch_norm_add_op, x);
}
static lathe_tensor *run_batch_norm_add_relu(const op_net *net, lathe_tensor *x)
{
    return normed_and_added(net, &lathe_batch_norm_add_relu_op, x);
}

static void make_group_norm(op_net *net)
{
    net->number[0] = draw(net, 1, 4);
    images(net, net->number[0] * draw(net, 1, 6), draw(net, 2, 7), draw(net, 2, 7));
    weigh_channels(net, net->image.dim[0]);
    net->yes = !draw(net, 0, 3);
}
static lathe_tensor *run_group_norm(const op_net *net, lathe_tensor *x)
{
    const lathe_group_norm_opts opts = { .groups = net->number[0], .eps = 1e-3 };
    if (net->yes && net->image.dim[0] > net->number[0]) /* [B, C] */
        x = lathe_mean_dims(x, (int[]){ 2, 3 }, 2, false);
    return lathe_group_norm(x, net->weight[0], net->weight[1], &opts);
}
static lathe_tensor *run_instance_norm(const op_net *net, lathe_tensor *x)
{
    return lathe_instance_norm(x, net->weight[0], net->weight[1], 1e-3);
}

static void make_layer_norm(op_net *net)
{
    images(net, draw(net, 2, 8), draw(net, 2, 7), draw(net, 2, 7));
    net->number[0] = draw(net, 0, 3);
    int count = net->number[0] ? net->number[0] : 3;
    lathe_shape last = { count, { 0 } };
    for (int i = 0; i < count; i++) last.dim[i] = net->image.dim[3 - count + i];
    if (draw(net, 0, 3)) weigh(net, 0, last);
    if (draw(net, 0, 3)) weigh(net, 1, last);
}
static lathe_tensor *run_layer_norm(const op_net *net, lathe_tensor *x)
{
    return lathe_layer_norm(x, net->weight[0], net->weight[1],
        &(lathe_layer_norm_opts){ .dims = net->number[0], .eps = 1e-3 });
}
static void make_layer_norm2d(op_net *net)
{
    images(net, draw(net, 4, 20), draw(net, 1, 7), draw(net, 1, 7));
    weigh_channels(net, net->image.dim[0]);
}
static lathe_tensor *run_layer_norm2d(const op_net *net, lathe_tensor *x)
{
    return lathe_layer_norm2d(x, net->weight[0], net->weight[1], 1e-3);
}

static void make_response(op_net *net)
{
    any_images(net);
    net->response = (lathe_local_response_norm_opts){ .size = 1 + 2 * draw(net, 0, 3),
        .alpha = draw(net, 1, 9) * 0.1,
        .beta = draw(net, 1, 9) * 0.2,
        .k = draw(net, 1, 3),
        .within_channel = toss(net) };
}
static lathe_tensor *run_response(const op_net *net, lathe_tensor *x)
{
    return lathe_local_response_norm(x, &net->response);
}

/* ---- pools --------------------------------------------------------------------------------------------- */

static void make_pool(op_net *net, bool dilated)
{
    images(net, draw(net, 1, 18), draw(net, 1, 12), draw(net, 1, 12));
    net->pool = (lathe_pool_opts){ .kernel = draw(net, 1, 4),
        .stride = draw(net, 0, 4),
        .ceil_mode = toss(net),
        .exclude_padding = toss(net),
        .kernel_width = toss(net) ? draw(net, 1, 4) : 0,
        .stride_width = toss(net) ? draw(net, 1, 4) : 0,
        .same = !draw(net, 0, 3) };
    if (!draw(net, 0, 3)) { /* the last window stands over the padding, too */
        net->pool = (lathe_pool_opts){ .kernel = 3, .stride = 2, .padding = 1, .ceil_mode = true };
        images(net, draw(net, 1, 18), 2 * draw(net, 1, 5), 2 * draw(net, 1, 5));
        return;
    }
    if (dilated && !draw(net, 0, 2)) {
        net->pool.dilation = draw(net, 1, 3);
        net->pool.dilation_width = draw(net, 0, 3);
    }
    if (net->pool.same) {
        net->pool.ceil_mode = false;
        return;
    }
    net->pool.padding = draw(net, 0, net->pool.kernel / 2);
    net->pool.padding_sides = sides(net);
}
static void make_max_pool(op_net *net) { make_pool(net, true); }
static void make_avg_pool(op_net *net) { make_pool(net, false); }
static lathe_tensor *run_max_pool(const op_net *net, lathe_tensor *x)
{
    return lathe_max_pool2d(x, &net->pool);
}
static lathe_tensor *run_relu_max_pool(const op_net *net, lathe_tensor *x)
{
    return lathe_relu_max_pool2d(x, &net->pool);
}
static lathe_tensor *run_avg_pool(const op_net *net, lathe_tensor *x)
{
    return lathe_avg_pool2d(x, &net->pool);
}

static void make_sizes(op_net *net)
{
    any_images(net);
    static const int shared[] = { 1, 2, 3 };
    for (int i = 0; i < 2; i++) {
        int size = net->image.dim[1 + i];
        net->number[i] = toss(net) ? draw(net, 1, 12) : size * shared[draw(net, 0, 2)];
        if (!draw(net, 0, 2)) net->number[i] = size % 2 ? size : size / 2;
    }
    if (!draw(net, 0, 4)) net->number[0] = net->number[1] = 1;
    net->number[2] = draw(net, 0, 1);
    net->yes = toss(net);
}
static lathe_tensor *run_adaptive(const op_net *net, lathe_tensor *x)
{
    return lathe_adaptive_avg_pool2d(x, net->number[0], net->number[1]);
}
static lathe_tensor *run_upsample(const op_net *net, lathe_tensor *x)
{
    return lathe_upsample(x, net->number[0], net->number[1],
        &(lathe_upsample_opts){ (lathe_upsample_mode)net->number[2], net->number[2] && net->yes });
}

/* ---- shapes -------------------------------------------------------------------------------------------- */

static lathe_tensor *run_flatten(const op_net *net, lathe_tensor *x) { return (void)net, lathe_flatten(x); }

static void make_reshape(op_net *net)
{
    images(net, 6, draw(net, 1, 5), draw(net, 1, 5));
    net->shape = toss(net) ? (lathe_shape){ 3, { 1, 3, -1 } } : (lathe_shape){ 5, { 1, 2, 3, 1, -1 } };
}
/* Shapes keep the batch, which is dimension 0. */
static lathe_tensor *run_reshape(const op_net *net, lathe_tensor *x)
{
    lathe_shape shape = net->shape;
    shape.dim[0] = x ? x->shape.dim[0] : 1;
    return lathe_reshape(x, shape);
}

static void make_concat(op_net *net)
{
    any_images(net);
    net->number[0] = draw(net, 1, 5);
}
static lathe_tensor *run_concat(const op_net *net, lathe_tensor *x)
{
    lathe_tensor *parts[6] = { x };
    for (int i = 0; i < net->number[0]; i++) parts[1 + i] = lathe_scale(x, 0.5 * i - 1);
    return lathe_concat(parts, 1 + net->number[0]);
}

static void make_slice(op_net *net)
{
    any_images(net);
    net->number[0] = draw(net, 0, net->image.dim[0] - 1);
    net->number[1] = draw(net, 1, net->image.dim[0] - net->number[0]);
}
static lathe_tensor *run_slice(const op_net *net, lathe_tensor *x)
{
    return lathe_slice(x, net->number[0], net->number[1]);
}

static void make_subsample(op_net *net)
{
    any_images(net);
    net->number[0] = draw(net, 1, 3);
    net->number[1] = net->image.dim[0] + draw(net, 0, 5);
}
static lathe_tensor *run_subsample(const op_net *net, lathe_tensor *x)
{
    return lathe_subsample(x, net->number[0], net->number[1]);
}

static void make_shuffle(op_net *net)
{
    net->number[0] = draw(net, 1, 4);
    images(net, net->number[0] * draw(net, 1, 6), draw(net, 1, 7), draw(net, 1, 7));
}
static lathe_tensor *run_shuffle(const op_net *net, lathe_tensor *x)
{
    return lathe_channel_shuffle(x, net->number[0]);
}

/* ---- all of them --------------------------------------------------------------------------------------- */

enum { MANY = 12, SOME = 5 };

static const op_case cases[] = {
    { "adaptive_avg_pool2d", MANY, make_sizes, run_adaptive },
    { "add", SOME, make_operand, run_add },
    { "add_relu", SOME, make_operand, run_add_relu },
    { "avg_pool2d", 3 * MANY, make_avg_pool, run_avg_pool },
    { "batch_norm", SOME, make_batch_norm, run_batch_norm },
    { "batch_norm_add", SOME, make_batch_norm, run_batch_norm_add },
    { "batch_norm_add_relu", SOME, make_batch_norm, run_batch_norm_add_relu },
    { "batch_norm_hardswish", 1, make_batch_norm, run_batch_norm_hardswish },
    { "batch_norm_relu", 1, make_batch_norm, run_batch_norm_relu },
    { "batch_norm_relu6", 1, make_batch_norm, run_batch_norm_relu6 },
    { "batch_norm_silu", 1, make_batch_norm, run_batch_norm_silu },
    { "channel_shuffle", SOME, make_shuffle, run_shuffle },
    { "clip", 2, two_numbers, run_clip },
    { "concat", SOME, make_concat, run_concat },
    { "conv2d", 2 * MANY, make_conv, run_conv },
    { "conv2d_add", SOME, make_conv, run_conv_add },
    { "conv2d_add_relu", SOME, make_conv, run_conv_add_relu },
    { "conv2d_relu", SOME, make_conv, run_conv_relu },
    { "conv2d_relu6", SOME, make_conv, run_conv_relu6 },
    { "conv_transpose2d", MANY, make_transposed, run_transposed },
    { "elu", 2, two_numbers, run_elu },
    { "flatten", 2, NULL, run_flatten },
    { "gelu", 1, NULL, run_gelu },
    { "group_norm", SOME, make_group_norm, run_group_norm },
    { "hardsigmoid", 1, NULL, run_hardsigmoid },
    { "hardswish", 1, NULL, run_hardswish },
    { "instance_norm", SOME, make_group_norm, run_instance_norm },
    { "layer_norm", SOME, make_layer_norm, run_layer_norm },
    { "layer_norm2d", SOME, make_layer_norm2d, run_layer_norm2d },
    { "leaky_relu", 2, two_numbers, run_leaky },
    { "linear", SOME, make_linear, run_linear },
    { "linear_relu", 2, make_linear, run_linear_relu },
    { "local_response_norm", MANY, make_response, run_response },
    { "log_softmax", 2, NULL, run_log_softmax },
    { "max_dims", MANY, make_reduction, run_max_dims },
    { "max_pool2d", 2 * MANY, make_max_pool, run_max_pool },
    { "mean_dims", MANY, make_reduction, run_mean_dims },
    { "mul", SOME, make_operand, run_mul },
    { "prelu", SOME, make_prelu, run_prelu },
    { "relu", 1, NULL, run_relu },
    { "relu6", 1, NULL, run_relu6 },
    { "relu_max_pool2d", SOME, make_max_pool, run_relu_max_pool },
    { "reshape", SOME, make_reshape, run_reshape },
    { "scale", 1, two_numbers, run_scale },
    { "sigmoid", 1, NULL, run_sigmoid },
    { "silu", 1, NULL, run_silu },
    { "slice", SOME, make_slice, run_slice },
    { "softmax", 2, NULL, run_softmax },
    { "softplus", SOME, two_numbers, run_softplus },
    { "subsample", SOME, make_subsample, run_subsample },
    { "sum", 1, NULL, run_sum },
    { "tanh", 1, NULL, run_tanh },
    { "upsample", 2 * MANY, make_sizes, run_upsample },
};

const op_case *op_case_at(int index)
{
    return index < (int)(sizeof cases / sizeof cases[0]) ? &cases[index] : NULL;
}

const char *op_case_name(const op_case *kind) { return kind->op; }
int op_case_variants(const op_case *kind) { return kind->variants; }

static lathe_tensor *forward(lathe_layer *layer, lathe_tensor *x)
{
    op_net *net = (op_net *)layer;
    return net->kind->run(net, net->flat ? lathe_flatten(x) : x);
}

static const lathe_layer_type op_net_type = { .name = "op_case", .size = sizeof(op_net), .forward = forward };

/* Variances are positive. */
static void set_variance(lathe_layer *layer)
{
    lathe_tensor *var = ((op_net *)layer)->weight[4];
    for (size_t i = 0; var && i < var->stored; i++)
        var->data[i] = var->data[i] * var->data[i] + (lathe_real)0.1;
}

lathe_layer *op_case_net(const op_case *kind, int variant, lathe_model **model, lathe_shape *image)
{
    for (int attempt = 0; attempt < 100; attempt++) {
        *model = lathe_model_new();
        op_net *net = lathe_layer_new(*model, &op_net_type);
        assert_non_null(net);
        net->kind = kind;
        net->seed = lathe_rng_stream(kind->op) + (uint64_t)(1000 * variant + attempt);
        if (kind->make) kind->make(net);
        else any_images(net);
        *image = net->image;
        lathe_trace *trace = NULL;
        if (!lathe_nn_init(&net->layer, 1)) trace = lathe_nn_trace(&net->layer, net->image);
        if (trace) {
            lathe_trace_free(trace);
            set_variance(&net->layer);
            return &net->layer;
        }
        lathe_model_free(*model); /* the window does not fit, or the like: other numbers */
        lathe_error_clear();
    }
    fail_msg("%s: no variant %d", kind->op, variant);
    return NULL;
}

lathe_real *op_case_run(lathe_layer *net, lathe_shape image, int batch, const lathe_real *images,
    size_t *count)
{
    lathe_shape shape = { image.rank + 1, { batch } };
    memcpy(shape.dim + 1, image.dim, (size_t)image.rank * sizeof *image.dim);
    lathe_tape *tape = lathe_tape_new(NULL);
    lathe_tape_begin(tape, LATHE_EVAL);
    lathe_tensor *y = lathe_nn_forward(net, lathe_tape_leaf(tape, LATHE_BATCHED, shape, images));
    if (!y) fail_msg("%s", lathe_error_message());
    *count = lathe_shape_count(&y->shape);
    lathe_real *values = malloc(*count * sizeof *values);
    assert_int_equal(lathe_tensor_read(y, values, *count), LATHE_OK);
    lathe_tape_free(tape);
    return values;
}
