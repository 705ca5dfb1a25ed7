#include "support/support.h"

#include <locale.h>
#include <math.h>
#include <string.h>

typedef struct demo_opts {
    double lr, betas[2], weight_decay;
    int patience;
    uint64_t length;
    bool nesterov;
    int mode;
    uint64_t milestones[3];
    const char *file;
} demo_opts;

static const char *const modes[] = { "triangular", "exp_range", NULL };

static const lathe_field fields[] = {
    { .name = "lr",
        .kind = LATHE_FIELD_DOUBLE,
        .offset = offsetof(demo_opts, lr),
        .required = true,
        .max = HUGE_VAL },
    { .name = "betas",
        .kind = LATHE_FIELD_DOUBLE,
        .offset = offsetof(demo_opts, betas),
        .count = 2,
        .preset = { 0.9, 0.999 },
        .max = 1,
        .below_max = true },
    { .name = "weight_decay",
        .kind = LATHE_FIELD_DOUBLE,
        .offset = offsetof(demo_opts, weight_decay),
        .preset = { 0.01 },
        .max = HUGE_VAL },
    { .name = "patience",
        .kind = LATHE_FIELD_INT,
        .offset = offsetof(demo_opts, patience),
        .preset = { 10 },
        .min = 1,
        .max = 100 },
    { .name = "length",
        .kind = LATHE_FIELD_STEPS,
        .offset = offsetof(demo_opts, length),
        .preset = { 2000 },
        .min = 1,
        .max = HUGE_VAL },
    { .name = "nesterov", .kind = LATHE_FIELD_BOOL, .offset = offsetof(demo_opts, nesterov) },
    { .name = "mode", .kind = LATHE_FIELD_CHOICE, .offset = offsetof(demo_opts, mode), .choices = modes },
    { .name = "milestones",
        .kind = LATHE_FIELD_STEPS,
        .offset = offsetof(demo_opts, milestones),
        .count = 3,
        .min = 0,
        .max = 1000 },
    { .name = "file", .kind = LATHE_FIELD_PATH, .offset = offsetof(demo_opts, file) },
    { .name = NULL },
};

static lathe_status resolve(demo_opts opts, demo_opts *resolved)
{
    return lathe_fields_resolve("demo", fields, &opts, resolved, sizeof opts);
}

static void zero_means_the_default(void **state)
{
    (void)state;
    demo_opts got;
    assert_int_equal(resolve((demo_opts){ .lr = 0.5 }, &got), LATHE_OK);
    assert_true(got.lr == 0.5 && got.betas[0] == 0.9 && got.betas[1] == 0.999 && got.weight_decay == 0.01);
    assert_true(got.patience == 10 && got.length == 2000 && !got.nesterov && got.mode == 0);
    assert_int_equal(resolve((demo_opts){ .lr = LATHE_ZERO, .weight_decay = LATHE_ZERO }, &got), LATHE_OK);
    assert_true(got.lr == 0 && got.weight_decay == 0);
}

static void what_is_not_legal_is_named(void **state)
{
    (void)state;
    demo_opts got;
    static const struct {
        demo_opts opts;
        const char *message;
    } cases[] = {
        { { 0 }, "demo: lr must be given" },
        { { .lr = -1 }, "demo: lr = -1 is not legal: >= 0" },
        { { .lr = NAN }, "lr = " },
        { { .lr = HUGE_VAL }, "lr = inf" },
        { { .lr = 1, .betas = { 0.5, 1 } }, "demo: betas[1] = 1 is not legal: [0, 1)" },
        { { .lr = 1, .patience = 101 }, "demo: patience = 101 is not legal: [1, 100]" },
        { { .lr = 1, .milestones = { 5, 1001 } }, "demo: milestones[1] = 1001 is not legal: [0, 1000]" },
        { { .lr = 1, .mode = 2 }, "demo: mode = 2 is not one of triangular | exp_range" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_int_equal(resolve(cases[i].opts, &got), LATHE_EARG);
        assert_failed(LATHE_EARG, cases[i].message);
    }
}

static void text_sets_and_comes_back(void **state)
{
    (void)state;
    static const char *const given[][3] = { { "lr", "0.001", "0.001" }, { "lr", "1e-3", "0.001" },
        { "betas", "0.8,0.99", "0.8,0.99" }, { "weight-decay", "0", "0" }, { "patience", "7", "7" },
        { "length", "500", "500" }, { "length", "500it", "500" }, { "length", "2.5ep", "235" },
        { "nesterov", "on", "true" }, { "nesterov", "0", "false" }, { "mode", "exp-range", "exp_range" },
        { "milestones", "10", "10" }, { "milestones", "10,20it,3ep", "10,20,281" },
        { "file", "a b.csv", "a b.csv" } };
    for (size_t i = 0; i < sizeof given / sizeof given[0]; i++) {
        demo_opts opts = { .lr = 1 }, got;
        char text[LATHE_FIELD_TEXT];
        assert_int_equal(lathe_fields_set("demo", fields, &opts, given[i][0], given[i][1], 93.8), LATHE_OK);
        assert_int_equal(resolve(opts, &got), LATHE_OK);
        assert_string_equal(lathe_field_text(lathe_fields_find(fields, given[i][0]), &got, text),
            given[i][2]);
    }
}

static void bad_text_is_refused(void **state)
{
    (void)state;
    static const char *const given[][2] = { { "lr", "" }, { "lr", "nan" }, { "lr", "inf" }, { "lr", "0x10" },
        { "lr", "1e999" }, { "lr", "1,5" }, { "lr", " 1" }, { "lr", "1 " }, { "betas", "0.9" },
        { "betas", "0.9,0.99,1" }, { "betas", "0.9," }, { "patience", "2.5" }, { "patience", "0" },
        { "patience", "99999999999" }, { "length", "2.5" }, { "length", "-3" }, { "length", "2e" },
        { "length", "3x" }, { "length", "0" }, { "length", "1e300" }, { "nesterov", "maybe" },
        { "mode", "triangle" }, { "milestones", "1,2,3,4" }, { "milestones", "1,,2" },
        { "milestones", "1,x" }, { "length", "1,2" }, { "file", "" } };
    for (size_t i = 0; i < sizeof given / sizeof given[0]; i++) {
        demo_opts opts = { .lr = 1 };
        if (lathe_fields_set("demo", fields, &opts, given[i][0], given[i][1], 100) != LATHE_EARG)
            fail_msg("%s = '%s' was taken", given[i][0], given[i][1]);
        assert_failed(LATHE_EARG, given[i][0]);
    }
    demo_opts opts = { 0 };
    assert_int_equal(lathe_fields_set("demo", fields, &opts, "length", "2ep", 0), LATHE_EARG);
    assert_failed(LATHE_EARG, "not known here");
    assert_int_equal(lathe_fields_set("demo", fields, &opts, "gama", "1", 0), LATHE_ENAME);
    assert_failed(LATHE_ENAME, "known: lr, betas, weight_decay");
}

static void numbers_read_back_exactly_in_any_locale(void **state)
{
    (void)state;
    const char *former = setlocale(LC_ALL, "de_DE.UTF-8"); /* a decimal comma, where installed */
    lathe_rng rng = lathe_rng_at(1, 0, 0);
    for (int i = 0; i < 2000; i++) {
        double number = ldexp(lathe_rng_normal(&rng), (int)lathe_rng_below(&rng, 200) - 100), back = 0;
        char text[32];
        assert_true(lathe_parse_double(lathe_double_text(number, text), &back));
        assert_true(back == number);
        assert_null(strchr(text, ','));
    }
    if (former) setlocale(LC_ALL, "C");
}

static const char *animal(const void *context, int index)
{
    (void)context;
    static const char *const names[] = { "adamw", "lion", "sgd" };
    return index < 3 ? names[index] : NULL;
}

static void unknown_names_get_the_known_ones(void **state)
{
    (void)state;
    lathe_fail_name("optimizer", "adamv", animal, NULL);
    assert_failed(LATHE_ENAME, "unknown optimizer 'adamv'; did you mean adamw? known: adamw, lion, sgd");
    lathe_fail_name("optimizer", "zzz", animal, NULL);
    assert_failed(LATHE_ENAME, "unknown optimizer 'zzz'; known: adamw, lion, sgd");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(zero_means_the_default),
        cmocka_unit_test(what_is_not_legal_is_named),
        cmocka_unit_test(text_sets_and_comes_back),
        cmocka_unit_test(bad_text_is_refused),
        cmocka_unit_test(numbers_read_back_exactly_in_any_locale),
        cmocka_unit_test(unknown_names_get_the_known_ones),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
