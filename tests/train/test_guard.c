/* Whatever is not a number first, wherever it comes from, is named; and the checkpoint before it stays. */
#include "support/tiny.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---- a net that can be made to fail at any place ------------------------------------------------------- */

typedef enum place_kind { NOWHERE, INPUT, FORWARD, BACKWARD, GRADIENT, OPTIMIZER, WEIGHTS } place_kind;

/* What goes wrong: in step `step`, at the poison layer or the parameter of number `place`. */
static struct {
    place_kind kind;
    int place;
    uint64_t step;
    lathe_real value;
} injected;

typedef struct poison {
    lathe_layer layer;
    int place;
} poison;

/* All numbers of the batch's last picture. */
static void spoil(const lathe_tensor *tensor, lathe_real *numbers)
{
    size_t each = lathe_shape_count(&tensor->shape) / (size_t)tensor->shape.dim[0];
    for (size_t i = 0; i < each; i++)
        numbers[lathe_tensor_place(tensor, lathe_shape_count(&tensor->shape) - each + i)] = injected.value;
}

static bool is_now(place_kind kind, int place, const lathe_tape *tape)
{
    return injected.kind == kind && injected.place == place && lathe_tape_step(tape) == injected.step;
}

/* The layer's place, as the operation's only attribute. */
static int place_of(const lathe_node *node) { return *(const int *)node->attributes; }

static void poison_backward(lathe_node *node)
{
    bool add;
    lathe_tensor *x = node->in[0];
    lathe_real *gx = lathe_grad_target(node->tape, x, &add);
    for (size_t i = 0; gx && i < x->stored; i++) gx[i] = (add ? gx[i] : 0) + node->out->grad[i];
    if (gx && is_now(BACKWARD, place_of(node), node->tape)) spoil(x, gx);
}

static void poison_forward(lathe_node *node)
{
    lathe_tensor *x = node->in[0], *y = node->out;
    bool training = lathe_tape_mode(node->tape) == LATHE_TRAIN;
    if (training && is_now(INPUT, place_of(node), node->tape)) spoil(x, x->data);
    memcpy(y->data, x->data, x->stored * sizeof *y->data);
    if (training && is_now(FORWARD, place_of(node), node->tape)) spoil(y, y->data);
}

static const lathe_op poison_op = { .name = "poison",
    .in = { { .name = "x" } },
    .attributes_size = sizeof(int),
    .forward = poison_forward,
    .backward = poison_backward };

static lathe_tensor *layer_forward(lathe_layer *layer, lathe_tensor *x)
{
    return lathe_apply(&poison_op, &x, 1, &((poison *)layer)->place);
}

static const lathe_layer_type poison_type = { .name = "poison",
    .size = sizeof(poison),
    .forward = layer_forward };

static lathe_layer *poison_at(lathe_model *model, int place)
{
    poison *self = lathe_layer_new(model, &poison_type);
    if (!self) return NULL;
    self->place = place;
    return &self->layer;
}

enum { LAST_PLACE = 14 };

/* Poison at 0, 2, ... 14, between the layers. */
static lathe_layer *build(lathe_model *model, const lathe_model_spec *spec)
{
    return lathe_nn_sequential(model, poison_at(model, 0), lathe_nn_conv2d(model, spec->channels, 2, 3, NULL),
        poison_at(model, 2), lathe_nn_batch_norm(model, 2, NULL), poison_at(model, 4), lathe_nn_relu(model),
        poison_at(model, 6), lathe_nn_max_pool2d(model, 2, NULL), poison_at(model, 8),
        lathe_nn_flatten(model), poison_at(model, 10), lathe_nn_dropout(model, 0.2), poison_at(model, 12),
        lathe_nn_linear(model, 8, spec->classes, NULL), poison_at(model, 14), NULL);
}

static const lathe_model_type poisoned_model = { .name = "poisoned",
    .summary = "one that fails where it is told to",
    .native = { 1, 6, 6, 10 },
    .build = build };

/* A depthwise convolution behind a norm, whose result is never written where layers are fused. */
static bool separable_fuses;

static lathe_layer *build_separable(lathe_model *model, const lathe_model_spec *spec)
{
    lathe_nn_fusion(model, separable_fuses);
    return lathe_nn_sequential(model, lathe_nn_conv2d(model, spec->channels, 2, 1, NULL),
        lathe_nn_batch_norm(model, 2, NULL), lathe_nn_relu(model),
        lathe_nn_conv2d(model, 2, 2, 3, &(lathe_nn_conv2d_opts){ .groups = 2 }), lathe_nn_flatten(model),
        lathe_nn_linear(model, 32, spec->classes, NULL), NULL);
}

static const lathe_model_type separable_model = { .name = "separable",
    .summary = "one whose convolution applies a norm",
    .native = { 1, 6, 6, 10 },
    .build = build_separable };

static void set_weight(const lathe_run *run, int at, double value)
{
    lathe_tensor *weight = lathe_nn_params(run->learner->net)->tensor[at];
    for (size_t i = 0; i < weight->stored; i++) weight->data[i] = (lathe_real)value;
}

/* The norm's result is so large, and the gradient behind it, that only the weights' gradient overflows. */
static bool make_a_gradient_overflow(void *context, const lathe_run *run, const lathe_step_row *row)
{
    (void)context;
    const double large = sizeof(lathe_real) == 4 ? 1e30 : 1e300;
    if (row->step != 3) return true;
    set_weight(run, 2, large);
    set_weight(run, 4, 1 / large);
    for (int i = 0; i < 10; i++) /* of the first feature, for each class */
        lathe_nn_params(run->learner->net)->tensor[6]->data[i * 32] = (lathe_real)((i - 5) * 1e12);
    return true;
}

/* Only a parameter's own gradient, as when gradient and input are large and only their product overflows. */
static void spoil_gradient(void *context, const lathe_node *node)
{
    const lathe_tensor *weight = context;
    for (int i = 0; i < node->inputs; i++)
        if (node->in[i] == weight && is_now(GRADIENT, injected.place, node->out->tape))
            weight->grad[0] = injected.value;
}

/* After the injected step: as an optimizer would that makes a number too large. */
static bool spoil_weights(void *context, const lathe_run *run, const lathe_step_row *row)
{
    (void)context;
    const lathe_params *params = lathe_nn_params(run->learner->net);
    bool now = row->step == injected.step && (injected.kind == OPTIMIZER || injected.kind == WEIGHTS);
    if (now) params->tensor[injected.place]->data[0] = injected.value;
    if (injected.kind == GRADIENT)
        lathe_tape_on_backward(run->learner->tape, spoil_gradient, params->tensor[injected.place]);
    return true;
}

static char messages[2048];

static void hear(void *context, const char *line)
{
    (void)context;
    size_t used = strlen(messages);
    snprintf(messages + used, sizeof messages - used, "%s\n", line);
}

static lathe_run *train(const lathe_settings *settings)
{
    messages[0] = '\0';
    lathe_run *run =
        lathe_run_new(settings, &(lathe_run_hooks){ .on_step = spoil_weights, .on_message = hear });
    if (!run || lathe_run_train(run)) fail_msg("%s", lathe_error_message());
    return run;
}

static lathe_settings settings_of(const char *out, const char *policy)
{
    return tiny_settings(out,
        (const tiny_pair[]){ { "epochs", "2" }, { "on_nan", policy }, { "augment", "" },
            { "model", "poisoned" }, { NULL, NULL } });
}

/* ---- tests --------------------------------------------------------------------------------------------- */

/* Train with what is injected; the run must end by it, naming it so, with the checkpoint of the epoch before.
 */
static void assert_named(const char *expected)
{
    size_t size;
    lathe_settings settings = settings_of("named", "stop");
    lathe_run *run = train(&settings);
    if (run->end != LATHE_RUN_NAN || !strstr(run->learner->not_finite, expected))
        fail_msg("kind %d, place %d, step %d: expected '%s' in '%s'", injected.kind, injected.place,
            (int)injected.step, expected, run->learner->not_finite);
    if (!strstr(messages, run->learner->not_finite)) fail_msg("%s was not told", run->learner->not_finite);
    lathe_run_free(run);
    if (injected.step < 10) {
        assert_false(lathe_file_exists(test_path("named/last.safetensors")));
        return;
    }
    char *kept = test_bytes(test_path("named/last.safetensors"), &size),
         *whole = test_bytes(test_path("epoch/last.safetensors"), &size);
    assert_memory_equal(kept, whole, size);
    free(kept);
    free(whole);
}

static void everything_is_named(void **state)
{
    (void)state;
    static const uint64_t steps[] = { 0, 5, 10, 18 };
    const lathe_real values[] = { (lathe_real)NAN, (lathe_real)HUGE_VAL, -(lathe_real)HUGE_VAL };
    int points = 0;
    injected.kind = NOWHERE;
    lathe_settings epoch = settings_of("epoch", "stop");
    tiny_train_until(&epoch, 10);
    for (int s = 0; s < 4; s++)
        for (int v = 0; v < 3; v++)
            for (int place = 0; place <= LAST_PLACE; place += 2) {
                char name[128];
                injected.place = place;
                injected.step = steps[s];
                injected.value = values[v];
                if (place == 0) {
                    injected.kind = INPUT;
                    snprintf(name, sizeof name,
                        "step %d: the loss is not a number: the input of layer 1, conv2d is so",
                        (int)steps[s]);
                    assert_named(name);
                    points++;
                    continue;
                }
                injected.kind = FORWARD;
                bool dies = values[v] < 0 && (place == 4); /* relu makes 0 of it, and all is well */
                snprintf(name, sizeof name, "first in layer %d, poison, forward", place);
                if (!dies) assert_named(name), points++;
                injected.kind = BACKWARD;
                snprintf(name, sizeof name, "first in layer %d, poison, backward", place);
                assert_named(name), points++;
            }
    static const char *const params[] = { "1.weight", "1.bias", "3.weight", "3.bias", "13.weight",
        "13.bias" };
    for (int s = 0; s < 4; s++)
        for (int i = 0; i < 6; i++, points++) {
            char name[128];
            injected.kind = OPTIMIZER;
            injected.place = i;
            injected.step = steps[s];
            injected.value = (lathe_real)NAN;
            snprintf(name, sizeof name, "optimizer adamw made %s so in step %d", params[i], (int)steps[s]);
            assert_named(name);
        }
    static const struct {
        int place;
        const char *name;
    } weights[] = { { 0, "first in layer 1, conv2d, backward, the gradient of 1.weight in step 11" },
        { 4, "first in layer 13, linear, backward, the gradient of 13.weight in step 11" } };
    for (int i = 0; i < 2; i++, points++) {
        injected.kind = GRADIENT;
        injected.place = weights[i].place;
        injected.step = 11;
        assert_named(weights[i].name);
    }
    injected.kind = NOWHERE;
    print_message("nan places %d/%d\n", points, points);
}

/* Weights that are no numbers are found before they are saved, though no step has used them. */
static void bad_weights_are_not_saved(void **state)
{
    (void)state;
    injected.kind = WEIGHTS;
    injected.place = 4;
    injected.step = 19; /* the last of its epoch */
    injected.value = (lathe_real)HUGE_VAL;
    assert_named("step 20: 13.weight is not finite, and was not saved: optimizer adamw made it so in step 19 "
                 "or before");
    injected.kind = NOWHERE;
}

/* Numbers that are too large by themselves: each layer with weights in turn. */
static void overflows_are_named(void **state)
{
    (void)state;
    static const char *const names[] = { "first in layer 1, conv2d, forward", NULL,
        "first in layer 3, batch_norm", NULL, "first in layer 13, linear, forward" };
    for (int i = 0; i < 5; i += 2) {
        injected.kind = WEIGHTS;
        injected.place = i;
        injected.step = 3;
        injected.value = sizeof(lathe_real) == 4 ? (lathe_real)3e38 : (lathe_real)1.7e308;
        lathe_settings settings = settings_of("overflow", "stop");
        tiny_set(&settings, "max_steps", "9");
        lathe_run *run = train(&settings);
        if (run->end == LATHE_RUN_NAN && !strstr(run->learner->not_finite, names[i]))
            fail_msg("%s", run->learner->not_finite);
        lathe_run_free(run);
    }
    injected.kind = NOWHERE;
}

/* A skipped step leaves weights and running statistics alone, and the run ends well. */
static void a_step_may_be_skipped(void **state)
{
    (void)state;
    static const place_kind kinds[] = { INPUT, FORWARD, BACKWARD };
    static const int places[] = { 0, 2, 8 };
    for (int i = 0; i < 3; i++) {
        injected.kind = kinds[i];
        injected.place = places[i];
        injected.step = 13;
        injected.value = (lathe_real)NAN;
        lathe_settings settings = settings_of("skipped", "skip");
        lathe_run *run = train(&settings);
        assert_int_equal(run->end, LATHE_RUN_COMPLETE);
        assert_non_null(strstr(messages, "the step is skipped"));
        assert_int_equal(lathe_optim_steps(run->learner->optim), 19);
        assert_true(isfinite(run->test_score.loss) && isfinite(run->keeper->history.epoch[1].train_loss));
        int count;
        lathe_tensor *const *tensors = lathe_nn_state(run->learner->net, &count);
        for (int k = 0; k < count; k++)
            for (size_t j = 0; j < tensors[k]->stored; j++) assert_true(isfinite(tensors[k]->data[j]));
        lathe_run_free(run);
    }
    injected.kind = NOWHERE;
}

/* Clipping makes a norm of all gradients: then a weight's own is found in its own step, also where it is
 * infinite. */
static void clipping_finds_every_gradient(void **state)
{
    (void)state;
    const lathe_real values[] = { (lathe_real)NAN, (lathe_real)HUGE_VAL };
    static const char *const policies[] = { "stop", "skip", "ignore" };
    for (int v = 0; v < 2; v++)
        for (int i = 0; i < 3; i++) {
            injected.kind = BACKWARD;
            injected.place = 12;
            injected.step = 6;
            injected.value = values[v];
            lathe_settings settings = settings_of("clipped", policies[i]);
            tiny_set(&settings, "clip_norm", "1");
            lathe_run *run = train(&settings);
            assert_int_equal(run->end, i ? LATHE_RUN_COMPLETE : LATHE_RUN_NAN);
            if (i < 2) assert_non_null(strstr(messages, "first in layer 12, poison, backward"));
            lathe_run_free(run);
        }
    injected.kind = NOWHERE;
}

/* The range that is told is that of the norm's result, though nothing holds it. */
static void a_norm_that_is_left_has_its_range(void **state)
{
    (void)state;
    char told[2][sizeof messages];
    for (int fused = 0; fused < 2; fused++) {
        separable_fuses = fused;
        messages[0] = '\0';
        lathe_settings settings = settings_of("left", "stop");
        tiny_set(&settings, "model", "separable");
        tiny_set(&settings, "batch_size", "16"); /* where images lie abreast */
        tiny_set(&settings, "clip_norm", "1");
        lathe_run *run = lathe_run_new(&settings,
            &(lathe_run_hooks){ .on_step = make_a_gradient_overflow, .on_message = hear });
        if (!run || lathe_run_train(run)) fail_msg("%s", lathe_error_message());
        assert_int_equal(run->end, LATHE_RUN_NAN);
        snprintf(told[fused], sizeof *told, "%s", run->learner->not_finite);
        lathe_run_free(run);
    }
    assert_non_null(strstr(told[0], "first in layer 3, conv2d, backward, of an input of 0 to "));
    assert_string_equal(told[0], told[1]);
}

static void it_may_be_ignored(void **state)
{
    (void)state;
    injected.kind = FORWARD;
    injected.place = 14;
    injected.step = 4;
    injected.value = (lathe_real)NAN;
    lathe_settings settings = settings_of("ignored", "ignore");
    lathe_run *run = train(&settings);
    assert_int_equal(run->end, LATHE_RUN_COMPLETE);
    assert_true(isnan(run->keeper->history.step[4].loss) && isnan(run->keeper->history.step[5].loss));
    lathe_run_free(run);
    injected.kind = NOWHERE;
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
    lathe_model_register(&poisoned_model);
    lathe_model_register(&separable_model);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(everything_is_named),
        cmocka_unit_test(bad_weights_are_not_saved),
        cmocka_unit_test(overflows_are_named),
        cmocka_unit_test(a_step_may_be_skipped),
        cmocka_unit_test(clipping_finds_every_gradient),
        cmocka_unit_test(a_norm_that_is_left_has_its_range),
        cmocka_unit_test(it_may_be_ignored),
    };
    return cmocka_run_group_tests(tests, set_up, clean);
}
