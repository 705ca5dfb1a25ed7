/* A run that begins with the weights of a file: its pictures are prepared as those weights want them. */
#include <string.h>

#include "support/tiny.h"

static char told[4096];

static void collect(void *context, const char *line)
{
    (void)context;
    strncat(told, line, sizeof told - strlen(told) - 1);
    strncat(told, "\n", sizeof told - strlen(told) - 1);
}

static lathe_run *open_run(const lathe_settings *settings)
{
    *told = '\0';
    lathe_run *run = lathe_run_new(settings, &(lathe_run_hooks){ .on_message = collect });
    if (!run) fail_msg("%s", lathe_error_message());
    return run;
}

static void assert_told(const char *line)
{
    if (!strstr(told, line)) fail_msg("'%s' is not in '%s'", line, told);
}

static void the_normalisation_comes_with_the_weights(void **state)
{
    (void)state;
    const tiny_pair normals[] = { { "mean", "0.25" }, { "std", "0.5" }, { NULL, NULL } };
    lathe_settings giver = tiny_settings("giver", normals), taker = tiny_settings("taker", NULL);
    lathe_run_free(tiny_train(&giver));
    tiny_set(&taker, "init_weights", test_path("giver/last.safetensors"));
    lathe_run *run = open_run(&taker);
    assert_string_equal(run->settings.mean, "0.25");
    assert_string_equal(run->settings.std, "0.5");
    assert_true(run->feed->train->mean[0] == 0.25 && run->feed->train->std[0] == 0.5);
    assert_told("pictures as the weights were made for: mean 0.25, std 0.5");
    lathe_run_free(run);
    tiny_train_until(&taker, 15); /* and it goes on with them, without the file */
    tiny_set(&taker, "resume", test_path("taker"));
    lathe_settings on = lathe_settings_default();
    assert_int_equal(lathe_run_read_settings(test_path("taker"), &on), LATHE_OK);
    assert_string_equal(on.mean, "0.25");
    lathe_run_free(tiny_train(&on));

    lathe_settings own = tiny_settings("own", (tiny_pair[]){ { "mean", "0.3" }, { "std", "0.4" }, { 0 } });
    tiny_set(&own, "init_weights", test_path("giver/last.safetensors"));
    run = open_run(&own);
    assert_string_equal(run->settings.mean, "0.3");
    lathe_run_free(run);
}

/* A net with published weights: a mean of 0.1, 0.2 and 0.3. */
static lathe_layer *build(lathe_model *model, const lathe_model_spec *spec)
{
    lathe_layer *net = lathe_nn_sequential(model, lathe_nn_global_avg_pool(model), NULL);
    lathe_layer_add(net, lathe_nn_linear(model, spec->channels, spec->classes, NULL), "fc");
    return net;
}

static const lathe_model_type published = { .name = "published",
    .summary = "of this test",
    .native = { 3, 8, 8, 7 },
    .input = { .size = 8,
        .crop = 0.875,
        .interpolation = "bicubic",
        .mean = { 0.1, 0.2, 0.3 },
        .std = { 0.5, 0.5, 0.25 } },
    .build = build };

static void published_weights_have_the_models_input_and_may_have_another_head(void **state)
{
    (void)state;
    const lathe_real values[21] = { 1, 2, 3 };
    const lathe_saved saved[] = { { NULL, "fc.weight", { 2, { 7, 3 } }, values },
        { NULL, "fc.bias", { 1, { 7 } }, values } };
    assert_int_equal(lathe_safetensors_write(test_path("fc.safetensors"), saved, 2, NULL, 0), LATHE_OK);
    lathe_settings settings = tiny_settings(NULL, (tiny_pair[]){ { "model", "published" }, { 0 } });
    tiny_set(&settings, "data", "shapes");
    tiny_set(&settings, "channels", "3");
    tiny_set(&settings, "init_weights", test_path("fc.safetensors"));
    lathe_run *run = open_run(&settings);
    assert_string_equal(run->settings.mean, "0.1,0.2,0.3");
    assert_string_equal(run->settings.std, "0.5,0.5,0.25");
    assert_true(run->settings.crop_ratio == 0); /* these are no picture files */
    assert_told("the head fc has 7 classes there, ");
    lathe_run_free(run);
    settings.whole_weights = true;
    assert_null(lathe_run_new(&settings, NULL));
    assert_failed(LATHE_ESHAPE, "fc.weight is [7, 3], expected [");
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
        cmocka_unit_test(the_normalisation_comes_with_the_weights),
        cmocka_unit_test(published_weights_have_the_models_input_and_may_have_another_head),
    };
    return lathe_model_register(&published) ? 1 : cmocka_run_group_tests(tests, NULL, clean);
}
