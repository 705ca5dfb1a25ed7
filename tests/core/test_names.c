#include "support/support.h"

#include <stdarg.h>
#include <string.h>

static const char *const seven[] = { "alpha", "beta", "gamma", "delta", "epsilon", "zeta", "eta" };

/* In each size of buffer a list has whole names alone, and says how many are left out. */
static void a_list_ends_with_a_whole_name(void **state)
{
    (void)state;
    for (size_t size = 1; size < 80; size++) {
        char text[80], expected[128] = "";
        memset(text, '#', sizeof text);
        lathe_names names = lathe_names_in(text, size);
        for (int i = 0; i < 7; i++) lathe_names_add(&names, ", ", seven[i]);
        assert_int_equal(names.listed + names.left_out, 7);
        assert_true(strlen(text) < size);
        for (int i = 0; i < names.listed; i++) {
            strcat(expected, i ? ", " : "");
            strcat(expected, seven[i]);
        }
        if (names.left_out && names.listed)
            sprintf(expected + strlen(expected), " and %d more", names.left_out);
        else if (names.left_out) sprintf(expected, "7");
        if (size > 1) assert_string_equal(text, expected);
        if (size > 70) assert_int_equal(names.left_out, 0);
    }
    lathe_names none = lathe_names_in(NULL, 0);
    lathe_names_add(&none, ", ", "alpha");
}

static const char *print(char *text, size_t size, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    lathe_mark_cut(text, vsnprintf(text, size, format, arguments));
    va_end(arguments);
    return text;
}

static void a_line_ends_with_a_whole_word(void **state)
{
    (void)state;
    char text[64];
    assert_string_equal(print(text, 28, "%s", "what fits stays as it is..."), "what fits stays as it is...");
    assert_string_equal(print(text, 27, "%s", "the last words are left out"), "the last words are ...");
    assert_string_equal(print(text, 24, "%s %s", "the last", "words are left out"), "the last words are ...");
    assert_string_equal(print(text, 24, "%s", "/one/path/without/any/blank"), "/one/path/without/a ...");
    assert_string_equal(print(text, 24, "%s",
                            "\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9"
                            "\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9"),
        "\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9 ...");
}

static const char *number_name(const void *context, int index)
{
    static char name[32];
    if (index >= *(const int *)context) return NULL;
    snprintf(name, sizeof name, "longish-name-%03d", index);
    return name;
}

/* The lists that messages have: each name whole, and the number of the others. */
static void messages_have_whole_names(void **state)
{
    (void)state;
    int many = 100;
    char message[LATHE_MESSAGE_SIZE];
    lathe_fail_name("thing", "nothing", number_name, &many);
    snprintf(message, sizeof message, "%s", lathe_error_message());
    assert_failed(LATHE_ENAME, "unknown thing 'nothing'; known: longish-name-000, longish-name-001");
    const char *more = strstr(message, " and ");
    assert_non_null(more);
    assert_true(more - message > 10 && more[-4] == '-');
    int left = 0, end = 0;
    assert_int_equal(sscanf(more, " and %d more%n", &left, &end), 1);
    assert_int_equal(more[end], '\0');
    int listed = 0;
    for (const char *at = message; (at = strstr(at, "longish-name-")); at++) listed++;
    assert_int_equal(listed + left, 100);
    char long_word[2000];
    memset(long_word, 'x', sizeof long_word);
    for (int i = 9; i < 2000; i += 10) long_word[i] = ' ';
    long_word[1999] = '\0';
    lathe_error_clear();
    lathe_fail(LATHE_EARG, "%s", long_word);
    const char *whole = lathe_error_message();
    assert_string_equal(whole + strlen(whole) - 7, "xxx ...");
    assert_int_equal((strlen(whole) - 3) % 10, 0);
    lathe_error_clear();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_list_ends_with_a_whole_name),
        cmocka_unit_test(a_line_ends_with_a_whole_word),
        cmocka_unit_test(messages_have_whole_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
