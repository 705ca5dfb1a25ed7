/* Names, shapes and counts of nets' tensors are the published ones (tests/golden/make_zoo_names.py). */
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_and_shapes),
        cmocka_unit_test(names_and_shapes_of_efficientnets),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
