#include <stdio.h>
#include <math.h>
#include <string.h>

#include "support/folder.h"
#include "support/support.h"

/* A kind of export that writes what it was asked for. */
static lathe_exported seen;
static int seen_nodes;

static lathe_status write_seen(const lathe_exported *exported, const char *path)
{
    (void)path;
    seen = *exported;
    seen_nodes = exported->graph->nodes;
    if (exported->opts.split_weights) return lathe_fail(LATHE_EARG, "seen: split_weights is for c");
    return LATHE_OK;
}

static const lathe_export_type lathe_seen_export = { .name = "seen",
    .summary = "for this test",
    .suffix = ".seen",
    .fold = LATHE_GRAPH_FUSED,
    .write = write_seen };

static lathe_model *model;
static lathe_layer *net;
static const lathe_shape image = { 3, { 2, 5, 5 } };

static int make_net(void **state)
{
    (void)state;
    model = lathe_model_new();
    net = lathe_nn_sequential(model, lathe_nn_conv2d(model, 2, 3, 3, NULL),
        lathe_nn_batch_norm(model, 3, NULL), lathe_nn_relu(model), NULL);
    lathe_nn_init(net, 1);
    return lathe_export_register(&lathe_seen_export);
}

static int free_net(void **state)
{
    (void)state;
    lathe_model_free(model);
    return 0;
}

static void test_a_kind_gets_the_graph_that_it_wants(void **state)
{
    (void)state;
    assert_int_equal(lathe_export_net(net, image, "seen", "x", NULL), LATHE_OK);
    assert_int_equal(seen_nodes, 1);
    assert_null(seen.trained);
    assert_string_equal(seen.name, "net");
    const lathe_export_opts opts = { .no_fold = true, .dynamic_batch = true, .name = "My_net2" };
    assert_int_equal(lathe_export_net(net, image, "seen", "x", &opts), LATHE_OK);
    assert_int_equal(seen_nodes, 3);
    assert_true(seen.opts.dynamic_batch);
    assert_string_equal(seen.name, "My_net2");
    assert_int_equal(lathe_export_net(net, image, "seen", "x", &(lathe_export_opts){ .split_weights = true }),
        LATHE_EARG);
    assert_failed(LATHE_EARG, "split_weights is for c");
}

static void save(lathe_layer *layer, const char *path)
{
    int count;
    lathe_saved saved[8];
    lathe_tensor *const *state = lathe_nn_state(layer, &count);
    assert_in_range(count, 1, 8);
    for (int i = 0; i < count; i++)
        saved[i] = (lathe_saved){ NULL, state[i]->name, state[i]->shape, state[i]->data };
    assert_int_equal(lathe_safetensors_write(path, saved, count, NULL, 0), LATHE_OK);
}

static void test_a_name_is_made_of_the_models(void **state)
{
    (void)state;
    lathe_model *other = lathe_model_new();
    lathe_layer *trained_net = lathe_model_build(other, "mlp", &(lathe_model_spec){ 1, 8, 8, 2, NULL });
    assert_int_equal(lathe_nn_init(trained_net, 1), LATHE_OK);
    save(trained_net, test_path("mlp.safetensors"));
    lathe_model_free(other);
    lathe_published from = { .model = "mlp",
        .weights = test_path("mlp.safetensors"),
        .size = 8,
        .normals = 1,
        .std = { 1 } };
    lathe_trained *trained = lathe_trained_published(&from);
    if (!trained) fail_msg("%s", lathe_error_message());
    assert_int_equal(lathe_export_trained(trained, "seen", "x", NULL), LATHE_OK);
    assert_ptr_equal(seen.trained, trained);
    assert_string_equal(seen.name, "mlp");
    assert_string_equal(trained->settings_hash, "");
    lathe_trained_free(trained);
    static const double wrong[][2] = { { 0, 0 }, { 0, -1 }, { 0, NAN }, { NAN, 1 }, { 0, INFINITY },
        { 1e300, 1e-300 }, { 0, 1e-300 } };
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        from.mean[0] = wrong[i][0];
        from.std[0] = wrong[i][1];
        assert_null(lathe_trained_published(&from));
        assert_failed(LATHE_EARG, "do not normalise pixels");
    }
}

static void test_errors(void **state)
{
    (void)state;
    static const char *const wrong[] = { "", "2nd", "a-b", "a b", "caf\xc3\xa9",
        "a123456789012345678901234567890123456789012345678901234567890123" };
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        assert_int_equal(lathe_export_net(net, image, "seen", "x", &(lathe_export_opts){ .name = wrong[i] }),
            LATHE_EARG);
        assert_failed(LATHE_EARG, "letters, digits and underscores");
    }
    assert_int_equal(lathe_export_net(net, image, "onyx", "x", NULL), LATHE_ENAME);
    assert_failed(LATHE_ENAME, "unknown export 'onyx'");
    assert_int_equal(lathe_export_net(NULL, image, "seen", "x", NULL), LATHE_EARG);
    assert_failed(LATHE_EARG, "net is NULL");
    const lathe_export_type no_write = { .name = "no_write", .suffix = ".x" };
    assert_int_equal(lathe_export_register(&no_write), LATHE_EARG);
    assert_failed(LATHE_EARG, "write is NULL");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_kind_gets_the_graph_that_it_wants),
        cmocka_unit_test(test_a_name_is_made_of_the_models),
        cmocka_unit_test(test_errors),
    };
    test_folder();
    int failed = cmocka_run_group_tests(tests, make_net, free_net);
    test_folder_remove();
    return failed;
}
