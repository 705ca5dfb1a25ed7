/*
 * Names, shapes and counts of nets' tensors are the published ones (tests/golden/make_zoo_names.py). So are
 * settings of layers that tensors do not show.
 */
#include <stdlib.h>
#include <string.h>

#include "support/support.h"

static uint32_t fnv(const char *text)
{
    uint32_t value = 2166136261;
    for (; *text; text++) value = (value ^ (unsigned char)*text) * 16777619;
    return value;
}

/* "features.0.0.weight:32,3,3,3" */
static uint32_t digest_of(const lathe_tensor *tensor)
{
    char text[256];
    int used = snprintf(text, sizeof text, "%s", tensor->name);
    for (int i = 0; i < tensor->shape.rank; i++)
        used +=
            snprintf(text + used, sizeof text - (size_t)used, "%c%d", i ? ',' : ':', tensor->shape.dim[i]);
    assert_in_range(used, 1, sizeof text - 1);
    return fnv(text);
}

static void check_net(const char *name)
{
    lathe_model *model = lathe_model_new();
    lathe_layer *net = lathe_model_build(model, name, NULL);
    int tensors = 0;
    uint32_t digest = 0;
    size_t numbers[2] = { 0 }, count;
    lathe_tensor *const *plan = lathe_nn_plan(net, &tensors);
    if (!plan) fail_msg("%s: %s", name, lathe_model_message(model));
    for (int i = 0; i < tensors; i++) {
        numbers[!plan[i]->needs_grad] += plan[i]->stored;
        digest += digest_of(plan[i]);
    }
    double *want = golden("zoo_names.txt", name, &count);
    const double got[] = { tensors, (double)numbers[0], (double)numbers[1], digest };
    assert_int_equal(count, sizeof got / sizeof got[0]);
    assert_close_double(name, got, want, count, 0, 0);
    free(want);
    lathe_model_free(model);
}

static void names_and_shapes(void **state)
{
    (void)state;
    static const char *const nets[] = { "convnext_tiny", "mobilenet_v3_large", "mobilenet_v3_small",
        "mobilenet_v3_small:width=0.5", "fbnetv3_a0", "fbnetv3_a", "fbnetv3_b", "fbnetv3_d", "fbnetv3_g",
        "mv_fbnetv3_b", "mv_fbnetv3_d", "mv_fbnetv3_g" };
    for (size_t i = 0; i < sizeof nets / sizeof nets[0]; i++) check_net(nets[i]);
}

static void names_and_shapes_of_efficientnets(void **state)
{
    (void)state;
    for (int i = 0; i < 8; i++) {
        char name[32];
        snprintf(name, sizeof name, "tf_efficientnet_b%d", i);
        check_net(name);
        check_net(name + strlen("tf_"));
    }
}

/* ---- what tensors do not tell -------------------------------------------------------------------------- */

/* Fail unless the layer at `path` of the net describes itself so. */
static void check_layer(const char *name, const char *path, const char *want)
{
    char text[128] = "";
    lathe_model *model = lathe_model_new();
    const lathe_layer *layer = lathe_nn_find_layer(lathe_model_build(model, name, NULL), path);
    if (!layer) fail_msg("%s has no %s", name, path);
    layer->type->describe(layer, text, sizeof text);
    if (strcmp(text, want)) fail_msg("%s: %s is '%s', expected '%s'", name, path, text, want);
    lathe_model_free(model);
}

static void settings_of_norms(void **state)
{
    (void)state;
    check_layer("efficientnet_b4", "features.0.1", "48");
    check_layer("efficientnet_b5", "features.0.1", "48, eps 0.001, momentum 0.01");
    check_layer("tf_efficientnet_b0", "bn1", "32, eps 0.001, momentum 0.01");
    check_layer("mobilenet_v3_small", "features.0.1", "16, eps 0.001, momentum 0.01");
    check_layer("fbnetv3_b", "blocks.1.0.bn1", "64");
    check_layer("mv_fbnetv3_b", "backbone.stages.xif2_0.pw.bn", "64");
    check_layer("convnext_tiny", "features.0.1", "96, eps 1e-06");
}

static void dropout_and_stochastic_depth(void **state)
{
    (void)state;
    check_layer("mobilenet_v3_large", "classifier.2", "p 0.2");
    check_layer("efficientnet_b0", "classifier.0", "p 0.2");
    check_layer("efficientnet_b7", "classifier.0", "p 0.5");
    check_layer("tf_efficientnet_b3", "dropout", "p 0.3");
    check_layer("efficientnet_b0", "features.2.1.stochastic_depth", "p 0.025"); /* 0.2 * 2 / 16 */
    check_layer("efficientnet_b0", "features.6.3.stochastic_depth", "p 0.175"); /* 0.2 * 14 / 16 */
    check_layer("tf_efficientnet_b0:drop_path=0.1", "blocks.5.3.stochastic_depth", "p 0.0875");
    check_layer("convnext_tiny", "features.7.2.stochastic_depth", "p 0.1");
    check_layer("convnext_tiny", "features.1.0.stochastic_depth", "p 0");
    check_layer("fbnetv3_a", "backbone.stages.xif1_1.stochastic_depth", "p 0");
}

static void paddings(void **state)
{
    (void)state;
    check_layer("mv_fbnetv3_b", "backbone.stages.xif4_0.dw.conv",
        "200 -> 200, 5x5, stride 2, padding 1, groups 200, no bias");
    check_layer("mv_fbnetv3_b", "backbone.stages.xif5_0.dw.conv",
        "720 -> 720, 3x3, stride 2, groups 720, no bias");
    check_layer("fbnetv3_b", "blocks.3.0.conv_dw",
        "200 -> 200, 5x5, stride 2, padding 2, groups 200, no bias");
    check_layer("mv_fbnetv3_d", "backbone.stages.xif4_0.dw.conv",
        "200 -> 200, 3x3, stride 2, padding 1, groups 200, no bias");
}

/* The shape of the last linear layer's weight if the first so many blocks are kept. */
static void check_head(const char *name, const char *path, int classes, int features)
{
    int count;
    lathe_model *model = lathe_model_new();
    lathe_layer *net = lathe_model_build(model, name, &(lathe_model_spec){ .classes = classes });
    if (!net) fail_msg("%s: %s", name, lathe_model_message(model));
    lathe_tensor *const *plan = lathe_nn_plan(net, &count);
    const lathe_tensor *weight = plan[count - 2];
    assert_string_equal(weight->name, path);
    assert_int_equal(weight->shape.dim[0], classes);
    assert_int_equal(weight->shape.dim[1], features);
    lathe_model_free(model);
}

static void heads_of_fewer_blocks(void **state)
{
    (void)state;
    check_head("mobilenet_v3_small:blocks=3", "classifier.3.weight", 7, 1024);
    check_head("efficientnet_b0:blocks=3", "classifier.1.weight", 7, 24);
    check_head("efficientnet_b0:blocks=16", "classifier.1.weight", 7, 1280);
    check_head("tf_efficientnet_b0:blocks=4", "classifier.weight", 7, 40);
    check_head("fbnetv3_b:blocks=7", "classifier.weight", 7, 40);
    check_head("mv_fbnetv3_b:blocks=6", "head.conv.weight", 7, 24);
    check_head("mv_fbnetv3_b:blocks=0", "head.conv.weight", 7, 1984);
    check_head("convnext_tiny:blocks=3", "classifier.2.weight", 7, 96);
    check_head("convnext_tiny:blocks=4", "classifier.2.weight", 7, 192);
    lathe_model *model = lathe_model_new();
    assert_null(lathe_model_build(model, "efficientnet_b0:blocks=17", NULL));
    assert_failed(LATHE_EARG, "efficientnet_b0: blocks = 17 is more than its 16");
    lathe_model_free(model);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(settings_of_norms),
        cmocka_unit_test(dropout_and_stochastic_depth),
        cmocka_unit_test(paddings),
        cmocka_unit_test(heads_of_fewer_blocks),
        cmocka_unit_test(names_and_shapes),
        cmocka_unit_test(names_and_shapes_of_efficientnets),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
