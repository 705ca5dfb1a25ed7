#include "support/tiny.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { STEPS = 401, MOST_SWEEPS = 5 };

static double lr[STEPS], loss[MOST_SWEEPS * STEPS], accuracy[MOST_SWEEPS * STEPS];

/* Straight lines through points (log10 of the rate, value). */
static double through(const double (*point)[2], int points, double x)
{
    int i = 1;
    while (i + 1 < points && point[i][0] < x) i++;
    double part = (x - point[i - 1][0]) / (point[i][0] - point[i - 1][0]);
    return point[i - 1][1] + fmin(fmax(part, 0), 1) * (point[i][1] - point[i - 1][1]);
}

/* Loss 2 up to rate 1e-3, down to 1 at 1e-2, up again from 1e-1 by 2 a tenfold; the accuracy up from 0.1 to
 * 0.9 and down again behind `top`. */
static void known_curves(int sweeps, double noise, double top)
{
    const double falls[][2] = { { -5, 2 }, { -3, 2 }, { -2, 1 }, { -1, 1 }, { 0, 3 } };
    const double gains[][2] = { { -5, 0.1 }, { -3, 0.1 }, { -2, 0.9 }, { top, 0.9 }, { top + 1, 0.1 } };
    for (int i = 0; i < STEPS; i++) lr[i] = pow(10, -5 + 5.0 * i / (STEPS - 1));
    for (int s = 0; s < sweeps; s++)
        for (int i = 0; i < STEPS; i++) {
            const size_t at = (size_t)(s * STEPS + i);
            loss[at] = through(falls, 5, log10(lr[i])) + noise * random_int(1, 2 * at, -1000, 1000) / 1000.0;
            accuracy[at] =
                through(gains, 5, log10(lr[i])) + noise * random_int(1, 2 * at + 1, -1000, 1000) / 1000.0;
        }
}

static lathe_lr_found *read_curves(int sweeps, double smoothing)
{
    return lathe_lr_read(
        &(lathe_lr_sweeps){ .lr = lr, .loss = loss, .accuracy = accuracy, .steps = STEPS, .sweeps = sweeps },
        smoothing);
}

static void assert_within(double value, double expected, double factor)
{
    if (!(value < expected * factor && value > expected / factor))
        fail_msg("%.5g, expected %.5g", value, expected);
}

/*
 * By hand: a tenth of the way down is 1.9 at 10^-2.9 = 1.259e-3; a tenth of it lost again is 1.1 at 10^-0.95,
 * and half of that 0.0561. The accuracy has lost a tenth of its 0.8 at 10^(top + 0.1).
 */
static void a_curve_by_hand(void **state)
{
    (void)state;
    known_curves(1, 0, 5);
    lathe_lr_found *f = read_curves(1, 0);
    if (!f) fail_msg("%s", lathe_error_message());
    assert_within(f->pair.base_lr, pow(10, -2.9), 1.001);
    assert_within(f->pair.max_lr, pow(10, -0.95) / 2, 1.001);
    assert_int_equal(f->pair.base_rule, LATHE_LR_LOSS_FALLS);
    assert_int_equal(f->pair.max_rule, LATHE_LR_LOSS_RISES);
    assert_true(f->slope[200] > -1.001 && f->slope[200] < -0.999); /* 1 a tenfold */
    assert_true(f->base_low == f->pair.base_lr && f->max_high == f->pair.max_lr);
    lathe_lr_found_free(f);
    known_curves(1, 0, -1.5);
    f = read_curves(1, 0);
    assert_within(f->pair.max_lr, pow(10, -1.4) / 2, 1.001);
    assert_int_equal(f->pair.max_rule, LATHE_LR_ACCURACY_FALLS);
    lathe_lr_found_free(f);
}

/* Smoothing and noise move the pair by no more than a quarter, and the median pays no attention to one odd
 * sweep. */
static void smoothing_and_noise_move_little(void **state)
{
    (void)state;
    known_curves(3, 0, 5);
    lathe_lr_found *f = read_curves(3, 0.9);
    assert_within(f->pair.base_lr, pow(10, -2.9), 1.1);
    assert_within(f->pair.max_lr, pow(10, -0.95) / 2, 1.1);
    lathe_lr_found_free(f);
    known_curves(5, 0.2, 5);
    for (int i = 0; i < STEPS; i++) loss[4 * STEPS + i] = i < 200 ? 2 : 40;
    f = read_curves(5, 0.9);
    if (!f) fail_msg("%s", lathe_error_message());
    assert_within(f->pair.base_lr, pow(10, -2.9), 1.25);
    assert_within(f->pair.max_lr, pow(10, -0.95) / 2, 1.25);
    assert_true(isnan(f->each[4].max_lr));
    assert_true(f->base_low <= f->pair.base_lr * 1.05 && f->max_high >= f->pair.max_lr / 1.05);
    lathe_lr_found_free(f);
}

static void a_late_fall_gives_a_quarter(void **state)
{
    (void)state;
    known_curves(1, 0, 5);
    const double late[][2] = { { -5, 2 }, { -1.2, 2 }, { -1, 1 }, { 0, 3 } };
    for (int i = 0; i < STEPS; i++) loss[i] = through(late, 4, log10(lr[i]));
    lathe_lr_found *f = read_curves(1, 0);
    assert_int_equal(f->pair.base_rule, LATHE_LR_QUARTER);
    assert_true(f->pair.base_lr == f->pair.max_lr / 4);
    lathe_lr_found_free(f);
}

static void a_sweep_that_ends_gives_its_end(void **state)
{
    (void)state;
    known_curves(1, 0, 5);
    for (int i = 321; i < STEPS; i++) loss[i] = accuracy[i] = NAN; /* step 320: rate 0.1 */
    lathe_lr_found *f = read_curves(1, 0);
    assert_int_equal(f->pair.max_rule, LATHE_LR_STOPS);
    assert_within(f->pair.max_lr, 0.05, 1.001);
    assert_int_equal(f->points, 321);
    lathe_lr_found_free(f);
}

static void refuses(const char *fragment, lathe_status status)
{
    assert_null(read_curves(3, 0.9));
    assert_int_equal(lathe_error(), status);
    if (!strstr(lathe_error_message(), fragment)) fail_msg("%s", lathe_error_message());
    lathe_error_clear();
}

/* What is lost for some steps and won again is no end. */
static void a_dip_is_no_end(void **state)
{
    (void)state;
    known_curves(1, 0, 5);
    for (int i = 260; i < 300; i++) loss[i] += 0.3, accuracy[i] -= 0.3;
    lathe_lr_found *f = read_curves(1, 0.9);
    assert_within(f->pair.max_lr, pow(10, -0.95) / 2, 1.1);
    lathe_lr_found_free(f);
}

static void flat_and_endless_curves_are_refused(void **state)
{
    (void)state;
    known_curves(3, 0.3, 5);
    for (int i = 0; i < 3 * STEPS; i++)
        loss[i] = 2.3 + 0.3 * random_int(5, (uint64_t)i, -1000, 1000) / 1000.0;
    refuses("the curve is flat", LATHE_ESTATE);
    known_curves(3, 0.01, 5);
    for (int i = 0; i < 3 * STEPS; i++) loss[i] = 2 - (double)(i % STEPS) / STEPS;
    refuses("has not risen again", LATHE_ESTATE);
    known_curves(3, 0.01, 5);
    for (int i = 0; i < 3 * STEPS; i++) loss[i] = i % STEPS < 10 ? 2 : NAN;
    refuses("not finite after 10 steps", LATHE_ESTATE);
    known_curves(3, 0.01, 5);
    lr[100] = lr[99];
    refuses("lr[100]", LATHE_EARG);
}

/* One's own loop: gradient descent on (x^2 + 0.01 y^2) / 2, with noise as of batches, diverges above rate 2.
 */
static void a_quadratic_ends_below_its_limit(void **state)
{
    (void)state;
    double x = 1, y = 1;
    for (int i = 0; i < STEPS; i++) {
        lr[i] = pow(10, -4 + 6.0 * i / (STEPS - 1));
        loss[i] = (x * x + 0.01 * y * y) / 2;
        accuracy[i] = 0;
        if (loss[i] > 100) loss[i] = NAN;
        x -= lr[i] * (x + random_int(3, (uint64_t)i, -100, 100) / 1000.0);
        y -= lr[i] * 0.01 * y;
    }
    lathe_lr_found *f = read_curves(1, 0);
    if (!f) fail_msg("%s", lathe_error_message());
    if (!(f->pair.max_lr > 0.5 && f->pair.max_lr < 2)) fail_msg("max_lr %g", f->pair.max_lr);
    assert_true(f->pair.base_lr < 0.02);
    lathe_lr_found_free(f);
}

/* ---- with a net ---------------------------------------------------------------------------------------- */

static const lathe_lr_find_opts quick = { .from = 1e-4, .to = 100, .steps = 120, .sweeps = 2 };

static lathe_run *open_run(const char *groups)
{
    lathe_settings settings = tiny_settings(NULL,
        (const tiny_pair[]){ { "batch_size", "10" }, { "optim", "sgd" }, { "momentum", "0.9" },
            { "epochs", "2" }, { "groups", groups }, { NULL, NULL } });
    lathe_run *run = lathe_run_new(&settings, NULL);
    if (!run) fail_msg("%s", lathe_error_message());
    return run;
}

/* All numbers of a net, to be freed. */
static lathe_real *numbers_of(const lathe_run *run, size_t *count)
{
    int tensors;
    lathe_tensor *const *tensor = lathe_nn_state(run->learner->net, &tensors);
    lathe_real *all = NULL;
    *count = 0;
    for (int i = 0; i < tensors; i++) {
        all = realloc(all, (*count + tensor[i]->stored) * sizeof *all);
        memcpy(all + *count, tensor[i]->data, tensor[i]->stored * sizeof *all);
        *count += tensor[i]->stored;
    }
    return all;
}

static lathe_lr_found *find(lathe_run *run, const lathe_lr_find_opts *opts)
{
    lathe_lr_found *found = lathe_lr_find(run, opts);
    if (!found) fail_msg("%s", lathe_error_message());
    return found;
}

static void the_run_is_as_before(void **state)
{
    (void)state;
    size_t before, after;
    lathe_run *run = open_run(""), *other = open_run("");
    lathe_real *kept = numbers_of(run, &before);
    lathe_lr_found *f = find(run, &quick), *again = find(run, &quick);
    lathe_real *now = numbers_of(run, &after);
    assert_memory_equal(kept, now, before * sizeof *kept);
    assert_true(f->pair.base_lr == again->pair.base_lr && f->pair.max_lr == again->pair.max_lr &&
        f->points == again->points);
    assert_memory_equal(f->raw_loss, again->raw_loss, 60 * sizeof *f->raw_loss);
    free(now);
    assert_true(run->learner->step == 0 && run->keeper->history.steps == 0 && run->learner->images == 0 &&
        run->end == LATHE_RUN_OPEN);
    /* It trains as if nothing had been: the same bits. */
    assert_int_equal(lathe_run_train(run), LATHE_OK);
    assert_int_equal(lathe_run_train(other), LATHE_OK);
    now = numbers_of(run, &after);
    lathe_real *plain = numbers_of(other, &after);
    assert_memory_equal(now, plain, before * sizeof *now);
    free(now);
    free(plain);
    free(kept);
    lathe_lr_found_free(f);
    lathe_lr_found_free(again);
    lathe_run_free(run);
    lathe_run_free(other);
}

static bool until_30(void *context, int sweep, uint64_t step, double rate, double value)
{
    (void)sweep, (void)rate, (void)value;
    *(int *)context += 1;
    return step < 30;
}

/* Stopped in the middle, from weights that were trained. */
static void a_stop_gives_the_weights_back(void **state)
{
    (void)state;
    int calls = 0;
    size_t count;
    lathe_run *run = open_run("");
    assert_int_equal(lathe_run_train(run), LATHE_OK);
    lathe_real *kept = numbers_of(run, &count);
    lathe_lr_find_opts opts = quick;
    opts.on_step = until_30;
    opts.context = &calls;
    opts.present_weights = true;
    assert_null(lathe_lr_find(run, &opts));
    assert_int_equal(lathe_error(), LATHE_ESTATE);
    assert_int_equal(calls, 31);
    lathe_real *now = numbers_of(run, &count);
    assert_memory_equal(kept, now, count * sizeof *kept);
    free(kept);
    free(now);
    lathe_error_clear();
    lathe_run_free(run);
}

/* A frozen group stays at rate 0, and one of a tenth keeps its ratio: other curves than all alike. */
static void groups_keep_their_ratio(void **state)
{
    (void)state;
    lathe_run *plain = open_run(""), *grouped = open_run("6.* lr=0.001"), *linear = open_run("");
    lathe_lr_found *a = find(plain, &quick), *b = find(grouped, &quick);
    assert_true(a->raw_loss[0] == b->raw_loss[0]);
    assert_true(a->raw_loss[60] != b->raw_loss[60]);
    lathe_lr_find_opts opts = { .growth = LATHE_LR_LINEAR,
        .from = 0.01,
        .to = 30,
        .steps = 120,
        .sweeps = 1 };
    lathe_lr_found *c = find(linear, &opts);
    assert_true(fabs(c->raw_lr[60] - (0.01 + 29.99 * 60 / 119)) < 1e-12);
    lathe_lr_found_free(a);
    lathe_lr_found_free(b);
    lathe_lr_found_free(c);
    lathe_run_free(plain);
    lathe_run_free(grouped);
    lathe_run_free(linear);
}

static void wrong_options_are_named(void **state)
{
    (void)state;
    const struct {
        lathe_lr_find_opts opts;
        const char *message;
    } bad[] = {
        { { .from = 1, .to = 0.1 }, "from 1 to 0.1" },
        { { .from = -1 }, "from -1" },
        { { .to = INFINITY }, "to inf" },
        { { .steps = 19 }, "steps = 19" },
        { { .sweeps = -1 }, "sweeps = -1" },
        { { .smoothing = 1 }, "smoothing = 1" },
        { { .growth = 2 }, "growth = 2" },
    };
    lathe_run *run = open_run("");
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_null(lathe_lr_find(run, &bad[i].opts));
        if (!strstr(lathe_error_message(), bad[i].message)) fail_msg("%s", lathe_error_message());
        lathe_error_clear();
    }
    lathe_run_free(run);
}

/* 2 epochs of 4 steps: two cycles of 4. The former schedule's options go, the optimizer's stay. */
static void a_pair_becomes_a_schedule(void **state)
{
    (void)state;
    lathe_settings settings = tiny_settings(NULL,
        (const tiny_pair[]){ { "batch_size", "10" }, { "epochs", "2" }, { "sched", "step" },
            { "step_size", "3" }, { "sched.gamma", "0.5" }, { NULL, NULL } });
    assert_int_equal(lathe_lr_apply(&(lathe_lr_pair){ .base_lr = 0.00123456, .max_lr = 0.0456 }, &settings),
        LATHE_OK);
    char *text = lathe_settings_text(&settings);
    const char *const wanted[] = { "sched = cyclic:triangular2\n", "base_lr = 0.00123\n", "max_lr = 0.0456\n",
        "step_size_up = 2\n", "\nlr = 0.01\n" };
    for (size_t i = 0; i < sizeof wanted / sizeof wanted[0]; i++)
        if (!strstr(text, wanted[i])) fail_msg("%s is missing in %s", wanted[i], text);
    assert_null(strstr(text, "\nstep_size = "));
    assert_null(strstr(text, "\ncycle_momentum"));
    lathe_free(text);
    tiny_set(&settings, "optim", "sgd");
    tiny_set(&settings, "momentum", "0.9");
    assert_int_equal(lathe_lr_apply(&(lathe_lr_pair){ .base_lr = 0.01, .max_lr = 0.1 }, &settings), LATHE_OK);
    text = lathe_settings_text(&settings);
    assert_non_null(strstr(text, "\ncycle_momentum = off\n"));
    lathe_free(text);
    assert_int_equal(lathe_lr_apply(&(lathe_lr_pair){ .base_lr = NAN, .max_lr = NAN }, &settings),
        LATHE_EARG);
    lathe_error_clear();
}

static int remove_all(void **state)
{
    (void)state;
    test_folder_remove();
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_curve_by_hand),
        cmocka_unit_test(smoothing_and_noise_move_little),
        cmocka_unit_test(a_late_fall_gives_a_quarter),
        cmocka_unit_test(a_sweep_that_ends_gives_its_end),
        cmocka_unit_test(a_dip_is_no_end),
        cmocka_unit_test(flat_and_endless_curves_are_refused),
        cmocka_unit_test(a_quadratic_ends_below_its_limit),
        cmocka_unit_test(the_run_is_as_before),
        cmocka_unit_test(a_stop_gives_the_weights_back),
        cmocka_unit_test(groups_keep_their_ratio),
        cmocka_unit_test(wrong_options_are_named),
        cmocka_unit_test(a_pair_becomes_a_schedule),
    };
    return cmocka_run_group_tests(tests, NULL, remove_all);
}
