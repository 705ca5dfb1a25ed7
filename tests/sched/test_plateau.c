#include "support/schedule.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

typedef lathe_plateau_opts opts;

enum { KEPT = 1001 + 200 }; /* epochs 0 to 1000, then every tenth to 3000 */

static double metric(int t) { return 1 / (1 + 0.05 * (t < 100 ? t : 100)) + 0.05 * sin(1.7 * t); }

static void pytorch_schedules(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        opts opts;
    } cases[] = {
        { "defaults", { .mode = LATHE_PLATEAU_MIN } },
        { "impatient", { .factor = 0.5, .patience = -1 } },
        { "cooldown", { .factor = 0.7, .patience = 2, .cooldown = 5 } },
        { "max",
            { .mode = LATHE_PLATEAU_MAX,
                .factor = 0.5,
                .patience = 3,
                .threshold = 0.01,
                .threshold_mode = LATHE_THRESHOLD_ABS } },
        { "floor", { .factor = 0.3, .patience = 1, .min_lr = 0.004, .threshold = 0.05 } },
        { "eps", { .factor = 0.5, .patience = -1, .eps = 0.002 } },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        size_t count;
        golden_tried();
        double *want = golden("sched_plateau.txt", cases[i].name, &count), got[KEPT];
        assert_int_equal(count, KEPT);
        lathe_optim *optim = sgd_with(0.1, 0);
        lathe_sched *sched = lathe_sched_plateau(optim, &cases[i].opts);
        for (int t = 0, kept = 0; t <= 3000; t++) {
            lathe_sched_observe(sched, metric(t));
            if (t <= 1000 || t % 10 == 0) got[kept++] = lathe_optim_lr(optim, 0);
        }
        assert_close_double(cases[i].name, got, want, count, 1e-12, 0);
        assert_true(want[KEPT - 1] < 0.1);
        golden_agreed();
        lathe_sched_free(sched);
        sgd_free(optim);
        free(want);
    }
}

/* Patience 1: the second bad epoch in a row is too many. NaN is a bad one. */
static void by_hand(void **state)
{
    (void)state;
    static const double observed[] = { 1, 0.5, 0.6, 0.4, NAN, 0.4, 0.3, 9, 9, 9, 9 };
    static const double want[] = { 1, 1, 1, 1, 1, 0.5, 0.5, 0.5, 0.25, 0.25, 0.125 };
    lathe_optim *optim = sgd_with(1, 0.9);
    lathe_sched *sched = lathe_sched_plateau(optim, &(opts){ .factor = 0.5, .patience = 1 });
    assert_true(lathe_sched_observes(sched));
    for (int i = 0; i < 11; i++) {
        lathe_sched_observe(sched, observed[i]);
        if (lathe_optim_lr(optim, 0) != want[i])
            fail_msg("epoch %d: %g, expected %g", i, lathe_optim_lr(optim, 0), want[i]);
        lathe_sched_step(sched);
    }
    assert_true(lathe_optim_momentum(optim, 0) == 0.9);
    lathe_sched_free(sched);
    sgd_free(optim);
}

static void state_can_be_saved(void **state)
{
    (void)state;
    const opts o = { .factor = 0.7, .patience = 2, .cooldown = 3 };
    for (int stop = 0; stop < 60; stop++) {
        lathe_optim *one = sgd_with(0.1, 0), *two = sgd_with(0.1, 0);
        lathe_sched *whole = lathe_sched_plateau(one, &o), *resumed = lathe_sched_plateau(two, &o);
        for (int t = 0; t < stop; t++) lathe_sched_observe(whole, metric(t));
        memcpy(lathe_sched_state(resumed), lathe_sched_state(whole), LATHE_SCHED_STATE * sizeof(double));
        lathe_sched_seek(resumed, lathe_sched_steps(whole));
        for (int t = stop; t < stop + 40; t++) {
            assert_true(lathe_optim_lr(two, 0) == lathe_optim_lr(one, 0));
            lathe_sched_observe(whole, metric(t));
            lathe_sched_observe(resumed, metric(t));
        }
        lathe_sched_free(whole);
        lathe_sched_free(resumed);
        sgd_free(one);
        sgd_free(two);
    }
}

/* As text, 0 is 0: every option of every schedule whose range has 0 takes it. In the struct it is -1. */
static void patience_0_can_be_asked_for(void **state)
{
    (void)state;
    opts o = { .mode = LATHE_PLATEAU_MIN }, resolved;
    char text[LATHE_FIELD_TEXT];
    const lathe_field *fields = lathe_plateau_sched.fields;
    assert_int_equal(lathe_fields_set("plateau", fields, &o, "patience", "0", 0), LATHE_OK);
    assert_int_equal(lathe_fields_resolve("plateau", fields, &o, &resolved, sizeof o), LATHE_OK);
    assert_string_equal(lathe_field_text(lathe_fields_find(fields, "patience"), &resolved, text), "0");
    lathe_optim *optim = sgd_with(1, 0);
    lathe_sched *sched = lathe_sched_plateau(optim, &o);
    for (int epoch = 0; epoch < 3; epoch++) lathe_sched_observe(sched, 1);
    assert_true(fabs(lathe_optim_lr(optim, 0) - 0.01) < 1e-12); /* a drop after each bad epoch */
    lathe_sched_free(sched);
    sgd_free(optim);
    const lathe_sched_type *type;
    for (int i = 0; (type = lathe_sched_at(i)); i++)
        for (const lathe_field *field = type->fields; field && field->name; field++) {
            static _Alignas(16) char room[4096];
            if (field->kind != LATHE_FIELD_INT && field->kind != LATHE_FIELD_STEPS) continue;
            assert_true(type->opts_size <= sizeof room);
            lathe_error_clear();
            if (lathe_fields_set(type->name, type->fields, room, field->name, "0", 0))
                assert_failed(LATHE_EARG, "is not legal: "); /* the range has no 0 */
        }
    lathe_error_clear();
}

static void refusals(void **state)
{
    (void)state;
    static const struct {
        opts opts;
        const char *message;
    } cases[] = {
        { { .factor = 1 }, "plateau: factor = 1 is not legal: (0, 1)" },
        { { .patience = -2 }, "plateau: patience = -2 is not legal: [0, 1000000]" },
        { { .threshold = -1 }, "plateau: threshold = -1 is not legal: >= 0" },
        { { .cooldown = -1 }, "plateau: cooldown = -1 is not legal" },
        { { .min_lr = -1 }, "plateau: min_lr = -1 is not legal: >= 0" },
        { { .mode = (lathe_plateau_mode)2 }, "plateau: mode = 2 is not one of min | max" },
    };
    lathe_optim *optim = sgd_with(0.1, 0);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_null(lathe_sched_plateau(optim, &cases[i].opts));
        assert_failed(LATHE_EARG, cases[i].message);
    }
    sgd_free(optim);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pytorch_schedules),
        cmocka_unit_test(by_hand),
        cmocka_unit_test(state_can_be_saved),
        cmocka_unit_test(patience_0_can_be_asked_for),
        cmocka_unit_test(refusals),
    };
    return cmocka_run_group_tests(tests, NULL, count_schedules);
}
