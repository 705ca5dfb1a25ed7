/* Objects of the program's own, found by name beside the library's. */
#include "support/support.h"

typedef struct opts {
    double lr, betas[2];
    int count;
    bool flag;
} opts;

typedef struct thing {
    const char *name, *second;
    const lathe_field *fields;
} thing;

static const lathe_field good_fields[] = {
    { .name = "lr", .offset = offsetof(opts, lr), .preset = { 0.1 }, .max = 1 },
    { .name = "betas", .offset = offsetof(opts, betas), .count = 2 },
    { .name = "count", .kind = LATHE_FIELD_INT, .offset = offsetof(opts, count) },
    { .name = "flag", .kind = LATHE_FIELD_BOOL, .offset = offsetof(opts, flag) },
    { .name = NULL },
};

static const thing one = { "one", NULL, good_fields }, two = { "two_two", "second", good_fields };
static const void *const table[] = { &one, &two, NULL };

static const char *second_of(const void *object) { return ((const thing *)object)->second; }

static lathe_status check(const lathe_registry *registry, const void *object)
{
    return lathe_registry_check_fields(registry, object, ((const thing *)object)->fields, sizeof(opts));
}

static lathe_registry registry_of_things(void)
{
    return (lathe_registry){ .kind = "thing",
        .prefix = "thing",
        .table = table,
        .check = check,
        .alias = second_of };
}

static void added_objects_are_found_behind_the_librarys(void **state)
{
    (void)state;
    static const thing mine = { "a-thing", "mine", good_fields };
    lathe_registry things = registry_of_things();
    assert_null(lathe_registry_find(&things, "mine"));
    assert_failed(LATHE_ENAME, "unknown thing 'mine'; did you mean one? known: one, two_two");
    assert_int_equal(lathe_registry_add(&things, &mine), LATHE_OK);
    static const char *const names[] = { "a-thing", "a_thing", "athing", "mine" };
    for (size_t i = 0; i < 4; i++) assert_ptr_equal(lathe_registry_find(&things, names[i]), &mine);
    assert_ptr_equal(lathe_registry_find(&things, "two-two"), &two);
    assert_ptr_equal(lathe_registry_find(&things, "second"), &two);
    assert_ptr_equal(lathe_registry_at(&things, 1), &two);
    assert_ptr_equal(lathe_registry_at(&things, 2), &mine);
    assert_null(lathe_registry_at(&things, 3));
    assert_null(lathe_registry_at(&things, -1));
    /* Again: nothing happens. */
    assert_int_equal(lathe_registry_add(&things, &mine), LATHE_OK);
    assert_int_equal(lathe_registry_add(&things, &one), LATHE_OK);
    assert_null(lathe_registry_at(&things, 3));
}

static void names_are_words_and_not_taken(void **state)
{
    (void)state;
    static const struct {
        thing thing;
        lathe_status status;
        const char *message;
    } cases[] = {
        { { NULL, NULL, good_fields }, LATHE_EARG, "thing_register: the thing has no name" },
        { { "", NULL, good_fields }, LATHE_EARG, "the name '' is not of a-z" },
        { { "Mine", NULL, good_fields }, LATHE_EARG, "the name 'Mine' is not of a-z" },
        { { "a,b", NULL, good_fields }, LATHE_EARG, "the name 'a,b' is not of a-z" },
        { { "mine", "a b", good_fields }, LATHE_EARG, "the name 'a b' is not of a-z" },
        { { "one", NULL, good_fields }, LATHE_ENAME,
            "thing_register: the name 'one' is taken by another thing" },
        { { "two-two", NULL, good_fields }, LATHE_ENAME, "'two-two' is taken" },
        { { "second", NULL, good_fields }, LATHE_ENAME, "'second' is taken" },
        { { "mine", "one", good_fields }, LATHE_ENAME, "'one' is taken" },
    };
    lathe_registry things = registry_of_things();
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_int_equal(lathe_registry_add(&things, &cases[i].thing), cases[i].status);
        assert_failed(cases[i].status, cases[i].message);
    }
    assert_int_equal(lathe_registry_add(&things, NULL), LATHE_EARG);
    assert_int_equal(things.count, 0);
}

static void fields_must_describe_the_struct(void **state)
{
    (void)state;
    static const char *const none[] = { NULL };
    static const struct {
        lathe_field field;
        const char *message;
    } cases[] = {
        { { .name = "" }, "a field has an empty name" },
        { { .name = "x", .offset = sizeof(opts) }, "its 8 bytes at 32 are not within the struct's 32" },
        { { .name = "x", .offset = sizeof(opts) - 8, .count = 2 }, "its 16 bytes at 24 are not within" },
        { { .name = "x", .offset = SIZE_MAX - 7 }, "are not within the struct's 32" },
        { { .name = "x", .offset = 4 }, "its 8 bytes at 4 are not within" },
        { { .name = "x", .count = 3 }, "count 3, 1 to 2 are allowed" },
        { { .name = "x", .count = -1 }, "count -1, 1 to 2 are allowed" },
        { { .name = "x", .kind = (lathe_field_kind)99 }, "kind 99" },
        { { .name = "x", .kind = LATHE_FIELD_CHOICE }, "it has no choices" },
        { { .name = "x", .kind = LATHE_FIELD_CHOICE, .choices = none }, "it has no choices" },
        { { .name = "x", .min = 2, .max = 1 }, "min 2 is above max 1" },
        { { .name = "x", .preset = { 2 }, .max = 1 }, "its default is outside of its range" },
        { { .name = "x", .preset = { 1 }, .max = 1, .below_max = true }, "its default is outside" },
        { { .name = "x", .max = 1, .above_min = true }, "its default is outside" },
        { { .name = "betas", .count = 2, .preset = { 0.5, 2 }, .max = 1 }, "its default is outside" },
        { { .name = "lr" }, "field lr occurs twice" },
    };
    lathe_registry things = registry_of_things();
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const lathe_field fields[] = { good_fields[0], cases[i].field, { .name = NULL } };
        const thing bad = { "bad", NULL, fields };
        assert_int_equal(lathe_registry_add(&things, &bad), LATHE_EARG);
        assert_failed(LATHE_EARG, cases[i].message);
    }
    const thing without = { "bad", NULL, NULL };
    assert_int_equal(lathe_registry_add(&things, &without), LATHE_EARG);
    assert_failed(LATHE_EARG, "thing_register: bad: fields is NULL");
    assert_int_equal(things.count, 0);
}

static void room_has_an_end(void **state)
{
    (void)state;
    static thing many[LATHE_REGISTRY_ROOM + 1];
    static char names[LATHE_REGISTRY_ROOM + 1][8];
    lathe_registry things = registry_of_things();
    for (int i = 0; i <= LATHE_REGISTRY_ROOM; i++) {
        snprintf(names[i], sizeof names[i], "t%d", i);
        many[i] = (thing){ names[i], NULL, good_fields };
        assert_int_equal(lathe_registry_add(&things, &many[i]),
            i < LATHE_REGISTRY_ROOM ? LATHE_OK : LATHE_ENOMEM);
    }
    assert_ptr_equal(lathe_registry_find(&things, "t63"), &many[63]);
}

/* What the library brings would pass as a program's own. */
static void the_librarys_tables_describe_their_structs(void **state)
{
    (void)state;
    lathe_registry plain = { .kind = "thing", .prefix = "thing", .table = table };
    int count = 0;
    for (int i = 0; lathe_optim_at(i); i++, count++)
        assert_int_equal(lathe_registry_check_fields(&plain, lathe_optim_at(i), lathe_optim_at(i)->fields,
                             lathe_optim_at(i)->opts_size),
            LATHE_OK);
    for (int i = 0; lathe_sched_at(i); i++, count++)
        assert_int_equal(lathe_registry_check_fields(&plain, lathe_sched_at(i), lathe_sched_at(i)->fields,
                             lathe_sched_at(i)->opts_size),
            LATHE_OK);
    for (int i = 0; lathe_loss_at(i); i++, count++)
        assert_int_equal(lathe_registry_check_fields(&plain, lathe_loss_at(i), lathe_loss_at(i)->fields,
                             lathe_loss_at(i)->opts_size),
            LATHE_OK);
    for (int i = 0; lathe_metric_at(i); i++, count++)
        assert_int_equal(lathe_registry_check_fields(&plain, lathe_metric_at(i), lathe_metric_at(i)->fields,
                             lathe_metric_at(i)->opts_size),
            LATHE_OK);
    for (int i = 0; lathe_transform_at(i); i++, count++)
        assert_int_equal(lathe_registry_check_fields(&plain, lathe_transform_at(i),
                             lathe_transform_at(i)->fields, lathe_transform_at(i)->opts_size),
            LATHE_OK);
    assert_true(count > 70);
}

/* Each kind's own function refuses what its base could not use. */
static void kinds_refuse_what_they_cannot_use(void **state)
{
    (void)state;
    static const lathe_field without_lr[] = { { .name = "rate" }, { .name = NULL } };
    static const lathe_optim_type no_update = { .name = "mine" };
    static const lathe_sched_type no_rates = { .name = "mine" };
    static const lathe_layer_type no_forward = { .name = "mine" };
    static const lathe_model_type no_build = { .name = "mine" };
    static const lathe_metric_type no_compute = { .name = "mine" };
    static const lathe_loss_type no_use = { .name = "mine" };
    static const lathe_transform_type no_apply = { .name = "mine" };
    static const lathe_data_source no_open = { .name = "mine" };
    static const lathe_logger_type no_close = { .name = "mine" };
    static const lathe_task_type no_metrics = { .name = "mine" };
    lathe_optim_type no_lr = *lathe_optim_find("sgd");
    no_lr.name = "mine";
    no_lr.fields = without_lr;
    assert_int_equal(lathe_optim_register(&no_update), LATHE_EARG);
    assert_failed(LATHE_EARG, "lathe_optim_register: mine: update is NULL");
    assert_int_equal(lathe_optim_register(&no_lr), LATHE_EARG);
    assert_failed(LATHE_EARG, "its fields have no \"lr\"");
    assert_int_equal(lathe_sched_register(&no_rates), LATHE_EARG);
    assert_int_equal(lathe_layer_register(&no_forward), LATHE_EARG);
    assert_int_equal(lathe_model_register(&no_build), LATHE_EARG);
    assert_int_equal(lathe_metric_register(&no_compute), LATHE_EARG);
    assert_int_equal(lathe_loss_register(&no_use), LATHE_EARG);
    assert_int_equal(lathe_transform_register(&no_apply), LATHE_EARG);
    lathe_transform_type no_part = *lathe_transform_find("random_resized_crop");
    no_part.name = "mine";
    no_part.part = NULL;
    assert_int_equal(lathe_transform_register(&no_part), LATHE_EARG);
    assert_failed(LATHE_EARG, "whole, part and size go together");
    assert_int_equal(lathe_data_source_register(&no_open), LATHE_EARG);
    assert_int_equal(lathe_task_register(&no_metrics), LATHE_EARG);
    assert_int_equal(lathe_logger_register(&no_close), LATHE_EARG);
    assert_null(lathe_optim_find("mine"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(added_objects_are_found_behind_the_librarys),
        cmocka_unit_test(names_are_words_and_not_taken),
        cmocka_unit_test(fields_must_describe_the_struct),
        cmocka_unit_test(room_has_an_end),
        cmocka_unit_test(the_librarys_tables_describe_their_structs),
        cmocka_unit_test(kinds_refuse_what_they_cannot_use),
    };
    return cmocka_run_group_tests_name("core.test_registry", tests, NULL, NULL);
}
