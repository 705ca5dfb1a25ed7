#include "support/support.h"

enum { COUNT = 100 };

static int closed;
static lathe_dataset_type counted; /* of data in memory, with a close that counts */
static void (*close_memory)(lathe_dataset *data);

static void close_counted(lathe_dataset *data)
{
    closed++;
    close_memory(data);
}

static lathe_dataset *counted_data(void)
{
    static const uint8_t pixels[COUNT * 4];
    static const int labels[COUNT];
    lathe_dataset *data = lathe_data_memory(pixels, labels,
        &(lathe_memory_opts){ .count = COUNT, .channels = 1, .height = 2, .width = 2, .classes = 3 });
    assert_non_null(data);
    counted = *data->type;
    close_memory = counted.close;
    counted.close = close_counted;
    data->type = &counted;
    closed = 0;
    return data;
}

/* Data freed before its loaders: a failure, and the loaders go on. The last of them frees the data. */
static void data_waits_for_its_loaders(void **state)
{
    (void)state;
    for (int workers = 0; workers < 3; workers++) {
        lathe_dataset *data = counted_data();
        lathe_loader_opts opts = { .batch_size = 10, .workers = workers };
        lathe_loader *loader = lathe_loader_new(data, &opts), *other = lathe_loader_new(data, &opts);
        lathe_batch batch;
        assert_true(lathe_loader_next(loader, &batch));
        lathe_data_free(data);
        assert_failed(LATHE_ESTATE, "lathe_data_free: memory still has readers: 2 (loaders and subsets)");
        lathe_error_clear();
        for (int i = 1; i < 10; i++) assert_true(lathe_loader_next(loader, &batch));
        assert_false(lathe_loader_next(loader, &batch));
        assert_int_equal(lathe_loader_status(loader), LATHE_OK);
        lathe_loader_free(loader);
        assert_int_equal(closed, 0);
        assert_true(lathe_loader_next(other, &batch));
        lathe_loader_free(other);
        assert_int_equal(closed, 1);
        assert_int_equal(lathe_error(), LATHE_OK);
    }
}

/* A loader of a subset of the data holds all of it, in any order of freeing. */
static void data_waits_for_its_subsets(void **state)
{
    (void)state;
    static const size_t indices[] = { 5, 50, 99 };
    lathe_dataset *data = counted_data(), *part = lathe_data_subset(data, indices, 3);
    lathe_loader *loader = lathe_loader_new(part, NULL);
    assert_non_null(loader);
    lathe_data_free(data);
    assert_failed(LATHE_ESTATE, "lathe_data_free: memory still has readers: 1");
    lathe_data_free(part);
    assert_failed(LATHE_ESTATE, "lathe_data_free: memory still has readers: 1");
    lathe_batch batch;
    assert_true(lathe_loader_next(loader, &batch) && batch.size == 3);
    assert_int_equal(closed, 0);
    lathe_loader_free(loader);
    assert_int_equal(closed, 1);
    lathe_error_clear();
}

/* In the right order nothing fails; neither do a loader or a subset that could not be made keep the data. */
static void the_right_order_is_no_failure(void **state)
{
    (void)state;
    lathe_dataset *data = counted_data();
    assert_null(lathe_loader_new(data, &(lathe_loader_opts){ .balanced = true, .weights = (double[]){ 1 } }));
    assert_null(lathe_data_subset(data, (size_t[]){ COUNT }, 1));
    for (size_t nth = 1; nth < 8; nth++) {
        lathe_alloc_fail_at(nth, false);
        lathe_loader *loader = lathe_loader_new(data, &(lathe_loader_opts){ .shuffle = true });
        lathe_dataset *part = lathe_data_subset(data, (size_t[]){ 7 }, 1);
        lathe_alloc_fail_at(0, false);
        lathe_data_free(part);
        lathe_loader_free(loader);
    }
    lathe_error_clear();
    lathe_data_free(data);
    assert_int_equal(lathe_error(), LATHE_OK);
    assert_int_equal(closed, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(data_waits_for_its_loaders),
        cmocka_unit_test(data_waits_for_its_subsets),
        cmocka_unit_test(the_right_order_is_no_failure),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
