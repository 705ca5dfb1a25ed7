#include "support/program.h"
#include "support/support.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cjson/cJSON.h>

#define SHORT \
    "compare --data shapes --model mlp --train-count 640 --max-steps 8 --no-times --vary " \
    "sched=constant,cyclic:triangular2 --seeds 2 --lr 2e-3"

/* `lathe ARGUMENTS FOLDER/NAME` */
static void run(program *p, const char *arguments, const char *name)
{
    char words[1024];
    snprintf(words, sizeof words, "%s %s/%s", arguments, folder, name);
    program_run(p, LATHE_PROGRAM, words);
}

static char *file_of(const char *name)
{
    char path[1024];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    char *text = read_text(path);
    if (!text) fail_msg("%s is missing", name);
    return text;
}

static void assert_same_file(const char *a, const char *b)
{
    char *x = file_of(a), *y = file_of(b);
    if (strcmp(x, y)) fail_msg("%s and %s differ", a, b);
    free(x);
    free(y);
}

static void one_folder_one_page_one_table(void **state)
{
    (void)state;
    program p;
    run(&p, SHORT " --out", "one");
    if (p.code) fail_msg("exit %d: %s", p.code, p.err);
    assert_non_null(strstr(p.out, "\ncyclic:triangular2  "));
    assert_non_null(strstr(p.out, "the baseline"));
    assert_non_null(strstr(p.out, "Paired t test over the 2 seeds"));
    assert_non_null(
        strstr(strstr(p.out, "/report.html\n\n"), "\ncyclic:triangular2  2 cycles between 0.0005"));
    assert_non_null(strstr(p.err,
        "cyclic:triangular2: max_lr = 0.002, base_lr = 0.0005, step_size_up = 2, to fit the run: rate 0.0005 "
        "to "
        "0.002 (peak = lr)"));
    assert_non_null(strstr(p.err, "run 4 of 4: cyclic:triangular2, seed 2"));
    char *page = file_of("one/report.html"), *list = file_of("one/compare.json");
    assert_non_null(strstr(page, "cyclic:triangular2"));
    cJSON *json = cJSON_Parse(list);
    assert_int_equal(cJSON_GetArraySize(cJSON_GetObjectItem(json, "runs")), 4);
    cJSON_Delete(json);
    free(page);
    free(list);
    free(file_of("one/constant/seed-2/report.html"));
    program_free(&p);
}

/* The same command again has nothing to do, and tells the same as an object. */
static void json_has_groups_and_runs(void **state)
{
    (void)state;
    program p;
    char words[256];
    snprintf(words, sizeof words, SHORT " --svg %s/one.svg --json --out", folder);
    run(&p, words, "one");
    if (p.code) fail_msg("exit %d: %s", p.code, p.err);
    char *picture = file_of("one.svg");
    int lines = 0;
    for (const char *at = picture; (at = strstr(at, "<path class=\"line\"")); at++) lines++;
    assert_int_equal(lines, 6); /* rate, curve and legend of two variants */
    assert_non_null(strstr(picture, ">cyclic:triangular2: test "));
    free(picture);
    assert_null(strstr(p.err, "run 1 of 4"));
    cJSON *json = cJSON_Parse(p.out), *groups = cJSON_GetObjectItem(json, "groups"),
          *first = cJSON_GetArrayItem(groups, 0);
    assert_int_equal(cJSON_GetArraySize(groups), 2);
    assert_int_equal(cJSON_GetArraySize(cJSON_GetObjectItem(json, "runs")), 4);
    assert_string_equal(cJSON_GetObjectItem(json, "baseline")->valuestring, "constant");
    assert_string_equal(cJSON_GetObjectItem(first, "name")->valuestring, "constant");
    assert_true(cJSON_IsNull(cJSON_GetObjectItem(first, "p")));
    assert_true(cJSON_IsNumber(cJSON_GetObjectItem(cJSON_GetArrayItem(groups, 1), "p")));
    cJSON_Delete(json);
    program_free(&p);
}

/* Shares are in percent, norms are not, and the axis holds them: some point of the curve is inside. */
static void curves_of_probes(void **state)
{
    (void)state;
    static const char *const probes[][2] = { { "weight_norm", ">weight norm: mean" },
        { "update_ratio", ">update ratio, %: mean" } };
    for (int i = 0; i < 2; i++) {
        program p;
        char words[320], out[32];
        snprintf(out, sizeof out, "probed%d", i);
        snprintf(words, sizeof words, SHORT " --probe %s --probe-every 2it --curve %s --svg %s/%s.svg --out",
            probes[i][0], probes[i][0], folder, probes[i][0]);
        run(&p, words, out);
        if (p.code) fail_msg("exit %d: %s", p.code, p.err);
        snprintf(out, sizeof out, "%s.svg", probes[i][0]);
        char *picture = file_of(out), *curve = strstr(picture, "clip-path");
        assert_non_null(strstr(picture, probes[i][1]));
        assert_non_null(curve);
        double x, y;
        assert_int_equal(sscanf(strstr(curve, " d=\"M") + 5, "%lf %lf", &x, &y), 2);
        assert_true(y > 100 && y < 500);
        free(picture);
        program_free(&p);
    }
}

/* Must-show 2: what `lathe train` makes of the same settings has the same bytes. */
static void equal_to_train(void **state)
{
    (void)state;
    program p;
    run(&p,
        "train --data shapes --model mlp --train-count 640 --max-steps 8 --no-times --sched "
        "cyclic:triangular2 --base-lr 0.0005 --max-lr 0.002 "
        "--step-size-up 2 --lr 2e-3 --seed 2 --out",
        "alone");
    if (p.code) fail_msg("exit %d: %s", p.code, p.err);
    assert_same_file("alone/steps.csv", "one/cyclic-triangular2/seed-2/steps.csv");
    assert_same_file("alone/epochs.csv", "one/cyclic-triangular2/seed-2/epochs.csv");
    program_free(&p);
}

static void wait_for(const char *name)
{
    char path[1024];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    for (int i = 0; i < 3000; i++) {
        char *text = read_text(path);
        free(text);
        if (text) return;
        nanosleep(&(struct timespec){ 0, 10000000 }, NULL);
    }
    fail_msg("%s did not come", name);
}

/* A row that was being written when the power went. */
static void tear(const char *name, const char *table)
{
    char path[1024];
    snprintf(path, sizeof path, "%s/%s/%s", folder, name, table);
    FILE *file = fopen(path, "a");
    assert_non_null(file);
    fputs("12,1,0.0", file);
    fclose(file);
}

/* Stopped or killed in the second run, gone on with by --resume: the same curves as without the break. */
static void goes_on_after(int signal, const char *name)
{
    static const char long_run[] = "compare --data shapes --model mlp --train-count 640 --val-split 0.01 "
                                   "--epochs 5 --no-times --vary lr=1e-3,2e-3 --out";
    char words[1024];
    program p;
    snprintf(words, sizeof words, "%s %s/%s", long_run, folder, name);
    program_start(&p, LATHE_PROGRAM, words);
    char last[128];
    snprintf(last, sizeof last, "%s/lr-2e-3/seed-1/last.safetensors", name);
    wait_for(last);
    kill(p.pid, signal);
    program_wait(&p);
    assert_int_equal(p.code, 128 + signal);
    if (signal == SIGINT) assert_non_null(strstr(p.err, "resume with: lathe compare --resume "));
    program_free(&p);
    if (signal == SIGKILL) tear(name, "lr-2e-3/seed-1/steps.csv");
    run(&p, "compare --resume", name);
    if (p.code) fail_msg("exit %d: %s", p.code, p.err);
    program_free(&p);
    run(&p, long_run, "unbroken");
    assert_int_equal(p.code, 0);
    program_free(&p);
    for (int i = 1; i <= 2; i++) {
        char file[2][128];
        snprintf(file[0], sizeof file[0], "%s/lr-%de-3/seed-1/steps.csv", name, i);
        snprintf(file[1], sizeof file[1], "unbroken/lr-%de-3/seed-1/steps.csv", i);
        assert_same_file(file[0], file[1]);
    }
}

static void goes_on_after_an_interrupt(void **state)
{
    (void)state;
    goes_on_after(SIGINT, "interrupted");
}

static void goes_on_after_a_kill(void **state)
{
    (void)state;
    goes_on_after(SIGKILL, "killed");
}

static void mistakes_are_one_line(void **state)
{
    (void)state;
    static const struct {
        const char *arguments, *fragment;
    } bad[] = {
        { "compare --data shapes --out", "nothing varies" },
        { "compare --vary sched=constant,cylic --out", "did you mean cyclic" },
        { "compare --vary sched --out", "KEY=a,b,c" },
        { "compare --vary lr=1,2 --seeds 0 --out", "--seeds" },
        { "compare --runs /nowhere.ini --out", "/nowhere.ini" },
        { "compare --vary lr=1,2 --resume", "compare.json" },
        { "compare --vary lr=1,2 --model mlp --data shapes --momentum 0.9 --out", "momentum" },
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        program p;
        run(&p, bad[i].arguments, "bad");
        assert_refused(&p, strstr(bad[i].fragment, "nowhere") || strstr(bad[i].fragment, "json") ? 1 : 2,
            bad[i].fragment);
        program_free(&p);
    }
    program p;
    run(&p, "compare --seeds 3 --resume", "one");
    assert_refused(&p, 2, "--seeds");
    program_free(&p);
    run(&p, SHORT " --baseline constnt --out", "one");
    assert_int_equal(p.code, 2);
    assert_non_null(strstr(p.err, "did you mean constant"));
    program_free(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_folder_one_page_one_table),
        cmocka_unit_test(json_has_groups_and_runs),
        cmocka_unit_test(curves_of_probes),
        cmocka_unit_test(equal_to_train),
        cmocka_unit_test(goes_on_after_an_interrupt),
        cmocka_unit_test(goes_on_after_a_kill),
        cmocka_unit_test(mistakes_are_one_line),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
