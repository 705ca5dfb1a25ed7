/* Runs of several processes: the same files as of one, and what one of them sees ends all alike. */
#include "support/processes.h"
#include "support/tiny.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* What a process does: train, and stop after a step that one of them alone decides. */
typedef struct job {
    lathe_settings settings;
    int rank;              /* the process that stops, ... */
    uint64_t last;         /* ... after this step; 0: none */
    lathe_run_end end;     /* expected */
    const char *elsewhere; /* the folder of the others than rank 0; NULL: the same */
} job;

typedef struct stop {
    const job *job;
    int rank;
} stop;

static bool on_step(void *context, const lathe_run *run, const lathe_step_row *row)
{
    (void)row;
    const stop *s = context;
    return s->rank != s->job->rank || run->learner->step != s->job->last;
}

static const char *train(int rank, void *context)
{
    const job *j = context;
    static char text[128];
    stop s = { j, rank };
    if (rank && j->elsewhere && chdir(j->elsewhere)) return "no folder elsewhere";
    const lathe_settings other = lathe_settings_default(); /* rank 0's count */
    lathe_run *run =
        lathe_run_new(rank ? &other : &j->settings, &(lathe_run_hooks){ .context = &s, .on_step = on_step });
    if (!run || lathe_run_train(run)) return lathe_error_message();
    if (run->end != j->end) {
        snprintf(text, sizeof text, "rank %d ended as %d after step %d, expected %d", rank, (int)run->end,
            (int)run->learner->step, (int)j->end);
        return text;
    }
    if (rank && *run->settings.out) return "a process beside rank 0 has a folder";
    lathe_run_free(run);
    return NULL;
}

static job of(lathe_settings settings, lathe_run_end end)
{
    return (job){ .settings = settings, .end = end };
}

/* ---- the same bits ------------------------------------------------------------------------------------- */

/* Batches of 36 and 4 of the 40 pictures: three micro-batches, and one for more processes than that. */
static const tiny_pair common[] = { { "batch_size", "36" }, { "epochs", "6" }, { "optim", "sgd" },
    { "momentum", "0.9" }, { NULL, NULL } };

/* Each with a file of its own, besides those of tiny_assert_same_runs; NULL: none. */
static const struct {
    const char *file;
    tiny_pair pairs[9];
} extras[] = { { NULL, { { NULL, NULL } } },
    { NULL,
        { { "ema", "0.9" }, { "clip_norm", "0.5" }, { "augment", "crop:1,hflip,mixup:0.4" },
            { "workers", "2" }, { NULL, NULL } } },
    { NULL,
        { { "accumulate", "2" }, { "batch_size", "24" }, { "clip_agc", "0.1" },
            { "class_weights", "balanced" }, { NULL, NULL } } },
    { "evals.csv", { { "swa_start", "4" }, { "swa_every", "2" }, { "eval_every", "1" }, { NULL, NULL } } },
    { "step-00000009.safetensors",
        { { "layout", "channels" }, { "save_every", "3" }, { "keep", "2" }, { "optim", "muon" },
            { NULL, NULL } } },
    { "cycle-2.safetensors",
        { { "sched", "cyclic" }, { "base_lr", "1e-3" }, { "max_lr", "0.02" }, { "step_size_up", "2" },
            { "keep_cycles", "on" }, { NULL, NULL } } },
    { "probes.csv",
        { { "probe", "grad_norm,update_ratio,dead_relu,grad_noise,sharpness" }, { "probe_every", "3" },
            { "accumulate", "1" }, { NULL, NULL } } },
    { NULL,
        { { "freeze", "0.*" }, { "freeze_norm", "on" }, { "unfreeze_after", "4" }, { "layer_decay", "0.9" },
            { "max_steps", "9" }, { NULL, NULL } } },
    { NULL,
        { { "freeze", "0.*,1.*" }, { "freeze_norm", "on" }, { "augment", "" }, { "batch_size", "20" },
            { NULL, NULL } } },
    { NULL,
        { { "best", "eval" }, { "eval_every", "1" }, { "eval_count", "7" }, { "sampler", "balanced" },
            { "drop_last", "on" }, { "fold", "2/3" }, { "batch_size", "18" }, { NULL, NULL } } } };

enum { EXTRAS = sizeof extras / sizeof extras[0] };

static void assert_same_runs(size_t extra, const char *what, const char *a, const char *b)
{
    tiny_assert_same_runs(what, a, b);
    if (extras[extra].file) tiny_assert_same(what, a, b, extras[extra].file);
}

static lathe_settings with(const char *out, const tiny_pair *pairs)
{
    lathe_settings settings = tiny_settings(out, common);
    for (; pairs && pairs->key; pairs++) tiny_set(&settings, pairs->key, pairs->text);
    return settings;
}

static void any_number_gives_the_same_files(void **state)
{
    (void)state;
    static const int sizes[] = { 2, 3, 5 };
    for (size_t e = 0; e < EXTRAS; e++) {
        job one = of(with("one", extras[e].pairs), LATHE_RUN_COMPLETE);
        processes_run(1, train, &one, NULL);
        for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
            char what[64];
            snprintf(what, sizeof what, "extra %zu, %d processes", e, sizes[i]);
            job several = of(with("several", extras[e].pairs), LATHE_RUN_COMPLETE);
            processes_run(sizes[i], train, &several, NULL);
            assert_same_runs(e, what, "one", "several");
        }
    }
}

static void a_run_goes_on_with_another_number(void **state)
{
    (void)state;
    static const int sizes[][2] = { { 3, 2 }, { 1, 4 }, { 2, 1 } };
    for (size_t e = 0; e < EXTRAS; e++) {
        job one = of(with("one", extras[e].pairs), LATHE_RUN_COMPLETE);
        processes_run(1, train, &one, NULL);
        for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
            job part = of(with("parts", extras[e].pairs), LATHE_RUN_INTERRUPTED);
            part.rank = sizes[i][0] - 1;
            part.last = 3 + i;
            processes_run(sizes[i][0], train, &part, NULL);
            job rest = of(part.settings, LATHE_RUN_COMPLETE);
            snprintf(rest.settings.resume, sizeof rest.settings.resume, "%s", rest.settings.out);
            processes_run(sizes[i][1], train, &rest, NULL);
            assert_same_runs(e, "gone on with", "one", "parts");
        }
    }
}

static void an_early_stop_is_one_for_all(void **state)
{
    (void)state;
    const tiny_pair pairs[] = { { "early_stop", "val_loss" }, { "patience", "2" }, { "lr", "1e-9" },
        { "epochs", "20" }, { NULL, NULL } };
    job one = of(with("one", pairs), LATHE_RUN_EARLY_STOP), three = of(with("three", pairs), one.end);
    processes_run(1, train, &one, NULL);
    processes_run(3, train, &three, NULL);
    tiny_assert_same_runs("early stop", "one", "three");
}

static void weights_need_rank_0_alone(void **state)
{
    (void)state;
    const tiny_pair pairs[] = { { "init_weights", "one/best.safetensors" }, { NULL, NULL } };
    job first = of(with("one", NULL), LATHE_RUN_COMPLETE);
    processes_run(1, train, &first, NULL);
    assert_int_equal(chdir(test_folder()), 0);
    job alone = of(with("two", pairs), LATHE_RUN_COMPLETE), both = of(with("both", pairs), alone.end);
    both.elsewhere = "/";
    processes_run(1, train, &alone, NULL);
    processes_run(2, train, &both, NULL);
    tiny_assert_same_runs("first weights", "two", "both");
}

/* ---- failures ------------------------------------------------------------------------------------------ */

static void fails_in_all(int size, const job *j, const char *fragment)
{
    char failure[PROCESSES][PROCESSES_TEXT];
    job own = *j;
    processes_run(size, train, &own, failure);
    for (int r = 0; r < size; r++) {
        if (!strstr(failure[r], fragment)) fail_msg("rank %d: '%s', expected %s", r, failure[r], fragment);
        if (r > 1) assert_string_equal(failure[r], failure[1]);
        if (r) assert_memory_equal(failure[r], "rank ", 5);
    }
}

static void other_data_are_named(void **state)
{
    (void)state;
    char command[600];
    lathe_settings settings = with("differ", NULL);
    snprintf(command, sizeof command,
        "rm -rf %s/far && mkdir %s/far && cp -r %s/data %s/far/ && "
        "printf x | dd of=%s/far/data/train-images-idx3-ubyte bs=1 seek=100 conv=notrunc 2>/dev/null",
        test_folder(), test_folder(), test_folder(), test_folder(), test_folder());
    assert_int_equal(system(command), 0);
    assert_int_equal(chdir(test_folder()), 0);
    tiny_set(&settings, "data", "mnist:data");
    job j = of(settings, LATHE_RUN_COMPLETE);
    j.elsewhere = test_path("far");
    fails_in_all(3, &j, "mnist:data: the training sets differ: 50 pictures of 1 x 6 x 6");
    j.elsewhere = "/";
    fails_in_all(3, &j, "rank 1 of 3 on ");
}

static void a_failure_of_rank_0_is_that_of_all(void **state)
{
    (void)state;
    lathe_settings settings = with("refused", NULL);
    job j = of(settings, LATHE_RUN_COMPLETE);
    processes_run(2, train, &j, NULL);
    j.settings.overwrite = false;
    fails_in_all(2, &j, "refused: holds a run");
    settings.batch_size = -1;
    j = of(settings, LATHE_RUN_COMPLETE);
    fails_in_all(2, &j, "batch_size");
}

/* Returns what was not finite. */
static const char *train_to_nan(int rank, void *context)
{
    const job *j = context;
    static char text[PROCESSES_TEXT];
    (void)rank;
    lathe_run *run = lathe_run_new(&j->settings, NULL);
    if (!run || lathe_run_train(run)) return lathe_error_message();
    snprintf(text, sizeof text, "%d %s", (int)run->end, run->learner->not_finite);
    lathe_run_free(run);
    return text;
}

static void a_non_finite_value_ends_all(void **state)
{
    (void)state;
    static const tiny_pair cases[][4] = { { { "lr", "1e38" }, { "momentum", "0" }, { "batch_size", "36" },
                                              { NULL, NULL } },
        { { "lr", "1e38" }, { "on_nan", "skip" }, { "epochs", "3" }, { NULL, NULL } } };
    for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
        char one[PROCESSES][PROCESSES_TEXT], several[PROCESSES][PROCESSES_TEXT];
        job j = of(with("nan", cases[c]), LATHE_RUN_NAN);
        processes_run(1, train_to_nan, &j, one);
        processes_run(3, train_to_nan, &j, several);
        assert_non_null(strstr(one[0], "first in layer 1, batch_norm, forward"));
        for (int r = 0; r < 3; r++) assert_string_equal(several[r], several[0]);
        const size_t same = strcspn(one[0], ","); /* the range is that of a process's pictures */
        assert_memory_equal(several[0], one[0], same);
    }
}

static int clean(void **state)
{
    (void)state;
    test_folder_remove();
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(any_number_gives_the_same_files),
        cmocka_unit_test(a_run_goes_on_with_another_number),
        cmocka_unit_test(an_early_stop_is_one_for_all),
        cmocka_unit_test(weights_need_rank_0_alone),
        cmocka_unit_test(other_data_are_named),
        cmocka_unit_test(a_failure_of_rank_0_is_that_of_all),
        cmocka_unit_test(a_non_finite_value_ends_all),
    };
    return cmocka_run_group_tests(tests, NULL, clean);
}
