/* report/page_charts.c: pages without a run. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "../../report/page_impl.h"
#include "support/folder.h"
#include "support/support.h"

static void ready_charts_are_data(void **state)
{
    (void)state;
    const char *path = test_path("charts.html");
    const double x[] = { 1e-3, 1e-2, (double)NAN }, y[] = { 2, 1.5, 1 };
    const lathe_series line = { .name = "</script>", .x = x, .y = y, .count = 3, .color = 2, .path = true };
    const lathe_chart chart = { .title = "loss", .series = &line, .count = 1, .log_x = true };
    lathe_chart_page page = { "a <b> page", "What is seen.", &chart, 1 };
    assert_int_equal(lathe_report_charts(&page, path), LATHE_OK);
    size_t size;
    char *text = test_bytes(path, &size);
    assert_non_null(strstr(text, "\"kind\":\"charts\""));
    assert_non_null(strstr(text, "\"x\":[0.001,0.01,null],\"y\":[2,1.5,1]"));
    assert_non_null(strstr(text, "\"x_label\":null,\"log_x\":true,\"log_y\":false"));
    assert_non_null(strstr(text, "\"sentences\":[\"What is seen.\"]"));
    assert_non_null(strstr(text, "<title>a &lt;b&gt; page</title>"));
    assert_null(strstr(text, "\"name\":\"</script>"));
    free(text);
    page.chart = NULL;
    assert_int_equal(lathe_report_charts(&page, path), LATHE_EARG);
}

static void a_schedule_has_no_loss(void **state)
{
    (void)state;
    const char *path = test_path("schedule.html");
    const lathe_step_row row[] = { { .step = 0, .lr = 0.1, .momentum = 0.9 },
        { .step = 1, .lr = 0.2, .momentum = 0.8 } };
    assert_int_equal(lathe_report_schedule(row, 2, 0, "cyclic", path), LATHE_OK);
    size_t size;
    char *text = test_bytes(path, &size);
    assert_non_null(strstr(text, "\"kind\":\"preview\""));
    assert_non_null(strstr(text, "\"lr\":[0.1,0.2],\"momentum\":[0.9,0.8]"));
    assert_non_null(strstr(text, "\"per_epoch\":2"));
    free(text);
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
        cmocka_unit_test(ready_charts_are_data),
        cmocka_unit_test(a_schedule_has_no_loss),
    };
    return cmocka_run_group_tests(tests, NULL, remove_folder);
}
