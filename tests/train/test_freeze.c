/* Frozen parameters and rates by layer. */
#include "support/tiny.h"

#include <math.h>
#include <string.h>

static lathe_run *run_with(const char *out, const tiny_pair *pairs)
{
    lathe_settings settings = tiny_settings(out, pairs);
    lathe_run *run = lathe_run_new(&settings, NULL);
    if (!run) fail_msg("%s", lathe_error_message());
    return run;
}

static bool is_trained(const lathe_run *run, const char *name)
{
    return lathe_nn_find(run->learner->net, name)->needs_grad;
}

/* The names of tiny's parameters: 0.weight, 0.bias, 1.weight, 1.bias (the norm), 6.weight, 6.bias. */
static void patterns_choose_parameters(void **state)
{
    (void)state;
    static const struct {
        const char *freeze, *trained; /* a + for each parameter that is trained */
    } cases[] = { { "", "++++++" }, { "body", "----++" }, { "0.*", "--++++" }, { "*,!6.*", "----++" },
        { " 0.weight , 1.* ", "-+--++" }, { "*, !body", "++++--" }, { "*.bias", "+-+-+-" } };
    static const char *const names[] = { "0.weight", "0.bias", "1.weight", "1.bias", "6.weight", "6.bias" };
    for (size_t c = 0; c < sizeof cases / sizeof cases[0]; c++) {
        lathe_run *run = run_with(NULL, (const tiny_pair[]){ { "freeze", cases[c].freeze }, { NULL, NULL } });
        for (int i = 0; i < 6; i++)
            if (is_trained(run, names[i]) != (cases[c].trained[i] == '+'))
                fail_msg("freeze = %s: %s", cases[c].freeze, names[i]);
        lathe_run_free(run);
    }
}

static void wrong_settings_are_refused(void **state)
{
    (void)state;
    static const struct {
        const char *key, *text, *message;
    } cases[] = {
        { "freeze", "7.*", "freeze: no parameter has a name like '7.*'; names go from 0.weight to 6.bias" },
        { "freeze", "body,", "no parameter has a name like ''" },
        { "freeze", "!tail", "no parameter has a name like 'tail'" },
        { "freeze", "*", "freeze = '*' freezes all 6 parameters: nothing is trained" },
        { "unfreeze_after", "2 weeks", "unfreeze_after" },
        { "layer_decay", "0", "layer_decay" },
        { "layer_decay", "1.5", "layer_decay" },
    };
    for (size_t c = 0; c < sizeof cases / sizeof cases[0]; c++) {
        lathe_settings settings = tiny_settings(NULL, NULL);
        lathe_status status = lathe_settings_set(&settings, cases[c].key, cases[c].text);
        if (!status) assert_null(lathe_run_new(&settings, NULL));
        assert_failed(lathe_error(), cases[c].message);
    }
}

/* Which of the net's tensors a training changed: a letter for each of weights, biases and statistics. */
static void assert_changed(const tiny_pair *pairs, const char *steps, const char *changed)
{
    static const char *const names[] = { "0.weight", "0.bias", "1.weight", "1.bias", "1.running_mean",
        "1.running_var", "6.weight", "6.bias" };
    lathe_settings settings = tiny_settings(NULL, pairs);
    tiny_set(&settings, "max_steps", steps);
    lathe_run *run = lathe_run_new(&settings, NULL);
    if (!run) fail_msg("%s", lathe_error_message());
    lathe_real before[8][80];
    for (int i = 0; i < 8; i++) {
        const lathe_tensor *tensor = lathe_nn_find(run->learner->net, names[i]);
        assert_int_equal(lathe_tensor_read(tensor, before[i], lathe_shape_count(&tensor->shape)), LATHE_OK);
    }
    if (lathe_run_train(run)) fail_msg("%s", lathe_error_message());
    for (int i = 0; i < 8; i++) {
        const lathe_tensor *tensor = lathe_nn_find(run->learner->net, names[i]);
        lathe_real now[80];
        const size_t count = lathe_shape_count(&tensor->shape);
        assert_int_equal(lathe_tensor_read(tensor, now, count), LATHE_OK);
        const bool same = !memcmp(now, before[i], count * sizeof *now);
        if (same == (changed[i] == '+')) fail_msg("%s after %s steps, expected %s", names[i], steps, changed);
    }
    lathe_run_free(run);
}

static void frozen_tensors_stay(void **state)
{
    (void)state;
    const tiny_pair none[] = { { "val_split", "0" }, { NULL, NULL } },
                    body[] = { { "val_split", "0" }, { "freeze", "body" }, { "weight_decay", "0.1" },
                        { NULL, NULL } },
                    norm[] = { { "val_split", "0" }, { "freeze", "body" }, { "freeze_norm", "on" },
                        { NULL, NULL } },
                    norms[] = { { "val_split", "0" }, { "freeze_norm", "on" }, { NULL, NULL } },
                    other[] = { { "val_split", "0" }, { "freeze", "0.*" }, { "freeze_norm", "on" },
                        { NULL, NULL } },
                    later[] = { { "val_split", "0" }, { "freeze", "body" }, { "freeze_norm", "on" },
                        { "unfreeze_after", "0.5ep" }, { NULL, NULL } };
    assert_changed(none, "12", "++++++++");
    assert_changed(body, "12", "----++++");
    assert_changed(norm, "12", "------++");
    assert_changed(norms, "12", "++++--++");
    assert_changed(other, "12", "--++++++"); /* the norm is not frozen */
    assert_changed(later, "5", "------++");
    assert_changed(later, "8", "++++--++"); /* the norm keeps its statistics */
}

/* The optimizer's clock of a parameter begins when it is unfrozen, as in PyTorch. */
static void unfrozen_parameters_begin_anew(void **state)
{
    (void)state;
    lathe_run *run = run_with(NULL,
        (const tiny_pair[]){ { "freeze", "body" }, { "unfreeze_after", "13it" }, { "epochs", "2" },
            { NULL, NULL } });
    assert_int_equal(lathe_run_train(run), LATHE_OK);
    assert_int_equal(lathe_optim_clock_of(run->learner->optim, 0)->step, 7);
    assert_int_equal(lathe_optim_clock_of(run->learner->optim, 5)->step, 20);
    lathe_run_free(run);
}

/* A batch of one picture has one number a channel behind a pooling: a frozen norm can take it. */
static void frozen_norms_take_single_pictures(void **state)
{
    (void)state;
    lathe_run *run = run_with(NULL,
        (const tiny_pair[]){ { "batch_size", "1" }, { "freeze_norm", "on" }, { "max_steps", "3" },
            { NULL, NULL } });
    assert_int_equal(lathe_run_check_batches(run), LATHE_OK);
    assert_int_equal(lathe_run_train(run), LATHE_OK);
    lathe_run_free(run);
}

/* ---- features ------------------------------------------------------------------------------------------ */

static void take_note(void *context, const char *line)
{
    char *note = context;
    if (strstr(line, "frozen layers")) snprintf(note, 256, "%s", line);
}

/* Train on the features of the frozen layers or without them, into the folder `out`. */
static void train_noted(const char *out, const tiny_pair *pairs, bool kept, char note[256])
{
    lathe_settings settings = tiny_settings(out,
        (const tiny_pair[]){ { "augment", "" }, { "freeze", "body" }, { "freeze_norm", "on" },
            { "epochs", "5" }, { "no_warnings", "off" }, { NULL, NULL } });
    for (; pairs->key; pairs++) tiny_set(&settings, pairs->key, pairs->text);
    if (!kept) tiny_set(&settings, "cache_mib", "0");
    *note = '\0';
    lathe_run *run = lathe_run_new(&settings, &(lathe_run_hooks){ .context = note, .on_message = take_note });
    if (!run || lathe_run_train(run)) fail_msg("%s", lathe_error_message());
    lathe_run_free(run);
}

static void assert_same_tensors(const char *what, const char *a, const char *b)
{
    lathe_safetensors *file[] = { lathe_safetensors_read(test_path(a)), NULL };
    file[1] = lathe_safetensors_read(test_path(b));
    assert_true(file[0] && file[1] && file[0]->tensors == file[1]->tensors);
    for (size_t i = 0; i < file[0]->tensors; i++) {
        lathe_real numbers[2][256];
        for (int k = 0; k < 2; k++) {
            assert_true(file[k]->tensor[i].count <= 256);
            assert_int_equal(lathe_safetensors_get(file[k], &file[k]->tensor[i], numbers[k],
                                 file[k]->tensor[i].count),
                LATHE_OK);
        }
        if (memcmp(numbers[0], numbers[1], file[0]->tensor[i].count * sizeof **numbers))
            fail_msg("%s: %s differs", what, file[0]->tensor[i].name);
    }
    for (int k = 0; k < 2; k++) lathe_safetensors_free(file[k]);
}

/* With and without kept features: the same steps, epochs and weights. */
static void features_change_no_bit(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        tiny_pair pairs[5];
    } cases[] = {
        { "batches of 4", { { NULL, NULL } } },
        { "a last batch of 5", { { "batch_size", "7" }, { NULL, NULL } } },
        { "a last batch of 4", { { "batch_size", "12" }, { NULL, NULL } } },
        { "one batch", { { "batch_size", "64" }, { NULL, NULL } } },
        { "drop_last", { { "batch_size", "9" }, { "drop_last", "on" }, { NULL, NULL } } },
        { "balanced", { { "sampler", "balanced" }, { "workers", "2" }, { NULL, NULL } } },
        { "accumulate", { { "accumulate", "3" }, { "batch_size", "6" }, { NULL, NULL } } },
        { "channels", { { "layout", "channels" }, { "batch_size", "6" }, { NULL, NULL } } },
        { "unfrozen", { { "unfreeze_after", "27it" }, { "ema", "0.9" }, { NULL, NULL } } },
        { "unfrozen after an epoch", { { "unfreeze_after", "3ep" }, { "workers", "1" }, { NULL, NULL } } },
        { "measured", { { "eval_every", "3it" }, { "save_every", "7" }, { NULL, NULL } } },
        { "a part", { { "freeze", "0.*,1.*" }, { "clip_norm", "0.5" }, { NULL, NULL } } },
    };
    for (size_t c = 0; c < sizeof cases / sizeof cases[0]; c++) {
        char note[256];
        train_noted("kept", cases[c].pairs, true, note);
        if (!strstr(note, "up to layer 4, are computed once for each picture"))
            fail_msg("%s: %s", cases[c].name, note);
        train_noted("each", cases[c].pairs, false, note);
        tiny_assert_same(cases[c].name, "kept", "each", "steps.csv");
        tiny_assert_same(cases[c].name, "kept", "each", "epochs.csv");
        assert_same_tensors(cases[c].name, "kept/last.safetensors", "each/last.safetensors");
    }
}

static void notes_say_why_features_are_not_kept(void **state)
{
    (void)state;
    static const struct {
        tiny_pair pair;
        const char *note;
    } cases[] = { { { "freeze_norm", "off" }, "batch norms move their statistics; --freeze-norm keeps them" },
        { { "augment", "hflip" }, "--augment changes the pictures" },
        { { "probe", "grad_norm" }, "--probe looks into whole steps" },
        { { "epochs", "1" }, "" }, /* there is no second time */
        { { "unfreeze_after", "1ep" }, "" }, { { "freeze", "6.*" }, "" }, { { "freeze", "" }, "" } };
    for (size_t c = 0; c < sizeof cases / sizeof cases[0]; c++) {
        char note[256];
        train_noted("noted", (const tiny_pair[]){ cases[c].pair, { NULL, NULL } }, true, note);
        if (!strstr(note, cases[c].note) || !*note != !*cases[c].note)
            fail_msg("%s = %s: '%s'", cases[c].pair.key, cases[c].pair.text, note);
    }
}

/* ---- layer_decay --------------------------------------------------------------------------------------- */

/* tiny has three layers with parameters, of which the norm belongs to the convolution. */
static void rates_fall_towards_the_input(void **state)
{
    (void)state;
    static const char *const scheds[] = { "constant", "cyclic", "one_cycle", "warmup:1ep,cosine" };
    for (size_t s = 0; s < sizeof scheds / sizeof scheds[0]; s++) {
        lathe_settings settings = tiny_settings("decay",
            (const tiny_pair[]){ { "layer_decay", "0.25" }, { "sched", scheds[s] }, { "epochs", "2" },
                { "decay_weights_only", "on" }, { NULL, NULL } });
        if (s == 1) tiny_set(&settings, "base_lr", "0.001");
        if (s == 1 || s == 2) tiny_set(&settings, "max_lr", "0.02");
        lathe_run *run = lathe_run_new(&settings, NULL);
        if (!run) fail_msg("%s", lathe_error_message());
        const lathe_optim *optim = run->learner->optim;
        const lathe_params *params = lathe_optim_params(optim);
        assert_int_equal(lathe_optim_groups(optim), 4);
        for (int t = 0; t < 20; t += 3)
            for (int i = 0; i < params->count; i++) {
                const double head =
                    lathe_sched_rates_at(run->learner->sched, lathe_optim_group_of(optim, 5), (uint64_t)t).lr;
                const double rate =
                    lathe_sched_rates_at(run->learner->sched, lathe_optim_group_of(optim, i), (uint64_t)t).lr;
                if (rate != head * (i < 4 ? 0.25 : 1)) fail_msg("%s: %g at %d", scheds[s], rate, t);
            }
        assert_int_equal(lathe_run_train(run), LATHE_OK);
        const double *last = run->keeper->history.step[19].group_rates; /* lr and momentum of groups 1 ... */
        assert_true(last == NULL || last[0] == last[0]);
        lathe_run_free(run);
    }
}

/* A group's own rate is scaled as the others are. */
static void groups_are_scaled_too(void **state)
{
    (void)state;
    lathe_run *run = run_with(NULL,
        (const tiny_pair[]){ { "layer_decay", "0.5" }, { "groups", "*.bias lr=1" }, { NULL, NULL } });
    static const double want[] = { 0.005, 0.5, 0.005, 0.5, 0.01, 1 };
    for (int i = 0; i < 6; i++)
        assert_true(
            lathe_optim_lr(run->learner->optim, lathe_optim_group_of(run->learner->optim, i)) == want[i]);
    lathe_run_free(run);
}

/* Names of nets of the zoo and their layers, from the input. */
static void layers_are_found_by_name(void **state)
{
    (void)state;
    static const struct {
        const char *model, *name;
        int power; /* of layer_decay */
    } cases[] = { { "resnet8", "6.weight", 0 }, { "lenet5", "11.bias", 0 } };
    for (size_t c = 0; c < sizeof cases / sizeof cases[0]; c++) {
        lathe_model *model = lathe_model_new();
        lathe_layer *net = lathe_model_build(model, cases[c].model, NULL);
        assert_int_equal(lathe_nn_init(net, 1), LATHE_OK);
        lathe_settings settings =
            tiny_settings(NULL, (const tiny_pair[]){ { "layer_decay", "0.5" }, { NULL, NULL } });
        lathe_optim *optim = lathe_settings_optim(&settings, lathe_nn_params(net), 10);
        assert_non_null(optim);
        const int last = lathe_nn_params(net)->count - 1;
        assert_true(lathe_optim_lr(optim, lathe_optim_group_of(optim, last)) == 0.01);
        assert_true(lathe_optim_lr(optim, lathe_optim_group_of(optim, 0)) == 0.01 * pow(0.5, 4));
        lathe_optim_free(optim);
        lathe_model_free(model);
    }
}

static int set_up(void **state)
{
    (void)state;
    test_folder_in_memory();
    return 0;
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
        cmocka_unit_test(patterns_choose_parameters),
        cmocka_unit_test(wrong_settings_are_refused),
        cmocka_unit_test(frozen_tensors_stay),
        cmocka_unit_test(unfrozen_parameters_begin_anew),
        cmocka_unit_test(frozen_norms_take_single_pictures),
        cmocka_unit_test(features_change_no_bit),
        cmocka_unit_test(notes_say_why_features_are_not_kept),
        cmocka_unit_test(rates_fall_towards_the_input),
        cmocka_unit_test(groups_are_scaled_too),
        cmocka_unit_test(layers_are_found_by_name),
    };
    return cmocka_run_group_tests(tests, set_up, clean);
}
