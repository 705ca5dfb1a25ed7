/* A model's options after its name: "mine:width=3:dropout=0". */
#include "support/support.h"

typedef struct mine_opts {
    int width;
    double dropout;
} mine_opts;

static const lathe_field fields[] = {
    { .name = "width",
        .kind = LATHE_FIELD_INT,
        .offset = offsetof(mine_opts, width),
        .preset = { 5 },
        .min = 1,
        .max = 9 },
    { .name = "dropout",
        .kind = LATHE_FIELD_DOUBLE,
        .offset = offsetof(mine_opts, dropout),
        .preset = { 0.2 },
        .max = 1,
        .below_max = true },
    { 0 },
};

static mine_opts seen;

static lathe_layer *build(lathe_model *model, const lathe_model_spec *spec)
{
    seen = *(const mine_opts *)spec->opts;
    return lathe_nn_sequential(model, lathe_nn_flatten(model),
        lathe_nn_linear(model, spec->channels * spec->height * spec->width, seen.width, NULL), NULL);
}

static const lathe_model_type type = { .name = "mine",
    .summary = "of this test",
    .native = { 1, 2, 2, 3 },
    .fields = fields,
    .opts_size = sizeof(mine_opts),
    .build = build };

static bool builds(const char *name)
{
    lathe_model *model = lathe_model_new();
    lathe_error_clear();
    const bool built = lathe_model_build(model, name, NULL) != NULL;
    lathe_model_free(model);
    return built;
}

static void options_reach_the_builder(void **state)
{
    (void)state;
    assert_true(builds("mine"));
    assert_true(seen.width == 5 && seen.dropout == 0.2);
    assert_true(builds("mine:width=3:dropout=0"));
    assert_true(seen.width == 3 && seen.dropout == 0);
    assert_true(builds("mine:dropout=0.5"));
    assert_true(seen.width == 5 && seen.dropout == 0.5);
    assert_ptr_equal(lathe_model_find("mine:width=2"), &type);
}

static void wrong_options_are_named(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        lathe_status status;
        const char *message;
    } wrong[] = {
        { "mine:height=3", LATHE_ENAME, "mine: no option 'height'; known: width, dropout" },
        { "mine:width=10", LATHE_EARG, "mine: width = 10 is not legal: [1, 9]" },
        { "mine:width", LATHE_EARG, "mine: 'width' is not an option: write OPTION=VALUE" },
        { "mine:", LATHE_EARG, "mine: '' is not an option: write OPTION=VALUE" },
        { "mine:width=wide", LATHE_EARG, "mine: width = 'wide' is not" },
        { "lenet5:width=3", LATHE_EARG, "lenet5: it has no options, but ':width=3' follows" },
        { "mein:width=3", LATHE_ENAME, "unknown model 'mein'" },
    };
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        assert_false(builds(wrong[i].name));
        assert_failed(wrong[i].status, wrong[i].message);
        lathe_error_clear();
        assert_null(lathe_model_find(wrong[i].name));
        assert_failed(wrong[i].status, wrong[i].message);
    }
}

static void a_table_that_cannot_be_is_refused(void **state)
{
    (void)state;
    lathe_model_type bad = type;
    bad.name = "bad";
    bad.opts_size = sizeof(int);
    assert_int_equal(lathe_model_register(&bad), LATHE_EARG);
    assert_failed(LATHE_EARG, "lathe_model_register: bad: ");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(options_reach_the_builder),
        cmocka_unit_test(wrong_options_are_named),
        cmocka_unit_test(a_table_that_cannot_be_is_refused),
    };
    return lathe_model_register(&type) ? 1 : cmocka_run_group_tests(tests, NULL, NULL);
}
