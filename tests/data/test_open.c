#include "support/support.h"

#include <string.h>

static void sets_are_found_by_name(void **state)
{
    (void)state;
    lathe_dataset *grey = lathe_data_open("shapes", LATHE_SPLIT_TEST, NULL);
    assert_non_null(grey);
    assert_int_equal(grey->channels, 1);
    assert_int_equal(grey->count, 2000);
    lathe_data_free(grey);
    static const char *const colour[] = { "shapes:colour", "shapes:color" };
    for (int i = 0; i < 2; i++) {
        lathe_dataset *data = lathe_data_open(colour[i], LATHE_SPLIT_TEST, &(lathe_data_opts){ .size = 20 });
        assert_non_null(data);
        assert_int_equal(data->channels, 3);
        assert_int_equal(data->width, 20);
        lathe_data_free(data);
    }
    lathe_dataset *data = lathe_data_open("shapes:", LATHE_SPLIT_TRAIN, &(lathe_data_opts){ .channels = 3 });
    assert_non_null(data);
    assert_int_equal(data->channels, 3);
    lathe_data_free(data);
}

static void each_name_is_known_once(void **state)
{
    (void)state;
    int count = 0;
    for (const lathe_data_source *source; (source = lathe_data_source_at(count)); count++) {
        assert_non_null(source->open);
        assert_true(strlen(source->help) > 10);
        for (int i = 0; i < count; i++) assert_string_not_equal(lathe_data_source_at(i)->name, source->name);
    }
    assert_true(count >= 3);
    assert_null(lathe_data_source_at(-1));
}

static void what_cannot_be_opened_is_said(void **state)
{
    (void)state;
    static const struct {
        const char *spec;
        lathe_data_opts opts;
        lathe_status status;
        const char *message;
    } wrong[] = {
        { "fashion_mnits", { 0 }, LATHE_ENAME,
            "unknown data set 'fashion_mnits'; did you mean fashion-mnist?" },
        { "", { 0 }, LATHE_ENAME, "shapes" },
        { ":x", { 0 }, LATHE_ENAME, "shapes" },
        { "nothing-like-it:x", { 0 }, LATHE_ENAME, "mnist" },
        { "shapes:blue", { 0 }, LATHE_EARG, "shapes: 'blue' is not one of grey, colour, objects" },
        { "shapes:grey", { .channels = 3 }, LATHE_EARG, "1 channels, 3 were asked for" },
        { "shapes", { .size = 4 }, LATHE_EARG, "size is 4" },
        { "mnist:/nowhere", { 0 }, LATHE_EIO, "/nowhere/train-images-idx3-ubyte.gz" },
        { "mnist:/nowhere", { .size = 32 }, LATHE_EARG, "pictures are 28 x 28, size 32" },
        { "fashion-mnist", { .channels = 3 }, LATHE_EARG, "1 channels, 3 were asked for" },
    };
    assert_ptr_equal(lathe_data_source_find("fashion_mnist"), lathe_data_source_find("fashion-mnist"));
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        assert_null(lathe_data_open(wrong[i].spec, LATHE_SPLIT_TRAIN, &wrong[i].opts));
        assert_failed(wrong[i].status, wrong[i].message);
    }
    assert_null(lathe_data_open(NULL, LATHE_SPLIT_TRAIN, NULL));
    assert_failed(LATHE_EARG, "lathe_data_open: spec is NULL");
    assert_null(lathe_data_open("shapes", (lathe_split)-1, NULL));
    assert_failed(LATHE_EARG, "split -1");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sets_are_found_by_name),
        cmocka_unit_test(each_name_is_known_once),
        cmocka_unit_test(what_cannot_be_opened_is_said),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
