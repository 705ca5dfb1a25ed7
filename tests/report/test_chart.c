#include "support/support.h"

#include <math.h>
#include <string.h>

static char *drawn(const lathe_chart *chart)
{
    lathe_text text = { 0 };
    lathe_chart_svg(&text, chart);
    char *svg = lathe_text_take(&text);
    assert_non_null(svg);
    return svg;
}

static int count_of(const char *text, const char *part)
{
    int count = 0;
    while ((text = strstr(text, part))) text += strlen(part), count++;
    return count;
}

/* x 0 ... 10 and y 0 ... 1 on 720 x 260: the range of y is widened by 4 % on both sides. */
static void points_lie_where_they_should(void **state)
{
    (void)state;
    const double x[] = { 0, 5, 10 }, y[] = { 0, 1, 0 };
    lathe_series series = { .name = "a<b", .x = x, .y = y, .count = 3 };
    char *svg = drawn(&(lathe_chart){ .title = "t & u", .x_label = "step", .series = &series, .count = 1 });
    assert_non_null(strstr(svg, "d=\"M64 213.1L384 40.9L704 213.1\""));
    assert_non_null(strstr(svg, "data-left=\"64\" data-right=\"704\" data-min=\"0\" data-max=\"10\""));
    assert_non_null(strstr(svg, "a&lt;b"));
    assert_non_null(strstr(svg, "t &amp; u"));
    assert_null(strstr(svg, "a<b"));
    lathe_free(svg);
}

/* A tick is "1000" and "500000", not "1e+03". */
static void ticks_have_no_exponent(void **state)
{
    (void)state;
    const double x[] = { 0, 4000 }, y[] = { 0, 800000 };
    lathe_series series = { .x = x, .y = y, .count = 2 };
    char *svg = drawn(&(lathe_chart){ .series = &series, .count = 1 });
    assert_non_null(strstr(svg, ">1000</text>"));
    assert_non_null(strstr(svg, ">200000</text>"));
    assert_null(strstr(svg, "e+"));
    lathe_free(svg);
    char text[32];
    static const double number[] = { 1000, 12345.6, 1e9, -2000, 0.25, 1e-5, 3e12 };
    static const char *const want[] = { "1000", "12300", "1000000000", "-2000", "0.25", "1e-05", "3e+12" };
    for (int i = 0; i < 7; i++) assert_string_equal(lathe_double_tick(number[i], 3, text), want[i]);
}

static void gaps_and_spikes_are_kept(void **state)
{
    (void)state;
    enum { N = 100000 };
    static double x[N], y[N];
    for (int i = 0; i < N; i++) x[i] = i, y[i] = 0.5;
    y[50000] = 9;
    y[70000] = NAN;
    lathe_series series = { .x = x, .y = y, .count = N };
    char *svg = drawn(&(lathe_chart){ .series = &series, .count = 1 });
    assert_true(strlen(svg) < 60000);
    assert_non_null(strstr(svg, " 40.")); /* the spike, near the top */
    const char *path = strstr(svg, "class=\"line\"");
    assert_non_null(path);
    assert_int_equal(count_of(path, "M"), 2); /* one line before the gap, one after it */
    lathe_free(svg);
}

/* A way on a map goes back and forth over the same columns; as a line their points would be sorted into
 * lowest and highest. */
static void a_path_keeps_every_point(void **state)
{
    (void)state;
    const double x[] = { 0, 10, 5, 5, 5, 5, 5, 0 }, y[] = { 0, 1, 0.5, 0.4, 0.6, 0.5, 0.7, 1 };
    lathe_series series = { .x = x, .y = y, .count = 8, .path = true };
    char *svg = drawn(&(lathe_chart){ .series = &series, .count = 1 });
    assert_int_equal(count_of(strstr(svg, "class=\"line\""), "L"), 7);
    lathe_free(svg);
    series.path = false;
    svg = drawn(&(lathe_chart){ .series = &series, .count = 1 });
    assert_true(count_of(strstr(svg, "class=\"line\""), "L") < 7);
    lathe_free(svg);
}

static void odd_data_draw_something(void **state)
{
    (void)state;
    const double zero = 0, one = 1, huge = 1e300, x[] = { 1, 2, 3 }, positive[] = { 1e-5, 1e-3, 1 };
    const lathe_series odd[] = {
        { .x = &zero, .y = &zero, .count = 1, .dots = true },
        { .x = &one, .y = &huge, .count = 1 },
        { .count = 0 },
        { .x = x, .y = positive, .count = 3, .color = 99 },
    };
    for (size_t i = 0; i < sizeof odd / sizeof odd[0]; i++)
        for (int log = 0; log < 4; log++) {
            char *svg =
                drawn(&(lathe_chart){ .series = &odd[i], .count = 1, .log_x = log & 2, .log_y = log & 1 });
            assert_null(strstr(svg, "nan"));
            assert_null(strstr(svg, "inf"));
            assert_non_null(strstr(svg, "</svg>"));
            lathe_free(svg);
        }
}

static void a_logarithmic_axis_has_powers_of_ten(void **state)
{
    (void)state;
    const double x[] = { 0, 1, 2 }, y[] = { 1e-4, 1e-2, 1 };
    lathe_series series = { .x = x, .y = y, .count = 3 };
    char *svg = drawn(&(lathe_chart){ .series = &series, .count = 1, .log_y = true });
    assert_non_null(strstr(svg, ">0.01<"));
    assert_non_null(strstr(svg, ">0.0001<"));
    lathe_free(svg);
    series = (lathe_series){ .x = y, .y = x, .count = 3 };
    svg = drawn(&(lathe_chart){ .series = &series, .count = 1, .log_x = true });
    assert_non_null(strstr(svg, ">0.001<"));
    assert_non_null(strstr(svg, "data-min=\"-4\""));
    assert_null(strstr(svg, ">0.2<"));
    lathe_free(svg);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(points_lie_where_they_should),
        cmocka_unit_test(ticks_have_no_exponent),
        cmocka_unit_test(gaps_and_spikes_are_kept),
        cmocka_unit_test(a_path_keeps_every_point),
        cmocka_unit_test(odd_data_draw_something),
        cmocka_unit_test(a_logarithmic_axis_has_powers_of_ten),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
