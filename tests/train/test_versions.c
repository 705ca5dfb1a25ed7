/*
 * Checkpoints of former versions: tests/golden/checkpoint-vN.safetensors is one of format N, of the tiny
 * run's step 25, and every later version goes on with it. LATHE_TEST_MAKE in the environment writes the
 * newest anew; when the format changes, the older ones stay.
 */
#include "support/tiny.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char old_file[] = LATHE_TEST_SOURCE "/tests/golden/checkpoint-v1.safetensors";

static void copy(const char *from, const char *to)
{
    size_t size;
    void *bytes = lathe_file_read(from, 40 << 10, &size);
    if (!bytes) fail_msg("%s", lathe_error_message());
    assert_int_equal(lathe_file_write(to, &(lathe_bytes){ bytes, size }, 1), LATHE_OK);
    lathe_free(bytes);
}

/* A run folder of which the newest checkpoint is the golden one, and settings that go on with it. */
static lathe_settings folder_with_old_file(void)
{
    lathe_settings settings = tiny_settings("old", NULL);
    assert_int_equal(chdir(test_folder()), 0); /* so that the file has no place of this machine */
    tiny_set(&settings, "data", "mnist:data");
    tiny_train_until(&settings, 25);
    if (getenv("LATHE_TEST_MAKE")) copy(test_path("old/last.safetensors"), old_file);
    copy(old_file, test_path("old/last.safetensors"));
    snprintf(settings.resume, sizeof settings.resume, "%s", settings.out);
    return settings;
}

static void version_1_goes_on(void **state)
{
    (void)state;
    lathe_settings settings = folder_with_old_file();
    lathe_run *run = lathe_run_new(&settings, NULL);
    if (!run) fail_msg("%s", lathe_error_message());
    assert_int_equal(run->learner->step, 25);
    lathe_safetensors *file = lathe_safetensors_read(old_file);
    assert_non_null(file);
    const lathe_params *params = lathe_optim_params(run->learner->optim);
    assert_int_equal(params->count, 6);
    for (int i = 0; i < params->count; i++) {
        const lathe_tensor *weights = params->tensor[i];
        size_t count = lathe_shape_count(&weights->shape);
        char slot[64];
        snprintf(slot, sizeof slot, "optimizer.exp_avg.%s", weights->name);
        assert_true(tiny_holds(file, weights->name, weights->data, count));
        assert_true(tiny_holds(file, slot,
            lathe_optim_slot(run->learner->optim, 0) + (weights->data - params->data), count));
        assert_int_equal(lathe_optim_clock_of(run->learner->optim, i)->step, 25);
    }
    assert_true(run->keeper->best == strtod(lathe_safetensors_text(file, "lathe.best"), NULL));
    lathe_safetensors_free(file);
    assert_int_equal(lathe_run_train(run), LATHE_OK);
    assert_int_equal(run->learner->step, 200);
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
    const struct CMUnitTest tests[] = { cmocka_unit_test(version_1_goes_on) };
    return cmocka_run_group_tests(tests, NULL, clean);
}
