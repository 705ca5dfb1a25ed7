/*
 * resnet18 for photographs is torchvision's: its counts, first weights, scores, and gradients of a training
 * step with the same weights (tests/golden/make_resnet.py). Smaller pictures get the 3x3 stem.
 */
#include <math.h>
#include <stdlib.h>

#include "support/formula.h"

static void counts_and_first_weights(void **state)
{
    (void)state;
    size_t count;
    double *counts = golden("resnet.txt", "counts", &count);
    double *deviations = golden("resnet.txt", "deviations", &count);
    const lathe_model_spec spec = { 3, 224, 224, 1000 };
    lathe_model *model = lathe_model_new();
    lathe_layer *net = lathe_model_build(model, "resnet18", &spec);
    assert_int_equal(lathe_nn_init(net, 1), LATHE_OK);
    lathe_summary *summary = lathe_nn_summary(net, (lathe_shape){ 3, { 3, 224, 224 } });
    assert_non_null(summary);
    double got[3] = { (double)summary->parameters, (double)summary->buffers, summary->flops };
    assert_close_double("counts", got, counts, 3, 0, 0);
    lathe_summary_free(summary);
    const lathe_params *params = lathe_nn_params(net);
    assert_int_equal(params->count, count);
    for (int p = 0; p < params->count; p++) {
        const lathe_tensor *tensor = params->tensor[p];
        if (tensor->shape.rank == 1) continue;
        double squares = 0;
        for (size_t i = 0; i < tensor->stored; i++)
            squares += (double)tensor->data[i] * (double)tensor->data[i];
        double deviation = sqrt(squares / (double)tensor->stored);
        assert_close_double(tensor->name, &deviation, &deviations[p], 1, 0.03, 0);
    }
    free(counts), free(deviations);
    lathe_model_free(model);
}

static lathe_tensor *forward(lathe_layer *net, lathe_tape *tape, lathe_shape shape)
{
    size_t count = lathe_shape_count(&shape);
    lathe_real *values = malloc(count * sizeof *values);
    for (size_t i = 0; i < count; i++) values[i] = (lathe_real)formula_number(1000, i);
    lathe_tensor *scores = lathe_nn_forward(net, lathe_tape_leaf(tape, LATHE_BATCHED, shape, values));
    if (!scores) fail_msg("%s", lathe_error_message());
    free(values);
    return scores;
}

/* Each score differs from the golden one by at most 1e-4 of their spread. */
static void assert_scores(const char *name, const lathe_tensor *scores)
{
    size_t count;
    double *want = golden("resnet.txt", name, &count), squares = 0;
    lathe_real *got = malloc(count * sizeof *got);
    lathe_tensor_read(scores, got, count);
    for (size_t i = 0; i < count; i++) squares += want[i] * want[i];
    double tolerance = sizeof(lathe_real) == 8 ? 1e-9 : 1e-4;
    assert_close(name, got, want, count, 0, tolerance * sqrt(squares / (double)count));
    free(want), free(got);
}

/* Each gradient: its norm, and its sum of products with numbers of a stream of its own. */
static void assert_gradients(const lathe_params *params)
{
    size_t count;
    double *norms = golden("resnet.txt", "norms", &count);
    double *products = golden("resnet.txt", "products", &count);
    double tolerance = sizeof(lathe_real) == 8 ? 1e-9 : 1e-3;
    assert_int_equal(params->count, count);
    for (int p = 0; p < params->count; p++) {
        const lathe_tensor *tensor = params->tensor[p];
        double squares = 0, product = 0;
        for (size_t i = 0; i < tensor->stored; i++) {
            double g = (double)tensor->grad[i];
            squares += g * g;
            product += g * formula_number(2000 + (uint64_t)p, i);
        }
        double norm = sqrt(squares);
        assert_close_double(tensor->name, &norm, &norms[p], 1, tolerance, 0);
        assert_close_double(tensor->name, &product, &products[p], 1, 0, tolerance * norms[p]);
    }
    free(norms), free(products);
}

static void scores_and_gradients(void **state)
{
    (void)state;
    size_t count;
    double *input = golden("resnet.txt", "input", &count), *want = golden("resnet.txt", "loss", &count);
    const lathe_model_spec spec = { 3, (int)input[1], (int)input[2], 10 };
    const lathe_shape shape = { 4, { (int)input[0], 3, spec.height, spec.width } };
    int *labels = malloc((size_t)shape.dim[0] * sizeof *labels);
    for (int b = 0; b < shape.dim[0]; b++) labels[b] = b;
    lathe_model *model = lathe_model_new();
    lathe_layer *net = lathe_model_build(model, "resnet18", &spec);
    assert_int_equal(lathe_nn_init(net, 1), LATHE_OK);
    formula_weights(net);
    lathe_tape *tape = lathe_tape_new(NULL);
    lathe_tape_begin(tape, LATHE_TRAIN);
    lathe_tensor *scores = forward(net, tape, shape), *loss = lathe_cross_entropy(scores, labels, NULL);
    assert_scores("scores", scores);
    double got = lathe_item(loss);
    assert_close_double("loss", &got, want, 1, 1e-4, 0);
    assert_int_equal(lathe_backward(loss), LATHE_OK);
    assert_gradients(lathe_nn_params(net));
    lathe_tape_begin(tape, LATHE_EVAL);
    assert_scores("evaluated", forward(net, tape, shape));
    free(input), free(want), free(labels);
    lathe_tape_free(tape);
    lathe_model_free(model);
}

static void small_pictures_keep_the_small_stem(void **state)
{
    (void)state;
    static const struct {
        lathe_model_spec spec;
        int kernel;
    } cases[] = { { { 3, 32, 32, 10 }, 3 }, { { 3, 63, 64, 10 }, 3 }, { { 3, 64, 63, 10 }, 3 },
        { { 1, 64, 64, 10 }, 7 } };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        int count;
        lathe_model *model = lathe_model_new();
        lathe_layer *net = lathe_model_build(model, "resnet18", &cases[i].spec);
        lathe_tensor *const *plan = lathe_nn_plan(net, &count);
        assert_non_null(plan);
        assert_string_equal(plan[0]->name, "0.weight");
        assert_int_equal(plan[0]->shape.dim[2], cases[i].kernel);
        lathe_model_free(model);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(counts_and_first_weights),
        cmocka_unit_test(scores_and_gradients),
        cmocka_unit_test(small_pictures_keep_the_small_stem),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
