/* Features of frozen layers that several processes compute and tell each other: the bits of one process. */
#include "support/processes.h"
#include "support/tiny.h"

#include <string.h>

typedef struct job {
    lathe_settings settings;
    const char *note; /* what a message of rank 0 must hold */
    bool noted;
} job;

static void on_message(void *context, const char *line)
{
    job *j = context;
    j->noted = j->noted || strstr(line, j->note);
}

static const char *train(int rank, void *context)
{
    job *j = context;
    const lathe_settings other = lathe_settings_default(); /* rank 0's count */
    lathe_run *run =
        lathe_run_new(rank ? &other : &j->settings, &(lathe_run_hooks){ j, .on_message = on_message });
    if (!run || lathe_run_train(run)) return lathe_error_message();
    lathe_run_free(run);
    return rank || j->noted ? NULL : "the features are not kept";
}

static job of(const char *out, const tiny_pair *pairs, bool kept)
{
    static const tiny_pair common[] = { { "augment", "" }, { "freeze", "body" }, { "freeze_norm", "on" },
        { "epochs", "4" }, { "no_warnings", "off" }, { "batch_size", "36" }, { NULL, NULL } };
    job j = { .settings = tiny_settings(out, common),
        .note = kept ? "are computed once for each picture" : "frozen layers" };
    for (; pairs->key; pairs++) tiny_set(&j.settings, pairs->key, pairs->text);
    if (!kept) tiny_set(&j.settings, "cache_mib", "0"), j.noted = true;
    return j;
}

static void several_processes_have_the_bits_of_one(void **state)
{
    (void)state;
    static const int sizes[] = { 2, 3, 5 };
    static const tiny_pair cases[][4] = { { { NULL, NULL } }, /* a last batch of 4 */
        { { "batch_size", "35" }, { "workers", "1" }, { NULL, NULL } },
        { { "batch_size", "19" }, { "layout", "channels" }, { NULL, NULL } },
        { { "batch_size", "17" }, { "accumulate", "2" }, { "drop_last", "on" }, { NULL, NULL } },
        { { "sampler", "balanced" }, { "unfreeze_after", "3ep" }, { NULL, NULL } } };
    for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
        job one = of("one", cases[c], false);
        processes_run(1, train, &one, NULL);
        for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
            char what[64];
            snprintf(what, sizeof what, "case %zu, %d processes", c, sizes[i]);
            job several = of("several", cases[c], true);
            processes_run(sizes[i], train, &several, NULL);
            tiny_assert_same(what, "one", "several", "steps.csv");
            tiny_assert_same(what, "one", "several", "epochs.csv");
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
        cmocka_unit_test(several_processes_have_the_bits_of_one),
    };
    return cmocka_run_group_tests(tests, NULL, clean);
}
