#include "support/program_json.h"
#include "support/support.h"

#include <stdlib.h>
#include <string.h>

#define SHORT \
    "lr-find --data shapes --model mlp --train-count 320 --batch-size 16 --optim sgd --momentum 0.9 " \
    "--epochs 4 --from 1e-3 --to 30 " \
    "--steps 80 --seeds 1"

/* The options are what `lathe train` takes: 4 epochs of 20 steps are two cycles of 40. */
static void a_pair_to_paste(void **state)
{
    (void)state;
    program p;
    char words[1024];
    snprintf(words, sizeof words, SHORT " --svg %s/range.svg", folder);
    program_run(&p, LATHE_PROGRAM, words);
    if (p.code) fail_msg("%s", p.err);
    assert_string_equal(p.err, "");
    const char *options = strstr(p.out, "\n--sched cyclic:triangular2 --base_lr ");
    assert_non_null(options);
    assert_non_null(strstr(options, " --max_lr "));
    assert_non_null(strstr(options, " --step_size_up 20 --cycle_momentum off --epochs 4\n"));
    snprintf(words, sizeof words, "preview --steps 80 %.*s", (int)strcspn(options + 1, "\n"), options + 1);
    program preview;
    program_run(&preview, LATHE_PROGRAM, words);
    assert_int_equal(preview.code, 0);
    assert_non_null(strstr(preview.err, "this run has 2"));
    program_free(&preview);
    program_free(&p);
    snprintf(words, sizeof words, "%s/range.svg", folder);
    char *picture = read_text(words);
    assert_non_null(strstr(picture, ">max_lr</text>"));
    free(picture);
}

/* The line has the length of the run that it was asked for: a training with it alone has whole cycles. */
static void the_line_fits_the_run(void **state)
{
    (void)state;
    static const struct {
        const char *length, *pasted, *cycles;
        int steps;
    } cases[] = {
        { "", " --epochs 4\n", "this run has 2", 80 },
        { " --epochs 5", " --epochs 5\n", "this run has 2", 100 },
        { " --max-steps 50", " --step_size_down 12 --cycle_momentum off --epochs 4 --max-steps 50\n",
            "this run has 2", 50 },
        { " --by epoch --epochs 8", " --by epoch --epochs 8\n", "this run has 2", 160 },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char words[1024];
        program p, train;
        snprintf(words, sizeof words, SHORT "%s", cases[i].length);
        program_run(&p, LATHE_PROGRAM, words);
        const char *options = strstr(p.out, "\n--sched cyclic:triangular2 --base_lr ");
        if (!options || !strstr(options, cases[i].pasted)) fail_msg("%s%s", p.out, p.err);
        snprintf(words, sizeof words,
            "train --data shapes --model mlp --train-count 320 --batch-size 16 --optim sgd --momentum 0.9 "
            "--json --out %s/pasted%zu %.*s",
            folder, i, (int)strcspn(options + 1, "\n"), options + 1);
        program_run(&train, LATHE_PROGRAM, words);
        if (!strstr(train.err, cases[i].cycles)) fail_msg("%s", train.err);
        cJSON *json = cJSON_Parse(train.out);
        assert_true(json_number(json, "steps") == cases[i].steps);
        cJSON_Delete(json);
        program_free(&train);
        program_free(&p);
    }
}

/* In plain characters and in braille, by the environment. */
static void charts_fit_the_locale(void **state)
{
    (void)state;
    static const char *const locales[] = { "C", "en_US.UTF-8" };
    for (int i = 0; i < 2; i++) {
        program p;
        setenv("LC_ALL", locales[i], 1);
        setenv("TERM", "xterm", 1);
        program_run(&p, LATHE_PROGRAM, SHORT);
        const char *dots = strstr(p.out, "\xe2\xa0"), *star = strchr(p.out, '*');
        assert_true(i ? dots && !star : star && !dots);
        program_free(&p);
    }
    unsetenv("LC_ALL");
}

static void json_has_pair_and_curve(void **state)
{
    (void)state;
    cJSON *json = program_json(LATHE_PROGRAM, SHORT " --seeds 2 --json");
    double base = json_number(json, "base_lr"), most = json_number(json, "max_lr");
    assert_true(base > 1e-3 && base < most && most < 30);
    assert_int_equal(cJSON_GetArraySize(cJSON_GetObjectItem(json, "sweeps")), 2);
    int points = cJSON_GetArraySize(cJSON_GetObjectItem(json, "lr"));
    assert_true(points > 20 && points <= 80);
    assert_int_equal(cJSON_GetArraySize(cJSON_GetObjectItem(json, "loss")), points);
    cJSON_Delete(json);
}

static void what_is_wrong_is_said(void **state)
{
    (void)state;
    static const struct {
        const char *words, *message;
        int code;
    } bad[] = {
        { SHORT " --from 1e-5 --to 2e-5", "flat", 1 },
        { SHORT " --to 0.01", "try larger", 1 },
        { SHORT " --growth fast", "log or linear", 2 },
        { SHORT " --from 1000", "from 1000 to 30", 2 },
        { SHORT " --smoothing no", "smoothing", 2 },
        { SHORT " --steps 3", "steps", 2 },
        { SHORT " --seeds 0", "seeds", 2 },
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        program p;
        program_run(&p, LATHE_PROGRAM, bad[i].words);
        assert_refused(&p, bad[i].code, bad[i].message);
        program_free(&p);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_pair_to_paste),
        cmocka_unit_test(the_line_fits_the_run),
        cmocka_unit_test(charts_fit_the_locale),
        cmocka_unit_test(json_has_pair_and_curve),
        cmocka_unit_test(what_is_wrong_is_said),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
