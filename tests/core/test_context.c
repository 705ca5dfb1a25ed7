#include "support/support.h"

static void isa_is_the_one_asked_for(void **state)
{
    (void)state;
    lathe_context *base = lathe_context_new(&(lathe_context_opts){ .threads = 1, .isa = "base" });
    assert_non_null(base);
    assert_string_equal(lathe_context_isa(base), "base");
    lathe_context_free(base);
    assert_string_equal(lathe_context_isa(NULL), lathe_context_isa(lathe_context_default()));
    assert_string_equal(lathe_context_isa(NULL), lathe_isa());
}

static void refuses_what_is_not_there(void **state)
{
    (void)state;
    assert_null(lathe_context_new(&(lathe_context_opts){ .isa = "mmx" }));
    assert_failed(LATHE_ENAME, "unknown isa 'mmx'");
    assert_null(lathe_context_new(&(lathe_context_opts){ .threads = 257 }));
    assert_failed(LATHE_EARG, "257 threads");
    assert_null(lathe_context_new(&(lathe_context_opts){ .conv = (lathe_conv_choice)2 }));
    assert_failed(LATHE_EARG, "conv is 2");
}

static void the_default_one_stays(void **state)
{
    (void)state;
    lathe_context_free(lathe_context_default());
    lathe_context_free(NULL);
    assert_true(lathe_threads(lathe_context_default()) == lathe_threads(NULL));
}

static void survives_failing_allocations(void **state)
{
    (void)state;
    for (size_t nth = 1;; nth++) {
        lathe_alloc_fail_at(nth, false);
        lathe_context *context = lathe_context_new(&(lathe_context_opts){ .threads = 2 });
        bool failed = lathe_alloc_fail_at(0, false) >= nth;
        if (failed) assert_failed(LATHE_ENOMEM, "");
        else assert_non_null(context);
        lathe_context_free(context);
        if (!failed) break;
    }
}

static void convolutions_are_computed_as_asked_for(void **state)
{
    (void)state;
    lathe_context *context =
        lathe_context_new(&(lathe_context_opts){ .threads = 1, .conv = LATHE_CONV_DIRECT });
    assert_int_equal(lathe_context_conv(context), LATHE_CONV_DIRECT);
    lathe_context_set_conv(context, LATHE_CONV_AUTO);
    assert_int_equal(lathe_context_conv(context), LATHE_CONV_AUTO);
    lathe_context_free(context);
    lathe_context_set_conv(NULL, LATHE_CONV_DIRECT);
    assert_int_equal(lathe_context_conv(lathe_context_default()), LATHE_CONV_DIRECT);
    lathe_context_set_conv(lathe_context_default(), LATHE_CONV_AUTO);
    assert_int_equal(lathe_context_conv(NULL), LATHE_CONV_AUTO);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(isa_is_the_one_asked_for),
        cmocka_unit_test(refuses_what_is_not_there),
        cmocka_unit_test(the_default_one_stays),
        cmocka_unit_test(convolutions_are_computed_as_asked_for),
        cmocka_unit_test(survives_failing_allocations),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
