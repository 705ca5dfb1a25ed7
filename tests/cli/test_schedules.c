/* What `lathe preview --csv` shows is what `lathe train` uses and writes down, digit for digit, for every
 * schedule. */
#include "support/program.h"
#include "support/support.h"

#include <stdlib.h>
#include <string.h>

#define SETTINGS \
    "--data shapes --model mlp --optim sgd --momentum 0.9 --lr 0.05 --batch-size 64 --no-warnings "

/* The next line of a text, ended by a 0; NULL after the last. */
static char *next_line(char **text)
{
    char *line = *text, *end = strchr(line, '\n');
    if (!end) return NULL;
    *end = '\0';
    *text = end + 1;
    return line;
}

/* From the line "step,epoch,lr,momentum,loss" of a run what `lathe preview --csv` prints: "step,lr,momentum".
 */
static void shorten(const char *row, char *text, size_t size)
{
    size_t step = strcspn(row, ","), epoch = step + 1 + strcspn(row + step + 1, ",");
    const char *last = strrchr(row, ',');
    snprintf(text, size, "%.*s%.*s", (int)step, row, (int)(last - row - (long)epoch), row + epoch);
}

/* Compare the two programs' columns; returns how many steps there were. */
static int compare(const char *name, char *preview, char *steps)
{
    int count = 0;
    char *shown = next_line(&preview), *used = next_line(&steps), text[128];
    while (shown && used) {
        shorten(used, text, sizeof text);
        if (strcmp(shown, text)) fail_msg("%s: preview '%s', steps.csv '%s'", name, shown, text);
        shown = next_line(&preview);
        used = next_line(&steps);
        count++;
    }
    if (shown || used) fail_msg("%s: preview and run differ in length after %d rows", name, count);
    return count - 1;
}

/* Preview and train with the same options; returns the steps compared. */
static int preview_equals_run(const char *name, const char *options)
{
    char line[1024];
    program preview, train;
    snprintf(line, sizeof line, "preview " SETTINGS "%s --csv", options);
    program_run(&preview, LATHE_PROGRAM, line);
    if (preview.code) fail_msg("%s: preview: %s", name, preview.err);
    snprintf(line, sizeof line, "train " SETTINGS "%s --quiet --out %s/%s", options, folder, name);
    program_run(&train, LATHE_PROGRAM, line);
    if (train.code) fail_msg("%s: train: %s", name, train.err);
    snprintf(line, sizeof line, "%s/%s/steps.csv", folder, name);
    char *steps = read_text(line);
    assert_non_null(steps);
    int count = compare(name, preview.out, steps);
    free(steps);
    program_free(&preview);
    program_free(&train);
    return count;
}

/* What each schedule needs to be told; the others have defaults. */
static const char *needs_of(const char *name)
{
    static const char *const needs[][2] = {
        { "cyclic", "--base-lr 1e-4 --max-lr 3e-2 --step-size-up 7 --mode exp_range --gamma 0.99" },
        { "exponential", "--gamma 0.97" }, { "multi_step", "--milestones 5,17" },
        { "one_cycle", "--max-lr 0.3" }, { "step", "--step-size 9" },
        { "warm_restarts", "--t-0 6 --t-mult 2" }, { "polynomial", "--total-iters 30 --power 2" }
    };
    for (size_t i = 0; i < sizeof needs / sizeof needs[0]; i++)
        if (!strcmp(needs[i][0], name)) return needs[i][1];
    return "";
}

static void every_schedule_of_the_registry(void **state)
{
    (void)state;
    int cases = 0;
    char table[128], options[512];
    snprintf(table, sizeof table, "%s/table.csv", folder);
    FILE *file = fopen(table, "w");
    assert_non_null(file);
    fputs("step,lr,momentum\n0,0.1,0.9\n13,0.025,0.8\n", file);
    assert_int_equal(fclose(file), 0);
    for (int i = 0; lathe_sched_at(i); i++) {
        const char *name = lathe_sched_at(i)->name;
        bool sequence = !strcmp(name, "sequence");
        snprintf(options, sizeof options, "--sched %s %s%s%s --val-split 0 --max-steps 40",
            sequence ? "warmup:10,linear:20,cooldown:5" : name, needs_of(name),
            strcmp(name, "table") ? "" : "--file ", strcmp(name, "table") ? "" : table);
        assert_int_equal(preview_equals_run(name, options), 40);
        cases++;
    }
    print_message("%d of %d schedules are used as previewed, digit for digit\n", cases, cases);
    assert_true(cases >= 16);
}

/* 9,000 training pictures in batches of 500 are 18 steps an epoch: a warm-up of 20, 72 steps of cycles, 18 to
 * cool down. */
static void warmup_cycles_and_cooldown(void **state)
{
    (void)state;
    assert_int_equal(
        preview_equals_run("segments",
            "--batch-size 500 --sched warmup:20it,cyclic:4ep,cooldown:1ep --base-lr 1e-3 --max-lr 5e-2 "
            "--step-size-up 1ep --mode triangular2 --cyclic.base-momentum 0.85 --epochs 6.5"),
        117);
}

static void counted_in_epochs(void **state)
{
    (void)state;
    assert_int_equal(preview_equals_run("epochs",
                         "--batch-size 500 --sched step --by epoch --step-size 1 --gamma 0.5 --epochs 3"),
        54);
    program p;
    program_run(&p, LATHE_PROGRAM,
        "preview --sched step --by epoch --step-size 1 --gamma 0.5 --lr 1 --steps 9 --steps-per-epoch 3 "
        "--csv");
    assert_string_equal(p.out,
        "step,lr,momentum\n0,1,0.90000000000000002\n1,1,0.90000000000000002\n2,1,0.90000000000000002\n"
        "3,0.5,0.90000000000000002\n4,0.5,0.90000000000000002\n5,0.5,0.90000000000000002\n6,0.25,0."
        "90000000000000002\n"
        "7,0.25,0.90000000000000002\n8,0.25,0.90000000000000002\n");
    program_free(&p);
    program_run(&p, LATHE_PROGRAM, "preview --sched step --by epoch --step-size 20it --steps-per-epoch 3");
    assert_refused(&p, 2, "sched: '20it' is in steps, and by = epoch counts epochs");
    program_free(&p);
    program_run(&p, LATHE_PROGRAM, "preview --sched step --by epoch --step-size 1 --steps 4");
    assert_refused(&p, 2, "sched: by = epoch: how many steps an epoch has is not known here");
    program_free(&p);
}

/* Two cycles of 8 steps and half of a third. */
static void odd_schedules_get_a_note_unless_told_not_to(void **state)
{
    (void)state;
    static const char line[] =
        "preview --sched cyclic --base-lr 1 --max-lr 5 --step-size-up 4 --steps-per-epoch 2 --steps 20";
    program p;
    program_run(&p, LATHE_PROGRAM, line);
    assert_int_equal(p.code, 0);
    assert_string_equal(p.err,
        "note: cyclic: 1 cycle = 8 steps = 4 epochs; this run has 2.5\n"
        "note: cyclic: the run of 20 steps ends 4 steps into a cycle of 8; it is best to end at base_lr\n");
    program_free(&p);
    char quiet[256];
    snprintf(quiet, sizeof quiet, "%s --no-warnings", line);
    program_run(&p, LATHE_PROGRAM, quiet);
    assert_int_equal(p.code, 0);
    assert_string_equal(p.err, "");
    program_free(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_schedule_of_the_registry),
        cmocka_unit_test(warmup_cycles_and_cooldown),
        cmocka_unit_test(counted_in_epochs),
        cmocka_unit_test(odd_schedules_get_a_note_unless_told_not_to),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
