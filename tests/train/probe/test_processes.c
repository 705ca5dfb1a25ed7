/* Probes of several processes, which share the batches that are looked at: the numbers of one process. */
#include "support/processes.h"
#include "support/tiny.h"

#include <string.h>

static const char *train(int rank, void *context)
{
    const lathe_settings *settings = context, other = lathe_settings_default(); /* rank 0's count */
    lathe_run *run = lathe_run_new(rank ? &other : settings, NULL);
    if (!run || lathe_run_train(run)) return lathe_error_message();
    lathe_run_free(run);
    return NULL;
}

static lathe_settings with(const char *out, const tiny_pair *pairs)
{
    static const tiny_pair common[] = { { "epochs", "2" }, { "batch_size", "36" },
        { "probe", "grad_norm,weight_norm,update_ratio:layers,dead_relu,grad_noise,sharpness:35" },
        { "probe_every", "1" }, { NULL, NULL } };
    lathe_settings settings = tiny_settings(out, common);
    for (; pairs->key; pairs++) tiny_set(&settings, pairs->key, pairs->text);
    return settings;
}

/* Also halves of a mixed batch, several batches a step, and batches that are too small for all processes. */
static void several_processes_have_the_numbers_of_one(void **state)
{
    (void)state;
    static const int sizes[] = { 2, 3, 5 };
    static const tiny_pair cases[][3] = { { { NULL, NULL } }, { { "layout", "channels" }, { NULL, NULL } },
        { { "augment", "hflip,mixup:0.4" }, { NULL, NULL } },
        { { "batch_size", "17" }, { "accumulate", "2" }, { NULL, NULL } } };
    for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
        lathe_settings one = with("one", cases[c]), several = with("several", cases[c]);
        processes_run(1, train, &one, NULL);
        for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
            char what[64];
            snprintf(what, sizeof what, "case %zu, %d processes", c, sizes[i]);
            processes_run(sizes[i], train, &several, NULL);
            tiny_assert_same(what, "one", "several", "probes.csv");
            tiny_assert_same(what, "one", "several", "steps.csv");
        }
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
        cmocka_unit_test(several_processes_have_the_numbers_of_one),
    };
    return cmocka_run_group_tests(tests, NULL, clean);
}
