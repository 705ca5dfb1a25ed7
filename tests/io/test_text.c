#include "support/support.h"

#include <string.h>

static void assert_text(lathe_text *text, const char *expected)
{
    char *taken = lathe_text_take(text);
    assert_non_null(taken);
    assert_string_equal(taken, expected);
    lathe_free(taken);
}

static void texts_grow(void **state)
{
    (void)state;
    lathe_text text = { 0 };
    assert_text(&text, "");
    lathe_text_add(&text, "%d and %s", 1, "two");
    lathe_text_put(&text, ", ");
    lathe_text_put_n(&text, "threefold", 5);
    lathe_text_put(&text, " ");
    lathe_text_number(&text, 0.1);
    lathe_text_put(&text, " ");
    lathe_text_number(&text, 0.0 / 0.0);
    assert_text(&text, "1 and two, three 0.1 null");
    for (int i = 0; i < 10000; i++) lathe_text_put(&text, "0123456789");
    assert_int_equal(text.length, 100000);
    assert_int_equal(strlen(text.chars), 100000);
    lathe_text_free(&text);
}

static void texts_are_escaped(void **state)
{
    (void)state;
    lathe_text text = { 0 };
    lathe_text_json(&text, "a\"b\\c\n\x01\x1b\x7f\xc3\xa9\xff");
    assert_text(&text, "\"a\\\"b\\\\c\\n\\u0001\\u001b\\u007f\xc3\xa9\xef\xbf\xbd\"");
    lathe_text_html(&text, "<a href='x'>&\"\x1b\xc3\xa9\xc3");
    assert_text(&text, "&lt;a href=&#39;x&#39;&gt;&amp;&quot;\xef\xbf\xbd\xc3\xa9\xef\xbf\xbd");
}

static void words_are_quoted_for_a_shell(void **state)
{
    (void)state;
    static const char *const rows[][2] = { { "runs/a-1_b.c", "runs/a-1_b.c" }, { "", "''" },
        { "a b", "'a b'" }, { "$x", "'$x'" }, { "it's", "'it'\\''s'" }, { "*\n", "'*\n'" }, { "~", "'~'" } };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        lathe_text text = { 0 };
        lathe_text_shell(&text, rows[i][0]);
        assert_text(&text, rows[i][1]);
    }
}

static void utf8_is_told_from_what_is_not(void **state)
{
    (void)state;
    static const struct {
        const char *bytes;
        int length;
    } cases[] = {
        { "a", 1 },
        { "\x7f", 1 },
        { "\x80", 0 },
        { "\xc1\xbf", 0 },
        { "\xc2\x80", 2 },
        { "\xdf\xbf", 2 },
        { "\xc2", 0 },
        { "\xe0\x9f\xbf", 0 },
        { "\xe0\xa0\x80", 3 },
        { "\xed\x9f\xbf", 3 },
        { "\xed\xa0\x80", 0 },
        { "\xef\xbf\xbf", 3 },
        { "\xf0\x8f\xbf\xbf", 0 },
        { "\xf0\x90\x80\x80", 4 },
        { "\xf4\x8f\xbf\xbf", 4 },
        { "\xf4\x90\x80\x80", 0 },
        { "\xf5\x80\x80\x80", 0 },
        { "\xe2\x82", 0 },
        { "\xff", 0 },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        if (lathe_utf8_length(cases[i].bytes) != cases[i].length) fail_msg("case %zu", i);
}

static void memory_may_run_out(void **state)
{
    (void)state;
    lathe_text text = { 0 };
    lathe_text_put(&text, "kept");
    lathe_alloc_fail_at(1, false);
    for (int i = 0; i < 1000; i++) lathe_text_put(&text, "0123456789");
    lathe_alloc_fail_at(0, false);
    assert_null(lathe_text_take(&text));
    assert_failed(LATHE_ENOMEM, "out of memory");
    lathe_text_put(&text, "again");
    assert_text(&text, "again");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(texts_grow),
        cmocka_unit_test(texts_are_escaped),
        cmocka_unit_test(words_are_quoted_for_a_shell),
        cmocka_unit_test(utf8_is_told_from_what_is_not),
        cmocka_unit_test(memory_may_run_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
