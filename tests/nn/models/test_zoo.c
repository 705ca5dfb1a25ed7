/*
 * Nets for photographs are the published ones: names and shapes of their tensors, parameters, FLOPs, first
 * weights, and with weights by a formula the scores and gradients of a training step and the scores after it.
 * tests/golden/make_zoo.py computes all of it in PyTorch; its first lines say how to add a row here.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "support/formula.h"

typedef struct row {
    const char *net;    /* tests/golden/zoo/NET.txt */
    const char *model;  /* the name for lathe_model_build, without what draws at random */
    const char *counts; /* the name for the parameters with 1000 classes; NULL: `model` */
} row;

static const row rows[] = {
    { .net = "resnet18", .model = "resnet18" },
    { .net = "resnet20", .model = "resnet20" },
    { .net = "resnet34", .model = "resnet34" },
    { .net = "resnet50", .model = "resnet50" },
    { .net = "mobilenet_v1", .model = "mobilenet_v1:dropout=0" },
    { .net = "mobilenet_v1_12", .model = "mobilenet_v1:dropout=0:blocks=12" },
    { .net = "mobilenet_v2", .model = "mobilenet_v2:dropout=0" },
    { .net = "squeezenet1_1", .model = "squeezenet1_1:dropout=0" },
    { .net = "regnet_y_400mf", .model = "regnet_y_400mf" },
    { .net = "mobilenet_v3_small", .model = "mobilenet_v3_small:dropout=0" },
    { .net = "mobilenet_v3_large", .model = "mobilenet_v3_large:dropout=0" },
    { .net = "efficientnet_b0", .model = "efficientnet_b0:dropout=0:drop_path=0" },
    { .net = "tf_efficientnet_b0", .model = "tf_efficientnet_b0:dropout=0:drop_path=0" },
    { .net = "fbnetv3_a0", .model = "fbnetv3_a0" },
    { .net = "fbnetv3_a", .model = "fbnetv3_a" },
    { .net = "fbnetv3_d", .model = "fbnetv3_d" },
    { .net = "mv_fbnetv3_g", .model = "mv_fbnetv3_g" },
    { .net = "convnext_tiny", .model = "convnext_tiny:drop_path=0" },
    { .net = "efficientnet-tiny", .model = "efficientnet-tiny" },
    { .net = "fbnetv3-tiny", .model = "fbnetv3-tiny" },
    { .net = "vgg11_bn", .model = "vgg11_bn:dropout=0:hidden=64", .counts = "vgg11_bn:dropout=0" },
};

/* A net of this size with 10 classes, its golden file, and a tape. */
typedef struct subject {
    char file[128];
    double *input; /* batch, height, width, stream */
    lathe_model *model;
    lathe_layer *net;
    lathe_tape *tape;
} subject;

static double *golden_of(const subject *s, const char *name, size_t *count)
{
    return golden(s->file, name, count);
}

static lathe_layer *build(lathe_model *model, const char *name, int height, int width, int classes)
{
    const lathe_model_spec spec = { .channels = 3, .height = height, .width = width, .classes = classes };
    lathe_layer *net = lathe_model_build(model, name, &spec);
    if (!net) fail_msg("%s: %s", name, lathe_error_message());
    return net;
}

static subject open_subject(const row *row)
{
    size_t count;
    subject s = { .model = lathe_model_new(), .tape = lathe_tape_new(NULL) };
    snprintf(s.file, sizeof s.file, "zoo/%s.txt", row->net);
    s.input = golden_of(&s, "input", &count);
    s.net = build(s.model, row->model, (int)s.input[1], (int)s.input[2], 10);
    if (lathe_nn_init(s.net, 1)) fail_msg("%s: %s", row->net, lathe_error_message());
    return s;
}

static void close_subject(subject *s)
{
    free(s->input);
    lathe_tape_free(s->tape);
    lathe_model_free(s->model);
}

static const char *published(const lathe_tensor *tensor)
{
    return tensor->alias ? tensor->alias : tensor->name;
}

/* FNV-1a of the name: the stream of a tensor's numbers. */
static uint32_t stream_of(const lathe_tensor *tensor)
{
    uint32_t value = 2166136261u;
    for (const char *c = published(tensor); *c; c++) value = (value ^ (unsigned char)*c) * 16777619u;
    return value;
}

/* ---- counts, names, shapes and first weights ----------------------------------------------------------- */

static void check_counts(const subject *s, const row *row)
{
    size_t count;
    int states;
    double *want = golden_of(s, "counts", &count), got[3] = { 0 };
    lathe_model *model = lathe_model_new();
    lathe_layer *net = build(model, row->counts ? row->counts : row->model, 224, 224, 1000);
    lathe_tensor *const *tensor = lathe_nn_plan(net, &states);
    assert_non_null(tensor);
    for (int i = 0; i < states; i++) got[!tensor[i]->needs_grad] += (double)tensor[i]->stored;
    lathe_model_free(model);
    lathe_summary *summary =
        lathe_nn_summary(s->net, (lathe_shape){ 3, { 3, (int)s->input[1], (int)s->input[2] } });
    assert_non_null(summary);
    got[2] = summary->flops;
    lathe_summary_free(summary);
    assert_close_double(row->net, got, want, 3, 0, 0);
    free(want);
}

/* Golden numbers of a parameter after its shape. */
enum { NORM, PRODUCT, DEVIATION, MAGNITUDE };

/* The numbers after the shape, which must be the tensor's; the caller frees *row. */
static const double *numbers_of(const subject *s, const lathe_tensor *tensor, double **row)
{
    size_t count, rank = (size_t)tensor->shape.rank;
    *row = golden_of(s, published(tensor), &count);
    if (count != rank + (tensor->needs_grad ? 4 : 0))
        fail_msg("%s: %zu numbers for rank %zu", published(tensor), count, rank);
    for (size_t i = 0; i < rank; i++)
        if ((int)(*row)[i] != tensor->shape.dim[i])
            fail_msg("%s: dimension %zu is %d, not %g", published(tensor), i, tensor->shape.dim[i],
                (*row)[i]);
    return *row + rank;
}

static double power_mean(const lathe_tensor *tensor, int power)
{
    double sum = 0, n = (double)tensor->stored, mean = 0;
    if (power == 2)
        for (size_t i = 0; i < tensor->stored; i++) mean += (double)tensor->data[i] / n;
    for (size_t i = 0; i < tensor->stored; i++) sum += pow(fabs((double)tensor->data[i] - mean), power) / n;
    return pow(sum, 1.0 / power);
}

static void check_tensors(const subject *s)
{
    int states;
    size_t count;
    double *want = golden_of(s, "tensors", &count), *row;
    lathe_tensor *const *tensor = lathe_nn_state(s->net, &states);
    assert_int_equal(states, (int)*want);
    free(want);
    for (int i = 0; i < states; i++) {
        const double *numbers = numbers_of(s, tensor[i], &row);
        if (tensor[i]->needs_grad) { /* both drew at random */
            double got[2] = { power_mean(tensor[i], 2), power_mean(tensor[i], 1) };
            double tolerance = 0.003 + 5 / sqrt((double)tensor[i]->stored);
            assert_close_double(published(tensor[i]), got, numbers + DEVIATION, 2, tolerance, 1e-6);
        }
        free(row);
    }
}

/* ---- scores and gradients ------------------------------------------------------------------------------ */

static void set_weights(lathe_layer *net)
{
    const lathe_params *params = lathe_nn_params(net);
    for (int p = 0; p < params->count; p++) {
        lathe_tensor *tensor = params->tensor[p];
        double fan_in = (double)tensor->stored / tensor->shape.dim[0];
        double base = (double)tensor->data[0] == 1; /* such as the weight of a norm */
        double scale = tensor->shape.rank > 1 ? sqrt(3 / fan_in) : 0.1;
        for (size_t i = 0; i < tensor->stored; i++)
            tensor->data[i] = (lathe_real)(base + scale * formula_number(stream_of(tensor), i));
    }
}

static lathe_tensor *forward(const subject *s, lathe_mode mode)
{
    lathe_shape shape = { 4, { (int)s->input[0], 3, (int)s->input[1], (int)s->input[2] } };
    size_t count = lathe_shape_count(&shape);
    lathe_real *values = malloc(count * sizeof *values);
    for (size_t i = 0; i < count; i++) values[i] = (lathe_real)formula_number((uint64_t)s->input[3], i);
    lathe_tape_begin(s->tape, mode);
    lathe_tensor *scores = lathe_nn_forward(s->net, lathe_tape_leaf(s->tape, LATHE_BATCHED, shape, values));
    if (!scores) fail_msg("%s: %s", s->file, lathe_error_message());
    free(values);
    return scores;
}

/* In float: `least`, or four times what float does to PyTorch's numbers, where that is more. */
static double tolerance_of(const subject *s, int which, double least)
{
    size_t count;
    double *rounding = golden_of(s, "rounding", &count), tolerance = fmax(least, 4 * rounding[which]);
    free(rounding);
    return sizeof(lathe_real) == 8 ? 1e-8 : tolerance;
}

/* Each score's difference to the golden one, relative to their spread. */
static void check_scores(const subject *s, const char *name, const lathe_tensor *scores)
{
    size_t count;
    double *want = golden_of(s, name, &count), mean = 0, squares = 0;
    lathe_real *got = malloc(count * sizeof *got);
    lathe_tensor_read(scores, got, count);
    for (size_t i = 0; i < count; i++) mean += want[i] / (double)count;
    for (size_t i = 0; i < count; i++) squares += (want[i] - mean) * (want[i] - mean);
    double tolerance = tolerance_of(s, 1, 1e-4);
    assert_close(name, got, want, count, 0, tolerance * sqrt(squares / (double)count));
    free(want), free(got);
}

/* Each gradient: its norm, and its sum of products with numbers of a stream of its own. */
static void check_gradients(const subject *s)
{
    const lathe_params *params = lathe_nn_params(s->net);
    double tolerance = tolerance_of(s, 0, 1e-3), largest = 0, *row;
    for (int p = 0; p < params->count; p++) {
        largest = fmax(largest, numbers_of(s, params->tensor[p], &row)[NORM]);
        free(row);
    }
    for (int p = 0; p < params->count; p++) {
        const lathe_tensor *tensor = params->tensor[p];
        const double *numbers = numbers_of(s, tensor, &row);
        double squares = 0, product = 0, floor = 1e-3 * largest;
        for (size_t i = 0; i < tensor->stored; i++) {
            double g = (double)tensor->grad[i];
            squares += g * g;
            product += g * formula_number(stream_of(tensor) + 1, i);
        }
        double got[2] = { sqrt(squares), product };
        assert_close_double(published(tensor), got, numbers + NORM, 2, 0,
            tolerance * (numbers[NORM] + floor));
        free(row);
    }
}

static void the_net_is_the_published_one(void **state)
{
    const row *row = *state;
    subject s = open_subject(row);
    check_counts(&s, row);
    check_tensors(&s);
    set_weights(s.net);
    int labels[] = { 0, 1, 2, 3 };
    size_t count;
    double *want = golden_of(&s, "loss", &count);
    lathe_tensor *scores = forward(&s, LATHE_TRAIN), *loss = lathe_cross_entropy(scores, labels, NULL);
    check_scores(&s, "scores", scores);
    double got = lathe_item(loss);
    assert_close_double("loss", &got, want, 1, 1e-4, 0);
    assert_int_equal(lathe_backward(loss), LATHE_OK);
    check_gradients(&s);
    check_scores(&s, "evaluated", forward(&s, LATHE_EVAL));
    free(want);
    close_subject(&s);
}

/* ---- other sizes and options --------------------------------------------------------------------------- */

static void small_pictures_keep_the_small_stem(void **state)
{
    (void)state;
    static const struct {
        lathe_model_spec spec;
        int kernel;
    } cases[] = { { { 3, 32, 32, 10, NULL }, 3 }, { { 3, 63, 64, 10, NULL }, 3 },
        { { 3, 64, 63, 10, NULL }, 3 }, { { 1, 64, 64, 10, NULL }, 7 } };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        int count;
        lathe_model *model = lathe_model_new();
        lathe_layer *net = lathe_model_build(model, "resnet18", &cases[i].spec);
        lathe_tensor *const *plan = lathe_nn_plan(net, &count);
        assert_non_null(plan);
        assert_string_equal(plan[0]->name, "0.weight");
        assert_string_equal(plan[0]->alias, "conv1.weight");
        assert_int_equal(plan[0]->shape.dim[2], cases[i].kernel);
        lathe_model_free(model);
    }
}

/* The number of tensors whose published name begins with `prefix`, for a model. */
static int tensors_of(const char *name, const char *prefix)
{
    int count, found = 0;
    lathe_model *model = lathe_model_new();
    lathe_tensor *const *plan = lathe_nn_plan(build(model, name, 224, 224, 10), &count);
    for (int i = 0; i < count; i++) found += !strncmp(published(plan[i]), prefix, strlen(prefix));
    lathe_model_free(model);
    return found;
}

static void blocks_are_left_out_from_the_end(void **state)
{
    (void)state;
    assert_int_equal(tensors_of("resnet34:blocks=4", "layer2.0."), 15);
    assert_int_equal(tensors_of("resnet34:blocks=4", "layer2.1."), 0);
    assert_int_equal(tensors_of("resnet34:blocks=3", "layer2."), 0);
    assert_int_equal(tensors_of("resnet34:blocks=3", "fc."), 2);
    assert_int_equal(tensors_of("resnet18:blocks=3", "layer2.0."), 15);
    assert_int_equal(tensors_of("resnet18:blocks=3", "layer2.1."), 0);
    lathe_model *model = lathe_model_new();
    assert_null(lathe_model_build(model, "resnet34:blocks=17", NULL));
    assert_failed(LATHE_EARG, "resnet34: blocks = 17 is more than its 16");
    lathe_model_free(model);
}

static void pictures_that_are_too_small_are_refused(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        int least;
    } cases[] = { { "squeezenet1_1", 17 }, { "vgg11_bn", 32 }, { "convnext_tiny", 32 }, { "fbnetv3_a", 49 } };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        lathe_model *model = lathe_model_new();
        lathe_model_spec spec = { .height = cases[i].least, .width = cases[i].least };
        assert_non_null(lathe_model_build(model, cases[i].name, &spec));
        lathe_model_free(model);
        model = lathe_model_new();
        spec.width--;
        assert_null(lathe_model_build(model, cases[i].name, &spec));
        assert_failed(LATHE_ESHAPE, "nothing is left of an input");
        lathe_model_free(model);
    }
}

int main(void)
{
    enum { ROWS = sizeof rows / sizeof rows[0] };
    struct CMUnitTest tests[ROWS];
    for (int i = 0; i < ROWS; i++)
        tests[i] = (struct CMUnitTest){ .name = rows[i].model,
            .test_func = the_net_is_the_published_one,
            .initial_state = (void *)&rows[i] };
    const struct CMUnitTest others[] = {
        cmocka_unit_test(small_pictures_keep_the_small_stem),
        cmocka_unit_test(blocks_are_left_out_from_the_end),
        cmocka_unit_test(pictures_that_are_too_small_are_refused),
    };
    int failed = cmocka_run_group_tests_name("published nets", tests, NULL, NULL);
    return failed + cmocka_run_group_tests_name("sizes and options", others, NULL, NULL);
}
