/* Weights at the ends of cycles: when a schedule's cycles end, what is kept, and that it stays the same. */
#include "support/tiny.h"

#include <string.h>

/* A cycle of 8 steps in a run of 20 or more. */
static const tiny_pair cyclic[] = { { "sched", "cyclic" }, { "base_lr", "1e-3" }, { "max_lr", "0.02" },
    { "step_size_up", "4" }, { "keep_cycles", "on" }, { "epochs", "2.4" }, { NULL, NULL } };

static void assert_cycles(const char *sched, const tiny_pair *pairs, const char *expected)
{
    char steps[128] = "";
    lathe_settings settings = tiny_settings(NULL, pairs);
    tiny_set(&settings, "sched", sched);
    lathe_run *run = lathe_run_new(&settings, NULL);
    if (!run) fail_msg("%s", lathe_error_message());
    for (uint64_t t = 1; t <= 30; t++)
        if (lathe_sched_begins_cycle(run->learner->sched, t))
            snprintf(steps + strlen(steps), sizeof steps - strlen(steps), "%d ", (int)t);
    assert_string_equal(steps, expected);
    lathe_run_free(run);
}

static void schedules_know_their_cycles(void **state)
{
    (void)state;
    const tiny_pair *none = NULL,
                    up[] = { { "base_lr", "1e-3" }, { "max_lr", "0.02" }, { "step_size_up", "4" },
                        { "step_size_down", "5" }, { NULL, NULL } },
                    restarts[] = { { "t_0", "4" }, { "t_mult", "2" }, { NULL, NULL } },
                    by_epoch[] = { { "t_0", "1" }, { "by", "epoch" }, { NULL, NULL } };
    assert_cycles("cyclic", up, "9 18 27 ");
    assert_cycles("warm_restarts", restarts, "4 12 28 ");
    assert_cycles("warm_restarts", by_epoch, "10 20 30 ");
    assert_cycles("warmup:5it,cyclic:18it,cooldown", up, "5 14 23 ");
    assert_cycles("constant", none, "");
    assert_false(lathe_sched_begins_cycle(NULL, 0));
}

static void each_end_is_kept(void **state)
{
    (void)state;
    static const char *const ends[] = { "8", "16", "24" };
    lathe_settings whole = tiny_settings("whole", cyclic), without = tiny_settings("without", cyclic);
    tiny_set(&without, "keep_cycles", "off");
    lathe_run_free(tiny_train(&whole));
    lathe_run_free(tiny_train(&without));
    tiny_assert_same_runs("kept", "without", "whole");
    assert_false(lathe_file_exists(test_path("without/cycle-1.safetensors")));
    assert_false(lathe_file_exists(test_path("whole/cycle-4.safetensors")));
    for (int i = 0; i < 3; i++) { /* the weights are those of a run that ends there */
        char name[64];
        int count;
        lathe_settings part = tiny_settings(NULL, cyclic);
        tiny_set(&part, "max_steps", ends[i]);
        lathe_run *run = tiny_train(&part);
        snprintf(name, sizeof name, "whole/cycle-%d.safetensors", i + 1);
        lathe_safetensors *file = lathe_safetensors_read(test_path(name));
        assert_non_null(file);
        lathe_tensor *const *tensor = lathe_nn_state(run->learner->net, &count);
        for (int k = 0; k < count; k++)
            assert_true(
                tiny_holds(file, tensor[k]->name, tensor[k]->data, lathe_shape_count(&tensor[k]->shape)));
        lathe_safetensors_free(file);
        lathe_run_free(run);
    }
}

static void a_resumed_run_keeps_the_same(void **state)
{
    (void)state;
    lathe_settings whole = tiny_settings("whole", cyclic);
    tiny_set(&whole, "ema", "0.9");
    lathe_run_free(tiny_train(&whole));
    for (uint64_t stop = 1; stop < 24; stop += 4) {
        lathe_settings parts = whole;
        tiny_set(&parts, "out", test_path("parts"));
        tiny_train_until(&parts, stop);
        test_write(test_path("parts/cycle-3.safetensors"), "x", 1); /* of a continuation that was abandoned */
        tiny_set(&parts, "resume", test_path("parts"));
        lathe_run_free(tiny_train(&parts));
        tiny_assert_same("resumed", "whole", "parts", "cycle-1.safetensors");
        tiny_assert_same("resumed", "whole", "parts", "cycle-2.safetensors");
        tiny_assert_same("resumed", "whole", "parts", "cycle-3.safetensors");
    }
    tiny_set(&whole, "keep_cycles", "off"); /* another run in the folder */
    tiny_train_until(&whole, 3);
    assert_false(lathe_file_exists(test_path("whole/cycle-1.safetensors")));
}

static void keep_line(void *context, const char *line)
{
    if (strstr(line, "keep_cycles")) snprintf(context, 256, "%s", line);
}

static void a_schedule_without_cycles_is_told(void **state)
{
    (void)state;
    char line[256] = "";
    lathe_settings settings =
        tiny_settings(NULL, (const tiny_pair[]){ { "keep_cycles", "on" }, { NULL, NULL } });
    lathe_run *run = lathe_run_new(&settings, &(lathe_run_hooks){ .context = line, .on_message = keep_line });
    assert_non_null(run);
    assert_string_equal(line,
        "keep_cycles: the schedule constant ends no cycle in this run, so nothing is kept");
    lathe_run_free(run);
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
        cmocka_unit_test(schedules_know_their_cycles),
        cmocka_unit_test(each_end_is_kept),
        cmocka_unit_test(a_resumed_run_keeps_the_same),
        cmocka_unit_test(a_schedule_without_cycles_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, clean);
}
