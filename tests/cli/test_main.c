#include "support/program.h"
#include "support/support.h"

#include <stdlib.h>
#include <string.h>

static const char *const commands[] = { "bench", "eval", "info", "list", "preview", "summary", "train" };

/* A command's help lists the settings that the command uses. */
static void help_lists_what_a_command_uses(void **state)
{
    (void)state;
    static const struct {
        const char *words, *has, *lacks;
    } cases[] = { { "walk --help", "\n  --clip-agc RATIO", "\n  --data NAME" },
        { "walk --help", "\n  --sched NAME", "\n  --groups LIST" },
        { "preview --help", "\n  --epochs N", "\n  --model NAME" },
        { "data --help", "\n  --augment LIST", "options of each optimizer" },
        { "show --help", "\n  --bad-image NAME", "\n  --optim NAME" },
        { "train --help", "options of each loss", "\n  giou:" } };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        program p;
        program_run(&p, LATHE_PROGRAM, cases[i].words);
        if (!strstr(p.out, cases[i].has)) fail_msg("%s lacks %s", cases[i].words, cases[i].has + 1);
        if (strstr(p.out, cases[i].lacks)) fail_msg("%s has %s", cases[i].words, cases[i].lacks + 1);
        program_free(&p);
    }
}

static void help_at_every_level(void **state)
{
    (void)state;
    program p;
    program_run(&p, LATHE_PROGRAM, "--help");
    assert_int_equal(p.code, 0);
    assert_string_equal(p.err, "");
    for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++) {
        char line[64], usage[64];
        program q;
        snprintf(line, sizeof line, "\n  %s ", commands[i]);
        assert_non_null(strstr(p.out, line));
        snprintf(line, sizeof line, "%s --help", commands[i]);
        snprintf(usage, sizeof usage, "usage: lathe %s [options]", commands[i]);
        program_run(&q, LATHE_PROGRAM, line);
        assert_int_equal(q.code, 0);
        assert_ptr_equal(strstr(q.out, usage), q.out);
        assert_non_null(strstr(q.out, "\nexample: lathe "));
        assert_non_null(strstr(q.out, "\n  --json "));
        program_free(&q);
    }
    program_free(&p);
}

static void the_version_and_what_was_built_in(void **state)
{
    (void)state;
    static const char *const parts[] = { "numbers", "kernels", "products", "threads", "JPEG", "PNG, BMP",
        "gzip", "JSON", "HTTP", "build" };
    char expected[64];
    program p;
    program_run(&p, LATHE_PROGRAM, "--version");
    snprintf(expected, sizeof expected, "lathe %s\n", lathe_version());
    assert_int_equal(p.code, 0);
    assert_ptr_equal(strstr(p.out, expected), p.out);
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        snprintf(expected, sizeof expected, "\n%s  ", parts[i]);
        if (!strstr(p.out, expected)) fail_msg("--version does not name %s", parts[i]);
    }
    snprintf(expected, sizeof expected, "\nkernels   %s\n", lathe_isa());
    assert_non_null(strstr(p.out, expected));
    program_free(&p);
}

static void help_is_a_command_too(void **state)
{
    (void)state;
    static const char *const same[][2] = { { "help", "--help" }, { "help train", "train --help" },
        { "-h", "--help" }, { "help help", "help --help" } };
    for (size_t i = 0; i < sizeof same / sizeof same[0]; i++) {
        program p, q;
        program_run(&p, LATHE_PROGRAM, same[i][0]);
        program_run(&q, LATHE_PROGRAM, same[i][1]);
        assert_int_equal(p.code, 0);
        assert_string_equal(p.out, q.out);
        program_free(&p);
        program_free(&q);
    }
}

static void refuse(const char *arguments, int code, const char *fragment)
{
    program p;
    program_run(&p, LATHE_PROGRAM, arguments);
    assert_refused(&p, code, fragment);
    assert_string_equal(p.out, "");
    program_free(&p);
}

static void wrong_lines_are_refused_in_one_line(void **state)
{
    (void)state;
    refuse("trian", 2, "unknown command 'trian'; did you mean train? known: ");
    refuse("help nothing", 2, "unknown command 'nothing'");
    refuse("help --completion tcsh", 2, "unknown shell 'tcsh'");
    refuse("--version now", 2, "--version: 'now' is one argument too many");
    refuse("info --jsn", 2, "info: unknown option 'jsn'; did you mean json?");
    refuse("train --bach-size 3", 2, "did you mean batch-size?");
    refuse("info -x", 2, "'-x': options begin with two hyphens");
    refuse("info --json=1", 2, "--json is a switch");
    refuse("info more", 2, "'more' is one argument too many");
    refuse("eval", 2, "--model is missing: name a run folder");
    refuse("bench --steps", 2, "--steps needs a value");
    refuse("bench --steps many", 2, "--steps = 'many' is not a whole number");
    refuse("bench --steps 0", 2, "--steps = '0'");
}

static void nothing_asked_is_a_wrong_line(void **state)
{
    (void)state;
    program p;
    program_run(&p, LATHE_PROGRAM, "");
    assert_int_equal(p.code, 2);
    assert_non_null(strstr(p.err, "usage: lathe COMMAND"));
    program_free(&p);
}

static void shell(program *p, const char *script)
{
    char arguments[512];
    snprintf(arguments, sizeof arguments, "-c %s", script);
    program_run(p, "/bin/sh", arguments);
}

/* The words of a shell script must not be split at spaces: IFS's tab does between them. */
static void a_lost_write_is_a_failure(void **state)
{
    (void)state;
    program p;
    shell(&p, LATHE_PROGRAM "\tinfo>/dev/full");
    assert_refused(&p, 1, "cannot write to standard output: No space left on device");
    program_free(&p);
}

static void a_closed_pipe_is_no_signal(void **state)
{
    (void)state;
    program p;
    shell(&p, "(sleep\t0.2;" LATHE_PROGRAM "\tlist\tmodels;echo\t$?>&2)|true");
    assert_string_equal(p.err, "1\n");
    program_free(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(help_at_every_level),
        cmocka_unit_test(help_lists_what_a_command_uses),
        cmocka_unit_test(the_version_and_what_was_built_in),
        cmocka_unit_test(help_is_a_command_too),
        cmocka_unit_test(wrong_lines_are_refused_in_one_line),
        cmocka_unit_test(nothing_asked_is_a_wrong_line),
        cmocka_unit_test(a_lost_write_is_a_failure),
        cmocka_unit_test(a_closed_pipe_is_no_signal),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
