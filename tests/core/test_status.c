#include "support/support.h"

#include <pthread.h>
#include <string.h>

static void the_newest_failure_is_kept_until_cleared(void **state)
{
    (void)state;
    lathe_error_clear();
    assert_int_equal(lathe_error(), LATHE_OK);
    assert_string_equal(lathe_error_message(), "");
    assert_int_equal(lathe_fail(LATHE_ESHAPE, "thing: %d of %s", 3, "four"), LATHE_ESHAPE);
    assert_int_equal(lathe_error(), LATHE_ESHAPE);
    assert_string_equal(lathe_error_message(), "thing: 3 of four");
    lathe_fail(LATHE_EIO, "after %s", lathe_error_message()); /* the last message may be an argument */
    assert_string_equal(lathe_error_message(), "after thing: 3 of four");
    lathe_error_clear();
    assert_int_equal(lathe_error(), LATHE_OK);
    assert_string_equal(lathe_error_message(), "");
}

static void long_messages_are_cut(void **state)
{
    (void)state;
    char text[2 * LATHE_MESSAGE_SIZE];
    memset(text, 'x', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    lathe_fail(LATHE_EARG, "%s", text);
    assert_int_equal(strlen(lathe_error_message()), LATHE_MESSAGE_SIZE - 1);
    lathe_error_clear();
}

static int calls;
static lathe_status called_with;
static char called_message[LATHE_MESSAGE_SIZE];

static void count_call(lathe_status status, const char *message)
{
    calls++;
    called_with = status;
    snprintf(called_message, sizeof called_message, "%s", message);
}

static void the_handler_is_called_unless_held(void **state)
{
    (void)state;
    calls = 0;
    assert_null(lathe_on_error(count_call));
    lathe_fail(LATHE_ENAME, "one");
    assert_int_equal(calls, 1);
    assert_int_equal(called_with, LATHE_ENAME);
    assert_string_equal(called_message, "one");
    assert_false(lathe_error_hold(true));
    lathe_fail(LATHE_EIO, "two");
    assert_int_equal(calls, 1);
    assert_string_equal(lathe_error_message(), "two");
    assert_true(lathe_error_hold(false));
    assert_ptr_equal(lathe_on_error(NULL), count_call);
    lathe_fail(LATHE_EIO, "three");
    assert_int_equal(calls, 1);
    lathe_error_clear();
}

static void *fail_elsewhere(void *seen)
{
    *(lathe_status *)seen = lathe_error();
    lathe_fail(LATHE_EFORMAT, "elsewhere");
    return NULL;
}

static void each_thread_has_its_own(void **state)
{
    (void)state;
    lathe_status seen = LATHE_EARG;
    pthread_t thread;
    lathe_fail(LATHE_ESTATE, "here");
    assert_int_equal(pthread_create(&thread, NULL, fail_elsewhere, &seen), 0);
    pthread_join(thread, NULL);
    assert_int_equal(seen, LATHE_OK);
    assert_failed(LATHE_ESTATE, "here");
}

static void every_status_has_a_name(void **state)
{
    (void)state;
    static const char *const names[] = { "LATHE_OK", "LATHE_ENOMEM", "LATHE_EARG", "LATHE_ESHAPE",
        "LATHE_ESTATE", "LATHE_ENAME", "LATHE_EIO", "LATHE_EFORMAT" };
    for (int i = 0; i < 8; i++) assert_string_equal(lathe_status_name((lathe_status)i), names[i]);
    assert_string_equal(lathe_status_name((lathe_status)8), "unknown status");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_newest_failure_is_kept_until_cleared),
        cmocka_unit_test(long_messages_are_cut),
        cmocka_unit_test(the_handler_is_called_unless_held),
        cmocka_unit_test(each_thread_has_its_own),
        cmocka_unit_test(every_status_has_a_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
