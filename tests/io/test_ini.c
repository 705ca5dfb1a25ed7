/* Texts of sections and keys. */
#include <string.h>

#include "support/support.h"

/* The lines as "section|key|value;", a heading as "section;". */
typedef struct told {
    char text[512];
    const char *refused; /* the key that fails */
} told;

static lathe_status take(void *context, const lathe_ini_line *line)
{
    told *to = context;
    size_t used = strlen(to->text), room = sizeof to->text - used;
    if (line->key && to->refused && !strcmp(line->key, to->refused))
        return lathe_fail(LATHE_EARG, "%s = %s is refused", line->key, line->value);
    if (line->key) snprintf(to->text + used, room, "%s|%s|%s;", line->section, line->key, line->value);
    else snprintf(to->text + used, room, "%s;", line->section);
    return LATHE_OK;
}

static void reads_headings_and_keys(void **state)
{
    (void)state;
    char text[] = "first = 1\n# a comment\n; another\n\n  [ train ]\r\nbatch_size = 64\nname=\" a = b \"\n"
                  "empty =\n[sched]\nsched = cyclic";
    told to = { .text = "" };
    assert_int_equal(lathe_ini_read(text, "run.ini", take, &to), LATHE_OK);
    assert_string_equal(to.text,
        "|first|1;train;train|batch_size|64;train|name| a = b ;train|empty|;"
        "sched;sched|sched|cyclic;");
}

static void a_failure_names_text_and_line(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        { "[a]\nx = 1\n[b\ny = 2\n", "run.ini:3: '[b' has no closing bracket" },
        { "[a]\nx\n", "run.ini:2: 'x' is neither 'key = value' nor a [section]" },
        { "[a]\nx = 1\nbad = 7\nz = 2\n", "run.ini:3: bad = 7 is refused" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char text[64];
        told to = { .text = "", .refused = "bad" };
        snprintf(text, sizeof text, "%s", cases[i][0]);
        assert_int_not_equal(lathe_ini_read(text, "run.ini", take, &to), LATHE_OK);
        assert_string_equal(lathe_error_message(), cases[i][1]);
        assert_null(strstr(to.text, "|z|")); /* reading ends there */
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_headings_and_keys),
        cmocka_unit_test(a_failure_names_text_and_line),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
