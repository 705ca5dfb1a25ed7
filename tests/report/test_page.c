/* report/page.c: the page holds what it should, escaped, and as little as it may. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "../../report/page_impl.h"
#include "support/support.h"

/* A made-up history of `steps` steps, a hundred an epoch. */
static void fill(lathe_history *history, size_t steps)
{
    static const lathe_task_metric metrics[] = { { "accuracy", "accuracy", false, true }, { .name = NULL } };
    lathe_history_set_metrics(history, metrics);
    for (size_t i = 0; i < steps; i++) {
        lathe_step_row row = { .step = i,
            .epoch = i / 100,
            .lr = 1e-3 * (double)(i % 200),
            .momentum = 0.9,
            .loss = 1 / (1.0 + (double)i) };
        assert_int_equal(lathe_history_add_step(history, &row), LATHE_OK);
        if (i % 100 != 99) continue;
        lathe_epoch_row epoch = { .epoch = i / 100,
            .step = i + 1,
            .train_loss = 1,
            .val_loss = (double)NAN,
            .val = { 0.5 },
            .train = { 0.5 } };
        assert_int_equal(lathe_history_add_epoch(history, &epoch), LATHE_OK);
    }
}

static char *text_of(const lathe_history *history, size_t runs, const char *name)
{
    lathe_page_run run[32];
    for (size_t i = 0; i < runs; i++)
        run[i] = (lathe_page_run){ .history = history,
            .seed = i,
            .steps_per_epoch = 100,
            .folder = "",
            .seconds = (double)NAN,
            .test = { 0.5 },
            .test_loss = (double)NAN };
    lathe_page_group group = { .name = name, .differs = "" };
    char *text = lathe_page_text(&(lathe_page){ .title = name,
        .kind = "run",
        .run = run,
        .runs = runs,
        .group = &group,
        .groups = 1,
        .settings = name });
    assert_non_null(text);
    return text;
}

static size_t count_of(const char *text, const char *part)
{
    size_t count = 0;
    for (const char *at = text; (at = strstr(at, part)); at++) count++;
    return count;
}

static void names_cannot_break_out(void **state)
{
    (void)state;
    lathe_history history = { 0 };
    fill(&history, 200);
    char *plain = text_of(&history, 1, "plain"),
         *evil = text_of(&history, 1, "</script><script>alert(1)</script><!-- \xff & \"quoted\"");
    assert_int_equal(count_of(evil, "<script"), count_of(plain, "<script"));
    assert_int_equal(count_of(evil, "</script"), count_of(plain, "</script"));
    assert_null(strstr(evil, "<!--"));
    assert_null(strchr(evil, '\xff'));
    lathe_free(plain);
    lathe_free(evil);
    lathe_history_free(&history);
}

static void asks_for_nothing(void **state)
{
    (void)state;
    lathe_history history = { 0 };
    char *page = text_of(&history, 1, "empty");
    assert_null(strstr(page, "src=\"http"));
    assert_null(strstr(page, "href=\"http"));
    assert_null(strstr(page, "@import"));
    assert_non_null(strstr(page, "Permission is hereby granted")); /* the charts' licence */
    assert_true(strlen(page) < 500 * 1024);
    lathe_free(page);
}

static void long_runs_are_thinned(void **state)
{
    (void)state;
    lathe_history history = { 0 };
    fill(&history, 100000);
    char *empty = text_of(&(lathe_history){ 0 }, 1, "x"), *one = text_of(&history, 1, "x"),
         *many = text_of(&history, 21, "x");
    assert_true(strlen(one) - strlen(empty) < 500 * 1024);
    assert_true(strlen(many) - strlen(empty) < 2000 * 1024);
    assert_non_null(strstr(one, "\"stride\":17,"));
    lathe_free(empty);
    lathe_free(one);
    lathe_free(many);
    lathe_history_free(&history);
}

static void the_same_run_gives_the_same_bytes(void **state)
{
    (void)state;
    lathe_history history = { 0 };
    fill(&history, 300);
    char *first = text_of(&history, 3, "x"), *second = text_of(&history, 3, "x");
    assert_string_equal(first, second);
    assert_int_equal(count_of(first, "\"lr\":["), 1); /* seeds share their rates */
    assert_non_null(strstr(first, "\"val_loss\":[null,null,null]"));
    lathe_free(first);
    lathe_free(second);
    lathe_history_free(&history);
}

static void pictures_are_png(void **state)
{
    (void)state;
    const uint8_t pixels[] = { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12 };
    lathe_text text = { 0 };
    assert_int_equal(lathe_report_png(&text, pixels, 3, 2, 2), LATHE_OK);
    char *uri = lathe_text_take(&text);
    assert_memory_equal(uri, "\"data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAIAAAACCAIAAAD91JpzAAA", 70);
    lathe_free(uri);
    assert_int_equal(lathe_report_png(&text, pixels, 2, 2, 2), LATHE_EARG);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_cannot_break_out),
        cmocka_unit_test(asks_for_nothing),
        cmocka_unit_test(long_runs_are_thinned),
        cmocka_unit_test(the_same_run_gives_the_same_bytes),
        cmocka_unit_test(pictures_are_png),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
