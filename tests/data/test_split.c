#include "support/support.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define COUNT 1003

/* One-pixel pictures whose pixel is the low byte of their number; classes of very different sizes. */
static lathe_dataset *numbered(void)
{
    uint8_t pixels[COUNT];
    int labels[COUNT];
    for (int i = 0; i < COUNT; i++) {
        pixels[i] = (uint8_t)i;
        labels[i] = i % 7 == 0 ? 2 : i % 3 == 0 ? 1 : 0;
    }
    lathe_dataset *data = lathe_data_memory(pixels, labels,
        &(lathe_memory_opts){ .count = COUNT, .channels = 1, .height = 1, .width = 1, .classes = 3 });
    assert_non_null(data);
    return data;
}

/* Number of times each sample of `data` occurs in `part`, told by label and pixel, which no two within 256
 * share. */
static void mark(const lathe_dataset *part, int counts[256])
{
    for (size_t i = 0; i < part->count; i++) {
        lathe_sample sample;
        uint8_t scratch[1];
        assert_int_equal(lathe_data_read(part, i, scratch, &sample), LATHE_OK);
        assert_int_equal(sample.label, part->labels[i]);
        counts[sample.pixels[0]]++;
    }
}

static void the_parts_share_nothing_and_miss_nothing(void **state)
{
    (void)state;
    lathe_dataset *data = numbered(), *rest, *held;
    static const double fractions[] = { 0.001, 0.1, 0.25, 0.5, 0.9, 0.999 };
    for (size_t f = 0; f < sizeof fractions / sizeof fractions[0]; f++)
        for (int plain = 0; plain < 2; plain++) {
            lathe_split_opts opts = { .fraction = fractions[f], .no_stratify = plain, .seed = f };
            assert_int_equal(lathe_data_split(data, &opts, &rest, &held), LATHE_OK);
            assert_int_equal(held->count, (size_t)floor(fractions[f] * COUNT + 0.5));
            assert_int_equal(rest->count + held->count, COUNT);
            int counts[256] = { 0 }, whole[256] = { 0 };
            mark(rest, counts);
            mark(held, counts);
            mark(data, whole);
            assert_memory_equal(counts, whole, sizeof counts);
            lathe_data_free(rest);
            lathe_data_free(held);
        }
    lathe_data_free(data);
}

static void stratified_means_each_class_in_proportion(void **state)
{
    (void)state;
    lathe_dataset *data = numbered(), *rest, *held;
    for (uint64_t seed = 0; seed < 20; seed++) {
        assert_int_equal(lathe_data_split(data, &(lathe_split_opts){ .fraction = 0.15, .seed = seed }, &rest,
                             &held),
            LATHE_OK);
        for (int class = 0; class < 3; class ++) {
            int all = 0, out = 0;
            for (size_t i = 0; i < data->count; i++) all += data->labels[i] == class;
            for (size_t i = 0; i < held->count; i++) out += held->labels[i] == class;
            assert_true(fabs(out - 0.15 * all) < 1);
        }
        lathe_data_free(rest);
        lathe_data_free(held);
    }
    lathe_data_free(data);
}

static void the_seed_decides(void **state)
{
    (void)state;
    lathe_dataset *data = numbered(), *rest[3], *held[3];
    for (int i = 0; i < 3; i++)
        assert_int_equal(lathe_data_split(data, &(lathe_split_opts){ .seed = i == 2 ? 8 : 7 }, &rest[i],
                             &held[i]),
            LATHE_OK);
    int counts[3][256] = { { 0 } };
    for (int i = 0; i < 3; i++) mark(held[i], counts[i]);
    assert_memory_equal(counts[0], counts[1], sizeof counts[0]);
    assert_memory_not_equal(counts[0], counts[2], sizeof counts[0]);
    for (int i = 0; i < 3; i++) lathe_data_free(rest[i]), lathe_data_free(held[i]);
    lathe_data_free(data);
}

static void folds_cover_everything_once(void **state)
{
    (void)state;
    lathe_dataset *data = numbered(), *rest, *held;
    for (int plain = 0; plain < 2; plain++) {
        int counts[256] = { 0 }, whole[256] = { 0 };
        for (int fold = 0; fold < 5; fold++) {
            lathe_split_opts opts = { .folds = 5, .fold = fold, .no_stratify = plain, .seed = 3 };
            assert_int_equal(lathe_data_split(data, &opts, &rest, &held), LATHE_OK);
            assert_in_range(held->count, COUNT / 5, COUNT / 5 + 1);
            int thirds = 0;
            for (size_t i = 0; i < held->count; i++) thirds += held->labels[i] == 2;
            if (!plain) assert_in_range(thirds, 144 / 5, 144 / 5 + 1);
            mark(held, counts);
            lathe_data_free(rest);
            lathe_data_free(held);
        }
        mark(data, whole);
        assert_memory_equal(counts, whole, sizeof counts);
    }
    lathe_data_free(data);
}

static void groups_stay_together(void **state)
{
    (void)state;
    enum { GROUPS = 40, EACH = 5 };
    uint8_t pixels[GROUPS * EACH];
    int labels[GROUPS * EACH], groups[GROUPS * EACH];
    for (int i = 0; i < GROUPS * EACH; i++) {
        pixels[i] = (uint8_t)i;
        labels[i] = 0;
        groups[i] = 1000 - 37 * (i % GROUPS); /* numbers of any kind, scattered */
    }
    lathe_dataset *rest, *held,
        *data = lathe_data_memory(pixels, labels,
            &(lathe_memory_opts){ .count = GROUPS * EACH, .channels = 1, .height = 1, .width = 1 });
    int counts[256] = { 0 };
    for (int fold = -1; fold < 4; fold++) { /* -1: by fraction */
        lathe_split_opts opts = { .groups = groups,
            .seed = 9,
            .fraction = fold < 0 ? 0.2 : 0,
            .folds = fold < 0 ? 0 : 4,
            .fold = fold < 0 ? 0 : fold };
        assert_int_equal(lathe_data_split(data, &opts, &rest, &held), LATHE_OK);
        assert_int_equal(held->count, fold < 0 ? 40 : 50);
        int seen[256] = { 0 };
        mark(held, seen);
        if (fold >= 0) mark(held, counts);
        for (int i = 0; i < GROUPS * EACH; i++) assert_int_equal(seen[i], seen[i % GROUPS]);
        lathe_data_free(rest);
        lathe_data_free(held);
    }
    for (int i = 0; i < GROUPS * EACH; i++) assert_int_equal(counts[i], 1);
    lathe_data_free(data);
}

static void a_subset_of_a_subset_reads_through(void **state)
{
    (void)state;
    lathe_dataset *data = numbered();
    lathe_dataset *a = lathe_data_subset(data, (size_t[]){ 5, 200, 7, 7 }, 4);
    lathe_dataset *b = lathe_data_subset(a, (size_t[]){ 3, 1 }, 2);
    lathe_sample sample;
    assert_int_equal(lathe_data_read(b, 0, NULL, &sample), LATHE_OK);
    assert_int_equal(sample.pixels[0], 7);
    assert_int_equal(b->labels[0], 2);
    assert_int_equal(lathe_data_read(b, 1, NULL, &sample), LATHE_OK);
    assert_int_equal(sample.pixels[0], 200);
    assert_int_equal(b->classes, 3);
    assert_int_equal(lathe_data_read(b, 2, NULL, &sample), LATHE_EARG);
    assert_failed(LATHE_EARG, "sample 2 of memory, which has 2");
    lathe_data_free(b);
    lathe_data_free(a);
    lathe_data_free(data);
}

static void wrong_arguments_are_refused(void **state)
{
    (void)state;
    lathe_dataset *data = numbered(), *rest, *held;
    static const struct {
        lathe_split_opts opts;
        const char *message;
    } wrong[] = {
        { { .fraction = 1 }, "fraction is 1" },
        { { .fraction = -0.1 }, "fraction is -0.1" },
        { { .fraction = NAN }, "fraction is nan" },
        { { .fraction = 1e-9 }, "to hold out" },
        { { .fraction = 1 - 1e-9 }, "to train with" },
        { { .folds = 1 }, "1 folds" },
        { { .folds = -2 }, "-2 folds" },
        { { .folds = 2000 }, "2000 folds" },
        { { .folds = 5, .fold = 5 }, "fold 5 of 5" },
        { { .folds = 5, .fold = -1 }, "fold -1 of 5" },
        { { .fold = 1 }, "0 folds" },
        { { .folds = 5, .fraction = 0.5 }, "both folds" },
    };
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        assert_int_equal(lathe_data_split(data, &wrong[i].opts, &rest, &held), LATHE_EARG);
        assert_failed(LATHE_EARG, wrong[i].message);
        assert_null(rest);
        assert_null(held);
    }
    assert_int_equal(lathe_data_split(NULL, NULL, &rest, &held), LATHE_EARG);
    assert_failed(LATHE_EARG, "lathe_data_split: data is NULL");
    assert_null(lathe_data_subset(data, (size_t[]){ COUNT }, 1));
    assert_failed(LATHE_EARG, "sample 1003 of memory");
    assert_null(lathe_data_subset(data, NULL, 1));
    assert_failed(LATHE_EARG, "lathe_data_subset: indices is NULL");
    assert_null(lathe_data_subset(data, (size_t[]){ 0 }, 0));
    assert_failed(LATHE_EARG, "no samples");
    lathe_data_free(data);
}

static void memory_may_run_out_anywhere(void **state)
{
    (void)state;
    lathe_dataset *data = numbered(), *rest, *held;
    int groups[COUNT] = { 0, 1, 2 };
    for (int grouped = 0; grouped < 2; grouped++) {
        lathe_split_opts opts = { .groups = grouped ? groups : NULL, .fraction = 0.01 };
        size_t nth = 1;
        for (;; nth++) {
            lathe_alloc_fail_at(nth, false);
            lathe_status status = lathe_data_split(data, &opts, &rest, &held);
            lathe_alloc_fail_at(0, false);
            if (!status) break;
            assert_int_equal(status, LATHE_ENOMEM);
            assert_null(rest);
            assert_null(held);
        }
        assert_true(nth > 8);
        lathe_data_free(rest);
        lathe_data_free(held);
    }
    lathe_data_free(data);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_parts_share_nothing_and_miss_nothing),
        cmocka_unit_test(stratified_means_each_class_in_proportion),
        cmocka_unit_test(the_seed_decides),
        cmocka_unit_test(folds_cover_everything_once),
        cmocka_unit_test(groups_stay_together),
        cmocka_unit_test(a_subset_of_a_subset_reads_through),
        cmocka_unit_test(wrong_arguments_are_refused),
        cmocka_unit_test(memory_may_run_out_anywhere),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
