/* The zoo: each model's parameters and FLOPs as PyTorch counts them, its shapes for several inputs and
 * batches, its registry. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "support/support.h"

/* As the registry sorts: a hyphen is an underscore. */
static int order(const char *a, const char *b)
{
    for (; *a && (*a == '-' ? '_' : *a) == (*b == '-' ? '_' : *b); a++) b++;
    return (*a == '-' ? '_' : *a) - (*b == '-' ? '_' : *b);
}

static void test_registry(void **state)
{
    (void)state;
    int count = 0;
    for (const lathe_model_type *type; (type = lathe_model_at(count)); count++) {
        assert_ptr_equal(lathe_model_find(type->name), type);
        assert_true(*type->summary && type->build);
        if (count) assert_true(order(lathe_model_at(count - 1)->name, type->name) < 0);
    }
    assert_in_range(count, 21, 99);
    assert_ptr_equal(lathe_model_find("lenet-5"), lathe_model_find("lenet5"));
    assert_null(lathe_model_find("lenet6"));
    assert_failed(LATHE_ENAME, "unknown model 'lenet6'; did you mean lenet5? known: cifar10-full, ");
    assert_null(lathe_model_find(NULL));
    assert_failed(LATHE_EARG, "lathe_model_find: name is NULL");
}

/* Scores of each picture, or of each pixel. */
static lathe_shape output_of(const char *name, const lathe_model_spec *spec, int batch)
{
    if (!strcmp(name, "unet")) return (lathe_shape){ 4, { batch, spec->classes, spec->height, spec->width } };
    return (lathe_shape){ 2, { batch, spec->classes } };
}

/* test_zoo.c has these. */
static bool is_for_photographs(const lathe_model_type *type) { return type->native.height >= 224; }

static void test_counts(void **state)
{
    (void)state;
    for (int i = 0; lathe_model_at(i); i++) {
        const lathe_model_type *type = lathe_model_at(i);
        if (is_for_photographs(type)) continue;
        lathe_model *model = lathe_model_new();
        lathe_layer *net = lathe_model_build(model, type->name, NULL);
        if (lathe_nn_init(net, 1)) fail_msg("%s: %s", type->name, lathe_error_message());
        lathe_summary *summary = lathe_nn_summary(net,
            (lathe_shape){ 3, { type->native.channels, type->native.height, type->native.width } });
        if (!summary) fail_msg("%s: %s", type->name, lathe_error_message());
        size_t numbers;
        double *want = golden("models.txt", type->name, &numbers);
        double got[3] = { (double)summary->parameters, (double)summary->buffers, summary->flops };
        assert_close_double(type->name, got, want, 3, 0, 0);
        lathe_shape scores = output_of(type->name, &type->native, 1), out = { scores.rank - 1, { 0 } };
        for (int k = 0; k < out.rank; k++) out.dim[k] = scores.dim[k + 1];
        assert_true(lathe_shape_equal(&summary->out, &out));
        free(want);
        lathe_summary_free(summary);
        lathe_model_free(model);
    }
}

/* A training forward of any model for this spec and batch, with finite results of the right shape. */
static void check_forward(const char *name, const lathe_model_spec *spec, int batch)
{
    lathe_model *model = lathe_model_new();
    lathe_layer *net = lathe_model_build(model, name, spec);
    lathe_tape *tape = lathe_tape_new(NULL);
    lathe_tape_begin(tape, LATHE_EVAL);
    if (lathe_nn_init(net, 1)) fail_msg("%s: %s", name, lathe_error_message());
    lathe_shape shape = { 4, { batch, spec->channels, spec->height, spec->width } };
    size_t count = lathe_shape_count(&shape), results;
    const lathe_shape scores = output_of(name, spec, batch);
    results = lathe_shape_count(&scores);
    lathe_real *values = malloc(count * sizeof *values), *y = malloc(results * sizeof *y);
    fill_normal(values, count, 1);
    lathe_tensor *out = lathe_nn_forward(net, lathe_tape_leaf(tape, LATHE_BATCHED, shape, values));
    if (!out) fail_msg("%s: %s", name, lathe_error_message());
    assert_true(lathe_shape_equal(&out->shape, &scores));
    lathe_tensor_read(out, y, results);
    for (size_t i = 0; i < results; i++) assert_true(isfinite((double)y[i]));
    assert_true(y[0] != y[1]);
    free(values), free(y);
    lathe_tape_free(tape);
    lathe_model_free(model);
}

static void test_forward(void **state)
{
    (void)state;
    for (int i = 0; lathe_model_at(i); i++) {
        const lathe_model_type *type = lathe_model_at(i);
        if (is_for_photographs(type)) continue;
        const lathe_model_spec small = { 2, 12, strcmp(type->name, "unet") ? 13 : 16, 3 };
        check_forward(type->name, &type->native, 1);
        check_forward(type->name, &small, 17);
    }
    check_forward("lenet5", &(lathe_model_spec){ 3, 32, 32, 100 }, 2);
}

static void test_mistakes(void **state)
{
    (void)state;
    lathe_model *model = lathe_model_new();
    assert_null(lathe_model_build(model, "resnet21", NULL));
    assert_failed(LATHE_ENAME, "unknown model 'resnet21'; did you mean resnet");
    assert_int_equal(lathe_model_status(model), LATHE_ENAME);
    lathe_model_free(model);
    model = lathe_model_new();
    assert_null(lathe_model_build(model, "lenet5", &(lathe_model_spec){ 1, 7, 7, 10 }));
    assert_failed(LATHE_ESHAPE, "lenet5: nothing is left of an input of 7 x 7");
    lathe_model_free(model);
    model = lathe_model_new();
    assert_null(lathe_model_build(model, "unet", &(lathe_model_spec){ 1, 64, 62, 2 }));
    assert_failed(LATHE_ESHAPE,
        "unet: an input of 64 x 62 does not halve evenly; its sides must be multiples of 4");
    lathe_model_free(model);
    model = lathe_model_new();
    assert_null(lathe_model_build(model, "resnet8", &(lathe_model_spec){ .channels = -3 }));
    assert_failed(LATHE_ESHAPE, "resnet8: channels is -3; it must be 1 to");
    lathe_model_free(model);
    model = lathe_model_new();
    assert_null(lathe_model_build(model, "mlp", &(lathe_model_spec){ .height = 1 << 20, .width = 1 << 20 }));
    assert_failed(LATHE_ESHAPE, "too large");
    lathe_model_free(model);

    model = lathe_model_new(); /* zeros mean the native ones */
    lathe_layer *net = lathe_model_build(model, "lenet5", &(lathe_model_spec){ .classes = 7 });
    assert_int_equal(lathe_nn_init(net, 1), LATHE_OK);
    assert_int_equal(lathe_nn_find(net, "11.weight")->shape.dim[0], 7);
    assert_int_equal(lathe_nn_find(net, "7.weight")->shape.dim[1], 400);
    lathe_model_free(model);
}

/* A net that is right can learn 64 pictures of noise by heart. */
static void memorise(const char *name, lathe_model_spec spec, double lr, int steps)
{
    enum { IMAGES = 64 };
    lathe_model *model = lathe_model_new();
    lathe_layer *net = lathe_model_build(model, name, &spec);
    assert_int_equal(lathe_nn_init(net, 1), LATHE_OK);
    lathe_optim *optim = lathe_optim_adamw(lathe_nn_params(net), &(lathe_adamw_opts){ .lr = lr });
    lathe_tape *tape = lathe_tape_new(NULL);
    lathe_shape shape = { 4, { IMAGES, spec.channels, spec.height, spec.width } };
    size_t count = lathe_shape_count(&shape);
    lathe_real *values = malloc(count * sizeof *values);
    int labels[IMAGES];
    fill_normal(values, count, 1);
    for (int i = 0; i < IMAGES; i++) labels[i] = i % 10;
    double first = 0, last = 0;
    for (int step = 0; step < steps; step++) {
        lathe_tape_begin(tape, LATHE_TRAIN);
        lathe_optim_zero_grad(optim);
        lathe_tensor *output = lathe_nn_forward(net, lathe_tape_leaf(tape, LATHE_BATCHED, shape, values));
        lathe_tensor *loss = lathe_cross_entropy(output, labels, NULL);
        if (lathe_backward(loss) || lathe_optim_step(optim)) fail_msg("%s: %s", name, lathe_error_message());
        last = lathe_item(loss);
        if (!step) first = last;
    }
    if (!(first > 1.5 && last < 0.05))
        fail_msg("%s: loss went from %g to %g in %d steps", name, first, last, steps);
    free(values);
    lathe_tape_free(tape);
    lathe_optim_free(optim);
    lathe_model_free(model);
}

static void test_memorise(void **state)
{
    (void)state;
    memorise("lenet5", (lathe_model_spec){ 1, 16, 16, 10 }, 3e-3, 60);
    memorise("resnet8", (lathe_model_spec){ 3, 12, 12, 10 }, 1e-2, 20);
}

/* The weights of resnet8 fit pictures of any size, but its memory does not. */
static void pictures_are_in_proportion_to_the_weights(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        lathe_model_spec spec;
        lathe_status status;
    } cases[] = { { "resnet8", { 3, 512, 512, 10 }, LATHE_OK },
        { "resnet8", { 3, 16384, 16384, 10 }, LATHE_ESHAPE },
        { "resnet8", { 3, 2048, 2048, 10 }, LATHE_ESHAPE }, { "unet", { 3, 512, 512, 3 }, LATHE_OK },
        { "unet", { 3, 8192, 8192, 3 }, LATHE_ESHAPE }, { "mlp", { 3, 2048, 2048, 10 }, LATHE_OK },
        { "mlp", { 3, 4096, 4096, 10 }, LATHE_ESHAPE } };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        lathe_model *model = lathe_model_new();
        lathe_layer *net = lathe_model_build(model, cases[i].name, &cases[i].spec);
        int count;
        lathe_tensor *const *tensor = lathe_nn_plan(net, &count);
        assert_true(count > 0);
        for (int k = 0; k < count; k++) assert_null(tensor[k]->data); /* no memory is taken */
        assert_int_equal(lathe_model_check_input(net, &cases[i].spec), cases[i].status);
        if (cases[i].status) assert_non_null(strstr(lathe_error_message(), "takes pictures of up to"));
        lathe_error_clear();
        lathe_model_free(model);
    }
}

/* What lathe_nn_plan says is what lathe_nn_init then has. */
static void a_plan_is_the_state_without_numbers(void **state)
{
    (void)state;
    int planned, count;
    char name[64][64];
    lathe_model *model = lathe_model_new();
    lathe_layer *net = lathe_model_build(model, "resnet8", NULL);
    lathe_tensor *const *plan = lathe_nn_plan(net, &planned);
    assert_in_range(planned, 1, 64);
    for (int i = 0; i < planned; i++) strcpy(name[i], plan[i]->name);
    assert_null(lathe_nn_plan(net->child[0], NULL));
    assert_int_equal(lathe_error(), LATHE_ESTATE);
    lathe_error_clear();
    assert_int_equal(lathe_nn_init(net, 1), LATHE_OK);
    lathe_tensor *const *tensor = lathe_nn_state(net, &count);
    assert_int_equal(count, planned);
    for (int i = 0; i < count; i++) assert_string_equal(tensor[i]->name, name[i]);
    assert_ptr_equal(lathe_nn_plan(net, NULL), tensor);
    lathe_model_free(model);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_registry),
        cmocka_unit_test(test_counts),
        cmocka_unit_test(test_forward),
        cmocka_unit_test(test_mistakes),
        cmocka_unit_test(pictures_are_in_proportion_to_the_weights),
        cmocka_unit_test(a_plan_is_the_state_without_numbers),
        cmocka_unit_test(test_memorise),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
