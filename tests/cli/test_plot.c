/* lathe train --plot, with and without a terminal. */
#include "support/program.h"
#include "support/support.h"

#include <errno.h>
#include <pty.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define SHORT \
    "train --data shapes --model mlp --train-count 192 --batch-size 16 --epochs 2 --sched cyclic --base-lr " \
    "1e-3 --max-lr 4e-3 " \
    "--step-size-up 12 --plot"

static void utf8(bool on)
{
    setenv("LC_ALL", on ? "C.UTF-8" : "C", 1);
    setenv("TERM", "xterm", 1);
}

static int count_of(const char *text, const char *part)
{
    int count = 0;
    for (; (text = strstr(text, part)); text += strlen(part)) count++;
    return count;
}

/* To a file: one picture behind all else on stderr, without a single control character. */
static void once_without_a_terminal(void **state)
{
    (void)state;
    for (int unicode = 0; unicode < 2; unicode++) {
        program p;
        char words[512];
        utf8(unicode);
        snprintf(words, sizeof words, SHORT " --out %s/run%d", folder, unicode);
        program_run(&p, LATHE_PROGRAM, words);
        if (p.code) fail_msg("%s", p.err);
        assert_int_equal(count_of(p.out, "step 24 of 24"), 1);
        assert_null(strchr(p.out, '\033'));
        assert_true((strchr(p.out, '*') != NULL) == !unicode);
        assert_true((strstr(p.out, "\xe2\xa0") != NULL) == unicode);
        program_free(&p);
    }
}

/* All that a program writes to a terminal of its own, to be freed. */
static char *in_a_terminal(const char *words, int *code)
{
    int terminal;
    char *list = strdup(words), *argv[64] = { (char *)LATHE_PROGRAM }, *text = calloc(1, 1 << 20);
    int count = 1;
    for (char *word = strtok(list, " "); word; word = strtok(NULL, " ")) argv[count++] = word;
    pid_t child = forkpty(&terminal, NULL, NULL, NULL);
    if (child < 0) {
        print_message("SKIPPED: no pseudo-terminal here: %s\n", strerror(errno));
        free(list);
        free(text);
        skip();
    }
    if (!child) {
        execv(LATHE_PROGRAM, argv);
        _exit(127);
    }
    size_t used = 0;
    for (ssize_t got; used < (1 << 20) - 1 && (got = read(terminal, text + used, (1 << 20) - 1 - used)) > 0;)
        used += (size_t)got;
    waitpid(child, code, 0);
    close(terminal);
    free(list);
    return text;
}

/* To a terminal: drawn at once, taken off for the lines of the epochs (15 lines up), and drawn again at the
 * end. */
static void it_grows_in_a_terminal(void **state)
{
    (void)state;
    int code;
    char words[512];
    utf8(true);
    snprintf(words, sizeof words, SHORT " --overwrite --out %s/grows", folder);
    char *text = in_a_terminal(words, &code);
    assert_int_equal(code, 0);
    assert_true(count_of(text, "\033[15A\033[J") >= 1);
    assert_non_null(strstr(text, "epoch 2/2"));
    const char *last = strstr(text, "epoch 2/2");
    assert_non_null(strstr(last, "validation "));
    assert_null(strstr(last, "\033[15A")); /* the last one stays */
    free(text);
    setenv("TERM", "dumb", 1);
    text = in_a_terminal(words, &code);
    assert_null(strstr(text, "\033[15A"));
    assert_int_equal(count_of(text, "step 24 of 24"), 1);
    free(text);
}

static void json_has_stdout_for_itself(void **state)
{
    (void)state;
    program p;
    program_run(&p, LATHE_PROGRAM, SHORT " --json");
    assert_refused(&p, 2, "--json");
    program_free(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(once_without_a_terminal),
        cmocka_unit_test(it_grows_in_a_terminal),
        cmocka_unit_test(json_has_stdout_for_itself),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
