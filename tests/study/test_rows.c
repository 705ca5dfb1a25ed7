/* study/rows.c, study/curves.c: results and curves that are kept in tables. */
#include "support/tiny.h"

#include <math.h>
#include <string.h>

static const tiny_pair two_epochs[] = { { "epochs", "2" }, { NULL, NULL } };

/* A comparison of variants whose names need quotes, in the test's folder `out`. */
static lathe_compare *plan(const char *out, int seeds)
{
    static const char text[] = "[a, first]\nlr = 0.01\n[b \"quoted\"]\nlr = 0.02\nsched = cosine\n";
    test_write(test_path("runs.ini"), text, strlen(text));
    lathe_settings settings = tiny_settings(out, two_epochs);
    lathe_compare *compare = lathe_compare_new(&settings,
        &(lathe_compare_opts){ .runs_file = test_path("runs.ini"), .seeds = seeds });
    if (!compare || lathe_compare_open(compare)) fail_msg("%s", lathe_error_message());
    return compare;
}

static void train(lathe_compare *compare, int most)
{
    for (size_t i; most-- && lathe_compare_next(compare, 1, &i);) {
        lathe_run *run = lathe_compare_begin(compare, i, NULL);
        if (!run || lathe_run_train(run) || lathe_compare_end(compare, i, run))
            fail_msg("%s", lathe_error_message());
        lathe_run_free(run);
    }
}

static void good(lathe_status status)
{
    if (status) fail_msg("%s", lathe_error_message());
}

/* Three of four runs are kept; another folder takes them and misses one. */
static void results_are_taken_from_the_table(void **state)
{
    (void)state;
    lathe_compare *c = plan("rows", 2);
    good(lathe_compare_write_rows(c, test_path("rows.csv")));
    assert_false(lathe_file_exists(test_path("rows.csv"))); /* no run has ended */
    train(c, 3);
    good(lathe_compare_write_rows(c, test_path("rows.csv")));
    lathe_compare *other = plan("other", 2);
    good(lathe_compare_read_rows(other, test_path("rows.csv")));
    size_t next;
    assert_int_equal(lathe_compare_next(other, 1, &next), 1);
    assert_int_equal(next, 3);
    for (size_t i = 0; i < 3; i++) {
        const lathe_compare_result *a = &c->run[i].result, *b = &other->run[i].result;
        assert_int_equal(b->end, LATHE_RUN_COMPLETE);
        assert_true(a->steps == b->steps && a->best_epoch == b->best_epoch);
        assert_true(fabs(a->test_accuracy - b->test_accuracy) < 1e-5);
        assert_true(fabs(a->train_loss / b->train_loss - 1) < 1e-5);
        assert_true(isnan(a->minima_accuracy) && isnan(b->minima_accuracy));
    }
    lathe_compare_free(other);
    lathe_compare_free(c);
}

/* A plan with fewer seeds leaves the others' rows in the table, byte by byte. */
static void rows_that_are_not_planned_stay(void **state)
{
    (void)state;
    size_t size;
    char *before = lathe_file_read(test_path("rows.csv"), 1 << 20, &size);
    lathe_compare *c = plan("fewer", 1);
    good(lathe_compare_read_rows(c, test_path("rows.csv")));
    good(lathe_compare_write_rows(c, test_path("fewer.csv")));
    char *fewer = lathe_file_read(test_path("fewer.csv"), 1 << 20, &size);
    assert_null(strstr(fewer, "\"a, first\",2,"));
    good(lathe_compare_write_rows(c, test_path("rows.csv")));
    char *after = lathe_file_read(test_path("rows.csv"), 1 << 20, &size);
    assert_int_equal(strlen(after), strlen(before));
    assert_non_null(strstr(after, "\"a, first\",2,complete,20,"));
    assert_non_null(strstr(after, "\"b \"\"quoted\"\"\",1,complete,20,"));
    lathe_free(before);
    lathe_free(fewer);
    lathe_free(after);
    lathe_compare_free(c);
}

static void bad_tables_are_refused(void **state)
{
    (void)state;
    static const char *const texts[] = { "variant,seed,end\n\"a, first\",1,over\n", "variant,seed\n1\n" };
    lathe_compare *c = plan("bad", 1);
    for (size_t i = 0; i < 2; i++) {
        test_write(test_path("bad.csv"), texts[i], strlen(texts[i]));
        assert_int_equal(lathe_compare_read_rows(c, test_path("bad.csv")), LATHE_EFORMAT);
        assert_non_null(strstr(lathe_error_message(), "bad.csv:2: "));
        lathe_error_clear();
    }
    lathe_compare_free(c);
}

static void assert_same_curve(const lathe_curve *a, const lathe_curve *b)
{
    assert_int_equal(a->points, b->points);
    assert_int_equal(a->rates, b->rates);
    for (int i = 0; i < a->points; i++)
        assert_true(fabs(a->epoch[i] - b->epoch[i]) < 1e-4 && fabs(a->value[i] - b->value[i]) < 1e-3);
    for (int i = 0; i < a->rates; i++) assert_true(fabs(a->rate[i] - b->rate[i]) < 1e-5);
}

/* The curves of folders, and the same from the table, where seed 2 shares the rates of seed 1. */
static void curves_come_from_folders_and_tables(void **state)
{
    (void)state;
    lathe_compare *c = plan("rows", 2), *other = plan("other", 2);
    train(c, 4);
    good(lathe_compare_write_rows(c, test_path("rows.csv")));
    good(lathe_compare_read_rows(other, test_path("rows.csv")));
    for (int loss = 0; loss < 2; loss++) {
        const char *what = loss ? "loss" : "val_accuracy";
        lathe_curve *curve = lathe_curves_of(c, what, NULL);
        assert_non_null(curve);
        assert_int_equal(curve[0].points, loss ? 20 : 2);
        assert_int_equal(curve[0].rates, 2);                    /* a constant rate is one line */
        assert_true(curve[2].rates > 4 && curve[2].rates < 20); /* half a cosine */
        assert_true(curve[0].rate[0] == 0.01 && curve[2].rate[0] == 0.02);
        assert_true(curve[0].epoch[loss ? 19 : 1] == 2 && curve[2].rate_epoch[curve[2].rates - 1] == 1.9);
        assert_true(loss || curve[1].value[0] != curve[0].value[0]);
        good(lathe_curves_write(c, curve, what, test_path("curves.csv")));
        lathe_curve *kept = lathe_curves_of(other, what, test_path("curves.csv"));
        assert_non_null(kept);
        for (size_t i = 0; i < 4; i++) assert_same_curve(&curve[i], &kept[i]);
        lathe_free(kept);
        kept = lathe_curves_of(other, "val_loss", test_path("curves.csv"));
        assert_true(kept && kept[0].points == 0); /* not in this table */
        lathe_free(kept);
        lathe_free(curve);
    }
    assert_null(lathe_curves_of(c, "val_acuracy", NULL));
    assert_int_equal(lathe_error(), LATHE_ENAME);
    lathe_error_clear();
    lathe_compare_free(c);
    lathe_compare_free(other);
}

static int remove_folder(void **state)
{
    (void)state;
    test_folder_remove();
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(results_are_taken_from_the_table),
        cmocka_unit_test(rows_that_are_not_planned_stay),
        cmocka_unit_test(bad_tables_are_refused),
        cmocka_unit_test(curves_come_from_folders_and_tables),
    };
    test_folder_in_memory();
    return cmocka_run_group_tests(tests, NULL, remove_folder);
}
