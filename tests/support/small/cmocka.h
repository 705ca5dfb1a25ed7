/* What the tests of core, nn, optim, sched and metrics use of cmocka, for targets that have no cmocka. */
#ifndef LATHE_TESTS_SMALL_CMOCKA_H
#define LATHE_TESTS_SMALL_CMOCKA_H

#include <setjmp.h>
#include <stdio.h>
#include <string.h>

struct CMUnitTest {
    const char *name;
    void (*run)(void **state);
};

#define cmocka_unit_test(function) \
    { \
#function, function \
    }

enum { SMALL_PASSED, SMALL_FAILED, SMALL_SKIPPED };

/* Where a test is left; one for the whole program. */
__attribute__((weak)) jmp_buf small_end;

#define small_fail(...) \
    (printf("%s:%d: ", __FILE__, __LINE__), printf(__VA_ARGS__), printf("\n"), \
        longjmp(small_end, SMALL_FAILED))
#define skip() longjmp(small_end, SMALL_SKIPPED)
#define fail_msg(...) small_fail(__VA_ARGS__)
#define print_message(...) printf(__VA_ARGS__)
#define print_error(...) printf(__VA_ARGS__)

#define small_check(fact, text) ((fact) ? (void)0 : small_fail("%s", text))
#define assert_true(fact) small_check(fact, #fact)
#define assert_false(fact) small_check(!(fact), "not " #fact)
#define assert_null(pointer) small_check(!(pointer), #pointer " is not NULL")
#define assert_non_null(pointer) small_check(pointer, #pointer " is NULL")
#define assert_ptr_equal(a, b) small_check((const void *)(a) == (const void *)(b), #a " is not " #b)
#define assert_int_equal(a, b) small_check((long long)(a) == (long long)(b), #a " is not " #b)
#define assert_int_not_equal(a, b) small_check((long long)(a) != (long long)(b), #a " is " #b)
#define assert_in_range(x, low, high) small_check((x) >= (low) && (x) <= (high), #x " is not in its range")
#define assert_string_equal(a, b) small_check(!strcmp(a, b), #a " is not " #b)
#define assert_string_not_equal(a, b) small_check(strcmp(a, b), #a " is " #b)
#define assert_memory_equal(a, b, size) small_check(!memcmp(a, b, size), #a " differs from " #b)
#define assert_memory_not_equal(a, b, size) small_check(memcmp(a, b, size), #a " equals " #b)

static inline int small_run_one(const struct CMUnitTest *test, void **state)
{
    int end = setjmp(small_end);
    if (!end) test->run(state);
    return end;
}

/* Returns how many tests failed. */
static inline int small_run(const struct CMUnitTest *tests, size_t count, int (*setup)(void **),
    int (*teardown)(void **))
{
    static const char *const words[] = { "OK", "FAILED", "SKIPPED" };
    void *state = NULL;
    int failed = 0;
    if (setup && setup(&state)) return printf("the group's setup failed\n"), 1;
    for (size_t i = 0; i < count; i++) {
        int end = small_run_one(&tests[i], &state);
        failed += end == SMALL_FAILED;
        printf("[ %8s ] %s\n", words[end], tests[i].name);
    }
    return teardown && teardown(&state) ? failed + 1 : failed;
}

#define cmocka_run_group_tests(tests, setup, teardown) \
    small_run(tests, sizeof(tests) / sizeof((tests)[0]), setup, teardown)
#define cmocka_run_group_tests_name(name, tests, setup, teardown) \
    cmocka_run_group_tests(tests, setup, teardown)

#endif
