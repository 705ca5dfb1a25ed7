/* Which tensors of a file are for which of a net: other people's names, another head, tensors left over. */
#include <string.h>

#include "support/folder.h"
#include "support/support.h"

/* sequential(linear 3 -> 2 "a", linear 2 -> classes "head") */
static lathe_layer *net_of(lathe_model *model, int classes)
{
    lathe_layer *net = lathe_nn_sequential(model, NULL);
    lathe_layer_add(net, lathe_nn_linear(model, 3, 2, NULL), "a");
    lathe_layer_add(net, lathe_nn_linear(model, 2, classes, NULL), "head");
    lathe_layer_alias(net->child[0], "module.first");
    return net;
}

static lathe_safetensors *file_of(const char *const *name, const lathe_shape *shape, int count)
{
    static const lathe_real values[12] = { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12 };
    lathe_saved saved[6];
    for (int i = 0; i < count; i++)
        saved[i] = (lathe_saved){ .name = name[i], .shape = shape[i], .values = values };
    assert_int_equal(lathe_safetensors_write(test_path("w.safetensors"), saved, count, NULL, 0), LATHE_OK);
    lathe_safetensors *file = lathe_weights_read(test_path("w.safetensors"));
    assert_non_null(file);
    return file;
}

static const lathe_weights_opts new_head = { .new_head = true }, spare = { .new_head = true, .spare = true };

/* A file with the alias's names, weights of more dimensions, and a head of four classes. */
static const char *const names[] = { "module.first.weight", "module.first.bias", "head.weight", "head.bias",
    "b.weight" };
static const lathe_shape shapes[] = { { 4, { 2, 3, 1, 1 } }, { 1, { 2 } }, { 2, { 4, 2 } }, { 1, { 4 } },
    { 1, { 1 } } };

static void another_head_is_left_out(void **state)
{
    (void)state;
    int count;
    lathe_weights_fit fit;
    lathe_model *model = lathe_model_new();
    lathe_layer *net = net_of(model, 3);
    assert_int_equal(lathe_nn_init(net, 1), LATHE_OK);
    lathe_tensor *const *tensor = lathe_nn_state(net, &count);
    const lathe_real first = tensor[2]->data[0];
    lathe_safetensors *file = file_of(names, shapes, 4);
    assert_int_equal(lathe_weights_compare(file, tensor, count, NULL, &fit), LATHE_ESHAPE);
    assert_failed(LATHE_ESHAPE,
        "does not fit the model in 2 places: head.weight is [4, 2], expected [3, 2]; ");
    assert_int_equal(lathe_weights_load(file, tensor, count, NULL), LATHE_ESHAPE);
    assert_true(tensor[0]->data[0] != 1); /* nothing was changed */
    lathe_error_clear();
    assert_int_equal(lathe_weights_compare(file, tensor, count, &new_head, &fit), LATHE_OK);
    assert_int_equal(fit.taken, 2);
    assert_int_equal(fit.left_out, 2);
    assert_string_equal(fit.head->name, "head.weight");
    assert_int_equal(lathe_weights_load(file, tensor, count, &new_head), LATHE_OK);
    for (int i = 0; i < 6; i++) assert_true(tensor[0]->data[i] == i + 1);
    assert_true(tensor[2]->data[0] == first);
    assert_int_equal(lathe_weights_classes(file, tensor, count), 4);
    lathe_safetensors_free(file);
    lathe_model_free(model);
}

static void a_missing_head_is_left_out_and_a_missing_body_is_not(void **state)
{
    (void)state;
    int count;
    lathe_weights_fit fit;
    lathe_model *model = lathe_model_new();
    lathe_tensor *const *tensor = lathe_nn_plan(net_of(model, 4), &count);
    lathe_safetensors *file = file_of(names, shapes, 2);
    assert_int_equal(lathe_weights_compare(file, tensor, count, &new_head, &fit), LATHE_OK);
    assert_int_equal(fit.left_out, 2);
    assert_null(fit.head);
    assert_int_equal(lathe_weights_classes(file, tensor, count), 0);
    lathe_safetensors_free(file);
    file = file_of(names + 1, shapes + 1, 3);
    assert_int_equal(lathe_weights_compare(file, tensor, count, &spare, NULL), LATHE_ESHAPE);
    assert_failed(LATHE_ESHAPE, "does not fit the model in 1 places: module.first.weight is missing");
    lathe_safetensors_free(file);
    lathe_model_free(model);
}

static void tensors_left_over_are_refused_or_counted(void **state)
{
    (void)state;
    int count;
    lathe_weights_fit fit;
    lathe_model *model = lathe_model_new();
    lathe_tensor *const *tensor = lathe_nn_plan(net_of(model, 4), &count);
    lathe_safetensors *file = file_of(names, shapes, 5);
    assert_int_equal(lathe_weights_compare(file, tensor, count, &new_head, NULL), LATHE_ESHAPE);
    assert_failed(LATHE_ESHAPE, "b.weight is unknown");
    assert_int_equal(lathe_weights_compare(file, tensor, count, &spare, &fit), LATHE_OK);
    assert_true(fit.taken == 4 && fit.left_out == 0 && fit.spare == 1);
    lathe_safetensors_free(file);
    lathe_model_free(model);
}

static int clean(void **state)
{
    (void)state;
    test_folder_remove();
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(another_head_is_left_out),
        cmocka_unit_test(a_missing_head_is_left_out_and_a_missing_body_is_not),
        cmocka_unit_test(tensors_left_over_are_refused_or_counted),
    };
    return cmocka_run_group_tests(tests, NULL, clean);
}
