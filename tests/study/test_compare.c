#include "support/tiny.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const tiny_pair two_epochs[] = { { "epochs", "2" }, { NULL, NULL } };

static char notes[4096];

static void keep_note(void *context, const char *line)
{
    (void)context;
    strncat(notes, line, sizeof notes - strlen(notes) - 2);
    strcat(notes, "\n");
}

/* A comparison of these variations, in the test's folder `out`. */
static lathe_compare *plan_with(const lathe_settings *settings, const char *const *vary, int seeds)
{
    int varies = 0;
    while (vary[varies]) varies++;
    notes[0] = '\0';
    return lathe_compare_new(settings,
        &(lathe_compare_opts){ .vary = vary, .varies = varies, .seeds = seeds, .on_message = keep_note });
}

static lathe_compare *plan(const char *out, const char *const *vary, int seeds)
{
    lathe_settings settings = tiny_settings(out, two_epochs);
    settings.no_warnings = false;
    lathe_compare *compare = plan_with(&settings, vary, seeds);
    if (!compare) fail_msg("%s", lathe_error_message());
    return compare;
}

/* Train what has not ended yet, at most `most` runs; the last of them only up to step `until` (0: to its
 * end). */
static void train(lathe_compare *compare, int most, uint64_t until);

static bool not_yet(void *context, const lathe_run *run, const lathe_step_row *row)
{
    (void)row;
    return run->learner->step < *(const uint64_t *)context;
}

static void train(lathe_compare *compare, int most, uint64_t until)
{
    const uint64_t all = UINT64_MAX;
    for (size_t i = 0; i < compare->runs && most; i++) {
        if (compare->run[i].result.end != LATHE_RUN_OPEN) continue;
        const uint64_t *last = --most || !until ? &all : &until;
        lathe_run *run = lathe_compare_begin(compare, i,
            &(lathe_run_hooks){ .context = (void *)(uintptr_t)last, .on_step = not_yet });
        if (!run || lathe_run_train(run) || lathe_compare_end(compare, i, run))
            fail_msg("%s", lathe_error_message());
        lathe_run_free(run);
    }
}

static void open_or_fail(lathe_compare *compare)
{
    if (lathe_compare_open(compare)) fail_msg("%s", lathe_error_message());
}

/* ---- the plan ------------------------------------------------------------------------------------------ */

static void all_combinations_with_all_seeds(void **state)
{
    (void)state;
    lathe_compare *c =
        plan("combinations", (const char *const[]){ "optim=sgd,adamw", "lr=0.1,0.2,0.3", NULL }, 2);
    assert_int_equal(c->runs, 12);
    assert_string_equal(c->run[0].group, "sgd, lr 0.1");
    assert_string_equal(c->run[3].group, "sgd, lr 0.2");
    assert_string_equal(c->run[11].group, "adamw, lr 0.3");
    assert_string_equal(c->run[11].folder, "adamw-lr-0.3/seed-2");
    assert_string_equal(c->run[11].settings.out, test_path("combinations/adamw-lr-0.3/seed-2"));
    assert_true(c->run[10].settings.seed == 1 && c->run[11].settings.seed == 2);
    assert_string_equal(c->run[3].differs, "optim = sgd\nlr = 0.2\nrate = 0.2\n");
    lathe_compare_free(c);
}

/* 2 epochs of 10 steps: two cycles of 10; gamma^20 is a tenth; a third of 20 is 7. Peaks are lr = 0.01. */
static void schedules_fit_the_run(void **state)
{
    (void)state;
    lathe_compare *c = plan("fit",
        (const char *const[]){
            "sched=constant,step,cosine,cyclic:triangular,cyclic:exp_range,onecycle,exponential,linear,"
            "multi_step,polynomial,warm_restarts,wsd,plateau",
            NULL },
        1);
    assert_int_equal(c->runs, 13);
    assert_string_equal(c->run[0].differs, "sched = constant\nrate = 0.01\n");
    assert_string_equal(c->run[1].differs, "sched = step\nstep_size = 7\nrate = 0.0001 to 0.01\n");
    assert_string_equal(c->run[2].differs, "sched = cosine\nrate = 6.16e-05 to 0.01\n");
    assert_string_equal(c->run[3].differs,
        "sched = cyclic:triangular\nmax_lr = 0.01\nbase_lr = 0.0025\nstep_size_up = 5\n"
        "rate = 0.0025 to 0.01 (peak = lr)\n");
    assert_string_equal(c->run[4].differs,
        "sched = cyclic:exp_range\nmax_lr = 0.01\nbase_lr = 0.0025\nstep_size_up = 5\ngamma = 0.891251\n"
        "rate = 0.0025 to 0.00672 (peak = lr)\n");
    assert_string_equal(c->run[5].differs,
        "sched = onecycle\nmax_lr = 0.01\nrate = 4e-08 to 0.01 (peak = lr)\n");
    assert_string_equal(c->run[7].differs,
        "sched = linear\nend_factor = 0\nstart_factor = 1\ntotal_iters = 20\nrate = 0.0005 to 0.01\n");
    assert_string_equal(c->run[8].differs, "sched = multi_step\nmilestones = 10,15\nrate = 0.0001 to 0.01\n");
    assert_string_equal(c->run[4].folder, "cyclic-exp_range/seed-1");
    assert_non_null(strstr(notes,
        "cyclic:triangular: max_lr = 0.01, base_lr = 0.0025, step_size_up = 5, to fit the run: rate 0.0025 "
        "to "
        "0.01 (peak = lr)\n"));
    assert_null(strstr(notes, "constant:"));
    lathe_compare_free(c);
}

/* What was given is not filled in, and is left out where it has no meaning. An odd cycle has a longer way up.
 */
static void given_options_stay(void **state)
{
    (void)state;
    static const tiny_pair pairs[] = { { "epochs", "1.3" }, { "max_lr", "0.5" }, { "gamma", "0.5" },
        { NULL, NULL } };
    lathe_settings settings = tiny_settings("given", pairs);
    lathe_compare *c =
        plan_with(&settings, (const char *const[]){ "sched=constant,cyclic,exponential", NULL }, 1);
    assert_string_equal(c->run[0].differs, "sched = constant\nrate = 0.01\n");
    assert_string_equal(c->run[1].differs,
        "sched = cyclic\nmax_lr = 0.5\ngamma = 0.5\nbase_lr = 0.125\nstep_size_up = 4\nstep_size_down = 3\n"
        "rate = 0.125 to 0.5\n");
    assert_string_equal(c->run[2].differs, "sched = exponential\ngamma = 0.5\nrate = 2.44e-06 to 0.01\n");
    lathe_compare_free(c);
}

/* Without an lr, the max_lr of some variants is the lr of the others. */
static void max_lr_is_the_peak_of_all(void **state)
{
    (void)state;
    lathe_settings settings = tiny_settings("peaks", two_epochs);
    settings.options = 0;
    tiny_set(&settings, "max_lr", "0.5");
    lathe_compare *c = plan_with(&settings, (const char *const[]){ "sched=constant,cyclic,step", NULL }, 1);
    assert_string_equal(c->run[0].differs, "lr = 0.5\nsched = constant\nrate = 0.5 (peak = max_lr)\n");
    assert_non_null(strstr(c->run[1].differs, "rate = 0.125 to 0.5\n"));
    assert_non_null(strstr(c->run[2].differs, "rate = 0.005 to 0.5 (peak = max_lr)\n"));
    lathe_compare_free(c);
}

static void a_file_of_named_runs(void **state)
{
    (void)state;
    static const char text[] =
        "# two\n[one cycle]\nsched = one_cycle\nmax-lr = 0.2\n\n[four times as long]\r\nepochs = 8\n";
    test_write(test_path("runs.ini"), text, strlen(text));
    lathe_settings settings = tiny_settings("named", two_epochs);
    lathe_compare *c =
        lathe_compare_new(&settings, &(lathe_compare_opts){ .runs_file = test_path("runs.ini"), .seeds = 2 });
    if (!c) fail_msg("%s", lathe_error_message());
    assert_int_equal(c->runs, 4);
    assert_string_equal(c->run[1].folder, "one-cycle/seed-2");
    assert_string_equal(c->run[1].differs,
        "sched = one_cycle\nmax_lr = 0.2\nepochs = 2\nrate = 8e-07 to 0.2\n");
    assert_string_equal(c->run[2].group, "four times as long");
    assert_true(c->run[2].settings.epochs == 8);
    lathe_compare_free(c);
}

static void mistakes_are_named(void **state)
{
    (void)state;
    static const struct {
        const char *vary, *message;
    } bad[] = {
        { "sched", "KEY=a,b,c" },
        { "=1", "KEY=a,b,c" },
        { "lr=", "KEY=a,b,c" },
        { "seed=1,2", "seed cannot vary" },
        { "out=a,b", "out cannot vary" },
        { "learning_rate=1", "unknown setting 'learning_rate'" },
        { "batch_size=4,x", "batch_size" },
        { "sched=constant,cyclic:tringular", "triangular" },
        { "lr=0.1,0.1", "share the folder lr-0.1" },
        { "model=tiny,huge", "huge" },
        { "epochs=1,-1", "epochs" },
        { "train_count=41", "train_count = 41" },
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        lathe_settings settings = tiny_settings("bad", two_epochs);
        assert_null(plan_with(&settings, (const char *const[]){ bad[i].vary, NULL }, 1));
        if (!strstr(lathe_error_message(), bad[i].message))
            fail_msg("%s: %s", bad[i].vary, lathe_error_message());
        lathe_error_clear();
    }
    lathe_settings settings = tiny_settings("bad", two_epochs);
    tiny_set(&settings, "max_lr", "1");
    assert_null(plan_with(&settings, (const char *const[]){ "sched=constant,step", NULL }, 1));
    assert_non_null(
        strstr(lathe_error_message(), "no variant's optimizer, schedule or loss has an option sched.max_lr"));
    lathe_error_clear();
    static const char *const files[] = { "lr = 1\n", "[a\n", "[a]\nlr\n", "[tests]\na = 1\n", "[a]\nx = 1\n",
        "[]\n", "# nothing\n" };
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        test_write(test_path("runs.ini"), files[i], strlen(files[i]));
        settings = tiny_settings("bad", two_epochs);
        assert_null(
            lathe_compare_new(&settings, &(lathe_compare_opts){ .runs_file = test_path("runs.ini") }));
        assert_non_null(strstr(lathe_error_message(), "runs.ini:"));
        lathe_error_clear();
    }
    assert_false(lathe_file_exists(test_path("bad")));
}

/* ---- the runs ------------------------------------------------------------------------------------------ */

static const char *const variants[] = { "sched=constant,cyclic:triangular2", NULL };

/* Must-show 2: a run of a comparison is the run that `lathe_run` makes of the same settings. */
static void a_run_is_byte_equal_to_its_own(void **state)
{
    (void)state;
    lathe_compare *c = plan("equal", variants, 2);
    open_or_fail(c);
    train(c, -1, 0);
    lathe_settings settings = c->run[3].settings;
    tiny_set(&settings, "out", test_path("alone"));
    lathe_run_free(tiny_train(&settings));
    tiny_assert_same_runs("compare", "equal/cyclic-triangular2/seed-2", "alone");
    for (size_t i = 0; i < c->runs; i++) {
        assert_int_equal(c->run[i].result.end, LATHE_RUN_COMPLETE);
        assert_int_equal(c->run[i].result.steps, 20);
        assert_true(c->run[i].result.test_accuracy >= 0 && c->run[i].result.train_loss > 0);
    }
    lathe_compare_free(c);
    lathe_compare *again = lathe_compare_read(test_path("equal"));
    assert_non_null(again);
    assert_int_equal(again->runs, 4);
    assert_int_equal(again->run[3].result.end, LATHE_RUN_COMPLETE);
    assert_string_equal(again->run[3].differs,
        "sched = cyclic:triangular2\nmax_lr = 0.01\nbase_lr = 0.0025\nstep_size_up = 5\n"
        "rate = 0.0025 to 0.01 (peak = lr)\n");
    assert_true(again->run[3].settings.seed == 2);
    lathe_compare_free(again);
}

/* Stopped within a run, and gone on with by the same plan or from the folder alone. */
static void goes_on_to_the_same_bytes(void **state)
{
    (void)state;
    lathe_compare *whole = plan("whole", variants, 2);
    open_or_fail(whole);
    train(whole, -1, 0);
    lathe_compare_free(whole);
    for (int from_folder = 0; from_folder < 2; from_folder++) {
        const char *out = from_folder ? "folder" : "again";
        lathe_compare *c = plan(out, variants, 2);
        open_or_fail(c);
        train(c, 3, 7);
        assert_int_equal(c->run[2].result.end, LATHE_RUN_OPEN);
        lathe_compare_free(c);
        c = from_folder ? lathe_compare_read(test_path(out)) : plan(out, variants, 2);
        assert_non_null(c);
        open_or_fail(c);
        assert_int_equal(c->run[1].result.end, LATHE_RUN_COMPLETE);
        train(c, -1, 0);
        for (size_t i = 0; i < c->runs; i++) {
            char a[256], b[256];
            snprintf(a, sizeof a, "whole/%s", c->run[i].folder);
            snprintf(b, sizeof b, "%s/%s", out, c->run[i].folder);
            tiny_assert_same_runs(out, a, b);
        }
        lathe_compare_free(c);
    }
}

static void more_may_be_added(void **state)
{
    (void)state;
    lathe_compare *c = plan("more", variants, 1);
    open_or_fail(c);
    train(c, -1, 0);
    lathe_compare_free(c);
    c = plan("more", (const char *const[]){ "sched=cosine,constant", NULL }, 2);
    open_or_fail(c);
    assert_int_equal(c->runs, 5); /* four planned, and the one of triangular2 that was there */
    assert_int_equal(c->run[2].result.end, LATHE_RUN_COMPLETE);
    assert_int_equal(c->run[3].result.end, LATHE_RUN_OPEN);
    assert_string_equal(c->run[4].group, "cyclic:triangular2");
    lathe_compare_free(c);
}

/* Seed 1 of all variants, then seed 2. The next run of a killed comparison is the one that was begun. */
static void seed_by_seed(void **state)
{
    (void)state;
    static const size_t order[] = { 0, 2, 4, 1, 3, 5 };
    lathe_compare *c = plan("order", (const char *const[]){ "sched=constant,cosine,linear", NULL }, 2);
    size_t next;
    for (int i = 0; i < 6; i++) {
        assert_int_equal(lathe_compare_next(c, 1, &next), 1);
        assert_int_equal(next, order[i]);
        c->run[next].result.end = i % 2 ? LATHE_RUN_COMPLETE : LATHE_RUN_NAN;
    }
    assert_int_equal(lathe_compare_next(c, 1, &next), 0);
    lathe_compare_free(c);
}

/* Hypotheses of the file and of the call; a folder keeps its own until others are named. */
static void hypotheses_stay_with_the_folder(void **state)
{
    (void)state;
    static const char text[] = "[tests]\ntest = b > a within 0.5\n[a]\nlr = 0.1\n[b]\nlr = 0.2\n";
    static const char *const named[] = { "a = b within 3 by train_loss", "a < b by train_loss" };
    test_write(test_path("tests.ini"), text, strlen(text));
    lathe_settings settings = tiny_settings("tested", two_epochs);
    lathe_compare_opts opts = { .runs_file = test_path("tests.ini"), .test = named, .tests = 1 };
    assert_null(lathe_compare_new(&settings, &opts));
    assert_non_null(strstr(lathe_error_message(), "a number above 0"));
    lathe_error_clear();
    opts.test = named + 1;
    lathe_compare *c = lathe_compare_new(&settings, &opts);
    if (!c) fail_msg("%s", lathe_error_message());
    assert_int_equal(c->tests, 2);
    open_or_fail(c);
    lathe_compare_free(c);
    c = lathe_compare_read(test_path("tested"));
    assert_int_equal(c->tests, 2);
    assert_string_equal(c->test[0], "b > a within 0.5");
    assert_string_equal(c->test[1], "a < b by train_loss");
    lathe_compare_free(c);
    c = plan_with(&settings, (const char *const[]){ "lr=0.3", NULL }, 1);
    open_or_fail(c);
    assert_int_equal(c->tests, 2);
    lathe_compare_free(c);
}

static void other_settings_are_refused(void **state)
{
    (void)state;
    lathe_compare *c = plan("other", variants, 1);
    open_or_fail(c);
    lathe_compare *second = plan("other", variants, 1);
    assert_int_equal(lathe_compare_open(second), LATHE_ESTATE);
    lathe_compare_free(second);
    lathe_compare_free(c);
    for (int length = 0; length < 2; length++) {
        lathe_settings settings = tiny_settings("other", two_epochs);
        tiny_set(&settings, length ? "epochs" : "batch_size", length ? "3" : "5");
        c = plan_with(&settings, (const char *const[]){ "sched=constant", NULL }, 1);
        assert_int_equal(lathe_compare_open(c), LATHE_EARG);
        assert_non_null(strstr(lathe_error_message(), length ? "another length" : "batch_size = 4"));
        lathe_error_clear();
        lathe_compare_free(c);
    }
}

/* The page and the weights of a single run are not overwritten. */
static void a_folder_of_a_run_is_refused(void **state)
{
    (void)state;
    static const char *const names[] = { "report.html", "last.safetensors" };
    for (int i = 0; i < 2; i++) {
        char path[64];
        snprintf(path, sizeof path, "single%d", i);
        assert_int_equal(lathe_file_make_folder(test_path(path)), LATHE_OK);
        lathe_compare *c = plan(path, variants, 1);
        snprintf(path, sizeof path, "single%d/%s", i, names[i]);
        test_write(test_path(path), "x", 1);
        assert_int_equal(lathe_compare_open(c), LATHE_ESTATE);
        assert_non_null(strstr(lathe_error_message(), "and no comparison: choose another folder"));
        lathe_error_clear();
        lathe_compare_free(c);
    }
}

static void a_run_that_diverges_ends_nothing(void **state)
{
    (void)state;
    lathe_compare *c = plan("diverges", (const char *const[]){ "lr=1e30,0.01", "optim=sgd", NULL }, 1);
    open_or_fail(c);
    train(c, -1, 0);
    assert_int_equal(c->run[0].result.end, LATHE_RUN_NAN);
    assert_true(isnan(c->run[0].result.test_accuracy));
    assert_int_equal(c->run[1].result.end, LATHE_RUN_COMPLETE);
    lathe_compare_free(c);
}

static void bad_files_are_refused(void **state)
{
    (void)state;
    static const char *const texts[] = { "", "{", "[]", "{\"lathe\":\"compare\"}",
        "{\"lathe\":\"other\",\"runs\":[{}]}", "{\"lathe\":\"compare\",\"runs\":[{}]}",
        "{\"lathe\":\"compare\",\"runs\":[3]}",
        ("{\"lathe\":\"compare\",\"runs\":[{\"group\":\"a\",\"folder\":\"../a\","
         "\"differs\":\"\",\"end\":\"open\",\"settings\":\"\"}]}") };
    assert_int_equal(lathe_file_make_folder(test_path("files")), LATHE_OK);
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        test_write(test_path("files/compare.json"), texts[i], strlen(texts[i]));
        assert_null(lathe_compare_read(test_path("files")));
        assert_int_equal(lathe_error(), LATHE_EFORMAT);
        lathe_error_clear();
    }
    assert_null(lathe_compare_read(test_path("nowhere")));
    lathe_error_clear();
}

static int remove_folder(void **state)
{
    (void)state;
    test_folder_remove();
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_combinations_with_all_seeds),
        cmocka_unit_test(schedules_fit_the_run),
        cmocka_unit_test(given_options_stay),
        cmocka_unit_test(max_lr_is_the_peak_of_all),
        cmocka_unit_test(a_file_of_named_runs),
        cmocka_unit_test(mistakes_are_named),
        cmocka_unit_test(a_run_is_byte_equal_to_its_own),
        cmocka_unit_test(goes_on_to_the_same_bytes),
        cmocka_unit_test(more_may_be_added),
        cmocka_unit_test(seed_by_seed),
        cmocka_unit_test(hypotheses_stay_with_the_folder),
        cmocka_unit_test(other_settings_are_refused),
        cmocka_unit_test(a_folder_of_a_run_is_refused),
        cmocka_unit_test(a_run_that_diverges_ends_nothing),
        cmocka_unit_test(bad_files_are_refused),
    };
    test_folder_in_memory();
    return cmocka_run_group_tests(tests, NULL, remove_folder);
}
