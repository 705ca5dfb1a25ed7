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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(isa_is_the_one_asked_for),
        cmocka_unit_test(refuses_what_is_not_there),
        cmocka_unit_test(the_default_one_stays),
        cmocka_unit_test(survives_failing_allocations),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
