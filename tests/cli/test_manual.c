/* docs/cli.md and --help name the same options. */
#include "support/program.h"
#include "support/support.h"

#include <stdlib.h>
#include <string.h>

static const char *const commands[] = { "bench", "check", "compare", "data", "eval", "export", "health",
    "help", "info", "list", "lr-find", "predict", "preview", "show", "summary", "train", "walk", "weights" };

static char *manual;

static int read_manual(void **state)
{
    (void)state;
    manual = read_text(LATHE_TEST_SOURCE "/docs/cli.md");
    return manual ? 0 : -1;
}

static int free_manual(void **state)
{
    (void)state;
    free(manual);
    return 0;
}

/* The text from `heading` to the next line that begins with "## ", to be freed; NULL if there is no such
 * heading. */
static char *section_of(const char *heading)
{
    const char *start = strstr(manual, heading);
    if (!start) return NULL;
    const char *end = strstr(start + strlen(heading), "\n## ");
    return end ? strndup(start, (size_t)(end - start)) : strdup(start);
}

/* Each line of `text` that begins with `before` and an option's name must have its match, `other` and the
 * name, in `where`. */
static int compare(const char *text, const char *before, const char *where, const char *other,
    const char *what)
{
    int count = 0;
    for (const char *at = text; (at = strstr(at, before)); count++) {
        char name[64], wanted[80];
        at += strlen(before);
        snprintf(name, sizeof name, "%.*s", (int)strspn(at, "abcdefghijklmnopqrstuvwxyz0123456789-"), at);
        bool found = false;
        snprintf(wanted, sizeof wanted, "%s%s", other, name);
        for (const char *hit = where; !found && (hit = strstr(hit, wanted)); hit++)
            found = strchr(" `\n", hit[strlen(wanted)]) != NULL;
        if (!found) fail_msg("--%s is missing in the %s", name, what);
    }
    return count;
}

static void each_command_has_its_options(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++) {
        char text[64];
        program p;
        snprintf(text, sizeof text, "%s --help", commands[i]);
        program_run(&p, LATHE_PROGRAM, text);
        char *settings = strstr(p.out, "\nsettings (");
        if (settings) *settings = '\0';
        snprintf(text, sizeof text, "\n## lathe %s\n", commands[i]);
        char *section = section_of(text);
        if (!section) fail_msg("docs/cli.md has no section for %s", commands[i]);
        compare(p.out, "\n  --", section, "\n| `--", "manual");
        assert_true(compare(section, "\n| `--", p.out, "\n  --", "help") >= 2);
        free(section);
        program_free(&p);
    }
}

static void the_settings_are_the_same(void **state)
{
    (void)state;
    program p;
    program_run(&p, LATHE_PROGRAM, "train --help");
    char *settings = strstr(p.out, "\nsettings ("),
         *end = settings ? strstr(settings, "\noptions of each optimizer") : NULL;
    assert_non_null(end);
    *end = '\0';
    char *section = section_of("\n## Settings\n");
    assert_non_null(section);
    compare(settings, "\n  --", section, "\n| `--", "manual");
    assert_true(compare(section, "\n| `--", settings, "\n  --", "help") > 10);
    free(section);
    program_free(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_command_has_its_options),
        cmocka_unit_test(the_settings_are_the_same),
    };
    return cmocka_run_group_tests(tests, read_manual, free_manual);
}
