/* study/snapshots.c, through the result of a run: the weights of the cycles' ends and their ensemble. */
#include "support/tiny.h"

#include <math.h>

/* The result of a run of 4 epochs with ways up and down of `half`. */
static lathe_compare_result result_of(const char *out, const char *half, const char *keep)
{
    const tiny_pair pairs[] = { { "epochs", "4" }, { "base_lr", "0.001" }, { "max_lr", "0.05" },
        { "step_size_up", half }, { "cycle_momentum", "off" }, { "keep_cycles", keep }, { NULL, NULL } };
    lathe_settings settings = tiny_settings(out, pairs);
    const char *vary[] = { "sched=cyclic:triangular,constant" };
    lathe_compare *c = lathe_compare_new(&settings, &(lathe_compare_opts){ .vary = vary, .varies = 1 });
    if (!c || lathe_compare_open(c)) fail_msg("%s", lathe_error_message());
    lathe_run *run = lathe_compare_begin(c, 0, NULL);
    if (!run || lathe_run_train(run) || lathe_compare_end(c, 0, run)) fail_msg("%s", lathe_error_message());
    const lathe_compare_result result = c->run[0].result;
    lathe_run_free(run);
    lathe_compare_free(c);
    return result;
}

/* The ensemble of one net is this net. */
static void one_snapshot_is_its_own_ensemble(void **state)
{
    (void)state;
    lathe_compare_result r = result_of("one", "2ep", "on");
    assert_true(r.snapshot_accuracy >= 0 && r.snapshot_accuracy == r.ensemble_accuracy);
}

static void several_snapshots_are_averaged(void **state)
{
    (void)state;
    lathe_compare_result one = result_of("one again", "2ep", "on"), four = result_of("four", "0.5ep", "on");
    assert_true(four.ensemble_accuracy >= 0 && four.snapshot_accuracy >= 0);
    assert_true(one.steps == four.steps);
    assert_true(lathe_file_exists(test_path("four/cyclic-triangular/seed-1/cycle-4.safetensors")));
}

static void without_snapshots_it_is_not_known(void **state)
{
    (void)state;
    lathe_compare_result r = result_of("none", "2ep", "off");
    assert_true(isnan(r.snapshot_accuracy) && isnan(r.ensemble_accuracy) && r.test_accuracy >= 0);
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
        cmocka_unit_test(one_snapshot_is_its_own_ensemble),
        cmocka_unit_test(several_snapshots_are_averaged),
        cmocka_unit_test(without_snapshots_it_is_not_known),
    };
    test_folder_in_memory();
    return cmocka_run_group_tests(tests, NULL, remove_folder);
}
