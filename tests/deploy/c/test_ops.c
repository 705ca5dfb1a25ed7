/* Every operation has a form in C, or is one of those that are refused; each is compared with lathe's own. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "../../deploy/c/plan_impl.h"
#include "support/c_files.h"
#include "support/program.h"

/* A layer that is one operation. Each letter of `in` is an input: x the image, s half of it, m the means of
 * its channels, w the next weight, - none. */
typedef struct op_case {
    const char *op, *in;
    const char *options; /* "stride=2 padding=1" */
    lathe_shape image, weight[4];
} op_case;

typedef struct op_layer {
    lathe_layer layer;
    const op_case *c;
    lathe_tensor *weight[4];
} op_layer;

static const lathe_op *op_of(const char *name)
{
    for (int i = 0; lathe_op_at(i); i++)
        if (!strcmp(lathe_op_at(i)->name, name)) return lathe_op_at(i);
    fail_msg("no operation %s", name);
    return NULL;
}

/* Options that are no fields: a shape "8,4", or dims "2,3" with "keep" before them. */
static void set_list(const lathe_op *op, const char *text, void *attributes)
{
    bool keep = !strncmp(text, "keep", 4);
    int count = 0, *to = attributes;
    lathe_shape *shape = attributes;
    lathe_reduce_opts *reduce = attributes;
    bool reshape = !strcmp(op->name, "reshape");
    if (reshape) to = shape->dim, to[count++] = 1;
    for (text += keep ? 4 : 0; *text; text += *text == ',')
        to[count++] = (int)strtol(text, (char **)&text, 10);
    if (reshape) shape->rank = count;
    else reduce->count = count, reduce->keepdim = keep;
}

static void set_options(const op_case *c, void *attributes)
{
    char text[256], *rest = NULL;
    const lathe_op *op = op_of(c->op);
    snprintf(text, sizeof text, "%s", c->options);
    if (!strcmp(c->op, "reshape") || !strcmp(c->op, "mean_dims") || !strcmp(c->op, "max_dims")) {
        set_list(op, text, attributes);
        return;
    }
    for (char *word = strtok_r(text, " ", &rest); word; word = strtok_r(NULL, " ", &rest)) {
        char *value = strchr(word, '=');
        *value = 0;
        if (!strcmp(word, "within_channel")) { /* it is no field */
            ((lathe_local_response_norm_opts *)attributes)->within_channel = true;
            continue;
        }
        if (lathe_fields_set(c->op, op->fields, attributes, word, value + 1, 0))
            fail_msg("%s", lathe_error_message());
    }
}

static lathe_tensor *op_forward(lathe_layer *layer, lathe_tensor *x)
{
    op_layer *l = (op_layer *)layer;
    union {
        char bytes[256];
        double aligned;
    } attributes = { { 0 } };
    lathe_tensor *in[8];
    int count = 0, weights = 0;
    for (const char *letter = l->c->in; *letter; letter++, count++) {
        if (*letter == 'x') in[count] = x;
        if (*letter == 's') in[count] = lathe_scale(x, 0.5);
        if (*letter == 'm') in[count] = lathe_mean_dims(x, (int[]){ 2, 3 }, 2, true);
        if (*letter == 'w') in[count] = l->weight[weights++];
        if (*letter == '-') in[count] = NULL;
    }
    set_options(l->c, attributes.bytes);
    return lathe_apply(op_of(l->c->op), in, count, attributes.bytes);
}

static const lathe_layer_type op_type = { .name = "op", .size = sizeof(op_layer), .forward = op_forward };

static lathe_layer *layer_of(lathe_model *model, const op_case *c)
{
    op_layer *l = lathe_layer_new(model, &op_type);
    l->c = c;
    for (int i = 0; i < 4 && c->weight[i].rank; i++) {
        char name[8];
        snprintf(name, sizeof name, "w%d", i);
        l->weight[i] = lathe_layer_param(&l->layer, name, c->weight[i],
            (lathe_init){ i == 3 ? LATHE_INIT_CONSTANT : LATHE_INIT_UNIFORM, i == 3 ? 1.5 : 0.5 });
    }
    return &l->layer;
}

/* ---- cases --------------------------------------------------------------------------------------------- */

#define IMAGE(...) .image = { 3, { __VA_ARGS__ } }
#define VECTOR(n) \
    { \
        1, { n } \
    }

static const op_case fixed[] = {
    { "linear", "xww", "", .image = { 1, { 19 } }, .weight = { { 2, { 21, 19 } }, VECTOR(21) } },
    { "linear_relu", "xw-", "", .image = { 1, { 3 } }, .weight = { { 2, { 40, 3 } } } },
    { "conv2d_relu", "xww", "padding=1", IMAGE(3, 9, 11), .weight = { { 4, { 33, 3, 3, 3 } }, VECTOR(33) } },
    { "conv2d_relu6", "xww", "padding=1", IMAGE(3, 9, 11), .weight = { { 4, { 6, 3, 3, 3 } }, VECTOR(6) } },
    { "conv2d_add", "xwws", "padding=1", IMAGE(5, 9, 7), .weight = { { 4, { 5, 5, 3, 3 } }, VECTOR(5) } },
    { "conv2d_add_relu", "xwwx", "", IMAGE(18, 5, 5), .weight = { { 4, { 18, 18, 1, 1 } }, VECTOR(18) } },
    { "conv2d_add_relu", "xwws", "padding=1 groups=20", IMAGE(20, 5, 9),
        .weight = { { 4, { 20, 1, 3, 3 } }, VECTOR(20) } },
    { "conv2d", "xw-", "", IMAGE(4, 5, 6), .weight = { { 4, { 17, 4, 5, 6 } } } },
    { "conv2d", "xw-", "", IMAGE(4, 2, 2), .weight = { { 4, { 17, 4, 1, 1 } } } },
    { "conv2d", "xww", "same=1 stride=2", IMAGE(3, 10, 13), .weight = { { 4, { 8, 3, 5, 4 } }, VECTOR(8) } },
    { "max_pool2d", "x", "kernel=3 stride=2 padding=1", IMAGE(5, 11, 12) },
    { "max_pool2d", "x", "kernel=3 stride=2 ceil_mode=1 dilation=2 kernel_width=2", IMAGE(5, 11, 12) },
    { "max_pool2d", "x", "kernel=2 same=1 stride=2", IMAGE(5, 7, 9) },
    { "relu_max_pool2d", "x", "kernel=2", IMAGE(17, 8, 6) },
    { "avg_pool2d", "x", "kernel=3 stride=2 padding=1 ceil_mode=1", IMAGE(5, 12, 10) },
    { "avg_pool2d", "x", "kernel=3 stride=2 padding=1 exclude_padding=1 padding_sides.left=1",
        IMAGE(5, 9, 10) },
    { "avg_pool2d", "x", "kernel=3 same=1 stride=2 exclude_padding=1 stride_width=1", IMAGE(3, 8, 9) },
    { "adaptive_avg_pool2d", "x", "height=1 width=1", IMAGE(20, 7, 7) },
    { "adaptive_avg_pool2d", "x", "height=3 width=7", IMAGE(4, 7, 5) },
    { "upsample", "x", "height=14 width=9", IMAGE(4, 7, 5) },
    { "upsample", "x", "height=13 width=4 mode=bilinear", IMAGE(4, 6, 9) },
    { "upsample", "x", "height=13 width=1 mode=bilinear align_corners=1", IMAGE(4, 6, 9) },
    { "relu", "x", "", IMAGE(3, 4, 5) },
    { "relu6", "x", "", IMAGE(3, 4, 5) },
    { "gelu", "x", "", IMAGE(3, 4, 5) },
    { "silu", "x", "", IMAGE(3, 4, 5) },
    { "sigmoid", "x", "", IMAGE(3, 4, 5) },
    { "tanh", "x", "", IMAGE(3, 4, 5) },
    { "hardswish", "x", "", IMAGE(3, 4, 5) },
    { "hardsigmoid", "x", "", IMAGE(3, 4, 5) },
    { "leaky_relu", "x", "slope=0.2", IMAGE(3, 4, 5) },
    { "clip", "x", "min=-0.25 max=0.75", IMAGE(3, 4, 5) },
    { "elu", "x", "alpha=1.5", IMAGE(3, 4, 5) },
    { "softplus", "x", "beta=2 threshold=1", IMAGE(3, 4, 5) },
    { "prelu", "xw", "", IMAGE(3, 4, 5), .weight = { VECTOR(3) } },
    { "prelu", "xw", "", IMAGE(3, 4, 5), .weight = { VECTOR(1) } },
    { "softmax", "x", "", IMAGE(7, 4, 5) },
    { "log_softmax", "x", "", .image = { 1, { 11 } } },
    { "add", "xs", "", IMAGE(3, 4, 5) },
    { "add", "xm", "", IMAGE(3, 4, 5) },
    { "add", "xw", "", IMAGE(3, 4, 5), .weight = { VECTOR(3) } },
    { "add", "xw", "", IMAGE(3, 4, 5), .weight = { { 3, { 3, 4, 5 } } } },
    { "add", "xw", "", IMAGE(3, 4, 5), .weight = { { 3, { 1, 4, 1 } } } },
    { "add_relu", "xs", "", IMAGE(3, 4, 5) },
    { "mul", "xs", "", IMAGE(3, 4, 5) },
    { "mul", "xm", "", IMAGE(3, 4, 5) },
    { "mul", "xw", "", IMAGE(3, 4, 5), .weight = { { 3, { 3, 1, 5 } } } },
    { "mul", "xw", "", IMAGE(3, 4, 5), .weight = { { 3, { 1, 4, 5 } } } },
    { "scale", "x", "factor=-1.25", IMAGE(3, 4, 5) },
    { "sum", "x", "factor=0.125", IMAGE(3, 4, 5) },
    { "mean_dims", "x", "2,3", IMAGE(3, 4, 5) },
    { "mean_dims", "x", "keep1", IMAGE(3, 4, 5) },
    { "mean_dims", "x", "1", IMAGE(3, 4, 5) },
    { "mean_dims", "x", "-1", IMAGE(3, 4, 5) },
    { "max_dims", "x", "keep2", IMAGE(3, 4, 5) },
    { "max_dims", "x", "1,2,3", IMAGE(3, 4, 5) },
    { "batch_norm", "xwwww", "", IMAGE(3, 4, 5), .weight = { VECTOR(3), VECTOR(3), VECTOR(3), VECTOR(3) } },
    { "batch_norm_relu", "xwwww", "eps=0.01", IMAGE(3, 4, 5),
        .weight = { VECTOR(3), VECTOR(3), VECTOR(3), VECTOR(3) } },
    { "batch_norm_relu6", "xwwww", "", IMAGE(3, 4, 5),
        .weight = { VECTOR(3), VECTOR(3), VECTOR(3), VECTOR(3) } },
    { "batch_norm_silu", "xwwww", "", IMAGE(3, 4, 5),
        .weight = { VECTOR(3), VECTOR(3), VECTOR(3), VECTOR(3) } },
    { "batch_norm_hardswish", "xwwww", "", IMAGE(3, 4, 5),
        .weight = { VECTOR(3), VECTOR(3), VECTOR(3), VECTOR(3) } },
    { "group_norm", "xww", "groups=3", IMAGE(6, 4, 5), .weight = { VECTOR(6), VECTOR(6) } },
    { "group_norm", "x--", "groups=1 eps=0.1", IMAGE(6, 4, 5) },
    { "instance_norm", "xww", "groups=1", IMAGE(6, 4, 5), .weight = { VECTOR(6), VECTOR(6) } },
    { "layer_norm", "xww", "", IMAGE(3, 4, 5), .weight = { { 3, { 3, 4, 5 } }, { 3, { 3, 4, 5 } } } },
    { "layer_norm", "xww", "dims=1", IMAGE(3, 4, 5), .weight = { VECTOR(5), VECTOR(5) } },
    { "layer_norm", "xw-", "dims=2", IMAGE(3, 4, 5), .weight = { { 2, { 4, 5 } } } },
    { "layer_norm", "xww", "", .image = { 1, { 11 } }, .weight = { VECTOR(11), VECTOR(11) } },
    { "layer_norm2d", "xww", "eps=0.001", IMAGE(6, 4, 5), .weight = { VECTOR(6), VECTOR(6) } },
    { "local_response_norm", "x", "size=3 alpha=0.5", IMAGE(6, 4, 5) },
    { "local_response_norm", "x", "size=3 alpha=0.5 within_channel=1 k=2", IMAGE(6, 4, 5) },
    { "flatten", "x", "", IMAGE(3, 4, 5) },
    { "reshape", "x", "6,5,2", IMAGE(3, 4, 5) },
    { "reshape", "x", "3,20", IMAGE(3, 4, 5) },
    { "reshape", "x", "60", IMAGE(3, 4, 5) },
    { "concat", "xsx", "", IMAGE(3, 4, 5) },
    { "concat", "xs", "", .image = { 1, { 11 } } },
    { "slice", "x", "first=2 count=3", IMAGE(7, 4, 5) },
    { "channel_shuffle", "x", "groups=3", IMAGE(12, 4, 5) },
    { "subsample", "x", "stride=2 channels=8", IMAGE(4, 5, 7) },
    { "dropout", "x", "p=0.5", IMAGE(3, 4, 5) },
    { "stochastic_depth", "x", "p=0.5", IMAGE(3, 4, 5) },
};

enum { FIXED = sizeof fixed / sizeof fixed[0], RANDOM = 40, CASES = FIXED + RANDOM };

static op_case all_cases[CASES];
static char random_options[RANDOM][200];

/* Convolutions and transposed ones with any stride, dilation, sides and groups. */
static void make_random(int i)
{
    enum { SIDES = 11 };
    uint64_t seed = 100 + (uint64_t)i;
    op_case *c = &all_cases[FIXED + i];
    bool transposed = i % 4 == 3, depthwise = i % 5 == 0;
    int groups = depthwise ? random_int(seed, 0, 2, 37) :
        i % 3              ? 1 :
                             random_int(seed, 0, 2, 4),
        channels = depthwise ? 1 : random_int(seed, 1, 1, 6),
        outputs = depthwise ? 1 : random_int(seed, 2, 1, 20);
    *c = (op_case){ transposed ? "conv_transpose2d" : "conv2d", i % 2 ? "xww" : "xw-", random_options[i],
        { 3, { groups * channels, random_int(seed, 3, 5, 13), random_int(seed, 4, 5, 20) } } };
    int sides[SIDES];
    for (int k = 0; k < SIDES; k++) sides[k] = random_int(seed, 5 + (uint64_t)k, 0, 2);
    snprintf(random_options[i], sizeof random_options[i],
        "stride=%d dilation=%d groups=%d stride_width=%d dilation_width=%d padding=%d padding_sides.top=%d "
        "padding_sides.right=%d padding_sides.bottom=%d padding_sides.left=%d%s",
        1 + sides[0], 1 + sides[1] % 2, groups, sides[2], sides[3], sides[4] % 2, sides[5], sides[6],
        sides[7], sides[8], transposed && sides[0] && sides[2] != 1 ? " output_padding=1" : "");
    int height = 1 + sides[9], width = 1 + sides[10];
    c->weight[0] = transposed ? (lathe_shape){ 4, { groups * channels, outputs, height + 2, width + 2 } } :
                                (lathe_shape){ 4, { groups * outputs, channels, height, width } };
    if (i % 2) c->weight[1] = (lathe_shape)VECTOR(groups * outputs);
}

static lathe_model *model;
static c_case cases[CASES];

static int make_cases(void **state)
{
    make_folder(state);
    model = lathe_model_new();
    for (int i = 0; i < FIXED; i++) all_cases[i] = fixed[i];
    for (int i = 0; i < RANDOM; i++) make_random(i);
    for (int i = 0; i < CASES; i++) {
        lathe_layer *net = layer_of(model, &all_cases[i]);
        if (lathe_nn_init(net, (uint64_t)i)) fail_msg("%s", lathe_error_message());
        cases[i] = (c_case){ all_cases[i].op, net, all_cases[i].image, .split = i % 16 == 0 };
    }
    c_files_write(folder, cases, CASES);
    return 0;
}

static int free_cases(void **state)
{
    lathe_model_free(model);
    return remove_folder(state);
}

/* ---- tests --------------------------------------------------------------------------------------------- */

static void test_every_operation_has_a_form_or_is_refused(void **state)
{
    (void)state;
    static const char *const refused[] = { "binary_cross_entropy", "ciou", "cross_entropy",
        "cross_entropy_soft", "dice", "diou", "focal", "giou", "huber", "iou", "jaccard", "kl_div", "l1",
        "mse", "sigmoid_focal", "smooth_l1" };
    int losses = 0;
    for (int i = 0; lathe_op_at(i); i++) {
        const char *name = lathe_op_at(i)->name;
        bool is_refused = false, is_tried = false;
        for (size_t r = 0; r < sizeof refused / sizeof refused[0]; r++)
            is_refused |= !strcmp(refused[r], name);
        for (int c = 0; c < CASES; c++) is_tried |= !strcmp(all_cases[c].op, name);
        losses += is_refused;
        if ((lathe_c_form_of(lathe_op_at(i)) != NULL) == is_refused || is_tried == is_refused)
            fail_msg("lathe_%s has a form in C and a case, or is refused", name);
    }
    assert_int_equal(losses, sizeof refused / sizeof refused[0]);
}

#define STRICT "-Wall -Wextra -Wpedantic -Wconversion -Werror "

static void test_operations_in_c99(void **state)
{
    (void)state;
    double worst = c_files_try(folder, cases, CASES, "cc -std=c99 -O1 " STRICT, "", 1e-5);
    print_message("%d operations: largest difference %.2g of the spread\n", CASES, worst);
}

static void test_operations_with_other_compilers(void **state)
{
    (void)state;
    static const char *const compilers[][3] = {
        { "clang", "clang -std=c99 -O1 " STRICT, "" },
        { "g++", "g++ -x c++ -O0 " STRICT, "" },
        { "arm-linux-gnueabihf-gcc", "arm-linux-gnueabihf-gcc -std=c99 -O1 -static " STRICT, "qemu-arm" },
    };
    for (size_t i = 0; i < sizeof compilers / sizeof compilers[0]; i++) {
        const char *const *c = compilers[i];
        if (c_files_have(c[0]) && (!*c[2] || c_files_have(c[2])))
            c_files_try(folder, cases, CASES, c[1], c[2], 1e-5);
        else print_message("SKIPPED: no %s here\n", c_files_have(c[0]) ? c[2] : c[0]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_operation_has_a_form_or_is_refused),
        cmocka_unit_test(test_operations_in_c99),
        cmocka_unit_test(test_operations_with_other_compilers),
    };
    return cmocka_run_group_tests(tests, make_cases, free_cases);
}
