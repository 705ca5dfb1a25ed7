/* First numbers: keyed by (seed, path), PyTorch's defaults, and each rule's bounds and moments. */
#include <math.h>
#include <string.h>

#include "support/support.h"

static lathe_tensor *forward(lathe_layer *layer, lathe_tensor *x)
{
    (void)layer;
    return x;
}

static const lathe_layer_type holder_type = { .name = "holder",
    .size = sizeof(lathe_layer),
    .forward = forward };

/* A layer with one weight [40, 30, 3, 3]: fan_in 270, fan_out 360, 10,800 numbers. */
static lathe_layer *holder(lathe_model *model, lathe_init init)
{
    lathe_layer *layer = lathe_layer_new(model, &holder_type);
    lathe_layer_param(layer, "weight", (lathe_shape){ 4, { 40, 30, 3, 3 } }, init);
    lathe_layer_param(layer, "scale", (lathe_shape){ 1, { 40 } }, (lathe_init){ LATHE_INIT_CONSTANT, 2 });
    return layer;
}

enum { NUMBERS = 40 * 30 * 3 * 3 };
static const lathe_init by_default = { LATHE_INIT_DEFAULT, 0 };

static void test_keyed_by_path(void **state)
{
    (void)state;
    lathe_model *a = lathe_model_new(), *b = lathe_model_new();
    lathe_layer *net_a = lathe_nn_sequential(a, holder(a, by_default), holder(a, by_default), NULL);
    lathe_layer *first = lathe_nn_sequential(b, holder(b, by_default), holder(b, by_default), NULL);
    lathe_layer *net_b = lathe_nn_sequential(b, first, holder(b, by_default), holder(b, by_default), NULL);
    lathe_nn_init(net_a, 42);
    lathe_nn_init(net_b, 42);
    size_t bytes = NUMBERS * sizeof(lathe_real);
    const lathe_real *same = lathe_nn_find(net_a, "1.weight")->data;
    assert_memory_equal(same, lathe_nn_find(net_b, "1.weight")->data,
        bytes); /* whatever else is in the net */
    assert_memory_not_equal(same, lathe_nn_find(net_a, "0.weight")->data, bytes);
    lathe_nn_init(net_a, 43);
    assert_memory_not_equal(same, lathe_nn_find(net_b, "1.weight")->data, bytes);
    lathe_model_free(a);
    lathe_model_free(b);
}

/* The numbers are the sequence of (seed, stream of the path), as the header says: others can draw the same.
 */
static void test_sequence(void **state)
{
    (void)state;
    lathe_model *model = lathe_model_new();
    lathe_layer *net = lathe_nn_sequential(model, holder(model, (lathe_init){ LATHE_INIT_UNIFORM, 1 }), NULL);
    lathe_nn_init(net, 42);
    lathe_rng rng = lathe_rng_at(42, lathe_rng_stream("0.weight"), 0);
    const lathe_real *data = lathe_nn_find(net, "0.weight")->data;
    for (int i = 0; i < NUMBERS; i++) assert_true(data[i] == (lathe_real)(2 * lathe_rng_uniform(&rng) - 1));
    lathe_model_free(model);
}

typedef struct rule {
    const char *name;
    lathe_init init;
    double deviation, bound; /* bound 0: a normal distribution */
} rule;

/* Draw by a rule; the sample's moments must lie within five standard errors, and a bound must be kept and
 * nearly reached. */
static void check_rule(const rule *rule, const lathe_real *data)
{
    double sum = 0, squares = 0, fourth = 0, largest = 0;
    for (int i = 0; i < NUMBERS; i++) {
        double number = (double)data[i] / rule->deviation;
        sum += number;
        squares += number * number;
        fourth += number * number * number * number;
        largest = fmax(largest, fabs((double)data[i]));
    }
    double n = NUMBERS, kurtosis = rule->bound > 0 ? 1.8 : 3;
    if (fabs(sum / n) > 5 / sqrt(n)) fail_msg("%s: mean is %g deviations", rule->name, sum / n);
    if (fabs(squares / n - 1) > 5 * sqrt((kurtosis - 1) / n))
        fail_msg("%s: variance is %g times the rule's", rule->name, squares / n);
    if (fabs(fourth / n - kurtosis) > 0.5)
        fail_msg("%s: kurtosis is %g, not %g", rule->name, fourth / n, kurtosis);
    if (rule->bound > 0 && !(largest <= rule->bound * (1 + 1e-6) && largest > 0.998 * rule->bound))
        fail_msg("%s: the largest is %g, the bound %g", rule->name, largest, rule->bound);
}

static void test_rules(void **state)
{
    (void)state;
    const double in = 270, out = 360;
    const rule rules[] = {
        { "default", { LATHE_INIT_DEFAULT, 0 }, sqrt(1 / in / 3), sqrt(1 / in) },
        { "uniform", { LATHE_INIT_UNIFORM, 0.5 }, 0.5 / sqrt(3), 0.5 },
        { "normal", { LATHE_INIT_NORMAL, 0.01 }, 0.01, 0 },
        { "kaiming_uniform", { LATHE_INIT_KAIMING_UNIFORM, 0 }, sqrt(2 / in), sqrt(6 / in) },
        { "kaiming_uniform, gain 1", { LATHE_INIT_KAIMING_UNIFORM, 1 }, sqrt(1 / in), sqrt(3 / in) },
        { "kaiming_normal", { LATHE_INIT_KAIMING_NORMAL, 0 }, sqrt(2 / in), 0 },
        { "xavier_uniform", { LATHE_INIT_XAVIER_UNIFORM, 0 }, sqrt(2 / (in + out)), sqrt(6 / (in + out)) },
        { "xavier_normal", { LATHE_INIT_XAVIER_NORMAL, 0 }, sqrt(2 / (in + out)), 0 },
        { "xavier_normal, gain 5/3", { LATHE_INIT_XAVIER_NORMAL, 5.0 / 3 }, 5.0 / 3 * sqrt(2 / (in + out)),
            0 },
    };
    for (size_t i = 0; i < sizeof rules / sizeof rules[0]; i++) {
        lathe_model *model = lathe_model_new();
        lathe_layer *net = lathe_nn_sequential(model, holder(model, rules[i].init), NULL);
        assert_int_equal(lathe_nn_init(net, 5), LATHE_OK);
        check_rule(&rules[i], lathe_nn_find(net, "0.weight")->data);

        /* The same rule for a model that was built with another one gives the same numbers; norms stay. */
        lathe_model *other = lathe_model_new();
        lathe_layer *again =
            lathe_nn_sequential(other, holder(other, (lathe_init){ LATHE_INIT_CONSTANT, 3 }), NULL);
        lathe_nn_init(again, 1);
        assert_true(lathe_nn_find(again, "0.weight")->data[77] == 3);
        assert_int_equal(lathe_nn_init_weights(again, rules[i].init, 5), LATHE_OK);
        if (rules[i].init.kind)
            assert_memory_equal(lathe_nn_find(net, "0.weight")->data, lathe_nn_find(again, "0.weight")->data,
                NUMBERS * sizeof(lathe_real));
        else assert_true(lathe_nn_find(again, "0.weight")->data[77] == 3); /* what the layer asked for */
        assert_true(lathe_nn_find(again, "0.scale")->data[39] == 2);
        lathe_model_free(other);
        lathe_model_free(model);
    }
}

static void test_errors(void **state)
{
    (void)state;
    lathe_model *model = lathe_model_new();
    lathe_layer *net = lathe_nn_sequential(model, holder(model, by_default), NULL);
    lathe_nn_init(net, 1);
    lathe_real before = lathe_nn_find(net, "0.weight")->data[0];
    assert_int_equal(lathe_nn_init_weights(net, (lathe_init){ LATHE_INIT_NORMAL, NAN }, 1), LATHE_EARG);
    assert_failed(LATHE_EARG, "not finite");
    assert_int_equal(lathe_nn_init_weights(net, (lathe_init){ LATHE_INIT_KAIMING_NORMAL, -1 }, 1),
        LATHE_EARG);
    assert_failed(LATHE_EARG, "below 0");
    assert_int_equal(lathe_nn_init_weights(net, (lathe_init){ (lathe_init_kind)99, 1 }, 1), LATHE_EARG);
    assert_failed(LATHE_EARG, "the kind of init is unknown");
    assert_true(lathe_nn_find(net, "0.weight")->data[0] == before);
    lathe_model_free(model);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_keyed_by_path),
        cmocka_unit_test(test_sequence),
        cmocka_unit_test(test_rules),
        cmocka_unit_test(test_errors),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
