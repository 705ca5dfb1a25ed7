/* Metrics from text: each type, each of its options, and what is wrong with others. */
#include "support/support.h"

#include <math.h>
#include <string.h>

/* Every metric can be made by its name, and so can it with every option at a value that is not the default.
 */
static void every_option_of_every_metric(void **state)
{
    (void)state;
    for (int i = 0; lathe_metric_at(i); i++) {
        const lathe_metric_type *type = lathe_metric_at(i);
        lathe_metric *metric = lathe_metric_from_text(type->name, 3);
        if (!metric) fail_msg("%s: %s", type->name, lathe_error_message());
        assert_ptr_equal(lathe_metric_type_of(metric), type);
        lathe_metric_free(metric);
        for (const lathe_field *field = type->fields; field->name; field++) {
            char text[LATHE_METRIC_TEXT], value[LATHE_FIELD_TEXT];
            const char *wanted = field->kind == LATHE_FIELD_CHOICE ? field->choices[1] :
                field->kind == LATHE_FIELD_BOOL                    ? "true" :
                                                                     "1";
            snprintf(text, sizeof text, "%s:%s=%s", type->name, field->name, wanted);
            metric = lathe_metric_from_text(text, 3);
            if (!metric) fail_msg("%s: %s", text, lathe_error_message());
            assert_string_equal(lathe_field_text(field, lathe_metric_opts(metric), value), wanted);
            lathe_metric_free(metric);
        }
    }
}

/* Scores that rank the label first, second and third of three. */
static void options_count(void **state)
{
    (void)state;
    static const lathe_real scores[9] = { 3, 2, 1, 3, 2, 1, 3, 2, 1 };
    static const struct {
        const char *text;
        double value;
    } cases[] = { { "accuracy", 1. / 3 }, { "accuracy:k=2", 2. / 3 }, { "accuracy:k=3", 1 },
        { "accuracy:k=2:average=macro", 2. / 3 }, { "hamming-distance", 2. / 3 },
        { "recall:average=micro", 1. / 3 }, { "precision:zero_division=1", 7. / 9 },
        { "fbeta:beta=2:average=micro", 1. / 3 } };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        lathe_metric *metric = lathe_metric_from_text(cases[i].text, 3);
        if (!metric) fail_msg("%s: %s", cases[i].text, lathe_error_message());
        assert_int_equal(lathe_metric_update(metric, scores, (int[]){ 0, 1, 2 }, 3), LATHE_OK);
        if (fabs(lathe_metric_compute(metric) - cases[i].value) > 1e-15)
            fail_msg("%s is %.17g, expected %.17g", cases[i].text, lathe_metric_compute(metric),
                cases[i].value);
        lathe_metric_free(metric);
    }
}

static void mistakes_are_named(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        lathe_status status;
        const char *message;
    } cases[] = {
        { "acuracy", LATHE_ENAME, "unknown metric 'acuracy'; did you mean accuracy?" },
        { "", LATHE_ENAME, "unknown metric ''" },
        { "accuracy:beta=2", LATHE_ENAME, "beta" },
        { "accuracy:5", LATHE_EARG, "accuracy: '5' is not an option with a value; write NAME=VALUE" },
        { "accuracy:k=4", LATHE_EARG, "k" },
        { "fbeta:beta=-1", LATHE_EARG, "fbeta: beta = -1 is not legal" },
        { "fbeta:average=mean", LATHE_EARG, "macro | micro | weighted" },
        { NULL, LATHE_EARG, "text is NULL" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_null(lathe_metric_from_text(cases[i].text, 3));
        assert_failed(cases[i].status, cases[i].message);
    }
    char text[2 * LATHE_METRIC_TEXT];
    memset(text, 'x', sizeof text);
    text[sizeof text - 1] = '\0';
    assert_null(lathe_metric_from_text(text, 3));
    assert_failed(LATHE_EARG, "longer than a metric can be");
}

static void every_allocation_may_fail(void **state)
{
    (void)state;
    for (size_t nth = 1;; nth++) {
        lathe_alloc_fail_at(nth, false);
        lathe_metric *metric = lathe_metric_from_text("fbeta:beta=2", 3);
        lathe_alloc_fail_at(0, false);
        lathe_metric_free(metric);
        if (metric) break;
        assert_failed(LATHE_ENOMEM, "");
        assert_true(nth < 100);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_option_of_every_metric),
        cmocka_unit_test(options_count),
        cmocka_unit_test(mistakes_are_named),
        cmocka_unit_test(every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
